"""Photos: what they really are, where they were taken, and that nothing else comes with them.

`read_photo` decodes (that is the type check), refuses bombs, reads the recorded position, turns
the picture upright and encodes it anew, so that no metadata survives. It needs no database and
runs before any transaction. `stored` then keeps files and rows together: the files are on disk
before the rows are committed, and a failure takes them away again.
"""

import hashlib
import io
import math
import struct
import uuid
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyproj
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from incidents.models import Attachment, Incident

LONGEST_SIDE = 2048
THUMBNAIL_SIDE = 320
MOST_PHOTOS = 9
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
GPS_IFD = 0x8825
_GEOD = pyproj.Geod(ellps="WGS84")
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)


@dataclass(frozen=True)
class ReadyPhoto:
    """A picture as it will be stored. `position` is (lon, lat) in WGS84 as the camera wrote it."""

    picture: bytes
    thumbnail: bytes
    sha256: str
    width: int
    height: int
    position: tuple[float, float] | None


def read_photos(files: Sequence[Any]) -> tuple[ReadyPhoto, ...]:
    """All photos of one report; ValidationError names the one that is refused."""
    if len(files) > MOST_PHOTOS:
        raise ValidationError(
            _("At most %(number)s photos can be sent with one report.") % {"number": MOST_PHOTOS}
        )
    ready = []
    for place, file in enumerate(files, start=1):
        try:
            ready.append(read_photo(file))
        except ValidationError as error:
            raise ValidationError(
                _("Photo %(place)s: %(message)s")
                % {"place": place, "message": " ".join(error.messages)}
            ) from None
    return tuple(ready)


def read_photo(file: Any) -> ReadyPhoto:
    """Check and re-encode one uploaded file (anything with `read`)."""
    data = _read_limited(file)
    image = _open(data)
    if image.width * image.height > settings.PHOTO_MAX_PIXELS:
        raise ValidationError(_too_many_pixels())
    try:
        image.verify()
        image = _open(data)  # verify() leaves the image unusable
        position = _position(image)
        image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        image.load()
        upright = _flat(ImageOps.exif_transpose(image))
    except _BROKEN:
        raise ValidationError(_not_a_picture()) from None
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    picture = _jpeg(upright, quality=85)
    width, height = upright.size
    upright.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return ReadyPhoto(
        picture=picture,
        thumbnail=_jpeg(upright, quality=75),
        sha256=hashlib.sha256(data).hexdigest(),
        width=width,
        height=height,
        position=position,
    )


@contextmanager
def stored(
    incident: Incident,
    photos: Iterable[ReadyPhoto],
    *,
    stage: str,
    actor: Any,
    now: datetime,
) -> Iterator[list[Attachment]]:
    """Write files and rows inside the caller's transaction; an exception removes the files.

    Wrap what must succeed together. A crash between file and commit leaves files without rows,
    which `remove_orphans` takes away.
    """
    written: list[str] = []
    try:
        rows = []
        for photo in photos:
            name = f"photos/{now:%Y/%m}/{uuid.uuid4().hex}"
            for suffix, content in ((".jpg", photo.picture), ("-small.jpg", photo.thumbnail)):
                written.append(default_storage.save(name + suffix, ContentFile(content)))
            rows.append(
                Attachment(
                    incident=incident,
                    stage=stage,
                    file=written[-2],
                    thumbnail=written[-1],
                    sha256=photo.sha256,
                    width=photo.width,
                    height=photo.height,
                    position_offset_m=offset_m(photo.position, incident),
                    added_by=actor,
                    added_at=now,
                )
            )
        if rows:
            Attachment.objects.bulk_create(rows)
        yield rows
    except BaseException:
        for name in written:
            default_storage.delete(name)
        raise


def offset_m(position: tuple[float, float] | None, incident: Incident) -> float | None:
    """Metres from where the photo was taken to the reported point; None if either is unknown."""
    if position is None or incident.point is None:
        return None
    return round(_GEOD.inv(*position, incident.point.x, incident.point.y)[2], 1)


def remove_orphans(*, now: datetime, older_than: timedelta = timedelta(days=1)) -> int:
    """Delete photo files that no row names and that are older than a day; returns how many."""
    removed = 0
    for folder in _folders("photos"):
        names = {f"{folder}/{name}" for name in default_storage.listdir(folder)[1]}
        known = Attachment.objects.filter(file__startswith=folder)
        kept = {name for pair in known.values_list("file", "thumbnail") for name in pair}
        for name in names - kept:
            if default_storage.get_modified_time(name) < now - older_than:
                default_storage.delete(name)
                removed += 1
    return removed


def _folders(root: str) -> Iterator[str]:
    if not default_storage.exists(root):
        return
    yield root
    for folder in default_storage.listdir(root)[0]:
        yield from _folders(f"{root}/{folder}")


def _read_limited(file: Any) -> bytes:
    limit = settings.PHOTO_MAX_BYTES
    data = file.read(limit + 1)
    if len(data) > limit:
        raise ValidationError(
            _("The photo is larger than %(limit)s MB. Take it with a lower resolution.")
            % {"limit": limit // (1024 * 1024)}
        )
    if not data:
        raise ValidationError(_not_a_picture())
    return data


def _open(data: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ValidationError(_too_many_pixels()) from None
    except _BROKEN:
        raise ValidationError(_not_a_picture()) from None


def _not_a_picture() -> str:
    return _("The file is no picture that can be read. Send a JPEG, PNG or WebP photo.")


def _too_many_pixels() -> str:
    return _("The photo has more than %(limit)s million pixels. Send a smaller one.") % {
        "limit": settings.PHOTO_MAX_PIXELS // 1_000_000
    }


def _flat(image: Image.Image) -> Image.Image:
    """RGB without transparency (white behind it) and without anything but pixels."""
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        image = image.convert("RGBA")
        flat = Image.new("RGB", image.size, "white")
        flat.paste(image, mask=image.getchannel("A"))
        return flat
    return image.convert("RGB")


def _jpeg(image: Image.Image, quality: int) -> bytes:
    clean = Image.new("RGB", image.size)
    clean.paste(image)
    buffer = io.BytesIO()
    clean.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _position(image: Image.Image) -> tuple[float, float] | None:
    """The camera's own position; what is malformed counts as none."""
    try:
        gps = image.getexif().get_ifd(GPS_IFD)
        lat, lon = (
            _degrees(gps[value]) * (-1 if str(gps[reference]).upper() in negative else 1)
            for reference, value, negative in ((1, 2, {"S"}), (3, 4, {"W"}))
        )
    except (KeyError, TypeError, ZeroDivisionError, *_BROKEN):
        return None
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        return None
    return lon, lat


def _degrees(parts: Sequence[Any]) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    return degrees + minutes / 60 + seconds / 3600
