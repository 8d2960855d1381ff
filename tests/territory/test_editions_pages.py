"""Pages of editions: who sees and does what, and what happens to bad input."""

import datetime as dt

import pytest
from django.utils import timezone

from grids.territory.models import Boundary, Edition
from grids.territory.services import editions
from tests.territory.redraws import box, draft, gap_in_a1, publish, put, split_a1


@pytest.fixture
def admin(sign_in):
    return sign_in("administrator")


def test_the_list_shows_drafts_and_opens_a_new_one(town, admin) -> None:
    edition = draft("spring")
    split_a1(town, edition)
    page = admin.get("/division/")
    assert page.status_code == 200
    [row] = page.context["rows"]
    assert (row["edition"], row["number"]) == (edition, 2)
    assert row["households"] == 60  # 3/10 of the ground of 200 households
    assert f"/division/{edition.pk}/publish/" in page.content.decode()
    made = admin.post("/division/", {"name": "summer", "note": ""})
    assert made.status_code == 302
    assert made.headers["Location"] == f"/division/{Edition.objects.get(name='summer').pk}/"
    for name in ("", "summer", "x" * 101):
        assert admin.post("/division/", {"name": name}).status_code == 400
    published = admin.get("/division/?tab=published")
    assert [row["edition"].name for row in published.context["rows"]] == ["town"]
    assert admin.get("/division/?tab=no&page=x").status_code == 200


def test_the_list_asks_the_same_number_of_questions_for_many(
    town, admin, django_assert_num_queries
) -> None:
    put(draft("one"), town, "a1", name="x")
    admin.get("/division/")
    with django_assert_num_queries(8):
        admin.get("/division/")
    for number in range(10):
        put(draft(f"draft {number}"), town, "a1", name=f"name {number}")
    admin.get("/division/")
    with django_assert_num_queries(8):
        assert len(admin.get("/division/").context["rows"]) == 11


@pytest.mark.req("G-05")
def test_publishing_from_the_page_now_and_later(town, admin) -> None:
    edition = draft("spring")
    split_a1(town, edition)
    page = admin.get(f"/division/{edition.pk}/publish/")
    assert page.status_code == 200
    assert "reason" not in page.context["form"].fields
    later = timezone.localtime() + dt.timedelta(days=3)
    for day in ("", "2020-01-01", "9999-99-99", "9999-12-31x"):
        refused = admin.post(f"/division/{edition.pk}/publish/", {"when": "later", "day": day})
        assert refused.status_code == 400, day
    assert admin.post(f"/division/{edition.pk}/publish/", {}).status_code == 400
    done = admin.post(
        f"/division/{edition.pk}/publish/",
        {"when": "later", "day": later.date().isoformat(), "time": "08:30", "step": 0},
    )
    assert done.status_code == 302, done.context["form"].errors
    edition.refresh_from_db()
    assert edition.status == "published"
    assert timezone.localtime(edition.effective_at).strftime("%H:%M") == "08:30"
    # Once more: told that somebody was quicker, and nothing happens.
    again = admin.post(f"/division/{edition.pk}/publish/", {"when": "now"}, follow=True)
    assert "spring" in str(next(iter(again.context["messages"])))
    confirm = admin.get(f"/division/{edition.pk}/withdraw/")
    assert confirm.status_code == 200
    admin.post(f"/division/{edition.pk}/withdraw/")
    edition.refresh_from_db()
    assert edition.status == "withdrawn"


@pytest.mark.req("G-04")
def test_a_gap_asks_for_a_reason_which_is_kept(town, admin) -> None:
    edition = draft("gap")
    gap_in_a1(town, edition)
    address = f"/division/{edition.pk}/publish/"
    page = admin.get(address)
    assert page.context["findings"][0]["degree"] == "law"
    assert page.context["findings"][0]["rows"][0]["place"]
    assert admin.post(address, {"when": "now"}).status_code == 400
    assert admin.post(address, {"when": "now", "reason": "  "}).status_code == 400
    assert Edition.objects.get(pk=edition.pk).status == "draft"
    assert admin.post(address, {"when": "now", "reason": "a river"}).status_code == 302
    shown = admin.get(f"/division/{edition.pk}/difference/").content.decode()
    assert "a river (管理员)" in shown


