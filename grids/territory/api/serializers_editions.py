"""What editions, their differences and clashes look like over REST."""

from __future__ import annotations

import json
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field, inline_serializer
from rest_framework import serializers

from grids.territory.choices import EditionStatus
from grids.territory.models import Boundary, Edition
from grids.territory.services.difference import CHANGES, ChangedGrid, Difference
from grids.territory.services.rebasing import Conflict


class EditionSerializer(serializers.ModelSerializer):
    """One draft or edition. Context: `summaries` by edition id."""

    base = serializers.CharField(source="base.name", default=None, help_text="Name of the base.")
    created_by = serializers.CharField(source="created_by.get_full_name", default=None)
    published_by = serializers.CharField(source="published_by.get_full_name", default=None)
    scheduled = serializers.SerializerMethodField(help_text="Published, and not in effect yet.")
    step = serializers.IntegerField(help_text="Number of the newest step of drawing; 0: none.")
    can_undo = serializers.SerializerMethodField()
    can_redo = serializers.BooleanField()
    changes = serializers.SerializerMethodField(help_text="Grids of which it holds a change.")
    difference = serializers.SerializerMethodField(help_text="Grids by kind of change.")
    findings = serializers.SerializerMethodField(help_text="Findings by degree.")
    households_affected = serializers.SerializerMethodField()

    class Meta:
        model = Edition
        fields = [
            "id",
            "name",
            "status",
            "scheduled",
            "base",
            "note",
            "created_by",
            "created_at",
            "published_by",
            "effective_at",
            "step",
            "can_undo",
            "can_redo",
            "changes",
            "difference",
            "findings",
            "households_affected",
        ]

    def get_scheduled(self, edition: Edition) -> bool:
        moment = edition.effective_at
        published = edition.status == EditionStatus.PUBLISHED
        return bool(published and moment and moment > timezone.now())

    def get_can_undo(self, edition: Edition) -> bool:
        return edition.step > 0

    def get_changes(self, edition: Edition) -> int:
        return self.context["summaries"][edition.pk].changes

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField()))
    def get_difference(self, edition: Edition) -> dict[str, int]:
        return self.context["summaries"][edition.pk].figures.counts

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField()))
    def get_findings(self, edition: Edition) -> dict[str, int]:
        return self.context["summaries"][edition.pk].findings

    def get_households_affected(self, edition: Edition) -> int:
        return self.context["summaries"][edition.pk].figures.households_affected


class NewDraftSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=100)
    note = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")


class PublishSerializer(serializers.Serializer):
    effective_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="When it takes effect; left out: at once."
    )
    accept_reason = serializers.CharField(
        required=False,
        allow_blank=True,
        allow_null=True,
        max_length=2000,
        help_text="Why findings against the law of coverage are accepted.",
    )
    expect = serializers.IntegerField(
        required=False, allow_null=True, help_text="The newest step that you have seen."
    )


class RebaseSerializer(serializers.Serializer):
    keep = serializers.DictField(child=serializers.ChoiceField(["mine", "theirs"]))
    seen = serializers.DictField(child=serializers.IntegerField(allow_null=True), required=False)


class RefusalSerializer(serializers.Serializer):
    """Why nothing was done, in the reader's language."""

    detail = serializers.CharField()
    findings = serializers.ListField(child=serializers.DictField(), required=False)
    conflicts = serializers.ListField(child=serializers.DictField(), required=False)


class ChangedGridSerializer(serializers.Serializer):
    grid = serializers.IntegerField()
    code = serializers.CharField()
    name = serializers.CharField()
    name_before = serializers.CharField(allow_null=True)
    tier = serializers.CharField()
    parent = serializers.CharField(allow_null=True)
    parent_before = serializers.CharField(allow_null=True)
    changes = serializers.ListField(child=serializers.ChoiceField(list(CHANGES)))
    before_m2 = serializers.FloatField()
    after_m2 = serializers.FloatField()
    gained_m2 = serializers.FloatField()
    lost_m2 = serializers.FloatField()
    households = serializers.IntegerField(allow_null=True)
    households_before = serializers.IntegerField(allow_null=True)
    buildings = serializers.IntegerField()


