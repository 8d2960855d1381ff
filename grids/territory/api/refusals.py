"""Refusals of the territory's services as answers of the interface, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from rest_framework import status
from rest_framework.response import Response

from grids.territory.choices import degree_of
from grids.territory.errors import (
    EditionConflict,
    FindingsRefused,
    NotADraft,
    OutOfReach,
    TerritoryError,
)
from grids.territory.geometry.coverage import CoverageFinding
from grids.territory.presentation import finding_row


def finding_json(finding: CoverageFinding) -> dict[str, Any]:
    """A finding as the interface shows it: with its degree."""
    return {**finding_row(finding), "degree": degree_of(finding.kind).value}


def answer_to(refusal: TerritoryError) -> Response:
    """403 out of reach, 409 somebody was quicker, 422 findings refuse, else 400."""
    body: dict[str, Any] = {"detail": refusal.text}
    if isinstance(refusal, OutOfReach):
        return Response(body, status=status.HTTP_403_FORBIDDEN)
    if isinstance(refusal, FindingsRefused):
        body["findings"] = [finding_json(finding) for finding in refusal.findings]
        return Response(body, status=status.HTTP_422_UNPROCESSABLE_ENTITY)
    if isinstance(refusal, EditionConflict | NotADraft):
        return Response(body, status=status.HTTP_409_CONFLICT)
    return Response(body, status=status.HTTP_400_BAD_REQUEST)


def answers_refusals(method: Callable[..., Response]) -> Callable[..., Response]:
    """A view method whose TerritoryErrors become answers."""

    @wraps(method)
    def guarded(*args: Any, **kwargs: Any) -> Response:
        try:
            return method(*args, **kwargs)
        except TerritoryError as refusal:
            return answer_to(refusal)

    return guarded
