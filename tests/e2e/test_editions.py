"""Editions in the browser: a draft is opened, clashes with another, is settled and published."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from grids.territory.models import Boundary, Edition
from grids.territory.services import editions
from tests.e2e.frame import LOOKS, check_page, sign_in
from tests.territory.redraws import draft, gap_in_a1, publish, put, split_a1

PHONE_ZH, SCREEN_ZH, PHONE_EN, SCREEN_EN = LOOKS


@pytest.mark.req("G-05")
@pytest.mark.req("Z-07")
def test_the_pages_of_editions_pass_in_every_look(page, base_url, look, town) -> None:
    mine, theirs, later = draft("春季调整"), draft("他人的改动"), draft("下月生效")
    split_a1(town, mine)
    put(mine, town, "a2", name="我的名字")
    put(theirs, town, "a1", name="对方的名字", name_en="Their name")
    put(theirs, town, "a2", name="对方的另一个名字")
    gap_in_a1(town, later)
    sign_in(page, town.users["administrator"])
    page.goto(f"{base_url}/division/{later.pk}/publish/")
    expect(page.locator("[data-edition-map]")).to_have_attribute("data-drawn", "2")
    expect(page.locator("[data-moment]")).to_be_hidden()
    page.locator("input[name=when][value=later]").check()
    expect(page.locator("[data-moment]")).to_be_visible()
    check_page(page, "edition-publish")
    publish(theirs, actor=town.users["administrator"])
    page.goto(f"{base_url}/division/")
    expect(page.locator("tr[data-href]")).to_have_count(2)
    check_page(page, "editions")
    page.goto(f"{base_url}/division/{mine.pk}/difference/")
    expect(page.locator("[data-edition-map]")).to_have_attribute("data-drawn", "5")
    check_page(page, "edition-difference")
    page.goto(f"{base_url}/division/{mine.pk}/rebase/")
    expect(page.locator("[data-clash-map]").first).to_have_attribute("data-drawn", "3")
    check_page(page, "edition-rebase")
    page.goto(f"{base_url}/division/{mine.pk}/withdraw/")
    check_page(page, "edition-withdraw")


@pytest.mark.req("G-05")
def test_a_conflict_is_settled_grid_by_grid_and_published(new_page, base_url, town) -> None:
    page = new_page(SCREEN_EN)
    sign_in(page, town.users["administrator"])
    page.goto(f"{base_url}/division/")
    page.get_by_label("Name of the new draft").fill("spring")
    with page.expect_navigation():
        page.get_by_role("button", name="Open a draft").click()
    mine = Edition.objects.get(name="spring")
    assert page.url == f"{base_url}/division/{mine.pk}/"
    split_a1(town, mine)
    put(mine, town, "a2", name="my a2", name_en="")
    theirs = draft("theirs")
    put(theirs, town, "a1", name="their a1", name_en="")
    put(theirs, town, "a2", name="their a2", name_en="")
    page.goto(f"{base_url}/division/{mine.pk}/publish/")
    publish(theirs, actor=town.users["supervisor"])  # while the page is open
    with page.expect_navigation():
        page.locator("#publish-form button[type=submit]").click()
    assert page.url == f"{base_url}/division/{mine.pk}/rebase/"
    expect(page.locator(".clash")).to_have_count(2)
    expect(page.locator(".clash").first).to_contain_text("刘洋")
    a1, a2 = town.grids["a1"].pk, town.grids["a2"].pk
    # They renamed a1 and I redrew it: both fit, so mine is proposed.
    expect(page.locator(f"input[name=keep-{a1}][value=mine]")).to_be_checked()
    page.locator(f"input[name=keep-{a2}][value=theirs]").check()
    with page.expect_navigation():
        page.get_by_role("button", name="Settle what is chosen").click()
    assert page.url == f"{base_url}/division/{mine.pk}/publish/"
    with page.expect_navigation():
        page.locator("#publish-form button[type=submit]").click()
    assert page.url == f"{base_url}/division/{mine.pk}/difference/"
    expect(page.get_by_text("in force").first).to_be_visible()
    now = Boundary.objects.valid_at(timezone.now())
    assert now.get(grid_id=a1).name == "their a1"
    assert now.get(grid_id=a1).geometry.extent[3] == pytest.approx(40.014)
    assert now.get(grid_id=a2).name == "their a2"


@pytest.mark.req("G-04")
def test_a_gap_is_shown_on_the_map_and_accepted_with_a_reason(new_page, base_url, town) -> None:
    page = new_page(SCREEN_EN)
    edition = draft("gap")
    gap_in_a1(town, edition)
    sign_in(page, town.users["administrator"])
    page.goto(f"{base_url}/division/{edition.pk}/publish/")
    page.locator("[data-show-place]").first.click()
    expect(page.locator(".leaflet-popup")).to_contain_text("gap")
    with page.expect_navigation():
        page.locator("#publish-form button[type=submit]").click()
    expect(page.locator(".errors")).to_be_visible()
    assert Edition.objects.get(pk=edition.pk).status == "draft"
    page.get_by_label("Why the findings are accepted").fill("a river bed")
    with page.expect_navigation():
        page.locator("#publish-form button[type=submit]").click()
    expect(page.get_by_text("a river bed")).to_be_visible()
    assert Edition.objects.get(pk=edition.pk).published_by == town.users["administrator"]


@pytest.mark.req("G-05")
def test_two_publish_the_same_draft_and_one_is_told(new_page, base_url, town) -> None:
    edition = draft("once")
    put(edition, town, "a1", name="x")
    page = new_page(PHONE_EN)
    sign_in(page, town.users["administrator"])
    page.goto(f"{base_url}/division/{edition.pk}/publish/")
    editions.publish(edition, actor=town.users["supervisor"], now=timezone.now())
    with page.expect_navigation():
        page.locator("#publish-form button[type=submit]").click()
    assert page.url == f"{base_url}/division/{edition.pk}/difference/"
    expect(page.locator(".messages")).to_contain_text("once")
