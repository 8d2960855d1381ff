"""Offsets of the right size, exact ways back, nothing moved outside China."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from gridmgmt.core.crs import (
    BD09,
    CGCS2000,
    GCJ02,
    WGS84,
    Crs,
    UnknownCrsError,
    from_wgs84,
    geometry_to_wgs84,
    metric_crs,
    parse_crs,
    to_wgs84,
)

GEOD = Geod(ellps="WGS84")
inside_china = {"lon": st.floats(75, 134), "lat": st.floats(18, 53)}


def distance_m(a, b):
    return GEOD.inv(*a, *b)[2]


@given(**inside_china, crs=st.sampled_from([GCJ02, BD09]))
def test_there_and_back_within_a_millimetre(lon, lat, crs):
    assert distance_m((lon, lat), to_wgs84(*from_wgs84(lon, lat, crs), crs)) <= 0.001


@given(lon=st.floats(116.0, 116.9), lat=st.floats(39.6, 40.4))
def test_offsets_around_beijing(lon, lat):
    assert 270 <= distance_m((lon, lat), from_wgs84(lon, lat, GCJ02)) <= 610
    assert 1100 <= distance_m((lon, lat), from_wgs84(lon, lat, BD09)) <= 1400


@given(lon=st.floats(-180, 70), lat=st.floats(-89, 89), crs=st.sampled_from([GCJ02, BD09]))
def test_outside_china_nothing_moves(lon, lat, crs):
    assert to_wgs84(lon, lat, crs) == (lon, lat) == from_wgs84(lon, lat, crs)


@pytest.mark.parametrize("crs", [WGS84, CGCS2000])
def test_taken_over_unchanged(crs):
    assert to_wgs84(116.3, 40.0, crs) == (116.3, 40.0)


def test_arrays_and_scalars_agree():
    lon, lat = np.array([[116.3, 121.5], [-73.9, 104.0]]), np.array([[40.0, 31.2], [40.7, 30.6]])
    x, y = to_wgs84(lon, lat, BD09)
    assert x.shape == y.shape == lon.shape
    for index in np.ndindex(lon.shape):
        one = to_wgs84(float(lon[index]), float(lat[index]), BD09)
        assert one == (x[index], y[index])
    assert to_wgs84(np.array([]), np.array([]), GCJ02)[0].shape == (0,)


def test_projected_coordinates_and_geometry():
    crs = parse_crs("epsg:32650")
    lon, lat = to_wgs84(440000.0, 4427757.0, crs)
    assert distance_m((lon, lat), (116.297117, 39.997867)) < 0.1
    square = shapely.box(440000, 4427000, 441000, 4428000)
    moved = geometry_to_wgs84(shapely.MultiPolygon([square]), crs)
    assert moved.geom_type == "MultiPolygon"
    assert abs(GEOD.geometry_area_perimeter(moved)[0]) == pytest.approx(1e6, rel=0.002)
    assert geometry_to_wgs84(shapely.Point(), GCJ02).is_empty
    assert not geometry_to_wgs84(shapely.Point(1, 2, 3), WGS84).has_z


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("WGS84", "wgs84"),
        ("wgs 84", "wgs84"),
        ("EPSG:4326", "wgs84"),
        ("cgcs2000", "cgcs2000"),
        ("EPSG:4490", "cgcs2000"),
        ("GCJ-02", "gcj02"),
        ("bd09", "bd09"),
        ("2263", "EPSG:2263"),
    ],
)
def test_names(text, name):
    assert parse_crs(text) == Crs(name)
    assert parse_crs(name) == Crs(name)


@pytest.mark.parametrize(
    "text", ["", "mars", "EPSG:1", "EPSG:999999", "EPSG:5773", "gcj03", "EPSG:٣٢٦٥٠"]
)
def test_unknown_names_are_refused(text):
    with pytest.raises(UnknownCrsError):
        parse_crs(text)


def test_degrees_or_metres():
    assert GCJ02.is_degrees
    assert parse_crs("EPSG:4269").is_degrees
    assert not parse_crs("EPSG:32650").is_degrees


def test_what_is_no_number_stays_none():
    assert all(math.isnan(value) for value in to_wgs84(math.nan, math.nan, GCJ02))


@pytest.mark.parametrize(
    ("lon", "lat", "zone"),
    [(116.3, 40, "EPSG:32650"), (-73.9, 40.7, "EPSG:32618"), (18, -34, "EPSG:32734"),
     (180, 0, "EPSG:32660"), (-180, 0, "EPSG:32601")],
)  # fmt: skip
def test_metric_zone(lon, lat, zone):
    assert metric_crs(lon, lat) == zone
