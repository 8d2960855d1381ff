"""What goes in and out. The services judge the content; here only the shape is read."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from incidents.choices import Channel, Grade, Opinion
from incidents.clocks import light
from incidents.models import Category, Incident, PublicTile

_ID = {"min_value": 1, "max_value": 2**63 - 1, "required": False, "allow_null": True}


def _text(**options: Any) -> serializers.CharField:
    return serializers.CharField(**({"required": False, "allow_blank": True} | options))


class ReportSerializer(serializers.Serializer):
    """A report. `channel`, `grade`, `urgent`, `on_the_spot` and the outside fields count for
    staff only. Photos are sent as multipart files named `photos`."""

    description = _text(help_text="1 to 5000 characters.")
    lon = _text(help_text="Longitude or easting.", allow_null=True)
    lat = _text(help_text="Latitude or northing.", allow_null=True)
    crs = _text(default="wgs84", help_text="wgs84, cgcs2000, gcj02, bd09 or EPSG:n.")
    place_words = _text(help_text="The place in words, when there is no point.")
    category_id = serializers.IntegerField(**_ID)
    tile = _text(help_text="Code of a kind from /report-kinds/.")
    contact_name = _text()
    contact_phone = _text()
    confidential = serializers.BooleanField(default=False)
    channel = serializers.ChoiceField(Channel.choices, required=False)
    grade = serializers.ChoiceField(Grade.choices, required=False)
    urgent = serializers.BooleanField(default=False)
    on_the_spot = serializers.BooleanField(default=False)
    result = _text()
    outside_source = _text(max_length=60)
    outside_number = _text(max_length=60)
    outside_due_at = serializers.DateTimeField(required=False, allow_null=True)


class ReportedSerializer(serializers.Serializer):
    """What the reporter gets back."""

    number = serializers.CharField()
    state = serializers.CharField()
    state_label = serializers.CharField()
    follow_url = serializers.CharField()
    area = serializers.CharField()
    answer = serializers.CharField()
    repeated = serializers.BooleanField()


class PartSerializer(serializers.Serializer):
    """One sub-case."""

    department_id = serializers.IntegerField(**_ID)
    description = _text(max_length=5000)


class MoveSerializer(serializers.Serializer):
    """A move: the version of the case that was seen, and the details that the action wants."""

    version = serializers.IntegerField(min_value=1)
    note = _text(max_length=5000)
    public_note = _text(max_length=5000)
    department_id = serializers.IntegerField(**_ID)
    grid_id = serializers.IntegerField(**_ID)
    person_id = serializers.IntegerField(**_ID)
    category_id = serializers.IntegerField(**_ID)
    filing_rule_id = serializers.IntegerField(**_ID)
    grade = serializers.ChoiceField(Grade.choices, required=False)
    urgent = serializers.BooleanField(required=False, allow_null=True, default=None)
    order = serializers.BooleanField(required=False)
    until = serializers.DateTimeField(required=False)
    into = _text(help_text="Query number of the case that stays (merge).")
    parts = PartSerializer(many=True, required=False)
    description = _text(max_length=5000)
    photo_ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1), required=False, max_length=100
    )
    withdraw = serializers.BooleanField(required=False)


class OpinionSerializer(serializers.Serializer):
    opinion = serializers.ChoiceField(Opinion.choices)
    reason = _text(max_length=1000)


class ReopenSerializer(serializers.Serializer):
    reason = _text(max_length=5000)


class IncidentRowSerializer(serializers.ModelSerializer):
    """A case as a row of a list; no contact data."""

    state_label = serializers.CharField(source="get_state_display")
    category = serializers.SerializerMethodField()
    light = serializers.SerializerMethodField()
    grid = serializers.CharField(source="report_grid.code", default=None, allow_null=True)
    owner = serializers.SerializerMethodField()
    lon = serializers.FloatField(source="point.x", default=None, allow_null=True)
    lat = serializers.FloatField(source="point.y", default=None, allow_null=True)

    class Meta:
        model = Incident
        fields = [
            "number",
            "version",
            "state",
            "state_label",
            "light",
            "urgent",
            "channel",
            "grade",
            "category",
            "description",
            "place_words",
            "answer",
            "lon",
            "lat",
            "grid",
            "owner",
            "reported_at",
            "updated_at",
            "warn_at",
            "due_at",
            "closed_at",
            "urged_count",
            "supervised",
            "verification_owed",
            "on_the_spot",
            "confidential",
            "released",
            "opinion",
            "simulated",
        ]

    @extend_schema_field(serializers.CharField())
    def get_light(self, incident: Incident) -> str:
        return str(light(self.context["now"], incident.warn_at, incident.due_at))

    @extend_schema_field(serializers.DictField(allow_null=True))
    def get_category(self, incident: Incident) -> dict[str, Any] | None:
        kind = incident.category
        if kind is None:
            return None
        return {"id": kind.pk, "code": kind.code, "name": kind.label, "system": kind.system}

    @extend_schema_field(serializers.DictField())
    def get_owner(self, incident: Incident) -> dict[str, Any]:
        office, person = incident.owner_department, incident.owner_person
        return {
            "role": incident.owner_role,
            "department": office.label if office else None,
            "person": person.name if person else None,
            "grid": incident.owner_grid.code if incident.owner_grid else None,
        }


class CategorySerializer(serializers.ModelSerializer):
    name = serializers.CharField(source="label")
    tile = serializers.CharField(source="tile.code", default=None, allow_null=True)

    class Meta:
        model = Category
        fields = ["id", "standard", "version", "kind", "code", "name", "system", "grade", "urgent",
                  "tile"]  # fmt: skip


class KindSerializer(serializers.ModelSerializer):
    """One of the few kinds among which residents choose."""

    label = serializers.CharField()

    class Meta:
        model = PublicTile
        fields = ["code", "label", "icon"]


class PublicStepSerializer(serializers.Serializer):
    at = serializers.DateTimeField()
    words = serializers.CharField()
    note = serializers.CharField()


class PublicCaseSerializer(serializers.Serializer):
    """A case as its reporter sees it: plain words, no personal data."""

    number = serializers.CharField()
    state = serializers.CharField()
    state_label = serializers.CharField()
    reported_at = serializers.DateTimeField()
    kind = serializers.CharField()
    area = serializers.CharField()
    description = serializers.CharField()
    result = serializers.CharField()
    steps = PublicStepSerializer(many=True)
    photo_ids = serializers.ListField(child=serializers.IntegerField())
    opinion = serializers.CharField()
    may_rate = serializers.BooleanField()
    may_reopen = serializers.BooleanField()
    merged_into = serializers.CharField()
