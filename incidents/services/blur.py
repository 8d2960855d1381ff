"""Where a case may be shown to everyone: the centre of a square, never the place itself."""

import math

from django.conf import settings
from django.contrib.gis.geos import Point

from gridmgmt.core.crs import from_wgs84, metric_crs, parse_crs, to_wgs84


def blurred(lon: float, lat: float) -> Point:
    """The centre of the `BLUR_DISTANCE_M` square (UTM of the place) that holds the point, in 4326.

    Every report of one square gives the same point, so that averaging many tells nothing more.
    """
    side_m = settings.BLUR_DISTANCE_M
    if not side_m:
        return Point(lon, lat, srid=4326)
    crs = parse_crs(metric_crs(lon, lat))
    x_m, y_m = (
        math.floor(value / side_m) * side_m + side_m / 2 for value in from_wgs84(lon, lat, crs)
    )
    return Point(*to_wgs84(x_m, y_m, crs), srid=4326)
