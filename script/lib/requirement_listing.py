"""A pytest plugin: instead of the collected tests, shows each requirement with its tests."""

from collections.abc import Iterable

import pytest


def listing(items: Iterable[tuple[str, Iterable[str]]]) -> list[str]:
    """Lines of `number` and, indented, the tests that prove it, in the order of the numbers.

    items: (test, its requirement numbers); parameters of one test count once.
    """
    tests: dict[str, dict[str, None]] = {}
    for test, numbers in items:
        for number in numbers:
            tests.setdefault(number, {})[test.split("[")[0]] = None
    lines = []
    for number in sorted(tests):
        lines.append(number)
        lines += [f"    {test}" for test in tests[number]]
    return lines


def _numbers(item: pytest.Item) -> list[str]:
    return [str(number) for marker in item.iter_markers("req") for number in marker.args]


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Says why a file could not be read; the terminal's own plugin is off."""
    if report.failed:
        print(f"{report.nodeid}: {report.longreprtext}")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Prints the listing and how many tests stand behind it."""
    print("\n".join(listing((item.nodeid, _numbers(item)) for item in session.items)))
    proving = sum(bool(_numbers(item)) for item in session.items)
    print(f"{proving} of {len(session.items)} tests prove a requirement.")
