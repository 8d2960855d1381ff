"""The filters of lists and maps, read from the address."""

from __future__ import annotations

import math
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import QueryDict
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from grids.people.choices import ManagementSystem
from grids.territory.services.responsibility import as_moment
from incidents.choices import Light, State
from incidents.querysets import IncidentQuerySet

Bbox = tuple[float, float, float, float]


def filtered(
    cases: IncidentQuerySet, query: QueryDict, *, now: datetime, phones: bool = False
) -> IncidentQuerySet:
    """`state` (several, comma-separated), `light`, `category` (id), `system`, `grid` (code),
    `from`, `to`, `q`. ValidationError names a parameter that cannot be read."""
    if states := _words(query, "state", State.values):
        cases = cases.filter(state__in=states)
    if lights := _words(query, "light", Light.values):
        cases = cases.with_light(lights[0], now)
    if systems := _words(query, "system", ManagementSystem.values):
        cases = cases.filter(category__system__in=systems)
    if (category := query.get("category", "")) != "":
        if not category.isascii() or not category.isdigit() or len(category) > 18:
            raise ValidationError({"category": [_("The category is named by its number.")]})
        cases = cases.filter(category_id=int(category))
    if code := query.get("grid"):
        cases = _below(cases, code)
    if (start := _moment(query, "from")) is not None:
        cases = cases.filter(reported_at__gte=start)
    if (end := _moment(query, "to")) is not None:
        cases = cases.filter(reported_at__lt=end)
    return cases.search(query.get("q", "")[:200], phones=phones)


def read_bbox(text: str) -> Bbox:
    """`west,south,east,north` in degrees; ValidationError for anything else."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        west = south = east = north = math.nan
    good = (
        all(math.isfinite(value) for value in (west, south, east, north))
        and -180 <= west <= east <= 180
        and -90 <= south <= north <= 90
    )
    if not good:
        raise ValidationError(
            {"bbox": [_("The window must read west,south,east,north in degrees.")]}
        )
    return west, south, east, north


def _below(cases: IncidentQuerySet, code: str) -> IncidentQuerySet:
    from_model = cases.model._meta.get_field("report_grid").related_model
    ids = list(from_model.objects.filter(code=code[:40]).values_list("pk", flat=True))
    if not ids:
        raise ValidationError({"grid": [_("There is no grid with this code.")]})
    return cases.filter(Q(report_path__overlap=ids) | Q(owner_path__overlap=ids))


def _words(query: QueryDict, name: str, allowed: list[str]) -> list[str]:
    words = [word for word in query.get(name, "").split(",") if word]
    for word in words:
        if word not in allowed:
            raise ValidationError(
                {
                    name: [
                        _("“%(word)s” is not known; possible are: %(allowed)s.")
                        % {"word": word[:40], "allowed": ", ".join(allowed)}
                    ]
                }
            )
    return words


def _moment(query: QueryDict, name: str) -> datetime | None:
    text = query.get(name, "")
    if not text:
        return None
    try:
        value = parse_date(text) or parse_datetime(text.replace(" ", "+"))
        moment = as_moment(value) if value is not None else None
    except (ValueError, OverflowError):
        moment = None
    if moment is None:
        raise ValidationError({name: [_("The day must read like 2026-03-03.")]})
    return moment
