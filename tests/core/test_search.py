"""Words of two characters are found, numbers in every spelling, long texts cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmgmt.core.search import normalise, query_terms, score, terms


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("１２号楼", "12号楼"),
        ("十二号楼", "12号楼"),
        ("二百零三室", "203室"),
        ("一〇一室", "101室"),
        ("三单元二层", "3单元2层"),
        ("三里屯", "三里屯"),
        ("《学府》，家园！", "学府 家园"),
        ("ＴＳＩＮＧＨＵＡ　Park", "tsinghua park"),
        ("3－2号", "3-2号"),
        ("", ""),
    ],
)
def test_one_spelling_for_one_meaning(written, meant):
    assert normalise(written) == meant


def test_two_characters_are_found():
    assert set(query_terms("清华")) <= set(terms("北京清华园街道"))


def test_number_keeps_its_unit_and_stands_bare():
    assert terms("学府家园十二号楼") == ["学府", "府家", "家园", "12号楼", "12"]


def test_latin_words_stay_whole():
    assert terms("Tsinghua University") == ["tsinghua", "university"]


def test_one_character_is_a_term_of_its_own():
    assert terms("桥") == ["桥"]


def test_exact_beats_longer_beats_other_number():
    query = query_terms("学府家园3号楼")
    exact = score(query, terms("学府家园3号楼"))
    longer = score(query, terms("学府家园3号楼地下车库"))
    other = score(query, terms("学府家园13号楼"))
    assert exact == 1 > longer > other > score(query, terms("蓝旗营")) == 0


def test_a_very_long_text_asks_few_terms():
    text = "".join(chr(0x4E00 + i % 5000) for i in range(100_000))
    assert len(query_terms(text)) == 64
    assert score([], []) == 0


@given(st.text())
def test_any_text_gives_bounded_terms_and_normalising_twice_changes_nothing(text):
    found = terms(text)
    assert all(0 < len(term) <= 60 for term in found)
    assert len(found) == len(set(found))
    assert terms(normalise(text)) == found
    if found:
        assert score(found, found) == 1
