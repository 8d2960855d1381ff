"""`python -m tests.benchmarks [NAME …] [--write]`: run the benches and print their table.

Every module `bench_*.py` of this folder gives a function `run() -> list[Figure]`; NAME is what
follows `bench_`. Exit code 1 when a figure misses its target.
"""

import argparse
import importlib
import sys
from pathlib import Path

from tests.benchmarks import frame

FOLDER = Path(__file__).parent


def main() -> int:
    names = sorted(path.stem.removeprefix("bench_") for path in FOLDER.glob("bench_*.py"))
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names))
    parser.add_argument("--write", action="store_true", help="update docs/benchmarks.md")
    options = parser.parse_args()
    unknown = set(options.names) - set(names)
    if unknown:
        parser.error(f"no bench {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    frame.prepare()
    figures: list[frame.Figure] = []
    for name in options.names or names:
        module = importlib.import_module(f"tests.benchmarks.bench_{name}")
        for figure in module.run():
            figures.append(figure)
            frame.say(figure.line())
    frame.say("")
    frame.say(frame.table(figures))
    if options.write:
        frame.write(figures)
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
