"""Headers of lists: what is compared, and which known word each equals."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence


def plain(header: str) -> str:
    """A header as it is compared: lower case, without blanks, underscores and brackets.

    >>> plain("Duty phone (office)*")
    'dutyphoneoffice'
    """
    return re.sub(r"[\s_\-()（）:：*]+", "", header).casefold()


def guess(headers: Iterable[str], words: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Field → header for every header that one of the field's words equals.

    >>> guess(["姓名", "Grid code"], {"name": ["姓名"], "grid": ["grid code"]})
    {'name': '姓名', 'grid': 'Grid code'}
    """
    by_plain = {plain(header): header for header in reversed(list(headers))}
    found = {}
    for name, known in words.items():
        word = next((w for w in (plain(name), *map(plain, known)) if w in by_plain), None)
        if word is not None:
            found[str(name)] = by_plain[word]
    return found