def test_structural_faults_leave_nothing_to_press(town, admin) -> None:
    edition = draft("orphans")
    editions.remove(edition, town.grids["a"])
    page = admin.get(f"/division/{edition.pk}/publish/")
    assert page.context["structural"] is True
    assert 'id="publish-form"' not in page.content.decode()
    posted = admin.post(f"/division/{edition.pk}/publish/", {"when": "now", "reason": "anyway"})
    assert posted.status_code == 400
    assert Edition.objects.get(pk=edition.pk).status == "draft"


@pytest.mark.req("G-05")
def test_a_conflict_leads_to_its_page_and_is_settled_there(town, admin) -> None:
    mine, theirs = draft("mine"), draft("theirs")
    split_a1(town, mine)
    put(mine, town, "a2", name="my a2")
    put(theirs, town, "a1", name="their a1")
    put(theirs, town, "a2", name="their a2")
    publish(theirs, actor=town.users["administrator"])
    asked = admin.post(f"/division/{mine.pk}/publish/", {"when": "now"})
    assert asked.headers["Location"] == f"/division/{mine.pk}/rebase/"
    page = admin.get(f"/division/{mine.pk}/rebase/")
    assert [card["clash"].grid.code[-3:] for card in page.context["cards"]] == ["001", "002"]
    assert '"theirs": {"type": "MultiPolygon"' in page.content.decode()
    a1, a2 = town.grids["a1"].pk, town.grids["a2"].pk
    seen = {f"seen-{card['clash'].grid.pk}": card["seen"] for card in page.context["cards"]}
    address = f"/division/{mine.pk}/rebase/"
    assert admin.post(address, seen).status_code == 400
    assert admin.post(address, {**seen, f"keep-{a1}": "yours"}).status_code == 400
    stale = {**seen, f"seen-{a1}": "1", f"keep-{a1}": "mine"}
    assert admin.post(address, stale).headers["Location"] == address  # not what was looked at
    assert len(admin.get(address).context["cards"]) == 2
    assert admin.post(address, {**seen, f"keep-{a1}": "mine"}).headers["Location"] == address
    assert len(admin.get(address).context["cards"]) == 1
    done = admin.post(address, {f"seen-{a2}": seen[f"seen-{a2}"], "all": "theirs"})
    assert done.headers["Location"] == f"/division/{mine.pk}/publish/"
    assert not mine.boundaries.filter(grid_id=a2).exists()
    assert admin.post(f"/division/{mine.pk}/publish/", {"when": "now"}).status_code == 302
    newest = Boundary.objects.get(grid_id=a1, valid__upper_inf=True)
    assert (newest.name, newest.edition) == ("their a1", mine)
    assert newest.geometry.extent[3] == pytest.approx(40.014)


@pytest.mark.req("S-01")
def test_pages_are_for_those_who_draw_or_publish_where_their_posts_reach(town, sign_in) -> None:
    edition = draft("rights")
    put(edition, town, "a1", name="x")
    pages = ["/division/", *(f"/division/{edition.pk}/{page}/" for page in PAGES)]
    for who in ("owner", "leader", "analyst", "stranger"):
        assert {sign_in(who).get(page).status_code for page in pages} == {403}, who
    own, other = sign_in("supervisor"), sign_in("away_supervisor")
    for page in pages:
        expected = 403 if page.endswith("/publish/") else 200
        assert own.get(page).status_code == expected, page
    assert other.post(f"/division/{edition.pk}/withdraw/").status_code == 403
    late = draft("late")
    put(late, town, "a2", name="z")
    publish(late, effective_at=timezone.now() + dt.timedelta(days=1))
    assert own.post(f"/division/{late.pk}/withdraw/").status_code == 403
    assert own.post(f"/division/{edition.pk}/withdraw/").status_code == 302
    assert sign_in("administrator").get("/division/999999/publish/").status_code == 404


PAGES = ("difference", "publish", "rebase", "withdraw")


def test_the_difference_names_gained_ground_and_who_keeps_the_code(town, admin) -> None:
    edition = draft("smaller part keeps")
    split_a1(town, edition)
    put(edition, town, "a1", geometry=box(116.30, 40.00, 116.31, 40.004))
    edition.boundaries.filter(name="区a3").update(geometry=box(116.30, 40.004, 116.31, 40.02))
    page = admin.get(f"/division/{edition.pk}/difference/")
    [family] = page.context["families"]
    assert [heir["area"] for heir in family["heirs"]] == [80.0, 20.0]
    assert family["odd"] is True
    assert [heir["keeps"] for heir in family["heirs"]] == [False, True]
