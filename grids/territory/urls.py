"""Addresses of the territory, mounted below /api/v1/."""

from django.urls import path

from grids.territory.api import editions, views

app_name = "territory"
urlpatterns = [
    path("editions/", editions.EditionList.as_view(), name="editions"),
    path("editions/<int:pk>/", editions.EditionDetail.as_view(), name="edition"),
    path(
        "editions/<int:pk>/difference/",
        editions.EditionDifference.as_view(),
        name="edition_difference",
    ),
    path(
        "editions/<int:pk>/difference.geojson",
        editions.EditionDifferenceOutlines.as_view(),
        name="edition_difference_outlines",
    ),
    path("editions/<int:pk>/publish/", editions.EditionPublish.as_view(), name="edition_publish"),
    path(
        "editions/<int:pk>/withdraw/", editions.EditionWithdraw.as_view(), name="edition_withdraw"
    ),
    path("editions/<int:pk>/rebase/", editions.EditionRebase.as_view(), name="edition_rebase"),
    path("tiers/", views.TierList.as_view(), name="tiers"),
    path("grids/", views.GridList.as_view(), name="grids"),
    path("grids.geojson", views.GridOutlines.as_view(), name="outlines"),
    path("grids/<slug:tier>/<str:code>/", views.GridDetail.as_view(), name="grid"),
    path("places/", views.PlaceSearch.as_view(), name="places"),
]
