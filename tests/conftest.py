"""Fixtures that every room uses. The town and its people are described in tests/town.py."""

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from tests import town as town_module


@pytest.fixture
def town(db: None) -> town_module.Town:
    """Two street offices with people and departments."""
    return town_module.build()


@pytest.fixture
def sign_in(town: town_module.Town) -> Callable[[str], Client]:
    """`sign_in("owner")` gives a test client of that person."""

    def client_of(username: str) -> Client:
        client = Client()
        client.force_login(
            town.users[username], backend="django.contrib.auth.backends.ModelBackend"
        )
        return client

    return client_of


@pytest.fixture(autouse=True)
def own_media(settings, tmp_path: Path) -> None:
    """Photos of a test land in its own directory."""
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture(autouse=True)
def own_cache(settings) -> None:
    """No test inherits another's throttle counts, nor clears them for a test beside it."""
    default = settings.CACHES["default"] | {"KEY_PREFIX": uuid.uuid4().hex}
    settings.CACHES = settings.CACHES | {"default": default}
