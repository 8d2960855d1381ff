"""Cases on the map, and what is open nearby."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pyproj
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gridmgmt.core import public_pages
from gridmgmt.core.permissions import Right
from gridmgmt.core.throttles import PublicReadThrottle
from gridmgmt.core.tokens import HasScope
from incidents.api.errors import answers_refusals
from incidents.api.filters import filtered, read_bbox
from incidents.api.serializers import CategorySerializer, KindSerializer
from incidents.choices import PUBLIC_STATE, State
from incidents.clocks import light
from incidents.models import Category, Incident, PublicTile
from incidents.services.intake_checks import as_wgs84

MOST_FEATURES = 5000
MOST_NEARBY = 20
MOST_COUNTED = 1000
NEARBY_M = 200
WIDEST_NEARBY_M = 1000
METRES_PER_DEGREE = 110_000.0
_GEOD = pyproj.Geod(ellps="WGS84")
_STAFF_COLUMNS = (
    "point",
    "number",
    "state",
    "urgent",
    "warn_at",
    "due_at",
    "reported_at",
    "category__name",
    "category__name_en",
    "category__system",
    "owner_role",
)


class IncidentsMapView(APIView):
    """GeoJSON: staff see what they may see where it is, everyone else released cases, blurred."""

    permission_classes = [AllowAny, HasScope]
    throttle_classes = [PublicReadThrottle]

    def get_throttles(self) -> list[Any]:
        return [] if _is_staff(self.request) else super().get_throttles()

    @extend_schema(
        operation_id="incidents_geojson",
        summary="Cases as GeoJSON points",
        description="At most 5000; `truncated` says that there are more. The public sees released "
        "cases only, at the centre of a square, without their numbers. Filters as in the list.",
        responses=OpenApiTypes.OBJECT,
        parameters=[
            OpenApiParameter("bbox", str, description="west,south,east,north"),
            OpenApiParameter("state", str),
            OpenApiParameter("light", str),
            OpenApiParameter("system", str),
            OpenApiParameter("category", int),
            OpenApiParameter("grid", str),
            OpenApiParameter("from", OpenApiTypes.DATE),
            OpenApiParameter("to", OpenApiTypes.DATE),
        ],
    )
    @answers_refusals
    def get(self, request: Request) -> Any:
        query = request.query_params
        now = timezone.now()
        box = read_bbox(query["bbox"]) if query.get("bbox") else None
        if _is_staff(request):
            cases = Incident.objects.visible_to(request.access).filter(point__isnull=False)
            cases = filtered(cases, query, now=now)
            cases = cases.within(*box) if box else cases
            rows = list(cases.newest_first().values_list(*_STAFF_COLUMNS)[: MOST_FEATURES + 1])
            features = [_staff_feature(row, now, request) for row in rows[:MOST_FEATURES]]
        elif not public_pages.may_see_map(request):
            raise PermissionDenied(public_pages.refusal())
        else:
            cases = Incident.objects.released().filter(public_point__isnull=False)
            cases = cases.within_public(*box) if box else cases
            rows = list(
                cases.newest_first().select_related("category").only(*_PUBLIC)[: MOST_FEATURES + 1]
            )
            features = [_public_feature(row) for row in rows[:MOST_FEATURES]]
        body = {
            "type": "FeatureCollection",
            "truncated": len(rows) > MOST_FEATURES,
            "features": features,
        }
        return JsonResponse(body, content_type="application/geo+json")


class NearbyView(APIView):
    """What is open around a place, before one reports the same again."""

    permission_classes = [AllowAny]
    throttle_classes = [PublicReadThrottle]

    @extend_schema(
        operation_id="incidents_nearby",
        summary="Open cases near a place",
        description="Counts by residents' kind of all open ones, and the released ones with their "
        "words, at blurred places (null while the map is closed to the reader). Distances are "
        "measured to the blurred place.",
        responses=OpenApiTypes.OBJECT,
        parameters=[
            OpenApiParameter("lon", float, required=True),
            OpenApiParameter("lat", float, required=True),
            OpenApiParameter("crs", str),
            OpenApiParameter("radius", int, description="Metres, at most 1000; 200 by default."),
        ],
    )
    @answers_refusals
    def get(self, request: Request) -> Response:
        query = request.query_params
        lon, lat = as_wgs84(query.get("lon"), query.get("lat"), query.get("crs") or "wgs84")
        radius_m = _radius(query.get("radius", ""))
        near = []
        for case in _around(lon, lat, radius_m):
            distance_m = _GEOD.inv(lon, lat, case.public_point.x, case.public_point.y)[2]
            if distance_m <= radius_m + settings.BLUR_DISTANCE_M:
                near.append((distance_m, case))
        near.sort(key=lambda pair: pair[0])
        kinds = Counter(_plain_kind(case) for _metres, case in near)
        shown = public_pages.may_see_map(request)
        released = [
            _public_feature(case)["properties"]
            | {
                "lon": case.public_point.x if shown else None,
                "lat": case.public_point.y if shown else None,
                "distance_m": round(distance_m),
            }
            for distance_m, case in near
            if case.released
        ]
        return Response(
            {
                "radius_m": radius_m,
                "count": len(near),
                "counts": [{"kind": kind, "count": n} for kind, n in kinds.most_common()],
                "released": released[:MOST_NEARBY],
            }
        )


class CategoriesView(APIView):
    """All categories in use."""

    permission_classes = [AllowAny]
    throttle_classes = [PublicReadThrottle]

    @extend_schema(
        operation_id="categories",
        summary="Categories of events, components and matters",
        responses=CategorySerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        rows = Category.objects.filter(active=True).select_related("tile")
        return Response(CategorySerializer(rows, many=True).data)


class KindsView(APIView):
    """The few kinds for residents."""

    permission_classes = [AllowAny]
    throttle_classes = [PublicReadThrottle]

    @extend_schema(
        operation_id="report_kinds",
        summary="The kinds among which residents choose",
        responses=KindSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        return Response(KindSerializer(PublicTile.objects.filter(active=True), many=True).data)


_PUBLIC = (
    "public_point",
    "state",
    "reported_at",
    "public_description",
    "released",
    "category__name",
    "category__name_en",
)
_TILE = ("category__tile__name", "category__tile__name_en")


def _is_staff(request: HttpRequest | Request) -> bool:
    return bool(request.user.is_authenticated and request.access.may(Right.SEE_CASES))


def _staff_feature(row: tuple[Any, ...], now: Any, request: Request) -> dict[str, Any]:
    point, number, state, urgent, warn_at, due_at, reported_at, name, name_en, system, role = row
    english = request.LANGUAGE_CODE.startswith("en")
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [point.x, point.y]},
        "properties": {
            "number": number,
            "state": state,
            "state_label": str(State(state).label),
            "light": str(light(now, warn_at, due_at)),
            "urgent": urgent,
            "category": (name_en if english else "") or name,
            "system": system,
            "owner_role": role,
            "due_at": due_at,
            "reported_at": reported_at,
        },
    }


def _public_feature(case: Incident) -> dict[str, Any]:
    state = PUBLIC_STATE[State(case.state)]
    return {
        "type": "Feature",
        "geometry": {
            "type": "Point",
            "coordinates": [case.public_point.x, case.public_point.y],
        },
        "properties": {
            "kind": case.category.label if case.category else "",
            "state": str(state),
            "state_label": str(state.label),
            "reported_on": timezone.localdate(case.reported_at).isoformat(),
            "description": case.public_description if case.released else "",
        },
    }


def _plain_kind(case: Incident) -> str:
    """The picture tile, never the category: what nobody has released must not tell everyone that
    there was violence in a family, or a theft, in this very square."""
    tile = case.category.tile if case.category else None
    return tile.label if tile else _("other")


def _radius(text: str) -> int:
    if not text:
        return NEARBY_M
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= WIDEST_NEARBY_M:
        raise ValidationError({"radius": [_("The radius is 1 to 1000 metres.")]})
    return int(text)


def _around(lon: float, lat: float, radius_m: float) -> Any:
    """Open cases whose blurred point lies in the square around the place (index)."""
    reach_lat = (radius_m + settings.BLUR_DISTANCE_M) / METRES_PER_DEGREE
    reach_lon = reach_lat / max(math.cos(math.radians(lat)), 0.01)
    cases = Incident.objects.open().filter(confidential=False).select_related("category__tile")
    window = (
        max(lon - reach_lon, -180),
        max(lat - reach_lat, -90),
        min(lon + reach_lon, 180),
        min(lat + reach_lat, 90),
    )
    return cases.within_public(*window).only(*_PUBLIC, *_TILE)[:MOST_COUNTED]
