"""Editions by command."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from grids.territory.models import Boundary, Edition
from tests.territory.redraws import draft, gap_in_a1, publish, put, split_a1


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def run(*words: str) -> str:
    out = StringIO()
    call_command("edition", *words, stdout=out)
    return out.getvalue()


@pytest.mark.req("G-05")
def test_a_draft_is_opened_listed_compared_and_withdrawn(town) -> None:
    run("draft", "spring", "--note", "new estate")
    edition = Edition.objects.get(name="spring")
    heir = split_a1(town, edition)
    assert "spring | draft | — | 2 changes" in run("list")
    rows = json.loads(run("list", "--json"))
    assert [(row["name"], row["status"]) for row in rows] == [
        ("spring", "draft"),
        ("town", "published"),
    ]
    assert f"grid {heir.code} 区a3 | added" in run("diff", "spring")
    body = json.loads(run("diff", "spring", "--json"))
    assert {row["code"]: row["changes"] for row in body["changes"]} == {
        heir.code: ["added"],
        town.grids["a1"].code: ["moved"],
    }
    run("withdraw", "spring")
    assert Edition.objects.get(pk=edition.pk).status == "withdrawn"


@pytest.mark.req("G-05")
def test_conflicts_are_listed_and_settled_by_code(town) -> None:
    mine, theirs = draft("mine"), draft("theirs")
    for area in ("a1", "a2"):
        put(mine, town, area, name=f"my {area}")
        put(theirs, town, area, name=f"their {area}")
    publish(theirs)
    a1, a2 = town.grids["a1"].code, town.grids["a2"].code
    listed = run("rebase", "mine")
    assert f"grid {a1} | theirs | name" in listed
    assert "2 left" in listed
    assert "0 left" in run("rebase", "mine", "--mine", a1, "--theirs", a2)
    publish(mine)
    names = Boundary.objects.filter(valid__upper_inf=True, grid__code__in=[a1, a2])
    assert set(names.values_list("name", flat=True)) == {"my a1", "their a2"}


def test_what_cannot_be_done_is_said_in_words(town) -> None:
    mine, theirs = draft("mine"), draft("theirs")
    put(mine, town, "a1", name="x")
    put(theirs, town, "a1", name="y")
    publish(theirs)
    a1 = town.grids["a1"].code
    for words, said in (
        (["draft", "mine"], "already"),
        (["draft", " "], "characters"),
        (["diff", "no such"], "no such"),
        (["withdraw", "town"], "taken effect"),
        (["rebase", "mine", "--mine", "110108999009"], "110108999009"),
        (["rebase", "mine", "--mine", a1, "--theirs", a1], "Both"),
        (["rebase", "theirs", "--mine", a1], "no draft any more"),
    ):
        with pytest.raises(CommandError, match=said):
            run(*words)
    assert mine.boundaries.get().replaces == town.boundaries["a1"]


def test_the_reason_of_the_command_is_kept(town) -> None:
    gap_in_a1(town, draft("gap"))
    call_command("publish_edition", "gap", "--reason", "a river", stdout=StringIO())
    stored = Edition.objects.get(name="gap").findings.filter(kind="gap").get()
    assert stored.accepted_reason == "a river"
