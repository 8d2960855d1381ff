"""Query parameters of the territory's REST views: read, or refused with a sentence."""

from __future__ import annotations

import datetime as dt
import math

from django.contrib.gis.geos import Polygon
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from grids.territory.services.responsibility import as_moment


def moment_of(query: QueryDict) -> dt.datetime:
    """`on`: the start of that day in the deployment's zone; else now."""
    text = query.get("on", "")
    if not text:
        return timezone.now()
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise ValidationError({"on": _("%(text)s is no date; write 2026-03-01.") % {"text": text}})
    return as_moment(day)


def bbox_of(query: QueryDict) -> Polygon | None:
    """`bbox`: west,south,east,north in degrees (EPSG:4326)."""
    text = query.get("bbox", "")
    if not text:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        west = math.nan
        south = east = north = west
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise ValidationError({"bbox": _("Give bbox as west,south,east,north in degrees.")})
    box = Polygon.from_bbox((west, south, east, north))
    box.srid = 4326
    return box


def number_of(query: QueryDict, name: str, *, least: int, most: int) -> int | None:
    """A whole number within its bounds; None when absent."""
    text = query.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and least <= int(text[:20]) <= most):
        raise ValidationError(
            {
                name: _("%(name)s must be a whole number from %(least)s to %(most)s.")
                % {"name": name, "least": least, "most": most}
            }
        )
    return int(text)


def point_of(query: QueryDict, name: str) -> tuple[float, float] | None:
    """`near`: lon,lat in degrees."""
    text = query.get(name, "")
    if not text:
        return None
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        lon = lat = math.nan
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise ValidationError({name: _("Give %(name)s as lon,lat in degrees.") % {"name": name}})
    return lon, lat
