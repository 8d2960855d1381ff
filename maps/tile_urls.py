"""Addresses of the vector tiles, mounted at /tiles/."""

from django.urls import path

from maps import tiles

app_name = "tiles"
urlpatterns = [
    path("base/<int:z>/<int:x>/<int:y>.mvt", tiles.base_tile, name="base"),
    path("grids/<int:z>/<int:x>/<int:y>.mvt", tiles.grid_tile, name="grids"),
]
