"""Photos: what is refused, what is taken out, and that files and rows stand or fall together."""

import io
import struct
import zlib
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from incidents.choices import Action, State
from incidents.models import Attachment, Incident
from incidents.services.photos import read_photo, read_photos, remove_orphans
from tests.incidents.helpers import move, take, to_state


def upload(data: bytes, name: str = "photo.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def picture(size=(80, 60), kind="JPEG", mode="RGB", **options) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, 128 if mode == "L" else None).save(buffer, kind, **options)
    return buffer.getvalue()


def located(lon: float, lat: float, orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Maker of phones"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[3] = "N" if lat >= 0 else "S", "E" if lon >= 0 else "W"
    gps[2] = (abs(lat), 0.0, 0.0)
    gps[4] = (abs(lon), 0.0, 0.0)
    return picture(exif=exif)


def files(settings) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


@pytest.mark.req("I-17")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_pictures_become_upright_jpegs(kind):
    ready = read_photo(upload(picture(kind=kind)))
    assert Image.open(io.BytesIO(ready.picture)).format == "JPEG"
    assert (ready.width, ready.height) == (80, 60)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1", "I;16"])
def test_every_kind_of_pixels_is_read(mode):
    assert read_photo(upload(picture(kind="PNG", mode=mode))).width == 80


def test_large_ones_shrink_and_have_a_thumbnail():
    ready = read_photo(upload(picture(size=(3000, 1500))))
    assert (ready.width, ready.height) == (2048, 1024)
    assert max(Image.open(io.BytesIO(ready.thumbnail)).size) == 320


@pytest.mark.req("P-03")
def test_metadata_is_gone_and_the_position_was_read_first():
    ready = read_photo(upload(located(116.305, 40.01, orientation=6)))
    assert ready.position == pytest.approx((116.305, 40.01))
    for data in (ready.picture, ready.thumbnail):
        image = Image.open(io.BytesIO(data))
        assert not dict(image.getexif())
        assert b"Maker of phones" not in data
        assert b"Exif" not in data
    assert (ready.width, ready.height) == (60, 80)  # turned upright


@pytest.mark.req("I-17")
def test_how_far_the_photo_was_taken_from_the_place_is_kept(town):
    lon, lat = town.point_in("a1")
    incident = take(town, photos=(upload(located(lon, lat + 0.001)), upload(picture())))
    offsets = list(
        Attachment.objects.filter(incident=incident)
        .order_by("pk")
        .values_list("position_offset_m", flat=True)
    )
    assert offsets[0] == pytest.approx(111, abs=1)
    assert offsets[1] is None


def bomb(width=60_000, height=60_000) -> bytes:
    """A small PNG that claims to hold 3.6 thousand million pixels."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.req("Z-06")
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a but not really",
        b"%PDF-1.7",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        picture()[:200],
        picture(kind="PNG")[:-20],
        picture(kind="BMP"),
        bomb(),
        bomb(9_000, 9_000),
        bomb(12_000, 10_000),
    ],
    ids=["empty", "lie", "pdf", "svg", "cut", "cut png", "bmp", "bomb", "81 MP", "120 MP"],
)
def test_what_is_no_photo_is_refused_and_nothing_is_written(town, settings, data):
    with pytest.raises(ValidationError) as excinfo:
        take(town, photos=(upload(picture()), upload(data)))
    (message,) = excinfo.value.message_dict["photos"]
    assert "2" in message
    assert not Incident.objects.exists()
    assert files(settings) == []


def test_too_big_and_too_many_are_refused(settings):
    settings.PHOTO_MAX_BYTES = 500
    with pytest.raises(ValidationError):
        read_photo(upload(picture(size=(900, 900))))
    settings.PHOTO_MAX_BYTES = 10_000_000
    with pytest.raises(ValidationError):
        read_photos([upload(picture())] * 10)


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_reader(data):
    for head in (b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"GIF89a"):
        with suppress(ValidationError):
            read_photo(upload(head + data))


@given(st.lists(st.integers(0, 2**31), min_size=0, max_size=3), st.text(max_size=3))
def test_odd_positions_count_as_none(parts, reference):
    exif = Image.Exif()
    gps = exif.get_ifd(0x8825)
    gps[1] = gps[3] = reference.encode("ascii", "ignore").decode().replace("\0", "")
    gps[2] = gps[4] = tuple(float(part) for part in parts)
    ready = read_photo(upload(picture(exif=exif)))
    assert ready.position is None or abs(ready.position[1]) <= 90


@pytest.mark.req("Z-04")
def test_a_failure_after_the_files_takes_them_away(town, settings):
    take(town, idempotency_key="one", outside_source="12345", outside_number="A")
    with pytest.raises(ValidationError):
        take(
            town,
            photos=(upload(picture()),),
            outside_source="12345",
            outside_number="A",
        )
    assert files(settings) == []
    with pytest.raises(ValidationError):
        take(town, photos=(upload(picture()),), on_the_spot=True, result="x")
    assert files(settings) == []
    assert not Attachment.objects.exists()


def test_photos_of_a_move_are_kept_as_after(town, settings):
    incident = to_state(town, State.IN_HAND)
    move(town, "handler", Action.HANDLE, incident, note="完成", photos=(upload(picture()),))
    row = Attachment.objects.get(incident=incident)
    assert row.stage == "after"
    assert row.added_by == town.users["handler"]
    assert len(files(settings)) == 2
    with pytest.raises(ValidationError):
        move(town, "handler", Action.HANDLE, incident, note="x", photos=(upload(picture()),))
    assert len(files(settings)) == 2


@pytest.mark.req("Z-04")
def test_what_a_crash_left_behind_is_swept(town, settings):
    incident = take(town, photos=(upload(picture()),))
    kept = files(settings)
    # A transaction around the whole is rolled back: rows are gone, files are not known to anyone.
    with transaction.atomic():
        take(town, photos=(upload(picture()),))
        transaction.set_rollback(True)
    assert len(files(settings)) == 4
    assert remove_orphans(now=timezone.now()) == 0  # too fresh: it may be about to be committed
    assert remove_orphans(now=timezone.now() + timedelta(days=2)) == 2
    assert sorted(files(settings)) == sorted(kept)
    assert Attachment.objects.filter(incident=incident).count() == 1
