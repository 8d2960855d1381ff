"""Which grid came from which, with the shares of ground and households that went over."""

from __future__ import annotations

import shapely
from shapely.geometry.base import BaseGeometry

from grids.territory.geometry.coverage import area_m2
from grids.territory.models import Boundary, Building, Edition, Lineage
from grids.territory.services.coverage import geometries, to_geos

SMALLEST_SHARE = 0.001  # below one part in a thousand a border was tidied, nothing moved


def record_lineage(edition: Edition) -> list[Lineage]:
    """Compare the versions that the draft replaces with its new ones of the same tier."""
    replaced = list(
        Boundary.objects.filter(successors__edition=edition)
        .select_related("grid")
        .defer("geometry")
    )
    if not replaced:
        return []
    drafted = list(
        edition.boundaries.filter(geometry__isnull=False).select_related("grid").defer("geometry")
    )
    shapes = geometries([boundary.pk for boundary in [*replaced, *drafted]])
    lineages: list[Lineage] = []
    for tier_id in sorted({origin.grid.tier_id for origin in replaced}):
        heirs = [heir for heir in drafted if heir.grid.tier_id == tier_id]
        own = {heir.grid_id: shapes[heir.pk] for heir in heirs}
        # One tree a tier: a redraw of all grids compares thousands with thousands.
        tree = shapely.STRtree([shapes[heir.pk] for heir in heirs])
        for origin in replaced:
            if origin.grid.tier_id != tier_id:
                continue
            if origin.grid_id in own and own[origin.grid_id].equals(shapes[origin.pk]):
                continue  # renamed or moved under another parent: the ground is the same
            lineages += _shares(edition, origin, heirs, tree, shapes)
    return Lineage.objects.bulk_create(lineages)


def _shares(
    edition: Edition,
    origin: Boundary,
    heirs: list[Boundary],
    tree: shapely.STRtree,
    shapes: dict[int, BaseGeometry],
) -> list[Lineage]:
    ground = shapes[origin.pk]
    whole_m2 = area_m2(ground)
    dwellings = [
        (shapely.Point(point.x, point.y), households)
        for point, households in Building.objects.filter(
            point__coveredby=to_geos(ground), households__gt=0
        ).values_list("point", "households")
    ]
    total = sum(households for _point, households in dwellings)
    lineages = []
    for index in sorted(int(i) for i in tree.query(ground, predicate="intersects")):
        heir = heirs[index]
        share = area_m2(shapely.intersection(ground, shapes[heir.pk])) / whole_m2
        if share < SMALLEST_SHARE:
            continue
        moved = sum(h for point, h in dwellings if shapes[heir.pk].covers(point))
        lineages.append(
            Lineage(
                edition=edition,
                origin=origin.grid,
                heir=heir.grid,
                area_share=min(1.0, share),
                household_share=min(1.0, moved / total) if total else None,
            )
        )
    return lineages
