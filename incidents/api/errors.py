"""Refusals of the services as answers of the interface, in the reader's language."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from rest_framework import status
from rest_framework.response import Response

from incidents.services.errors import CaseMoved, KeyConflict, NotYours

CONFLICTS = frozenset({"wrong_state", "not_now"})


def answer_to(error: ValidationError) -> Response:
    """400 with messages by field; 403 for what is not theirs; 409 where the case has moved on."""
    if isinstance(error, CaseMoved):
        body = {
            "detail": _text(error),
            "code": "case_moved",
            "who": error.who,
            "at": error.at,
            "state": error.state,
            "version": error.version,
        }
        return Response(body, status=status.HTTP_409_CONFLICT)
    code = getattr(error, "code", None)
    if isinstance(error, NotYours):
        return Response({"detail": _text(error), "code": "not_yours"}, status=403)
    if isinstance(error, KeyConflict) or code in CONFLICTS:
        return Response({"detail": _text(error), "code": code}, status=status.HTTP_409_CONFLICT)
    fields = error.message_dict if hasattr(error, "error_dict") else {}
    fields.pop(NON_FIELD_ERRORS, None)
    body = {"detail": _text(error), "errors": fields}
    if code and code != "invalid":
        body["code"] = code
    return Response(body, status=status.HTTP_400_BAD_REQUEST)


def answers_refusals(method: Callable[..., Response]) -> Callable[..., Response]:
    """A view method whose ValidationErrors become answers."""

    @wraps(method)
    def guarded(*args: Any, **kwargs: Any) -> Response:
        try:
            return method(*args, **kwargs)
        except ValidationError as error:
            return answer_to(error)

    return guarded


def _text(error: ValidationError) -> str:
    return " ".join(str(message) for message in error.messages)
