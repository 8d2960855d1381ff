"""Statistics over REST: the same figures as the page, for whoever may see them."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from data import statistics
from data.forms import PERIODS, QuestionForm
from data.services.grid_statistics import (
    DIVISION_OF_TODAY,
    PATH_OF_REPORT,
    AreaRow,
    grid_statistics,
)
from gridmgmt.core.guards import HasRight
from gridmgmt.core.permissions import Right
from gridmgmt.core.tokens import HasScope
from grids.people.choices import ManagementSystem

_AREA = inline_serializer(
    "AreaStatistics",
    {
        "code": serializers.CharField(allow_blank=True),
        "name": serializers.CharField(),
        "name_en": serializers.CharField(allow_blank=True),
        "parent_code": serializers.CharField(allow_blank=True),
        "households": serializers.IntegerField(allow_null=True),
        "reported_before": serializers.IntegerField(),
        "counts": serializers.DictField(child=serializers.IntegerField()),
        "by_system": serializers.DictField(child=serializers.IntegerField()),
        "rates": serializers.DictField(child=serializers.FloatField(allow_null=True)),
        "per_thousand_households": serializers.FloatField(allow_null=True),
        "median_hours": serializers.FloatField(allow_null=True),
    },
)
_ANSWER = inline_serializer(
    "GridStatistics",
    {
        "counted_by": serializers.ChoiceField([PATH_OF_REPORT, DIVISION_OF_TODAY]),
        "tier": serializers.CharField(),
        "first": serializers.DateField(),
        "last": serializers.DateField(),
        "as_of": serializers.DateTimeField(),
        "areas": serializers.ListField(child=_AREA),
        "total": _AREA,
    },
)


class GridStatisticsView(APIView):
    """Figures of a tier's areas for a period; rates are shares from 0 to 1, null: no cases due."""

    permission_classes = (IsAuthenticated, HasScope, HasRight)
    required_rights = (Right.SEE_STATISTICS,)
    required_scope = "export"

    @extend_schema(
        summary="Statistics of cases by area",
        description="Cases reported in the period, by the place and division of the report.",
        parameters=[
            OpenApiParameter("period", enum=[name for name, _label in PERIODS]),
            OpenApiParameter("first", OpenApiTypes.DATE, description="First local day."),
            OpenApiParameter("last", OpenApiTypes.DATE, description="Last local day."),
            OpenApiParameter("tier", description="Code of the tier, as grid."),
            OpenApiParameter("system", enum=[*ManagementSystem.values, "none"]),
            OpenApiParameter("area", description="Code of an area: only what lies below it."),
            OpenApiParameter(
                "division",
                enum=[PATH_OF_REPORT, DIVISION_OF_TODAY],
                description="Boundaries of the day of the report, or of today.",
            ),
        ],
        responses={200: _ANSWER},
    )
    def get(self, request: Request) -> Response:
        """`?period|first&last, tier, system, area, division`, as the page has them."""
        now = timezone.now()
        access = request._request.access  # type: ignore[attr-defined]
        form = QuestionForm(request.query_params, access=access, now=now)
        if not form.is_valid():
            raise ValidationError(form.errors)
        question = form.question()
        figures = grid_statistics(question, access, now=now)
        return Response(
            {
                "counted_by": question.division,
                "tier": question.tier.code,
                "first": question.period.first,
                "last": question.period.last,
                "as_of": figures.as_of,
                "areas": [_area(row) for row in figures.rows],
                "total": _area(figures.total) if figures.total else None,
            }
        )


def _area(row: AreaRow) -> dict[str, Any]:
    return {
        "code": row.code,
        "name": row.name,
        "name_en": row.name_en,
        "parent_code": row.parent_code,
        "households": row.households,
        "reported_before": row.before.reported if row.before else 0,
        "counts": {name: getattr(row.counts, name) for name in statistics.COUNT_NAMES},
        "by_system": row.by_system,
        "rates": {name: row.rate(name) for name in statistics.RATES},
        "per_thousand_households": row.per_thousand,
        "median_hours": row.median_hours,
    }
