"""Addresses of the roster's pages: /roster/."""

from django.urls import URLPattern

app_name = "roster"
urlpatterns: list[URLPattern] = []
