"""Coverage for the map: ground that is not divided, and findings of the division in force."""

import json
from datetime import datetime

from django.contrib.gis.db.models.functions import AsGeoJSON

from grids.people.access import Access
from grids.territory.choices import EditionStatus
from grids.territory.models import Finding, Tier
from maps.services.areas import PRECISION
from maps.services.scope import visible_boundaries


def coverage_geojson(access: Access, *, now: datetime) -> str:
    """Undivided leaves above the deepest tier (kind `undivided`) and open findings, as GeoJSON."""
    deepest = Tier.objects.order_by("-order").values_list("order", flat=True).first()
    visible = visible_boundaries(access, now)
    undivided = (
        visible.filter(grid_id__in=visible.leaves_at(now).values("grid_id"))
        .exclude(grid__tier__order=deepest)
        .annotate(outline=AsGeoJSON("geometry", precision=PRECISION))
        .order_by("grid__code")
        .values_list("grid__code", "name", "outline")
    )
    features = [
        _feature({"kind": "undivided", "codes": [code], "label": name}, outline)
        for code, name, outline in undivided
    ]
    codes = list(visible.values_list("grid__code", flat=True))
    findings = (
        Finding.objects.filter(
            edition__status=EditionStatus.PUBLISHED,
            accepted_by__isnull=True,
            geometry__isnull=False,
            codes__overlap=codes,
        )
        .annotate(outline=AsGeoJSON("geometry", precision=PRECISION))
        .order_by("-area_m2")
    )
    features += [
        _feature(
            {
                "kind": finding.kind,
                "label": str(finding.get_kind_display()),
                "codes": finding.codes,
                "area_m2": finding.area_m2,
                "repair": finding.repair,
            },
            finding.outline,
        )
        for finding in findings
    ]
    return '{"type":"FeatureCollection","features":[' + ",".join(features) + "]}"


def _feature(properties: dict, outline: str) -> str:
    return (
        '{"type":"Feature","properties":'
        + json.dumps(properties, ensure_ascii=False)
        + f',"geometry":{outline}}}'
    )
