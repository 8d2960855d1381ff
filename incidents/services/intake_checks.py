"""What a report must be before it is taken: every fault named beside its field, nothing guessed."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from gridmgmt.core.crs import UnknownCrsError, parse_crs, to_wgs84
from gridmgmt.core.crypto import blind_index
from grids.territory.errors import InvalidPoint
from grids.territory.services.responsibility import check_point
from incidents.choices import Channel, Grade
from incidents.models import Category
from incidents.services.photos import ReadyPhoto, read_photos

LONGEST_TEXT = 5000
LONGEST_PLACE = 300
LONGEST_KEY = 200
_CHANNELS, _GRADES = frozenset(Channel.values), frozenset(Grade.values)
_PHONE = re.compile(r"\+?\d{5,15}")


@dataclass(frozen=True, kw_only=True)
class Report:
    """What someone tells. Coordinates are longitude first, in `crs`; as numbers or as typed.

    `category_id` wins over `tile` (a picture tile's code). `grade`, `urgent` and `on_the_spot`
    are the staff's to set: whoever builds a report from a public form leaves them out. `result`
    is what was done on the spot. `photos` are uploaded files.
    """

    description: str
    channel: str = Channel.WEB
    lon: float | str | None = None
    lat: float | str | None = None
    crs: str = "wgs84"
    place_words: str = ""
    category_id: int | None = None
    tile: str = ""
    grade: str = ""
    urgent: bool = False
    contact_name: str = ""
    contact_phone: str = ""
    photos: tuple[Any, ...] = ()
    idempotency_key: str = ""
    language: str = ""
    outside_source: str = ""
    outside_number: str = ""
    outside_due_at: datetime | None = None
    confidential: bool = False
    on_the_spot: bool = False
    result: str = ""
    simulated: bool = False


@dataclass(frozen=True)
class Checked:
    """A report whose every field is good. `point` is (lon, lat) in WGS84."""

    description: str
    place_words: str
    point: tuple[float, float] | None
    raw: tuple[str, str, str]
    category: Category | None
    photos: tuple[ReadyPhoto, ...]
    contact_name: str
    contact_phone: str
    key: str | None
    digest: str


class Faults:
    """Collects ValidationErrors by field, so that all of them are told at once."""

    def __init__(self) -> None:
        self.by_field: dict[str, list[str]] = {}

    def add(self, name: str, message: str) -> None:
        self.by_field.setdefault(name, []).append(message)

    def raise_any(self) -> None:
        if self.by_field:
            raise ValidationError(self.by_field)


@dataclass
class _Check:
    report: Report
    categories: Mapping[int, Category] | None = None
    faults: Faults = field(default_factory=Faults)

    def text(self, name: str, longest: int) -> str:
        value = clean_text(getattr(self.report, name))
        if len(value) > longest:
            self.faults.add(
                name,
                _("This text has %(length)s characters; at most %(longest)s are possible.")
                % {"length": len(value), "longest": longest},
            )
        return value

    def description(self) -> str:
        value = self.text("description", LONGEST_TEXT)
        if not value:
            self.faults.add("description", _("Say in a few words what is the matter."))
        return value

    def phone(self) -> str:
        phone = normal_phone(self.report.contact_phone)
        if phone and not _PHONE.fullmatch(phone):
            self.faults.add(
                "contact_phone",
                _("This is no telephone number. Write its digits, or leave it out."),
            )
        return phone

    def point(self) -> tuple[float, float] | None:
        given = [value for value in (self.report.lon, self.report.lat) if value not in (None, "")]
        if not given:
            return None
        if len(given) == 1:
            self.faults.add("point", _("Give both longitude and latitude."))
            return None
        try:
            return as_wgs84(self.report.lon, self.report.lat, self.report.crs)
        except ValidationError as error:
            self.faults.by_field.setdefault("point", []).extend(error.messages)
            return None

    def choices(self) -> None:
        if self.report.channel not in _CHANNELS:
            self.faults.add("channel", _("Unknown channel “%s”.") % self.report.channel)
        if self.report.grade and self.report.grade not in _GRADES:
            self.faults.add("grade", _("Unknown grade “%s”.") % self.report.grade)
        if self.report.on_the_spot and not clean_text(self.report.result):
            self.faults.add("result", _("Say what was done on the spot."))

    def category(self) -> Category | None:
        found = None
        if self.report.category_id and self.categories is not None:
            found = self.categories.get(self.report.category_id)
        elif self.report.category_id:
            wanted = Category.objects.filter(pk=self.report.category_id, active=True)
            found = next(iter(wanted.order_by()), None)
        elif self.report.tile:
            found = Category.objects.filter(
                tile__code=self.report.tile, is_tile_default=True, active=True
            ).first()
        else:
            return None
        if found is None and self.report.category_id:
            self.faults.add("category", _("This category does not exist (any more)."))
        elif found is None and not _tile_without_category(self.report.tile):
            self.faults.add("tile", _("This kind of report does not exist (any more)."))
        return found

    def photos(self) -> tuple[ReadyPhoto, ...]:
        try:
            return read_photos(self.report.photos)
        except ValidationError as error:
            self.faults.by_field.setdefault("photos", []).extend(error.messages)
            return ()


def check(
    report: Report, *, reporter_id: int | None, categories: Mapping[int, Category] | None = None
) -> Checked:
    """The report with every field checked; ValidationError with messages by field.

    `categories` are all active ones by id, for who checks many reports: then none is asked for.

    Fields named in errors: description, place, point, category, tile, grade, channel, photos,
    contact_name, contact_phone, result, idempotency_key.
    """
    checking = _Check(report, categories)
    description = checking.description()
    place_words = checking.text("place_words", LONGEST_PLACE)
    name = checking.text("contact_name", 100)
    phone = checking.phone()
    point = checking.point()
    checking.choices()
    if len(report.idempotency_key) > LONGEST_KEY:
        checking.faults.add("idempotency_key", _("The key is too long (at most 200 characters)."))
    if point is None and not place_words and "point" not in checking.faults.by_field:
        checking.faults.add(
            "place", _("Say where it is: choose a point on the map or describe the place.")
        )
    category = checking.category()
    photos = checking.photos()
    checking.faults.raise_any()
    raw = ("", "", "") if point is None else (str(report.lon), str(report.lat), report.crs)
    return Checked(
        description=description,
        place_words=place_words,
        point=point,
        raw=(raw[0][:40], raw[1][:40], raw[2][:30]),
        category=category,
        photos=photos,
        contact_name=name,
        contact_phone=phone,
        key=_key(report, reporter_id),
        digest=_digest(report, photos) if report.idempotency_key else "",
    )


def as_wgs84(lon: Any, lat: Any, crs: str) -> tuple[float, float]:
    """The pair in WGS84. ValidationError for what is no number, no place or no known system."""
    try:
        system = parse_crs(crs)
    except UnknownCrsError:
        raise ValidationError(
            _("Unknown coordinate system “%(crs)s”. Use wgs84, cgcs2000, gcj02, bd09 or EPSG:n.")
            % {"crs": str(crs)[:40]}
        ) from None
    if system.is_degrees:
        return to_wgs84(*check_point(lon, lat), system)
    try:
        x, y = float(lon), float(lat)
    except (TypeError, ValueError):
        raise InvalidPoint(_("Coordinates must be numbers.")) from None
    return check_point(*to_wgs84(x, y, system))


def clean_text(value: str | None) -> str:
    """Trimmed, line ends as \\n, without control characters (a database stores no NUL)."""
    text = (value or "").replace("\r\n", "\n").replace("\r", "\n")
    kept = (c for c in text if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs"})
    return "".join(kept).strip()


def normal_phone(value: str | None) -> str:
    """Digits with a leading + where there was one: how numbers are compared."""
    text = unicodedata.normalize("NFKC", value or "").strip()
    return re.sub(r"[\s().\-–—]", "", text)


def _tile_without_category(code: str) -> bool:
    from_tiles = Category._meta.get_field("tile").related_model
    return from_tiles.objects.filter(code=code, active=True).exists()


def _key(report: Report, reporter_id: int | None) -> str | None:
    """Keys of different reporters never meet; their length does not matter."""
    if not report.idempotency_key:
        return None
    return hashlib.sha256(f"{reporter_id or ''}:{report.idempotency_key}".encode()).hexdigest()


def _digest(report: Report, photos: tuple[ReadyPhoto, ...]) -> str:
    """By what a repetition is told from another report; keyed, because it covers the phone."""
    body = [
        *(str(getattr(report, name)) for name in _BODY),
        *(photo.sha256 for photo in photos),
    ]
    return blind_index(json.dumps(body))


_BODY = (
    "description",
    "channel",
    "lon",
    "lat",
    "crs",
    "place_words",
    "category_id",
    "tile",
    "grade",
    "urgent",
    "contact_name",
    "contact_phone",
    "outside_source",
    "outside_number",
    "confidential",
    "on_the_spot",
    "result",
)
