"""Copies the front-end packages that pages load from node_modules into static/vendor/."""

import re
import shutil
from pathlib import Path

# package → the files that pages load, as {path in the package: name in static/vendor/PACKAGE/}
FILES: dict[str, dict[str, str]] = {
    "leaflet": {
        "dist/leaflet.js": "leaflet.js",
        "dist/leaflet.css": "leaflet.css",
        "dist/images/layers.png": "images/layers.png",
        "dist/images/layers-2x.png": "images/layers-2x.png",
        "dist/images/marker-icon.png": "images/marker-icon.png",
        "dist/images/marker-icon-2x.png": "images/marker-icon-2x.png",
        "dist/images/marker-shadow.png": "images/marker-shadow.png",
        "LICENSE": "LICENSE",
    },
    "leaflet.markercluster": {
        "dist/leaflet.markercluster.js": "leaflet.markercluster.js",
        "dist/MarkerCluster.css": "MarkerCluster.css",
        "dist/MarkerCluster.Default.css": "MarkerCluster.Default.css",
        "MIT-LICENCE.txt": "LICENSE",
    },
    "htmx.org": {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "LICENSE"},
    "protomaps-leaflet": {
        "dist/protomaps-leaflet.js": "protomaps-leaflet.js",
        "LICENSE": "LICENSE",
    },
    "echarts": {
        "dist/echarts.min.js": "echarts.min.js",
        "LICENSE": "LICENSE",
        "NOTICE": "NOTICE",
    },
}
# The maps of the sources are not shipped; collectstatic would refuse a pointer to nowhere.
SOURCE_MAP = re.compile(rb"\n?//# sourceMappingURL=\S+\s*$")


def copy_vendor(node_modules: Path, target: Path) -> None:
    """Replaces `target` by the wanted files of `node_modules`, whole or not at all.

    Raises FileNotFoundError naming the missing file when a package has moved one.
    """
    fresh = target.with_name(target.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    for package, files in FILES.items():
        for source, name in files.items():
            destination = fresh / package / name
            destination.parent.mkdir(parents=True, exist_ok=True)
            content = (node_modules / package / source).read_bytes()
            if name.endswith(".js"):
                content = SOURCE_MAP.sub(b"\n", content)
            destination.write_bytes(content)
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
