"""Whose is this place? The one public question that must be as fast as its SQL.

So it is a plain Django view; `ResponsibilityDescription` only describes it for OpenAPI.
"""

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.views import APIView

from gridmgmt.core.crs import WGS84, UnknownCrsError, parse_crs, to_wgs84
from gridmgmt.core.permissions import GRID_ROLES, Role
from gridmgmt.core.throttles import throttled
from grids.people.services import roster
from grids.territory.choices import Answer
from grids.territory.errors import InvalidPoint
from grids.territory.services.responsibility import (
    Area,
    Responsibility,
    as_moment,
    responsible_areas,
)

SHOWN_ROLES = (Role.COORDINATOR, Role.MANAGER, Role.SUPERVISOR, Role.GRID_HEAD)
YES = {"1", "true", "yes"}


class InvalidQueryError(ValueError):
    """A parameter that cannot be read; `field` names it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@require_safe
@throttled("public_read")
def responsibility(request: HttpRequest) -> HttpResponse:
    """`?lon=&lat=[&crs=][&on=DATE | &at=MOMENT][&people=1]` → the areas and the reason."""
    query = request.GET
    try:
        moment = read_moment(query.get("on", ""), query.get("at", ""))
        lon, lat = read_point(query.get("lon", ""), query.get("lat", ""), query.get("crs", ""))
        found = responsible_areas(lon, lat, moment=moment)
    except InvalidQueryError as error:
        return _json({"detail": str(error), "field": error.field}, status=400)
    except InvalidPoint as error:
        return _json({"detail": error.text, "field": "lon,lat"}, status=400)
    body = describe(found)
    if query.get("people", "").lower() in YES:
        body |= _people(found)
    return _json(body)


def read_point(lon: str, lat: str, crs: str) -> tuple[float, float]:
    """The two texts as WGS84 degrees; what is no place is refused by the lookup itself."""
    if not lon.strip() or not lat.strip():
        raise InvalidQueryError("lon,lat", _("Give lon and lat, in degrees: ?lon=116.32&lat=40.00"))
    try:
        x, y = float(lon), float(lat)
    except ValueError:
        raise InvalidQueryError(
            "lon,lat",
            _("Longitude and latitude must be numbers, in degrees, such as 116.32 and 40.00."),
        ) from None
    if not crs:
        return x, y
    try:
        system = parse_crs(crs)
    except UnknownCrsError:
        raise InvalidQueryError(
            "crs", _("Unknown coordinate system. Use wgs84, cgcs2000, gcj02, bd09 or EPSG:n.")
        ) from None
    return (x, y) if system == WGS84 else to_wgs84(x, y, system)


def read_moment(on: str, at: str) -> dt.datetime:
    """`on` a date (its start in the deployment's zone), `at` a moment; neither: now."""
    if not on and not at:
        return timezone.now()
    if on and at:
        raise InvalidQueryError("on", _("Give either on (a date) or at (a moment), not both."))
    try:
        # A plus that was not escaped arrives as a blank.
        value = parse_date(on) if on else parse_datetime(at.replace(" ", "+"))
        if value is not None:
            return as_moment(value)
    except (ValueError, OverflowError):
        value = None
    if on:
        raise InvalidQueryError("on", _("The date must read like 2026-03-03."))
    raise InvalidQueryError("at", _("The moment must read like 2026-03-03T08:00:00+08:00."))


def describe(found: Responsibility) -> dict[str, Any]:
    """The answer as it is sent."""
    distance_m = found.distance_m
    return {
        "answer": str(found.answer),
        "reason": found.reason(),
        "distance_m": None if distance_m is None else round(distance_m, 2),
        "moment": found.moment.isoformat(),
        "areas": [_area(area) for area in found.areas],
        "others": [_area(area) for area in found.others],
    }


def _area(area: Area) -> dict[str, Any]:
    return {
        "tier": area.tier_code,
        "code": area.code,
        "name": area.name,
        "name_en": area.name_en,
        "households": area.households,
        "grid_id": area.grid_id,
        "boundary_id": area.boundary_id,
    }


def _people(found: Responsibility) -> dict[str, Any]:
    """Who is in post on the path by role, and who answers first and directly; nothing private."""
    codes = {area.grid_id: area.code for area in found.areas}
    shown: dict[str, list[dict[str, Any]]] = {str(role): [] for role in SHOWN_ROLES}
    holders = roster.staff(found.path, sorted(GRID_ROLES), found.moment)
    for holder in holders:
        if holder.role in SHOWN_ROLES:
            shown[str(holder.role)].append(_person(holder, codes))
    responsible = {
        "first": _nearest(found.path, holders, settings.FIRST_RESPONSIBLE),
        "direct": _nearest(found.path, holders, settings.DIRECT_RESPONSIBLE),
    }
    return {
        "people": shown,
        "responsible": {
            key: _person(holder, codes) | {"role": holder.role} if holder else None
            for key, holder in responsible.items()
        },
    }


def _person(holder: roster.Holder, codes: dict[int, str]) -> dict[str, Any]:
    return {
        "name": holder.name,
        "duty_phone": holder.duty_phone,
        "area": codes[holder.grid_id or 0],
        "why": holder.why,
    }


def _nearest(
    path: Sequence[int], holders: list[roster.Holder], roles: Sequence[str]
) -> roster.Holder | None:
    """Of these roles the one held nearest to the leaf; holders come sorted, the best first."""
    for grid_id in reversed(path):
        for role in roles:
            for holder in holders:
                if holder.grid_id == grid_id and holder.role == role:
                    return holder
    return None


def _json(body: dict[str, Any], status: int = 200) -> HttpResponse:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return HttpResponse(text, status=status, content_type="application/json; charset=utf-8")


class ResponsibleAreaSerializer(serializers.Serializer):
    """One area of the answer, for the description only."""

    tier = serializers.CharField()
    code = serializers.CharField()
    name = serializers.CharField()
    name_en = serializers.CharField()
    households = serializers.IntegerField(allow_null=True)
    grid_id = serializers.IntegerField()
    boundary_id = serializers.IntegerField()


_PERSON = inline_serializer(
    "PersonInPost",
    {
        "name": serializers.CharField(),
        "duty_phone": serializers.CharField(),
        "area": serializers.CharField(help_text="Code of the area."),
        "why": serializers.ChoiceField(["lead", "deputy", "stand_in"]),
    },
    many=True,
)


def _parameter(name: str, kind: Any, text: str, *, required: bool = False) -> OpenApiParameter:
    return OpenApiParameter(name, kind, description=text, required=required)


class ResponsibilityDescription(APIView):
    """Says to OpenAPI what `responsibility` takes and gives; no address leads here."""

    authentication_classes: list[type] = []
    permission_classes: list[type] = []

    @extend_schema(
        operation_id="responsibility",
        summary=gettext_lazy("Which areas and people answer for a place at a moment"),
        description="One indexed query. Limited per address; 429 says when to come again.",
        parameters=[
            _parameter("lon", OpenApiTypes.DOUBLE, "Longitude, or easting.", required=True),
            _parameter("lat", OpenApiTypes.DOUBLE, "Latitude, or northing.", required=True),
            _parameter("crs", OpenApiTypes.STR, "wgs84, cgcs2000, gcj02, bd09 or EPSG:n."),
            _parameter("on", OpenApiTypes.DATE, "A day: its start in the deployment's zone."),
            _parameter("at", OpenApiTypes.DATETIME, "A moment. Default: now."),
            _parameter("people", OpenApiTypes.BOOL, "Add who is in post (one more query)."),
        ],
        responses=inline_serializer(
            "Responsibility",
            {
                "answer": serializers.ChoiceField(Answer.values),
                "reason": serializers.CharField(),
                "distance_m": serializers.FloatField(allow_null=True),
                "moment": serializers.DateTimeField(),
                "areas": ResponsibleAreaSerializer(many=True),
                "others": ResponsibleAreaSerializer(many=True),
                "people": serializers.DictField(child=_PERSON, required=False),
                "responsible": serializers.DictField(
                    required=False, help_text="first and direct: who answers, or null."
                ),
            },
        ),
    )
    def get(self, request: Any) -> HttpResponse:
        return responsibility(request)


responsibility.cls = ResponsibilityDescription  # type: ignore[attr-defined]
responsibility.initkwargs = {}  # type: ignore[attr-defined]
