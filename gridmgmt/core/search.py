"""Terms by which places and texts are found, in Chinese and in Latin script. Pure computation.

PostgreSQL's trigrams cannot find a word of two characters, which is the length of most Chinese
words. So texts are cut into *terms* that a GIN index over an array answers: every two neighbouring
Chinese characters, whole Latin words, and numbers with the unit that follows them.

>>> terms("学府家园12号楼")
['学府', '府家', '家园', '12号楼', '12']
"""

import re
import unicodedata
from collections.abc import Iterable

CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
UNITS = ("号楼", "号院", "单元", "号", "楼", "层", "栋", "幢", "座", "室", "弄")
LONGEST_TERM = 60
MOST_QUERY_TERMS = 64

_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")}
_DIGITS |= {"〇": 0, "两": 2}
_SCALES = {"十": 10, "百": 100}
_UNIT = "|".join(UNITS)
_NUMERAL = re.compile(rf"[{''.join(_DIGITS)}{''.join(_SCALES)}]+(?=(?:{_UNIT}))")
_TOKEN = re.compile(
    rf"(?P<number>\d+(?:-\d+)*[a-z]?)(?P<unit>{_UNIT})?"
    rf"|(?P<cjk>[{CJK}]+)"
    rf"|(?P<word>[^\W\d_{CJK}]+)"
)


def normalise(text: str) -> str:
    """One spelling for one meaning: NFKC (full-width forms), case folded, punctuation to blanks.

    Simple Chinese numerals in front of 号, 楼, 单元, 层 and their like become digits; those inside
    names (三里屯) stay. A hyphen between digits stays, because house numbers carry it.
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    text = re.sub(r"(?<=\d)[-‐-―−_~](?=\d)", "\ue000", text)
    text = "".join(
        " " if unicodedata.category(character)[0] in "PSZC" and character != "\ue000" else character
        for character in text
    ).replace("\ue000", "-")
    text = _NUMERAL.sub(lambda match: _to_digits(match.group()), text)
    return " ".join(text.split())


def _to_digits(numeral: str) -> str:
    """十二 → 12, 二百零三 → 203, 一〇一 → 101; an odd mixture stays as it is."""
    if not any(character in _SCALES for character in numeral):
        return "".join(str(_DIGITS[character]) for character in numeral)
    total, digit = 0, None
    for character in numeral:
        if character in _DIGITS:
            if digit:
                return numeral
            digit = _DIGITS[character]
        else:
            total += (1 if digit is None else digit) * _SCALES[character]
            digit = None
    return str(total + (digit or 0))


def terms(text: str) -> list[str]:
    """The distinct terms of `text` in order of appearance; an empty text has none.

    Chinese runs give bigrams (a run of one character gives that character), Latin words stand
    whole, a number stands with its unit and, besides, bare.
    """
    found: dict[str, None] = {}
    for match in _TOKEN.finditer(normalise(text)):
        for term in _terms_of(match):
            found.setdefault(term[:LONGEST_TERM])
    return list(found)


def _terms_of(match: re.Match[str]) -> Iterable[str]:
    if number := match["number"]:
        return (number + match["unit"], number) if match["unit"] else (number,)
    if run := match["cjk"]:
        return [run[i : i + 2] for i in range(len(run) - 1)] or [run]
    return (match["word"],)


def query_terms(text: str) -> list[str]:
    """Terms to look for; a long text is cut after its first 64 terms, so a query stays small."""
    return terms(text[:2000])[:MOST_QUERY_TERMS]


def weight(term: str) -> float:
    """How much a term says: a bare number half of what a word or a number with its unit says."""
    return 0.5 if term.isascii() and term[0].isdigit() else 1.0


def score(query: Iterable[str], found: Iterable[str]) -> float:
    """How well `found` (terms of an entry) answers `query` (terms of a question), 0 to 1.

    Dice's measure over weighted terms: 1 for equal sets, 0 for nothing in common; of two entries
    that hold all that was asked, the shorter one wins.
    """
    asked, held = set(query), set(found)
    total = sum(map(weight, asked)) + sum(map(weight, held))
    if not total:
        return 0.0
    return 2 * sum(map(weight, asked & held)) / total
