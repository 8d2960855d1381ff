"""Addresses of the data room."""

from django.urls import path

from data.views import api, files, statistics

app_name = "data"
urlpatterns = [
    path("statistics/", statistics.page, name="statistics"),
    path("statistics/export.<str:ending>", files.figures_file, name="export"),
    path("statistics/cases.<str:ending>", files.cases_file, name="cases"),
    path("api/v1/statistics/grids/", api.GridStatisticsView.as_view(), name="api_grids"),
]
