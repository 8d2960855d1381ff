"""Addresses of the data room."""

from django.urls import path

from data.views import api, files, handover, statistics, try_draft

app_name = "data"
urlpatterns = [
    path("division/<int:pk>/try/", try_draft.try_draft, name="try_draft"),
    path("statistics/", statistics.page, name="statistics"),
    path("statistics/export.<str:ending>", files.figures_file, name="export"),
    path("statistics/cases.<str:ending>", files.cases_file, name="cases"),
    path("handover/<int:pk>/", handover.page, name="handover"),
    path("handover/<int:pk>.pdf", handover.pdf, name="handover_pdf"),
    path("api/v1/statistics/grids/", api.GridStatisticsView.as_view(), name="api_grids"),
]
