"""Addresses of a case's pages, as messages and interfaces name them."""


def case_url(number: str) -> str:
    """The case page of the staff (route `incidents:case`)."""
    return f"/cases/{number}/"


def follow_url(number: str) -> str:
    """The page on which a reporter follows the case (route `incidents:follow`)."""
    return f"/follow/{number}/"
