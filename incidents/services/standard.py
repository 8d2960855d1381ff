"""Load the standard's categories, local matters, picture tiles, holidays and first routing rules.

Everything is looked up by its key and only added when missing; what an officer has changed, or
switched off, stays. Files and their origin: `incidents/standard/README.md`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from gridmgmt.core import audit
from gridmgmt.core.permissions import Role
from grids.people.choices import ManagementSystem
from grids.territory.models import Tier
from incidents.choices import Grade
from incidents.models import Category, FilingRule, PublicTile, RoutingRule, SpecialDay
from incidents.querysets_rules import lock_rules
from incidents.services.rules import save_rule

FILES = Path(__file__).resolve().parent.parent / "standard"
SOURCES = (
    ("categories.csv", "GB/T 30428", "practice"),
    ("local.csv", "local", "1"),
)
SYSTEM_NAMES = {
    ManagementSystem.PUBLIC_SECURITY: ("治安综合治理", "Public-security governance"),
    ManagementSystem.SANITATION: ("环境卫生", "Environmental sanitation"),
    ManagementSystem.COMMUNITY_SERVICE: ("社区服务", "Community service"),
    ManagementSystem.HEALTH_CARE: ("卫生保健", "Health care"),
    ManagementSystem.CIVIC_CULTURE: ("精神文明", "Civic culture"),
}
# What cannot wait for a dispatcher even though nobody has called it urgent.
AT_ONCE = (ManagementSystem.PUBLIC_SECURITY, ManagementSystem.HEALTH_CARE)


@dataclass
class Loaded:
    """How many rows were added."""

    tiles: int = 0
    categories: int = 0
    filing_rules: int = 0
    special_days: int = 0
    routing_rules: int = 0


@transaction.atomic
def load_standard(*, actor: Any, now: datetime) -> Loaded:
    """Add what is missing. Routing rules are added only to an office that has none at all."""
    lock_rules()
    loaded = Loaded()
    for order, row in enumerate(_rows("tiles.csv")):
        names = {"name": row["name"], "name_en": row["name_en"]}
        _tile, created = PublicTile.objects.get_or_create(
            code=row["code"], defaults=names | {"icon": row["icon"], "order": order}
        )
        loaded.tiles += created
    for file, standard, version in SOURCES:
        _load_categories(file, standard, version, loaded)
    for row in _rows("holidays.csv"):
        _day, created = SpecialDay.objects.get_or_create(
            date=date.fromisoformat(row["date"]),
            defaults={"kind": row["kind"], "name": row["name"]},
        )
        loaded.special_days += created
    if not RoutingRule.objects.exists():
        for rule in _first_rules():
            save_rule(rule, actor=actor, now=now)
            loaded.routing_rules += 1
    if any(asdict(loaded).values()):
        audit.record(
            actor=actor,
            now=now,
            action="standard.loaded",
            target=Category.objects.order_by("-pk")[0],
            data=asdict(loaded),
        )
    return loaded


def _load_categories(file: str, standard: str, version: str, loaded: Loaded) -> None:
    known = {
        (kind, big, small)
        for kind, big, small in Category.objects.filter(
            standard=standard, version=version
        ).values_list("kind", "big_code", "small_code")
    }
    tiles = {tile.code: tile for tile in PublicTile.objects.all()}
    taken = set(Category.objects.filter(is_tile_default=True).values_list("tile__code", flat=True))
    rows = [
        row for row in _rows(file) if (row["kind"], row["big_code"], row["small_code"]) not in known
    ]
    categories = Category.objects.bulk_create(
        Category(
            standard=standard,
            version=version,
            **{field: row[field] for field in _CATEGORY_FIELDS},
            urgent=row["urgent"] == "yes",
            tile=tiles.get(row["tile"]),
            # An officer may have given the tile another default meanwhile.
            is_tile_default=row["tile_default"] == "yes" and row["tile"] not in taken,
        )
        for row in rows
    )
    rules = [
        rule
        for category, row in zip(categories, rows, strict=True)
        for rule in _filing_rules(category, row)
    ]
    FilingRule.objects.bulk_create(rules)
    loaded.categories += len(categories)
    loaded.filing_rules += len(rules)


_CATEGORY_FIELDS = (
    "kind",
    "big_code",
    "big_name",
    "big_name_en",
    "small_code",
    "name",
    "name_en",
    "system",
    "grade",
)


def _filing_rules(category: Category, row: dict[str, str]) -> Iterator[FilingRule]:
    limits = row["limits"].split(";")
    conditions = row["conditions"].split(";") if row["conditions"] else [""] * len(limits)
    english = row["conditions_en"].split(";") if row["conditions_en"] else [""] * len(limits)
    for order, (limit, own, foreign) in enumerate(zip(limits, conditions, english, strict=True)):
        amount, unit = limit.split()
        yield FilingRule(
            category=category,
            order=order,
            condition=own,
            condition_en=foreign,
            closing_condition=row["closing"],
            closing_condition_en=row["closing_en"],
            limit=int(amount),
            unit=unit,
        )


def _first_rules() -> Iterator[RoutingRule]:
    """Each system's cases to its nearest department, simple ones to the grid's own manager."""
    leaf_tier = Tier.objects.order_by("-order").first()
    for system, (own, english) in SYSTEM_NAMES.items():
        yield RoutingRule(
            name=f"{own}：就近部门",
            name_en=f"{english}: nearest department",
            system=system,
            target_system=system,
        )
        yield RoutingRule(
            name=f"{own}：简易事项由网格管理员处置",
            name_en=f"{english}: simple matters to the grid manager",
            system=system,
            grade=Grade.SIMPLE,
            target_role=Role.MANAGER,
            target_tier=leaf_tier,
            auto_dispatch=True,
        )
        if system in AT_ONCE:
            yield RoutingRule(
                name=f"{own}：突出事项直接派遣",
                name_en=f"{english}: prominent matters dispatched at once",
                system=system,
                grade=Grade.PROMINENT,
                target_system=system,
                auto_dispatch=True,
            )


def _rows(file: str) -> list[dict[str, str]]:
    with (FILES / file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
