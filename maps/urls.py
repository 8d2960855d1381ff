"""Addresses of the map pages. Vector tiles have their own (maps/tile_urls.py)."""

from django.urls import path

from maps import views

app_name = "maps"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("areas.geojson", views.areas, name="areas"),
    path("coverage.geojson", views.coverage, name="coverage"),
    path("cases.geojson", views.cases, name="cases"),
]
