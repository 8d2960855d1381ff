"""REST views of the territory. Reading is open to everyone, within the public limit."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from django.db.models import Count, Max, QuerySet
from django.utils.translation import get_language
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, pagination, permissions
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from gridmgmt.core import public_pages
from gridmgmt.core.throttles import PublicReadThrottle
from grids.territory.api import parameters
from grids.territory.api.serializers import (
    GridDetailSerializer,
    GridSerializer,
    PlaceSerializer,
    TierSerializer,
)
from grids.territory.choices import EditionStatus
from grids.territory.models import Boundary, Edition, Tier
from grids.territory.services.outlines import feature_collection
from grids.territory.services.places import search_places

MOST_OUTLINES = 20_000

ON = OpenApiParameter("on", OpenApiTypes.DATE, description="As of the start of that day.")
FILTERS = [
    ON,
    OpenApiParameter("tier", OpenApiTypes.STR, description="Code of the tier."),
    OpenApiParameter("parent", OpenApiTypes.STR, description="Code of the parent area."),
    OpenApiParameter("code", OpenApiTypes.STR, description="Code of the area."),
]


class PublicRead:
    """Open to everyone, limited per address."""

    authentication_classes: list[type] = []
    permission_classes = [permissions.AllowAny]
    throttle_classes = [PublicReadThrottle]


class GridPages(pagination.PageNumberPagination):
    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 1000


class TierList(PublicRead, generics.ListAPIView):
    """The tiers, from the top down."""

    queryset = Tier.objects.order_by("order")
    serializer_class = TierSerializer
    filter_backends: list[type] = []
    pagination_class = None


def in_force(query: Any, moment: dt.datetime) -> QuerySet[Boundary]:
    """Areas in force at the moment that the filters leave."""
    found = Boundary.objects.valid_at(moment).select_related("grid__tier", "parent")
    if any("\0" in query.get(name, "") for name in ("tier", "parent", "code")):
        return found.none()  # the database takes no such text, so no area can have it
    if tier := query.get("tier"):
        found = found.of_tier(tier)
    if parent := query.get("parent"):
        found = found.filter(parent__code=parent)
    if code := query.get("code"):
        found = found.filter(grid__code=code)
    return found.order_by("grid__tier__order", "grid__code")


class GridList(PublicRead, generics.ListAPIView):
    """Areas in force, without outlines: see grids.geojson."""

    authentication_classes = api_settings.DEFAULT_AUTHENTICATION_CLASSES
    queryset = Boundary.objects.none()
    serializer_class = GridSerializer
    filter_backends: list[type] = []
    pagination_class = GridPages

    def get_queryset(self) -> QuerySet[Boundary]:
        query = self.request.query_params
        return in_force(query, parameters.moment_of(query))

    @extend_schema(parameters=FILTERS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_serializer_context(self) -> dict[str, Any]:
        shown = public_pages.may_see_map(self.request)
        return {**super().get_serializer_context(), "with_place": shown}


class GridDetail(PublicRead, APIView):
    """One area by tier and code, with its ancestors and children."""

    authentication_classes = api_settings.DEFAULT_AUTHENTICATION_CLASSES

    @extend_schema(parameters=[ON], responses=GridDetailSerializer)
    def get(self, request: Request, tier: str, code: str) -> Response:
        moment = parameters.moment_of(request.query_params)
        boundary = in_force({"tier": tier, "code": code}, moment).first()
        if boundary is None:
            raise NotFound
        boundary.ancestors = _ancestors(boundary, moment)
        boundary.children = list(
            Boundary.objects.valid_at(moment)
            .below(boundary.grid_id)
            .order_by("grid__code")
            .values_list("grid__code", flat=True)
        )
        context = {"with_place": public_pages.may_see_map(request)}
        return Response(GridDetailSerializer(boundary, context=context).data)


def _ancestors(boundary: Boundary, moment: dt.datetime) -> list[str]:
    """Codes from the root down to the parent."""
    codes: list[str] = []
    current: Boundary | None = boundary
    while current is not None and current.parent_id is not None and len(codes) < 20:
        codes.insert(0, current.parent.code)
        current = (
            Boundary.objects.valid_at(moment)
            .filter(grid_id=current.parent_id)
            .select_related("parent")
            .defer("geometry")
            .first()
        )
    return codes


class GridOutlines(PublicRead, APIView):
    """Outlines as one GeoJSON FeatureCollection; neighbours stay matched when simplified.

    While the public map is closed, only staff are answered: so it asks who calls.
    """

    authentication_classes = api_settings.DEFAULT_AUTHENTICATION_CLASSES

    @extend_schema(
        parameters=[
            *FILTERS,
            OpenApiParameter("bbox", OpenApiTypes.STR, description="west,south,east,north"),
            OpenApiParameter(
                "zoom", OpenApiTypes.INT, description="Leave out what is below a pixel there."
            ),
        ],
        responses={(200, "application/geo+json"): OpenApiTypes.OBJECT},
    )
    def get(self, request: Request) -> Response:
        if not public_pages.may_see_map(request):
            raise PermissionDenied(public_pages.refusal())
        query = request.query_params
        moment = parameters.moment_of(query)
        zoom = parameters.number_of(query, "zoom", least=0, most=24)
        box = parameters.bbox_of(query)
        tag = _tag(request, moment)
        if request.headers.get("If-None-Match") == tag:
            return Response(status=304, headers={"ETag": tag})
        found = in_force(query, moment)
        if box is not None:
            found = found.filter(geometry__intersects=box)
        return Response(
            feature_collection(found[:MOST_OUTLINES], zoom),
            content_type="application/geo+json",
            headers={"ETag": tag, "Cache-Control": "no-cache"},
        )


def _tag(request: Request, moment: dt.datetime) -> str:
    """Outlines change with an edition only, so its moment stands for all of them."""
    state = Edition.objects.filter(
        status=EditionStatus.PUBLISHED, effective_at__lte=moment
    ).aggregate(Count("pk"), Max("effective_at"), Max("pk"))
    words = f"{request.get_full_path()} {get_language()} {sorted(state.items())}"
    return f'"{hashlib.sha256(words.encode()).hexdigest()[:32]}"'


class PlaceSearch(PublicRead, APIView):
    """Places by their words: roads, estates, buildings, addresses, areas."""

    @extend_schema(
        parameters=[
            OpenApiParameter("q", OpenApiTypes.STR, required=True),
            OpenApiParameter("near", OpenApiTypes.STR, description="lon,lat: breaks ties."),
            OpenApiParameter("limit", OpenApiTypes.INT),
        ],
        responses=PlaceSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        query = request.query_params
        limit = parameters.number_of(query, "limit", least=1, most=50) or 8
        found = search_places(query.get("q", ""), limit, parameters.point_of(query, "near"))
        return Response({"results": PlaceSerializer(found, many=True).data})
