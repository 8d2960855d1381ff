"""Limits and the order of rules come from the environment and are refused loudly when malformed."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from gridmgmt import env

UNITS = {"work_hour", "urgent_hour"}


def test_a_limit_is_read_and_its_default_kept(monkeypatch):
    assert env.limit("GRIDMGMT_LIMIT_X", "4 work_hour", units=UNITS) == (4, "work_hour")
    monkeypatch.setenv("GRIDMGMT_LIMIT_X", "2 urgent_hour")
    assert env.limit("GRIDMGMT_LIMIT_X", "4 work_hour", units=UNITS) == (2, "urgent_hour")


@pytest.mark.parametrize("value", ["0 work_hour", "4", "work_hour", "4 weeks", "-1 work_hour", "²"])
def test_a_malformed_limit_is_refused_and_named(monkeypatch, value):
    monkeypatch.setenv("GRIDMGMT_LIMIT_X", value)
    with pytest.raises(ImproperlyConfigured, match="GRIDMGMT_LIMIT_X"):
        env.limit("GRIDMGMT_LIMIT_X", "4 work_hour", units=UNITS)


@pytest.mark.parametrize("order", ["place,category", "place,place,grade,answer,channel,time"])
def test_an_order_that_forgets_a_dimension_stops_the_start(order):
    started = subprocess.run(
        [sys.executable, "-c", "import gridmgmt.settings"],
        env=os.environ | {"GRIDMGMT_ROUTING_ORDER": order},
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode != 0
    assert "GRIDMGMT_ROUTING_ORDER" in started.stderr
