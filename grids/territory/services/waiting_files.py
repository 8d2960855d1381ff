"""Uploaded files between upload and confirmation: checked, unpacked, kept apart, and expired.

What a browser sends is not believed. The kind of a file is read from its content, never from its
name alone; archives are unpacked into a folder of their own, by plain names, and only as far as
the limits go; markup that could make a reader open other files or addresses is refused.
"""

from __future__ import annotations

import datetime as dt
import json
import lzma
import re
import shutil
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree import ElementTree as ET

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext as _

from grids.territory.errors import TerritoryError
from grids.territory.models import Edition, WaitingFile

AREA_ENDINGS = (".gpkg", ".zip", ".geojson", ".json", ".kml", ".kmz")
LIST_ENDINGS = (".xlsx", ".xlsm", ".csv", ".txt", ".tsv")
SHAPE_PARTS = frozenset({".shp", ".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix"})
MOST_MEMBERS = 500
UNPACKED_TIMES = 5  # an archive may grow to this many times the size limit
CHUNK = 1024 * 1024
# What Python's unpackers raise on archives that are damaged or packed in ways unknown to them.
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    UnicodeError,
    OSError,
)
_FORBIDDEN = re.compile(rb"<!DOCTYPE|<!ENTITY|<OGR[A-Z]|<NetworkLink", re.IGNORECASE)


def keep(
    upload: Any,
    *,
    edition: Edition,
    owner: AbstractBaseUser,
    purpose: str,
    now: dt.datetime,
) -> WaitingFile:
    """Store an uploaded file for its owner. Raises TerritoryError; then nothing is left behind."""
    sweep(now=now)
    name = PurePosixPath(str(upload.name).replace("\\", "/")).name[-200:]
    ending = Path(name).suffix.lower()
    endings = AREA_ENDINGS if purpose == WaitingFile.Purpose.AREAS else LIST_ENDINGS
    if ending not in endings:
        raise TerritoryError(
            _("Files of the kind %(ending)s cannot be read here. Choose one of %(endings)s.")
            % {"ending": ending or name, "endings": ", ".join(endings)}
        )
    waiting = WaitingFile(
        edition=edition,
        owner=owner,
        purpose=purpose,
        name=name,
        created_at=now,
        expires_at=now + dt.timedelta(hours=settings.UPLOAD_KEEP_HOURS),
    )
    folder = _folder(waiting)
    folder.mkdir(parents=True)
    try:
        raw = folder / f"upload{ending}"
        _write(upload, raw)
        read = _unpacked(raw, folder) if ending in {".zip", ".kmz"} else raw
        if purpose == WaitingFile.Purpose.AREAS:
            _refuse_strange(read)
        waiting.data_file = str(read.relative_to(folder))
        waiting.save()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return waiting


def path_of(waiting: WaitingFile) -> Path:
    """The file or folder to read. Raises TerritoryError when it is gone."""
    path = _folder(waiting) / waiting.data_file
    if not path.exists():
        raise TerritoryError(_("The uploaded file is gone. Upload it again."))
    return path


def discard(waiting: WaitingFile) -> None:
    """Forget the file, its folder included."""
    shutil.rmtree(_folder(waiting), ignore_errors=True)
    WaitingFile.objects.filter(token=waiting.token).delete()


def sweep(*, now: dt.datetime) -> int:
    """Discard what has waited too long, and folders that no row knows; returns how many."""
    gone = 0
    for waiting in WaitingFile.objects.filter(expires_at__lte=now):
        discard(waiting)
        gone += 1
    root = _root()
    if root.is_dir():
        known = {str(token) for token in WaitingFile.objects.values_list("token", flat=True)}
        old = now - dt.timedelta(hours=settings.UPLOAD_KEEP_HOURS)
        for folder in root.iterdir():
            # A folder without a row may be one that is being written right now.
            if folder.name not in known and folder.stat().st_mtime < old.timestamp():
                shutil.rmtree(folder, ignore_errors=True)
                gone += 1
    return gone


def _root() -> Path:
    return Path(settings.MEDIA_ROOT) / "waiting"


def _folder(waiting: WaitingFile) -> Path:
    return _root() / str(waiting.token)


def _write(upload: Any, to: Path) -> None:
    size = 0
    with to.open("wb") as file:
        while block := upload.read(CHUNK):
            size += len(block)
            if size > settings.UPLOAD_MAX_BYTES:
                raise TerritoryError(_too_large())
            file.write(block)
    if not size:
        raise TerritoryError(_("The file is empty."))


def _too_large() -> str:
    return _("The file is larger than %(mb)s MB. Split it, or simplify its outlines.") % {
        "mb": settings.UPLOAD_MAX_BYTES // (1024 * 1024)
    }


