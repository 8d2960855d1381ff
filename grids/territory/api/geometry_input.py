"""GeoJSON that somebody sends: measured before it is read, refused with a sentence."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import shapely
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError, ValidationError
from rest_framework.parsers import JSONParser
from shapely.geometry.base import BaseGeometry

MOST_VERTICES = 50_000  # in one edit; a whole division comes by file
MOST_BYTES = 8 * 1024 * 1024
DEEPEST = 6  # lists within lists: a MultiPolygon has four
POLYGONS = ("Polygon", "MultiPolygon")


class TooLarge(APIException):
    """413, with what to do instead."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    default_detail = gettext_lazy("This edit is too large; send fewer corners, or import a file.")


class BoundedJSONParser(JSONParser):
    """JSON of a bounded size and depth, without NaN and Infinity."""

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise TooLarge
        try:
            data = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise ParseError(_("The request is no JSON that can be read.")) from error
        if not isinstance(data, dict):
            raise ParseError(_("The request must be a JSON object."))
        return data


def geometry_of(value: Any, name: str, kinds: tuple[str, ...] = POLYGONS) -> BaseGeometry:
    """The geometry of a GeoJSON object (EPSG:4326), without heights; refuses what is not one.

    Faulty rings are let through: the service that draws says where they cross themselves.
    """
    if not isinstance(value, dict) or value.get("type") not in kinds:
        raise ValidationError(
            {
                "detail": _("%(name)s must be a GeoJSON geometry of type %(kinds)s.")
                % {"name": name, "kinds": " / ".join(kinds)}
            }
        )
    _look_over(value.get("coordinates"), name)
    try:
        geometry = shapely.from_geojson(
            json.dumps({"type": value["type"], "coordinates": value["coordinates"]})
        )
    except (shapely.errors.GEOSException, ValueError) as error:
        raise _unreadable(name) from error
    if geometry is None or geometry.is_empty:
        raise _unreadable(name)
    return shapely.force_2d(geometry)


def count_vertices(values: Any) -> int:
    """How many coordinate pairs some geometries have; refuses more than one edit may hold."""
    count = 0
    waiting = [values]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            if value and isinstance(value[0], int | float):
                count += 1
            else:
                waiting.extend(value)
    if count > MOST_VERTICES:
        raise TooLarge(
            _(
                "This edit has %(count)s corners; at most %(most)s are drawn at once. Simplify the "
                "outline, or import it as a file."
            )
            % {"count": count, "most": MOST_VERTICES}
        )
    return count


def _look_over(coordinates: Any, name: str) -> None:
    """Lists of numbers only, not too deep, each pair a place on earth."""
    waiting = [(coordinates, 0)]
    while waiting:
        value, depth = waiting.pop()
        if not isinstance(value, list) or not value or depth > DEEPEST:
            raise _unreadable(name)
        if isinstance(value[0], list):
            waiting.extend((part, depth + 1) for part in value)
            continue
        if len(value) < 2 or not all(_is_number(number) for number in value):
            raise _unreadable(name)
        if not (-180 <= value[0] <= 180 and -90 <= value[1] <= 90):
            raise ValidationError(
                {
                    "detail": _(
                        "%(name)s has the point %(lon)s, %(lat)s, which is no longitude and "
                        "latitude in degrees."
                    )
                    % {"name": name, "lon": value[0], "lat": value[1]}
                }
            )


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or math.isfinite(value)


def _unreadable(name: str) -> ValidationError:
    return ValidationError(
        {"detail": _("%(name)s is no geometry that can be read.") % {"name": name}}
    )


def _refuse_constant(constant: str) -> None:
    raise ValueError(constant)
