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


@pytest.hookimpl(tryfirst=True)
def pytest_report_collectionfinish(items: list[pytest.Item]) -> list[str]:
    """Prints the listing above the closing line."""
    return listing((item.nodeid, _numbers(item)) for item in items)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Shows only tests that prove a requirement."""
    items[:] = [item for item in items if _numbers(item)]
