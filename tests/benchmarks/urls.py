"""The product's addresses and, below /bare/, views that do nothing but the yardstick's SQL."""

from django.urls import include, path

from tests.benchmarks import bare

urlpatterns = [
    path("bare/responsibility/", bare.responsibility),
    path("", include("gridmgmt.urls")),
]
