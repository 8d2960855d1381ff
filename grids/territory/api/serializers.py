"""What the territory looks like over REST."""

from __future__ import annotations

import datetime as dt

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from grids.territory.models import Boundary, Tier
from grids.territory.services.places import EXACT, LIKELY, VAGUE


class TierSerializer(serializers.ModelSerializer):
    label = serializers.CharField(read_only=True, help_text="The name in the reader's language.")

    class Meta:
        model = Tier
        fields = [
            "code",
            "order",
            "name",
            "name_en",
            "label",
            "code_length",
            "household_min",
            "household_max",
        ]


class GridSerializer(serializers.ModelSerializer):
    """One area in force: its identity and what holds at the moment.

    Context: `with_place`, whether the reader may see where it lies.
    """

    id = serializers.IntegerField(source="grid_id", read_only=True)
    boundary = serializers.IntegerField(source="pk", read_only=True)
    tier = serializers.CharField(source="grid.tier.code", read_only=True)
    code = serializers.CharField(source="grid.code", read_only=True)
    label = serializers.CharField(read_only=True)
    parent = serializers.CharField(source="parent.code", default=None, read_only=True)
    valid_from = serializers.SerializerMethodField()
    valid_to = serializers.SerializerMethodField()
    extent = serializers.SerializerMethodField(
        help_text="west, south, east, north; EPSG:4326. null while the map is closed to the reader."
    )

    class Meta:
        model = Boundary
        fields = [
            "id",
            "boundary",
            "tier",
            "code",
            "name",
            "name_en",
            "label",
            "parent",
            "kind",
            "households",
            "population",
            "source",
            "valid_from",
            "valid_to",
            "extent",
        ]

    @extend_schema_field(serializers.DateTimeField())
    def get_valid_from(self, boundary: Boundary) -> str | None:
        return _iso(boundary.valid.lower)

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_valid_to(self, boundary: Boundary) -> str | None:
        return _iso(boundary.valid.upper)

    @extend_schema_field(serializers.ListField(child=serializers.FloatField(), allow_null=True))
    def get_extent(self, boundary: Boundary) -> list[float] | None:
        if not self.context["with_place"]:
            return None
        return [round(number, 7) for number in boundary.geometry.extent]


class GridDetailSerializer(GridSerializer):
    """With its ancestors and children at the same moment."""

    ancestors = serializers.ListField(child=serializers.CharField(), read_only=True)
    children = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta(GridSerializer.Meta):
        fields = [*GridSerializer.Meta.fields, "ancestors", "children"]


class PlaceSerializer(serializers.Serializer):
    """One place that the words may mean (EPSG:4326)."""

    label = serializers.CharField()
    detail = serializers.CharField()
    lon = serializers.FloatField()
    lat = serializers.FloatField()
    certainty = serializers.ChoiceField([EXACT, LIKELY, VAGUE])
    kind = serializers.CharField()
    score = serializers.FloatField()


def _iso(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
