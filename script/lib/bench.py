"""`script/bench`: each figure beside its yardstick, measured in the same run."""

import os

from .common import call, tool
from .environment import environment
from .setup import setup


def main(arguments: list[str]) -> int:
    """Passes everything on to tests.benchmarks."""
    setup(tests=True)
    if not os.environ.get("DATABASE_URL"):
        # Millions of made-up rows: not into the database of the demo.
        os.environ.setdefault("GRIDMGMT_DATABASE", "gridmgmt_bench")
    with environment("test") as env:
        return call([tool("python"), "-m", "tests.benchmarks", *arguments], env)
