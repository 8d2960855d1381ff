"""Addresses of the territory, mounted below /api/v1/."""

from django.urls import path

from grids.territory.api import views

app_name = "territory"
urlpatterns = [
    path("tiers/", views.TierList.as_view(), name="tiers"),
    path("grids/", views.GridList.as_view(), name="grids"),
    path("grids.geojson", views.GridOutlines.as_view(), name="outlines"),
    path("grids/<slug:tier>/<str:code>/", views.GridDetail.as_view(), name="grid"),
    path("places/", views.PlaceSearch.as_view(), name="places"),
]
