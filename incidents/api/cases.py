"""One case: seen by staff or by its reporter, moved, rated, taken up again."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gridmgmt.core.permissions import Right
from gridmgmt.core.throttles import PublicReadThrottle
from gridmgmt.core.tokens import HasScope
from incidents.api.errors import answers_refusals
from incidents.api.serializers import (
    IncidentRowSerializer,
    MoveSerializer,
    OpinionSerializer,
    PublicCaseSerializer,
    ReopenSerializer,
)
from incidents.models import Incident
from incidents.services import feedback
from incidents.services.contacts import masked_contact
from incidents.services.moves import available_actions, perform
from incidents.services.numbers import normalise
from incidents.services.routing import explain


class PublicUnlessStaff(PublicReadThrottle):
    """Numbers cannot be tried out; staff work without a limit."""

    def allow_request(self, request: Any, view: Any) -> bool:
        if request.user.is_authenticated and request.access.may(Right.SEE_CASES):
            return True
        return super().allow_request(request, view)


class IncidentView(APIView):
    """Staff who may see the case get all of it, everyone else its public side."""

    permission_classes = [AllowAny, HasScope]
    throttle_classes = [PublicUnlessStaff]

    @extend_schema(
        operation_id="incident",
        summary="One case by its query number",
        description="Staff who may see it get the row with history, decisions, photos, possible "
        "actions and masked contact data; everyone else the public case.",
        responses={200: PublicCaseSerializer, (200, "application/json+staff"): OpenApiTypes.OBJECT},
    )
    def get(self, request: Request, number: str) -> Response:
        now = timezone.now()
        incident = _visible(request, number)
        if incident is not None:
            return Response(staff_view(incident, request, now))
        case = feedback.public_case(number, now=now)
        if case is None:
            raise Http404
        return Response(PublicCaseSerializer(case).data)


class ActionView(APIView):
    """Move a case."""

    permission_classes = [IsAuthenticated, HasScope]
    parser_classes = [JSONParser, MultiPartParser, FormParser]
    required_scope = "act"

    @extend_schema(
        operation_id="move_incident",
        summary="Make a move of a case",
        description="409 with code `case_moved` when someone else was quicker; nothing changed.",
        request=MoveSerializer,
        responses=IncidentRowSerializer,
    )
    @answers_refusals
    def post(self, request: Request, number: str, action: str) -> Response:
        incident = _visible(request, number)
        if incident is None:
            raise Http404
        shape = MoveSerializer(data=request.data)
        if not shape.is_valid():
            body = {"detail": _("Some fields cannot be read."), "errors": shape.errors}
            return Response(body, status=status.HTTP_400_BAD_REQUEST)
        data = {k: v for k, v in shape.validated_data.items() if v is not None and v != ""}
        if "into" in data:
            other = _visible(request, data["into"])
            data["into"] = other.pk if other else -1
        if "parts" in data:
            data["parts"] = [dict(part) for part in data["parts"]]
        now = timezone.now()
        files = getattr(request, "FILES", None)
        moved = perform(
            action,
            incident.pk,
            actor=request.user,
            access=request.access,
            now=now,
            photos=files.getlist("photos") if files else (),
            **data,
        )
        return Response(IncidentRowSerializer(moved, context={"now": now}).data)


class RatingView(APIView):
    """The reporter's opinion."""

    permission_classes = [AllowAny, HasScope]
    throttle_classes = [PublicUnlessStaff]
    required_scope = "report"

    @extend_schema(
        operation_id="rate_incident",
        summary="Say how satisfied you are with the result",
        request=OpinionSerializer,
        responses=PublicCaseSerializer,
    )
    @answers_refusals
    def post(self, request: Request, number: str) -> Response:
        shape = OpinionSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        now = timezone.now()
        rated = feedback.rate(number, **shape.validated_data, actor=_user(request), now=now)
        return _public(number, rated, now)


class ReopeningView(APIView):
    """Not solved: once more."""

    permission_classes = [AllowAny, HasScope]
    throttle_classes = [PublicUnlessStaff]
    required_scope = "report"

    @extend_schema(
        operation_id="reopen_incident",
        summary="Have the matter taken up again after a dissatisfied opinion",
        request=ReopenSerializer,
        responses=PublicCaseSerializer,
    )
    @answers_refusals
    def post(self, request: Request, number: str) -> Response:
        shape = ReopenSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        now = timezone.now()
        reason = shape.validated_data.get("reason", "")
        again = feedback.reopen(number, reason=reason, actor=_user(request), now=now)
        return _public(number, again, now)


def staff_view(incident: Incident, request: Request, now: Any) -> dict[str, Any]:
    """All that staff see of a case; contact data masked."""
    contact = masked_contact(incident)
    history = incident.history.select_related("actor")
    return IncidentRowSerializer(incident, context={"now": now}).data | {
        "contact": {"name": contact.name, "phone": contact.phone},
        "result": incident.result_public,
        "outside": {
            "source": incident.outside_source,
            "number": incident.outside_number,
            "due_at": incident.outside_due_at,
        },
        "actions": [
            {"action": str(move.action), "label": str(move.action.label), "reason": move.reason}
            for move in available_actions(incident, request.access, request.user, now)
        ],
        "history": [
            {
                "at": line.at,
                "actor": line.actor.get_full_name() if line.actor else None,
                "role": line.actor_role,
                "action": line.action,
                "label": line.get_action_display(),
                "from": line.from_state,
                "to": line.to_state,
                "note": line.note,
                "public_note": line.public_note,
            }
            for line in history
        ],
        "decisions": [
            {"at": decision.at, "purpose": decision.purpose, "reasons": explain(decision.reasons)}
            for decision in incident.decisions.all()
        ],
        "photos": [
            {
                "url": reverse("incidents:photo", args=[photo.pk]),
                "stage": photo.stage,
                "public": photo.public,
                "position_offset_m": photo.position_offset_m,
            }
            for photo in incident.attachments.order_by("pk")
        ],
    }


def _visible(request: Request, number: str) -> Incident | None:
    """The case, if this user may see it as staff."""
    known = normalise(number)
    if known is None or not request.user.is_authenticated:
        return None
    cases = Incident.objects.visible_to(request.access).select_related(
        "category", "report_grid", "owner_grid", "owner_department", "owner_person"
    )
    return cases.filter(number=known).first()


def _user(request: Request) -> Any:
    return request.user if request.user.is_authenticated else None


def _public(number: str, done: Incident | None, now: Any) -> Response:
    case = feedback.public_case(number, now=now) if done is not None else None
    if case is None:
        raise Http404
    return Response(PublicCaseSerializer(case).data)
