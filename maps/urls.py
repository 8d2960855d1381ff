"""Addresses of the map pages. Vector tiles have their own (maps/tile_urls.py)."""

from django.urls import path

from maps import history, views

app_name = "maps"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("areas.geojson", views.areas, name="areas"),
    path("coverage.geojson", views.coverage, name="coverage"),
    path("history/", history.page, name="history"),
    path("history/<int:pk>.geojson", history.areas, name="history_areas"),
    path("cases.geojson", views.cases, name="cases"),
]
