"""An area layer with households, to divide by in place of buildings."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import numpy.typing as npt
import pandas
import pyogrio.errors
import shapely
from django.utils.translation import gettext as _

from grids.territory.errors import TerritoryError


def read_layer(path: Path, column: str) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.int64]]:
    """Polygons (EPSG:4326) and their households from the first layer of a file.

    Refuses a file without the column or its CRS, and rows whose households are missing, negative
    or no number (their lines are named), because a guess would make every grid wrong.
    """
    try:
        frame = geopandas.read_file(path, engine="pyogrio")
    except (pyogrio.errors.DataSourceError, OSError) as error:
        raise TerritoryError(
            _("%(path)s cannot be read as GeoPackage, Shapefile, GeoJSON or KML: %(why)s")
            % {"path": path.name, "why": error}
        ) from error
    if column not in frame.columns:
        raise TerritoryError(
            _("The file has no column %(columns)s. Its columns: %(present)s.")
            % {"columns": column, "present": ", ".join(map(str, frame.columns))}
        )
    if frame.crs is None:
        raise TerritoryError(
            _("The layer %(layer)s does not say its coordinate system.") % {"layer": path.name}
        )
    frame = frame.to_crs(4326)
    numbers = pandas.to_numeric(frame[column], errors="coerce").to_numpy(dtype=np.float64)
    shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
    solid = shapely.get_dimensions(shapes) == 2
    bad = np.flatnonzero(~np.isfinite(numbers) | (numbers < 0) | ~solid)
    if len(bad):
        raise TerritoryError(
            _(
                "Rows %(rows)s have no polygon, or households that are missing, negative or no "
                "number. Mend them and try again; nothing was divided."
            )
            % {"rows": ", ".join(str(row + 1) for row in bad[:10])}
        )
    return shapely.force_2d(shapes), np.rint(numbers).astype(np.int64)