def _unpacked(archive: Path, folder: Path) -> Path:
    """What to read of an archive: one map file, or the folder of its Shapefiles."""
    try:
        with zipfile.ZipFile(archive) as packed:
            names = _extract(packed, folder)
    except UNREADABLE as error:
        raise TerritoryError(
            _("The archive cannot be unpacked: %(why)s. Pack it again as a plain ZIP file.")
            % {"why": error}
        ) from error
    archive.unlink()
    shapes = [name for name in names if name.endswith(".shp")]
    for shape in shapes:
        missing = [part for part in (".shx", ".dbf") if shape[:-4] + part not in names]
        if missing:
            raise TerritoryError(
                _("The archive holds %(shape)s without its %(missing)s. Pack all of its files.")
                % {"shape": shape, "missing": ", ".join(missing)}
            )
    others = [name for name in names if Path(name).suffix in {".gpkg", ".geojson", ".json", ".kml"}]
    if shapes and not others:
        return folder / "unpacked" / shapes[0] if len(shapes) == 1 else folder / "unpacked"
    if len(others) == 1 and not shapes:
        return folder / "unpacked" / others[0]
    raise TerritoryError(
        _(
            "The archive must hold the files of one or more Shapefiles, or one map file. It holds: "
            "%(names)s."
        )
        % {"names": ", ".join(sorted(names)[:10]) or "—"}
    )


def _extract(packed: zipfile.ZipFile, folder: Path) -> list[str]:
    """Unpack what belongs to maps, by plain names in lower-case endings; returns the names."""
    members = [member for member in packed.infolist() if not member.is_dir()]
    if len(members) > MOST_MEMBERS:
        raise TerritoryError(
            _("The archive holds more than %(number)s files.") % {"number": MOST_MEMBERS}
        )
    target = folder / "unpacked"
    target.mkdir()
    room = settings.UPLOAD_MAX_BYTES * UNPACKED_TIMES
    names: list[str] = []
    for member in members:
        place = PurePosixPath(member.filename.replace("\\", "/"))
        if place.is_absolute() or ".." in place.parts or re.match(r"[A-Za-z]:", member.filename):
            raise TerritoryError(
                _("The archive holds a path that leads out of it: %(path)s.")
                % {"path": member.filename[:80]}
            )
        if place.name.startswith(".") or "__MACOSX" in place.parts:
            continue
        if member.flag_bits & 0x1:
            raise TerritoryError(_("The archive is locked with a password. Pack it without one."))
        ending = place.suffix.lower()
        if ending not in SHAPE_PARTS | {".gpkg", ".geojson", ".json", ".kml"}:
            continue
        name = f"{place.stem}{ending}"
        if name in names:
            raise TerritoryError(
                _("The archive holds two files named %(name)s.") % {"name": place.name}
            )
        names.append(name)
        with packed.open(member) as source, (target / name).open("wb") as file:
            while block := source.read(CHUNK):
                room -= len(block)
                if room < 0:
                    raise TerritoryError(
                        _("Unpacked, the archive is larger than %(mb)s MB; it was refused.")
                        % {"mb": settings.UPLOAD_MAX_BYTES * UNPACKED_TIMES // (1024 * 1024)}
                    )
                file.write(block)
    return names


def _refuse_strange(path: Path) -> None:
    """Raise TerritoryError unless the content is what the ending says."""
    if path.is_dir():
        for shape in sorted(path.glob("*.shp")):
            _refuse_strange(shape)
        return
    with path.open("rb") as file:
        head = file.read(64)
    ending = path.suffix.lower()
    if ending == ".gpkg":
        sound = head.startswith(b"SQLite format 3\0")
    elif ending == ".shp":
        sound = head.startswith(b"\0\0\x27\x0a")
    elif ending == ".kml":
        sound = _is_kml(path)
    else:
        sound = _is_geojson(path)
    if not sound:
        raise TerritoryError(
            _("The content of %(name)s is not what its ending says. Export it again.")
            % {"name": path.name if path.stem != "upload" else ending}
        )


def _is_kml(path: Path) -> bool:
    content = path.read_bytes()
    if _FORBIDDEN.search(content):
        return False
    try:
        root = ET.fromstring(content)  # noqa: S314 - entities were refused above
    except ET.ParseError:
        return False
    return root.tag.rpartition("}")[2] == "kml"


def _is_geojson(path: Path) -> bool:
    try:
        content = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and content.get("type") in {
        "FeatureCollection",
        "Feature",
        "Polygon",
        "MultiPolygon",
        "GeometryCollection",
    }
