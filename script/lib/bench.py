"""`script/bench`: each figure beside its yardstick, measured in the same run."""

from .common import call, tool
from .environment import environment
from .setup import setup


def main(arguments: list[str]) -> int:
    """Passes everything on to tests.benchmarks."""
    setup(tests=True)
    with environment("test") as env:
        return call([tool("python"), "-m", "tests.benchmarks", *arguments], env)