DifferenceSerializer = inline_serializer(
    "Difference",
    {
        **{change: ChangedGridSerializer(many=True) for change in CHANGES},
        "households_affected": serializers.IntegerField(),
        "residents_affected": serializers.IntegerField(allow_null=True),
        "buildings_affected": serializers.IntegerField(),
        "estimated": serializers.BooleanField(),
    },
)


class ConflictSerializer(serializers.Serializer):
    """One grid that others have changed since the draft started from it."""

    grid = serializers.IntegerField()
    code = serializers.CharField()
    tier = serializers.CharField()
    by = serializers.DictField(help_text="edition, published_by, effective_at")
    changed_by_me = serializers.ListField(child=serializers.CharField())
    changed_by_them = serializers.ListField(child=serializers.CharField())
    abolished = serializers.BooleanField(help_text="Only theirs can be kept.")
    fits = serializers.BooleanField(help_text="Keeping mine keeps theirs as well.")
    base = serializers.DictField(allow_null=True)
    theirs = serializers.DictField(allow_null=True)
    mine = serializers.DictField()


class ConflictsSerializer(serializers.Serializer):
    conflicts = ConflictSerializer(many=True)


def difference_json(found: Difference) -> dict[str, Any]:
    """A difference as DifferenceSerializer describes it."""
    rows = {row.grid.pk: changed_json(row) for row in found.rows}
    return {
        **{change: [rows[row.grid.pk] for row in found.of(change)] for change in CHANGES},
        "households_affected": found.households_affected,
        "residents_affected": found.residents_affected,
        "buildings_affected": found.buildings_affected,
        "estimated": found.estimated,
    }


def changed_json(row: ChangedGrid) -> dict[str, Any]:
    """One changed grid."""
    before, after = row.before, row.after
    return {
        "grid": row.grid.pk,
        "code": row.grid.code,
        "name": row.shown.name,
        "name_before": before.name if before else None,
        "tier": row.grid.tier.code,
        "parent": after.parent.code if after and after.parent else None,
        "parent_before": before.parent.code if before and before.parent else None,
        "changes": list(row.changes),
        "before_m2": round(row.before_m2, 1),
        "after_m2": round(row.after_m2, 1),
        "gained_m2": round(row.gained_m2, 1),
        "lost_m2": round(row.lost_m2, 1),
        "households": row.households_after,
        "households_before": row.households_before,
        "buildings": row.buildings,
    }


def conflict_json(clash: Conflict) -> dict[str, Any]:
    """One clash with its three versions."""
    by = clash.by
    moment = by.effective_at if by else None
    return {
        "grid": clash.grid.pk,
        "code": clash.grid.code,
        "tier": clash.grid.tier.code,
        "by": {
            "edition": by.name if by else None,
            "published_by": str(by.published_by) if by and by.published_by else None,
            "effective_at": moment.isoformat() if moment else None,
        },
        "changed_by_me": clash.changed_by_me,
        "changed_by_them": clash.changed_by_them,
        "abolished": clash.abolished,
        "fits": clash.fits,
        "base": version_json(clash.base),
        "theirs": version_json(clash.theirs),
        "mine": version_json(clash.mine),
    }


def version_json(version: Boundary | None) -> dict[str, Any] | None:
    """One of the three versions; a tombstone has no geometry."""
    if version is None:
        return None
    return {
        "boundary": version.pk,
        "name": version.name,
        "name_en": version.name_en,
        "parent": version.parent.code if version.parent else None,
        "kind": version.kind,
        "households": version.households,
        "population": version.population,
        "geometry": json.loads(version.geometry.geojson) if version.geometry else None,
    }
