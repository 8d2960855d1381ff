"""Addresses of the pages where the division is drawn, checked and published: /division/."""

from django.urls import path

from grids.territory.views import draw

app_name = "division"
urlpatterns = [
    path("<int:pk>/", draw.draw, name="draft"),
    path("<int:pk>/steps.json", draw.steps, name="steps"),
]
