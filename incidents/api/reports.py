"""Taking reports in, and the list of cases."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import JsonResponse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gridmgmt.core.permissions import Right
from gridmgmt.core.throttles import PublicReportThrottle
from gridmgmt.core.tokens import HasScope
from incidents.api.errors import answers_refusals
from incidents.api.filters import filtered, read_bbox
from incidents.api.serializers import (
    IncidentRowSerializer,
    ReportedSerializer,
    ReportSerializer,
)
from incidents.choices import PUBLIC_STATE, Channel, State
from incidents.links import follow_url
from incidents.models import Incident
from incidents.services.feedback import area_label
from incidents.services.intake import Report, report

CALL_CHANNELS = (Channel.PHONE, Channel.SMS, Channel.WALK_IN, Channel.LETTER, Channel.SENSOR)
STAFF_FIELDS = (
    "channel",
    "grade",
    "urgent",
    "on_the_spot",
    "result",
    "outside_source",
    "outside_number",
    "outside_due_at",
)


# Reading a body keeps nothing in the serializer, so one serves all requests; building it anew
# copies every field and costs more than any insert of the report.
_SHAPE = ReportSerializer()


class Cases(CursorPagination):
    """Along the index, so that page 10,000 costs what page 1 costs."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    ordering = ("-reported_at", "-id")


class StaffIsNotThrottled(PublicReportThrottle):
    """The limit is for what is open to everyone; a shift at the desk takes more calls."""

    def allow_request(self, request: Any, view: Any) -> bool:
        if request.user.is_authenticated and request.access.may(Right.REPORT):
            return True
        return super().allow_request(request, view)


class IncidentsView(APIView):
    """Report (open to everyone) and list (staff)."""

    permission_classes = [AllowAny, HasScope]
    parser_classes = [JSONParser, MultiPartParser, FormParser]

    @property
    def required_scope(self) -> str:
        return "report" if self.request.method == "POST" else "read"

    def get_throttles(self) -> list[Any]:
        return [StaffIsNotThrottled()] if self.request.method == "POST" else []

    @extend_schema(
        operation_id="report_incident",
        summary="Report a matter at a place",
        request=ReportSerializer,
        responses={201: ReportedSerializer, 200: ReportedSerializer},
        parameters=[
            OpenApiParameter(
                "Idempotency-Key",
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                description="The same key with the same report gives the same case again (200); "
                "with another report 409.",
            )
        ],
    )
    @answers_refusals
    def post(self, request: Request) -> Response | JsonResponse:
        try:
            fields = _SHAPE.run_validation(request.data)
        except serializers.ValidationError as error:
            body = {"detail": _("Some fields cannot be read."), "errors": error.detail}
            return Response(body, status=status.HTTP_400_BAD_REQUEST)
        actor = request.user if request.user.is_authenticated else None
        incident = report(
            Report(
                **_fields(request, fields),
                photos=_photos(request),
                idempotency_key=request.headers.get("Idempotency-Key", ""),
                language=get_language() or "",
            ),
            actor=actor,
            now=timezone.now(),
        )
        state = PUBLIC_STATE[State(incident.state)]
        where = incident.responsibility
        body = {
            "number": incident.number,
            "state": str(state),
            "state_label": str(state.label),
            "follow_url": request.build_absolute_uri(follow_url(incident.number)),
            "area": where.leaf.label if where and where.leaf else area_label(incident),
            "answer": str(incident.answer),
            "repeated": incident.repeated,
        }
        # Written directly: what follows from negotiating a format costs as much as an insert.
        code = status.HTTP_200_OK if incident.repeated else status.HTTP_201_CREATED
        return JsonResponse(body, status=code, json_dumps_params={"ensure_ascii": False})

    @extend_schema(
        operation_id="list_incidents",
        summary="Cases that you may see, newest first",
        responses=IncidentRowSerializer(many=True),
        parameters=[
            OpenApiParameter("state", str, description="One or several, comma-separated."),
            OpenApiParameter("light", str, description="green, yellow, red or none."),
            OpenApiParameter("category", int),
            OpenApiParameter("system", str),
            OpenApiParameter("grid", str, description="Code of an area of any tier."),
            OpenApiParameter("from", OpenApiTypes.DATE),
            OpenApiParameter("to", OpenApiTypes.DATE),
            OpenApiParameter("bbox", str, description="west,south,east,north"),
            OpenApiParameter("q", str, description="Number or words."),
            OpenApiParameter("mine", bool, description="Only what waits for you."),
            OpenApiParameter("cursor", str),
            OpenApiParameter("page_size", int),
        ],
    )
    @answers_refusals
    def get(self, request: Request) -> Response:
        require_staff(request)
        now = timezone.now()
        access = request.access
        cases = Incident.objects.visible_to(access).for_list()
        if request.query_params.get("mine", "").lower() in {"1", "true", "yes"}:
            cases = cases.work_for(access)
        phones = access.may(Right.OPEN_CONTACTS)
        cases = filtered(cases, request.query_params, now=now, phones=phones)
        if bbox := request.query_params.get("bbox"):
            cases = cases.within(*read_bbox(bbox))
        pages = Cases()
        rows = pages.paginate_queryset(cases, request, view=self)
        data = IncidentRowSerializer(rows, many=True, context={"now": now}).data
        return pages.get_paginated_response(data)


def require_staff(request: Request) -> None:
    """401 for nobody in particular, 403 for a user whose posts do not see cases."""
    from_nobody = not request.user.is_authenticated
    if from_nobody or not request.access.may(Right.SEE_CASES):
        raise PermissionDenied(_("Your posts do not include this."))


def _fields(request: Request, data: dict[str, Any]) -> dict[str, Any]:
    """What of the body counts for this sender."""
    fields = {name: value for name, value in data.items() if value is not None}
    staff = request.user.is_authenticated and request.access.may(Right.REPORT)
    if not staff:
        for name in STAFF_FIELDS:
            fields.pop(name, None)
        return fields | {"channel": Channel.WEB}
    return fields | {"channel": _channel(request, fields.get("channel"))}


def _channel(request: Request, asked: str | None) -> str:
    access = request.access
    allowed = [Channel.PATROL]
    if access.may(Right.TAKE_CALLS):
        allowed = [*CALL_CHANNELS, Channel.PATROL]
    if access.may(Right.ORDER):
        allowed.append(Channel.LEADER)
    if asked is None:
        return allowed[0]
    if asked not in allowed:
        raise PermissionDenied(_("Your posts do not include reports on this channel."))
    return asked


def _photos(request: Request) -> tuple[Any, ...]:
    files = getattr(request, "FILES", None)
    return tuple(files.getlist("photos")) if files else ()
