"""Addresses below /api/v1/."""

from django.urls import path

from grids.people.api import roster
from grids.people.api.responsibility import responsibility

app_name = "people_api"
urlpatterns = [
    path("responsibility/", responsibility, name="responsibility"),
    path("roster/grids/", roster.RosterGrids.as_view(), name="roster_grids"),
    path("roster/vacancies/", roster.RosterVacancies.as_view(), name="roster_vacancies"),
    path("editions/<int:pk>/posts/", roster.DraftPosts.as_view(), name="draft_posts"),
    path(
        "editions/<int:pk>/posts/<int:planned_pk>/",
        roster.DraftPost.as_view(),
        name="draft_post",
    ),
]
