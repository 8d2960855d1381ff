"""The demonstration, small and loaded once for a module, and cases for figures."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import override_settings

CASES = 220


@dataclass(frozen=True)
class Demo:
    """Where the demonstration wrote its accounts, and what it said."""

    local_dir: Path
    output: str


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[Demo]:
    """The loaded demonstration; rolled back after the module."""
    local = tmp_path_factory.mktemp("local")
    with (
        django_db_blocker.unblock(),
        override_settings(LOCAL_DIR=local, MEDIA_ROOT=local / "media", MODE="demo"),
        transaction.atomic(),
    ):
        out = StringIO()
        call_command("load_demo", "--cases", str(CASES), stdout=out)
        yield Demo(local, out.getvalue())
        transaction.set_rollback(True)
