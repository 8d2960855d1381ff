"""Fixtures of the core's tests."""

from datetime import UTC, datetime

import pytest

from gridmgmt.core.models import User

NOW = datetime(2026, 3, 3, 4, tzinfo=UTC)


@pytest.fixture
def person(db) -> User:
    """Someone with an account and no post."""
    return User.objects.create_user("wang", password="a-long-password", full_name="王芳")
