"""The environment that web, worker, commands and tests run in."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from . import system
from .common import ROOT, VENV, local_dir
from .services import PrivateServices

# Tests have a Redis database of their own, so that a running demo neither hears nor feels them.
TEST_REDIS_DB = 15


@contextlib.contextmanager
def environment(mode: str | None = None) -> Iterator[dict[str, str]]:
    """Starts the private services that are needed and gives the whole environment of a process.

    mode: demo, test or production; None takes GRIDMGMT_MODE, else demo.
    """
    local = local_dir()
    env = dict(os.environ)
    services = PrivateServices(
        local, database=not env.get("DATABASE_URL"), redis=not env.get("REDIS_URL")
    )
    env["GRIDMGMT_MODE"] = mode or env.get("GRIDMGMT_MODE") or "demo"
    env["GRIDMGMT_LOCAL_DIR"] = str(local)
    env["DJANGO_SETTINGS_MODULE"] = "gridmgmt.settings"
    env["PATH"] = f"{VENV / 'bin'}:{env.get('PATH', os.defpath)}"
    env["PYTHONPATH"] = str(ROOT)
    env["PYTHONUNBUFFERED"] = "1"  # logs and progress are read while they are written
    if services.database:
        env["DATABASE_URL"] = services.database_url
    if services.redis:
        env["REDIS_URL"] = services.redis_url
    if env["GRIDMGMT_MODE"] != "production" and not env.get("GRIDMGMT_SECRET_KEY"):
        env["GRIDMGMT_SECRET_KEY"] = demo_secret(local)
    if env["GRIDMGMT_MODE"] == "test":
        _set_tests_apart(env, local, private_redis=services.redis)
    with services.running():
        yield env


def _set_tests_apart(env: dict[str, str], local: Path, *, private_redis: bool) -> None:
    """Photos, keys and the queue of tests are not those of the demo."""
    apart = local / "test"
    (apart / "static").mkdir(parents=True, exist_ok=True)  # whitenoise warns where it is missing
    env["GRIDMGMT_LOCAL_DIR"] = str(apart)
    for name in ("GRIDMGMT_KEYS_FILE", "GRIDMGMT_MEDIA_ROOT"):
        env.pop(name, None)
    if private_redis:
        env["REDIS_URL"] = env["REDIS_URL"].replace("?db=0", f"?db={TEST_REDIS_DB}")
    browser = system.chromium(local)
    if browser:
        env["GRIDMGMT_CHROMIUM"] = str(browser)


def demo_secret(local: Path) -> str:
    """The generated secret of this checkout; its prefix keeps production from taking it."""
    path = local / "secret-key"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"demo-{secrets.token_urlsafe(48)}\n")
    return path.read_text().strip()
