"""Production refuses what is only fit for a demonstration; the settings are documented whole."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READER = re.compile(r'env\.\w+\(\s*"([A-Z_]+)"')
OWN = re.compile(r'"(GRIDMGMT_[A-Z_]+)"')


def start(**changes: str) -> subprocess.CompletedProcess[str]:
    """Imports the settings in a process of its own."""
    env = {**os.environ, "GRIDMGMT_MODE": "production", "PYTHONPATH": str(ROOT), **changes}
    code = "from gridmgmt import settings; print(settings.MODE)"
    return subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "secret", ["demo-" + "x" * 60, "short", ""], ids=["demo", "short", "missing"]
)
def test_production_refuses_a_bad_secret(secret: str) -> None:
    result = start(GRIDMGMT_SECRET_KEY=secret)
    assert result.returncode != 0
    assert "GRIDMGMT_SECRET_KEY" in result.stderr.splitlines()[-1]


def test_production_starts_with_a_secret_of_its_own() -> None:
    result = start(GRIDMGMT_SECRET_KEY="k" * 50)
    assert (result.returncode, result.stdout.strip()) == (0, "production"), result.stderr


def test_every_setting_is_documented() -> None:
    operations = (ROOT / "docs" / "operations.md").read_text()
    settings = (ROOT / "gridmgmt" / "settings.py").read_text()
    names = set(READER.findall(settings))
    for source in (ROOT / "script" / "lib").glob("*.py"):
        names |= set(OWN.findall(source.read_text()))
    assert len(names) > 20
    missing = sorted(name for name in names if f"`{name}`" not in operations)
    assert not missing
