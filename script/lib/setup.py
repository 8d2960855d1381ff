"""`script/setup`: everything that a command needs to be on the machine. Fast when it is there."""

import argparse
import os

from . import packages, system
from .common import local_dir, locked, say

LOG_BYTES = 1_000_000


def setup(*, tests: bool = False) -> None:
    """Installs what is missing; with `tests` also their packages, a font and a browser."""
    local = local_dir()
    log = local / "log" / "setup.log"
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
    wanted = system.Wanted(
        database=not os.environ.get("DATABASE_URL"),
        redis=not os.environ.get("REDIS_URL"),
        tests=tests,
    )
    with locked(local / "setup.lock", "Another set-up is at work in this checkout; waiting …"):
        system.ensure_system(wanted, local)
        packages.ensure_python_packages(local, tests=tests)
        packages.ensure_front_end(local)
        packages.ensure_messages()
        if tests:
            packages.ensure_browser(local, dict(os.environ))


def main(arguments: list[str]) -> int:
    """The command line of `script/setup`."""
    parser = argparse.ArgumentParser(
        prog="script/setup", description="Install everything the project needs on this machine."
    )
    parser.add_argument("--tests", action="store_true", help="what the tests need, too")
    setup(tests=parser.parse_args(arguments).tests)
    say("Set up.")
    return 0
