"""Addresses of the pages where the division is drawn, checked and published: /division/."""

from django.urls import URLPattern

app_name = "division"
urlpatterns: list[URLPattern] = []
