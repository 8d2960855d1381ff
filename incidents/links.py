"""Addresses of a case's pages, as messages and interfaces name them."""

from django.urls import reverse


def case_url(number: str) -> str:
    """The case page of the staff."""
    return reverse("incidents:case", args=[number])


def follow_url(number: str) -> str:
    """The page on which a reporter follows the case."""
    return reverse("incidents:follow_case", args=[number])
