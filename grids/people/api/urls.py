"""Addresses below /api/v1/."""

from django.urls import path

from grids.people.api.responsibility import responsibility

app_name = "people_api"
urlpatterns = [path("responsibility/", responsibility, name="responsibility")]
