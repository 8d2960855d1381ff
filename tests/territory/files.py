"""What tests of map files and lists share: the demonstration's file, and small files to upload."""

import io
import zipfile
from pathlib import Path

import geopandas
from django.core.files.uploadedfile import SimpleUploadedFile

DEMO = Path(__file__).resolve().parents[2] / "data" / "demo" / "qinghuayuan.gpkg"


def uploaded(path: Path, name: str = "") -> SimpleUploadedFile:
    """A file as a browser sends it."""
    return SimpleUploadedFile(name or path.name, path.read_bytes())


def packed(members: dict[str, bytes], name: str = "areas.zip") -> SimpleUploadedFile:
    """A ZIP of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return SimpleUploadedFile(name, out.getvalue())


def shapefile(frame: geopandas.GeoDataFrame, folder: Path, **options) -> SimpleUploadedFile:
    """A Shapefile in a ZIP, with all of its parts."""
    folder.mkdir(parents=True, exist_ok=True)
    frame.to_file(folder / "areas.shp", engine="pyogrio", **options)
    return packed({part.name: part.read_bytes() for part in folder.iterdir()})
