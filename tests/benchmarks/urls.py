"""The product's addresses and, below /bare/, views that do nothing but the yardstick's SQL."""

from django.urls import include, path

from tests.benchmarks import bare, bare_report

urlpatterns = [
    path("bare/responsibility/", bare.responsibility),
    path("bare/report/", bare_report.report),
    path("", include("gridmgmt.urls")),
]
