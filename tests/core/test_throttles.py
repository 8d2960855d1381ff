"""Counting callers."""

import pytest
import redis
from django.test import RequestFactory

from gridmgmt.core import throttles


@pytest.mark.parametrize(
    ("meta", "proxies", "address"),
    [
        ({"REMOTE_ADDR": "192.0.2.1"}, 0, "192.0.2.1"),
        ({"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": "203.0.113.5"}, 0, "192.0.2.1"),
        ({"HTTP_X_FORWARDED_FOR": "9.9.9.9, 203.0.113.5"}, 1, "203.0.113.5"),
        ({"HTTP_X_FORWARDED_FOR": "203.0.113.5, 10.0.0.1"}, 2, "203.0.113.5"),
        ({"HTTP_X_FORWARDED_FOR": "203.0.113.5"}, 3, "203.0.113.5"),
        ({"REMOTE_ADDR": "192.0.2.1"}, 1, "192.0.2.1"),
        ({"REMOTE_ADDR": "2001:db8:1:2:3:4:5:6"}, 0, "2001:db8:1:2::"),
        ({"REMOTE_ADDR": "::ffff:192.0.2.1"}, 0, "192.0.2.1"),
        ({"HTTP_X_FORWARDED_FOR": "not:an:address"}, 1, "not:an:address"),
    ],
)
def test_whose_call_it_is(settings, meta, proxies, address):
    settings.PROXIES = proxies
    request = RequestFactory().get("/", **meta)
    assert throttles.client_address(request) == address


def test_without_redis_nobody_is_turned_away(settings, monkeypatch):
    monkeypatch.setattr(
        throttles,
        "_counter",
        lambda: redis.Redis(host="127.0.0.1", port=1).register_script("return 1"),
    )
    assert throttles.hit("public_read", "192.0.2.1").allowed


def test_rates():
    assert throttles.parse_rate("600/min") == (600, 60)
    assert throttles.parse_rate("30/hour") == (30, 3600)


def test_a_window_ends(settings, monkeypatch):
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] | {"public_read": "1/min"}
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": rates}
    monkeypatch.setattr(throttles.time, "time", lambda: 1_000_000_030.0)
    assert throttles.hit("public_read", "a").allowed
    verdict = throttles.hit("public_read", "a")
    assert not verdict.allowed
    assert 0 < verdict.wait_s <= 60
    monkeypatch.setattr(throttles.time, "time", lambda: 1_000_000_030.0 + verdict.wait_s)
    assert throttles.hit("public_read", "a").allowed
