"""The editor of a draft: drawn in by real clicks and drags on the map, as people do."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from django.contrib.gis.geos import Point, Polygon
from django.utils import timezone
from playwright.sync_api import Page, expect
from shapely import box
from shapely.geometry import MultiPolygon

from grids.territory.choices import EditionStatus, StepVerb
from grids.territory.models import Building, Edition
from grids.territory.services import editions
from grids.territory.services.drawing import journal
from grids.territory.services.drawing.states import children
from tests.e2e.frame import LOOKS, check_page, shot, sign_in, small_targets

PHONE_ZH, SCREEN_ZH, PHONE_EN, SCREEN_EN = LOOKS
MIDDLE = (116.31, 40.01)  # of the border between a1 and a2
ENDS = {(116.31, 40.0), (116.31, 40.02)}


@pytest.fixture
def draft(town) -> Edition:
    """An empty draft of the supervisor's."""
    return editions.draft("redivide a", actor=town.users["supervisor"], now=timezone.now())


@pytest.fixture
def no_errors() -> Iterator[Callable[[Page], Page]]:
    """Watches a page's console; an error there fails the test."""
    found: list[str] = []

    def watch(page: Page) -> Page:
        def note(message) -> None:
            # the browser notes every refusal of the server; those the tests ask for
            if message.type == "error" and "Failed to load resource" not in message.text:
                found.append(message.text)

        page.on("console", note)
        page.on("pageerror", lambda error: found.append(str(error)))
        return page

    yield watch
    assert found == []


@pytest.fixture
def editor(new_page, base_url, town, draft, no_errors) -> Callable[..., Page]:
    """`editor(user, look)`: the editor of the draft, ready, as seen by this person."""

    def open_it(username: str = "supervisor", look=SCREEN_EN, **options) -> Page:
        page = no_errors(new_page(look, **options))
        sign_in(page, town.users[username])
        page.goto(f"{base_url}/division/{draft.pk}/")
        expect(page.locator(".draw-name").first).to_be_attached()
        show(page, "a")
        return page

    return open_it


BOXES = {"a": [[40.0, 116.30], [40.02, 116.32]], "all": [[40.0, 116.30], [40.02, 116.36]]}


def show(page: Page, name: str) -> None:
    """Brings a part of the town into view."""
    page.evaluate(
        "([box]) => { const map = document.getElementById('map').gmMap;"
        " const wide = window.innerWidth > 720;"
        " map.fitBounds(box, {paddingTopLeft: [20, 140],"
        " paddingBottomRight: [wide ? 440 : 20, 80], animate: false}); }",
        [BOXES[name]],
    )
    page.wait_for_timeout(400)


def spot(page: Page, lon: float, lat: float) -> tuple[float, float]:
    """Where a place is on the screen."""
    return tuple(
        page.evaluate(
            "([lon, lat]) => { const map = document.getElementById('map').gmMap;"
            " const box = map.getContainer().getBoundingClientRect();"
            " const at = map.latLngToContainerPoint([lat, lon]);"
            " return [box.left + at.x, box.top + at.y]; }",
            [lon, lat],
        )
    )


def click(page: Page, lon: float, lat: float, **options) -> None:
    page.mouse.click(*spot(page, lon, lat), **options)


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*spot(page, *start))
    page.mouse.down()
    page.mouse.move(
        *[(a + b) / 2 for a, b in zip(spot(page, *start), spot(page, *end), strict=True)]
    )
    page.mouse.move(*spot(page, *end), steps=5)
    page.mouse.up()


def line(page: Page, *points: tuple[float, float]) -> None:
    for lon, lat in points:
        click(page, lon, lat)
        page.wait_for_timeout(320)  # two quick clicks would be a double click


def tool(page: Page, name: str) -> None:
    page.locator(f"[data-tool={name}].draw-tool").click()


def stepped(page: Page, part: str = "steps/"):
    """Waits for the answer of a step."""
    return page.expect_response(lambda answer: answer.url.endswith(part))


def corners(draft: Edition, town, name: str) -> set[tuple[float, float]]:
    state = journal.drawn(draft, [town.grids[name].pk])[town.grids[name].pk]
    return {(round(x, 6), round(y, 6)) for x, y in state.geometry.geoms[0].exterior.coords}


def moved_border(page: Page, to: tuple[float, float] = (116.312, 40.01)) -> None:
    tool(page, "border")
    click(page, 116.305, 40.005)
    expect(page.locator(".node--middle").first).to_be_visible()
    with stepped(page):
        drag(page, MIDDLE, to)


@pytest.mark.req("G-07")
def test_the_editor_passes_in_every_look(page, base_url, look, town, draft, no_errors):
    no_errors(page)
    sign_in(page, town.users["supervisor"])
    page.goto(f"{base_url}/division/{draft.pk}/")
    expect(page.locator(".draw-name").first).to_be_attached()
    expect(page.locator(".draw-tool")).to_have_count(9)
    check_page(page, "draw")
    if look.width < 720:
        page.locator("#draw-panel [data-panel-toggle]").click()
        assert small_targets(page, ".draw-tool, .draw-tabs button, .draw-list button") == []
    page.locator("[data-area]").first.click()
    expect(page.locator(".draw-figures")).to_contain_text(re.compile("m²|平方"))
    check_page(page, "draw-area")
    for leaf in ("difference", "findings", "steps"):
        page.locator(f"[data-leaf={leaf}]").click()
        expect(page.locator(f"#leaf-{leaf}")).to_be_visible()
    check_page(page, "draw-steps")


@pytest.mark.req("G-07")
def test_a_shared_border_moves_as_one_line(editor, draft, town):
    page = editor()
    moved_border(page)
    new = corners(draft, town, "a1") - {(116.30, 40.0), (116.30, 40.02), *ENDS}
    assert len(new) == 1, "one corner was added"
    assert new <= corners(draft, town, "a2"), "the neighbour has the very same corner"
    ((lon, lat),) = new
    assert (lon, lat) == pytest.approx((116.312, 40.01), abs=5e-4)
    # and is taken out of both again
    handle = page.locator(".node--corner")
    expect(handle).to_have_count(1)
    with stepped(page):
        handle.click(button="right")
    assert not new & (corners(draft, town, "a1") | corners(draft, town, "a2"))


@pytest.mark.req("G-07")
def test_live_figures_and_the_list_of_differences_follow_the_border(editor, draft, town):
    _houses(town)
    page = editor()
    tool(page, "border")
    click(page, 116.305, 40.005)
    start, end = spot(page, *MIDDLE), spot(page, 116.316, 40.01)
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=6)
    expect(page.locator(".draw-live")).to_have_count(2)
    expect(page.locator(".draw-live").first).to_contain_text("50 90 households")
    with stepped(page):
        page.mouse.up()
    page.locator("[data-leaf=difference]").click()
    expect(page.locator("#leaf-difference [data-difference]")).to_have_count(2)
    expect(page.locator("[data-count=difference]")).to_have_text("2")
    expect(page.locator(".legend")).to_contain_text("moved")
    expect(page.locator(".legend")).to_contain_text("Outline in force")
    shot(page, "draw-moved")


def _houses(town) -> None:
    """Two buildings: 50 households in a1, 40 in a2 just beside the border."""
    for lon, households, area in ((116.303, 50, "a1"), (116.3115, 40, "a2")):
        Building.objects.create(
            footprint=Polygon.from_bbox((lon, 40.0095, lon + 0.0004, 40.0099)),
            point=Point(lon + 0.0002, 40.0097, srid=4326),
            households=households,
            grid=town.grids[area],
        )


@pytest.mark.req("G-07")
def test_the_border_of_another_tier_moves_only_when_asked(editor, draft, town):
    page = editor("administrator")
    tool(page, "border")
    click(page, 116.3125, 40.0175)
    locked = page.locator(".node--locked")
    expect(locked.first).to_be_visible()
    drag(page, (116.32, 40.02), (116.322, 40.018))
    assert not draft.steps.exists()
    locked.first.click()
    expect(page.locator("[data-hint-error]")).to_be_visible()
    page.locator("[data-hint-error] button").click()
    expect(page.locator("#draw-cross")).to_be_checked()
    expect(locked).to_have_count(0)
    with stepped(page) as answer:
        drag(page, (116.32, 40.01), (116.322, 40.01))
    assert answer.value.ok, answer.value.text()
    added = corners(draft, town, "a2") - {(116.32, 40.0), (116.32, 40.02), *ENDS}
    assert added
    assert all(added <= corners(draft, town, name) for name in ("a", "b", "b1"))


@pytest.mark.req("G-07")
def test_split_by_a_line_undo_and_redo(editor, draft, town):
    page = editor()
    tool(page, "split")
    line(page, (116.299, 40.008), (116.305, 40.008))
    page.keyboard.press("Backspace")
    line(page, (116.3106, 40.012))
    expect(page.locator(".draw-live")).to_have_count(2)  # both parts
    with stepped(page):
        page.keyboard.press("Enter")
    assert draft.steps.get().verb == StepVerb.SPLIT
    page.locator("[data-leaf=difference]").click()
    expect(page.locator("#leaf-difference")).to_contain_text("added")
    assert len(children(draft, [town.grids["a"].pk])) == 3
    page.keyboard.press("Escape")
    with stepped(page, "undo/"):
        page.keyboard.press("Control+z")
    expect(page.locator("#leaf-difference")).to_contain_text("changes nothing")
    assert len(children(draft, [town.grids["a"].pk])) == 2
    with stepped(page, "redo/"):
        page.locator("#draw-redo").click()
    assert len(children(draft, [town.grids["a"].pk])) == 3
    page.locator("[data-leaf=steps]").click()
    expect(page.locator(".draw-step")).to_have_count(1)
    expect(page.locator(".draw-step")).to_contain_text("刘洋")


@pytest.mark.req("G-07")
def test_a_line_that_crosses_nothing_is_refused_in_words_and_kept(editor, draft):
    page = editor()
    tool(page, "split")
    line(page, (116.303, 40.008), (116.306, 40.012))
    with stepped(page) as answer:
        page.keyboard.press("Enter")
    assert answer.value.status == 400
    expect(page.locator("[data-hint-error]")).not_to_be_empty()
    expect(page.locator("[data-hint-actions] button").first).to_be_enabled()
    assert not draft.steps.exists()
    page.keyboard.press("Escape")
    expect(page.locator("[data-hint-actions] button")).to_have_count(0)


@pytest.mark.req("G-07")
def test_merge_by_clicks(editor, draft, town):
    page = editor()
    tool(page, "merge")
    line(page, (116.305, 40.006), (116.3125, 40.006))
    expect(page.locator("[data-hint-text]")).to_contain_text("Area a1 + Area a2")
    with stepped(page):
        page.keyboard.press("Enter")
    assert len(children(draft, [town.grids["a"].pk])) == 1
    page.locator("[data-leaf=difference]").click()
    expect(page.locator("#leaf-difference")).to_contain_text("removed")
    expect(page.locator(".legend")).to_contain_text("removed")


@pytest.mark.req("G-09")
def test_a_park_is_cut_out_and_renamed(editor, draft, town):
    page = editor()
    tool(page, "cut")
    park = [(116.308, 40.006), (116.3125, 40.006), (116.3125, 40.012), (116.308, 40.012)]
    line(page, *park)
    page.mouse.dblclick(*spot(page, *park[-1]))
    page.locator("#draw-name").fill("公园")
    with stepped(page):
        page.keyboard.press("Enter")
    added = [s for s in children(draft, [town.grids["a"].pk]).values() if s.name == "公园"]
    assert [state.kind for state in added] == ["dedicated"]
    expect(page.locator(".draw-card__name")).to_have_text("公园")
    page.locator("#area-name").fill("和平公园")
    with stepped(page):
        page.locator(".draw-rename button", has_text="Rename").click()
    expect(page.locator(".draw-card__name")).to_have_text("和平公园")
    shot(page, "draw-cut")


@pytest.mark.req("G-07")
def test_an_area_is_drawn_on_empty_ground(editor, draft, town):
    page = editor()
    show(page, "all")
    tool(page, "draw")
    line(page, (116.345, 40.004), (116.355, 40.004), (116.355, 40.016))
    with page.expect_response(re.compile("numbers/")):
        click(page, 116.345, 40.016)
    page.locator("[data-hint-actions] button", has_text="Finish").click()
    page.locator("#draw-name").fill("新网格")
    with stepped(page) as answer:
        page.keyboard.press("Enter")
    assert answer.value.ok, answer.value.text()
    (state,) = children(draft, [town.grids["c"].pk]).values()
    assert state.name == "新网格"


@pytest.mark.req("G-04")
def test_a_finding_is_previewed_and_repaired(editor, draft, town):
    page = editor()
    show(page, "all")
    a1 = journal.drawn(draft, [town.grids["a1"].pk])[town.grids["a1"].pk]
    _leave_a_gap(draft, town, a1)
    page.reload()
    page.locator("[data-leaf=findings]").click()
    finding = page.locator("[data-finding]", has_text="gap")
    expect(finding).to_have_count(1)
    finding.click()
    after = page.locator(".row--preview button", has_text="After")
    after.click()
    expect(after).to_have_attribute("aria-pressed", "true")
    check_page(page, "draw-finding")
    with stepped(page, "repair/") as answer:
        page.locator("[data-repair]").click()
    assert answer.value.ok, answer.value.text()
    expect(page.locator("[data-finding]", has_text="gap")).to_have_count(0)
    assert draft.steps.order_by("-number").first().verb == StepVerb.REPAIR


def _leave_a_gap(draft: Edition, town, state) -> None:
    """a1 gives up a strip along the border that nobody takes."""
    smaller = MultiPolygon([state.geometry.geoms[0].difference(box(116.309, 39.9, 116.32, 40.1))])
    journal.perform(
        draft,
        verb=StepVerb.RESHAPE,
        changes={state.grid_id: replace(state, geometry=smaller)},
        actor=town.users["supervisor"],
        now=timezone.now(),
    )


@pytest.mark.req("G-05")
def test_two_people_at_once_the_second_is_told_and_goes_on(editor, draft, town):
    mine, theirs = editor(), editor("administrator", SCREEN_ZH)
    moved_border(theirs, (116.314, 40.01))
    tool(mine, "split")
    line(mine, (116.299, 40.004), (116.3125, 40.004))
    with stepped(mine) as answer:
        mine.keyboard.press("Enter")
    assert answer.value.status == 409
    expect(mine.locator("[data-hint-error]")).to_contain_text("管理员")
    assert draft.steps.count() == 1
    with stepped(mine) as again:
        mine.locator("[data-hint-error] button").click()
    assert again.value.ok, again.value.text()
    assert [step.verb for step in draft.steps.order_by("number")] == ["reshape", "split"]
    # the first is the late one now: the border goes back to where the draft has it
    with stepped(theirs) as late:
        drag(theirs, (116.314, 40.01), (116.317, 40.01))
    assert late.value.status == 409
    expect(theirs.locator("[data-hint-error]")).to_contain_text("刘洋")
    expect(theirs.locator("[data-count=difference]")).to_have_text("3")
    assert draft.steps.count() == 2


@pytest.mark.req("G-07")
def test_without_a_network_nothing_drawn_is_lost(editor, draft, town):
    page = editor()
    tool(page, "border")
    click(page, 116.305, 40.005)
    expect(page.locator(".node--middle").first).to_be_visible()
    page.context.set_offline(True)
    drag(page, MIDDLE, (116.313, 40.01))
    error = page.locator("[data-hint-error]")
    expect(error).to_contain_text("cannot be reached")
    assert not draft.steps.exists()
    page.context.set_offline(False)
    with stepped(page):
        error.locator("button", has_text="Try again").click()
    expect(error).to_be_hidden()
    assert draft.steps.count() == 1
    assert any(abs(lon - 116.313) < 5e-4 for lon, _lat in corners(draft, town, "a1"))


@pytest.mark.req("Z-06")
def test_who_may_not_draw_has_no_tools(new_page, base_url, town, draft, editor):
    page = new_page(SCREEN_EN)
    sign_in(page, town.users["stranger"])
    assert page.goto(f"{base_url}/division/{draft.pk}/").status == 403
    sign_in(page, town.users["owner"])
    assert page.goto(f"{base_url}/division/{draft.pk}/").status == 403
    # a supervisor of another street may look; what is drawn outside of the own street is refused
    page = editor("away_supervisor")
    tool(page, "split")
    line(page, (116.299, 40.008), (116.3106, 40.012))
    with stepped(page) as answer:
        page.keyboard.press("Enter")
    assert answer.value.status == 403
    expect(page.locator("[data-hint-error]")).to_be_visible()
    assert not draft.steps.exists()


@pytest.mark.req("G-05")
def test_a_published_edition_is_looked_at_only(new_page, base_url, town, draft, no_errors):
    Edition.objects.filter(pk=draft.pk).update(
        status=EditionStatus.PUBLISHED, effective_at=timezone.now()
    )
    page = no_errors(new_page(SCREEN_EN))
    sign_in(page, town.users["supervisor"])
    page.goto(f"{base_url}/division/{draft.pk}/")
    expect(page.locator(".draw-name").first).to_be_attached()
    expect(page.locator(".draw-tool")).to_have_count(0)
    expect(page.locator(".notice")).to_contain_text("no draft")
    page.locator("[data-area]").first.click()
    expect(page.locator(".draw-rename")).to_have_count(0)
    check_page(page, "draw-still")


@pytest.mark.req("G-07")
def test_points_snap_to_corners_edges_and_roads(editor, draft, town):
    page = editor()
    found = page.evaluate(
        """async () => {
          const { SnapIndex } = await import('/static/js/draw/snap.js');
          const index = new SnapIndex();
          index.addCorner([116.3, 40]);
          index.addEdge('edge', [116.3, 40], [116.31, 40]);
          const road = { type: 'LineString', coordinates: [[116.3, 40.001], [116.31, 40.001]] };
          index.addLines([{ geometry: road, properties: { name: '成府路' } }], () => 'road');
          return [
            index.find([116.30002, 40.00001], 10),
            index.find([116.305, 40.00003], 10),
            index.find([116.305, 40.00096], 10),
            index.find([116.305, 40.0005], 10),
          ].map((one) => one && [one.kind, one.name, one.at.map((x) => Math.round(x * 1e6) / 1e6)]);
        }"""
    )
    assert found == [
        ["corner", "", [116.3, 40]],
        ["edge", "", [116.305, 40]],
        ["road", "成府路", [116.305, 40.001]],
        None,
    ]
    # on the map: the end of the line clings to the border although the click misses it a little
    tool(page, "split")
    x, y = spot(page, 116.30, 40.008)
    page.mouse.move(x + 5, y)
    expect(page.locator(".snap-cue--edge, .snap-cue--corner")).to_be_attached()


@pytest.mark.req("G-07")
def test_the_net_keeps_shared_borders_one_line(editor):
    """The pure part, asked through the browser."""
    page = editor()
    squares = [_feature(1, "grid", 0, 1), _feature(2, "grid", 1, 2), _feature(9, "community", 0, 2)]
    found = page.evaluate(
        """async (features) => {
          const { Topology } = await import('/static/js/draw/topology.js');
          const net = new Topology();
          features.forEach((feature) => net.put(feature));
          const joint = net.nodeAt(1, 0);
          const before = net.areasAt(joint).size;
          const tied = [...net.tie(joint)];
          const a = net.nodeAt(1, 0), b = net.nodeAt(1, 1);
          const made = net.insert(a, b, 1, 0.5);
          const moved = [...net.move(made, 1.2, 0.5)].sort();
          const after = [1, 2, 9].map((id) => net.geometry(id).coordinates[0][0].length);
          const gone = [...net.remove(made)].sort();
          net.drop(2);
          const left = net.areasAt(b).size;
          return { before, tied, moved, after, gone, left, nodes: net.nodes.size };
        }""",
        squares,
    )
    assert found == {
        "before": 2,
        "tied": [9],
        "moved": [1, 2],
        "after": [6, 6, 6],
        "gone": [1, 2],
        "left": 1,
        "nodes": 6,
    }


def _feature(number: int, tier: str, west: float, east: float) -> dict:
    ring = [[west, 0], [east, 0], [east, 1], [west, 1], [west, 0]]
    assert all(a != b for a, b in pairwise(ring))
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return json.loads(
        json.dumps({"id": number, "geometry": geometry, "properties": {"tier": tier}})
    )


@pytest.mark.req("G-07")
def test_drawing_with_a_thumb(editor, draft, town):
    page = editor("supervisor", PHONE_ZH, has_touch=True)
    tool(page, "merge")
    for lon in (116.305, 116.3125):
        page.touchscreen.tap(*spot(page, lon, 40.012))
        page.wait_for_timeout(320)
    merge = page.locator("[data-hint-actions] button").first
    expect(merge).to_be_enabled()
    assert small_targets(page, "[data-hint-actions] button") == []
    check_page(page, "draw-thumb")
    with stepped(page):
        merge.tap()
    assert len(children(draft, [town.grids["a"].pk])) == 1


@pytest.mark.req("G-07")
def test_corners_are_moved_and_removed_by_the_keyboard(editor, draft, town):
    page = editor()
    moved_border(page)
    corner = page.locator(".node--corner")
    corner.focus()
    before = corners(draft, town, "a1")
    with stepped(page):
        page.keyboard.press("Shift+ArrowRight")
        page.keyboard.press("Shift+ArrowRight")
    (was,), (now,) = before - corners(draft, town, "a1"), corners(draft, town, "a1") - before
    assert now[0] - was[0] == pytest.approx(20 / (111_320 * 0.766), rel=0.02)
    assert now in corners(draft, town, "a2")
    corner.focus()
    with stepped(page):
        page.keyboard.press("Delete")
    assert now not in corners(draft, town, "a1") | corners(draft, town, "a2")
    assert draft.steps.count() == 3


@pytest.mark.req("G-13")
def test_an_unconfirmed_outline_is_hatched_until_somebody_confirms_it(editor, draft, town):
    state = journal.drawn(draft, [town.grids["a1"].pk])[town.grids["a1"].pk]
    journal.perform(
        draft,
        verb=StepVerb.IMPORT,
        changes={state.grid_id: replace(state, confirmed=False)},
        actor=town.users["supervisor"],
        now=timezone.now(),
    )
    page = editor()
    expect(page.locator("path[fill='url(#hatch-unconfirmed)']").first).to_be_attached()
    expect(page.locator(".legend")).to_contain_text("Not confirmed")
    click(page, 116.305, 40.005)
    with stepped(page):
        page.locator(".draw-acts button", has_text="Confirm").click()
    expect(page.locator(".legend")).not_to_contain_text("Not confirmed")
    assert journal.drawn(draft, [state.grid_id])[state.grid_id].confirmed


@pytest.mark.req("G-01")
def test_tiers_tools_and_switches_by_keys(editor, draft, town):
    page = editor("administrator")
    expect(page.locator("#draw-tier")).to_have_value("grid")
    for key, name in (("b", "border"), ("s", "split"), ("m", "merge"), ("c", "cut"), ("d", "draw")):
        page.keyboard.press(key)
        pressed = page.locator(f".draw-tool[data-tool={name}]")
        expect(pressed).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(page.locator(".draw-tool[data-tool=select]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("n")
    expect(page.locator("#draw-snap")).to_have_attribute("aria-pressed", "false")
    page.locator("#draw-tier").select_option("community")
    expect(page.locator(".draw-name").filter(has_text="Area a")).to_have_count(1)
    # a community's border takes the grids on both its sides along
    page.keyboard.press("b")
    click(page, 116.305, 40.005)
    page.locator("#draw-cross").check()
    with stepped(page) as answer:
        drag(page, (116.32, 40.01), (116.318, 40.01))
    assert answer.value.ok, answer.value.text()
    added = corners(draft, town, "a") - {(116.30, 40.0), (116.30, 40.02), *ENDS}
    added -= {(116.32, 40.0), (116.32, 40.02)}
    assert len(added) == 1
    assert all(added <= corners(draft, town, name) for name in ("a2", "b", "b1"))


@pytest.mark.req("G-05")
def test_a_grid_moves_to_another_community_and_back(editor, draft, town):
    page = editor()
    page.locator("[data-area]", has_text="Area a2").click()
    page.locator("#area-parent").select_option(label="Area b")
    with stepped(page) as answer:
        page.locator(".draw-rename button", has_text="Move there").click()
    assert answer.value.ok, answer.value.text()
    state = journal.drawn(draft, [town.grids["a2"].pk])[town.grids["a2"].pk]
    assert state.parent_id == town.grids["b"].pk
    with stepped(page):
        page.locator(".draw-acts button", has_text="Take back").click()
    assert not draft.boundaries.exists()


@pytest.mark.req("G-05")
def test_who_may_publish_finds_the_way_there(editor, base_url, draft, town):
    page = editor("administrator")
    link = page.locator(".draw-links a", has_text="Publish")
    expect(link).to_have_attribute("href", f"/division/{draft.pk}/publish/")
    page.locator(".draw-menu summary").first.click()
    for words in ("Import a file", "Export as GeoPackage", "All drafts"):
        expect(page.locator(".menu__list", has_text=words).first).to_be_visible()
    expect(editor("supervisor").locator(".draw-links a", has_text="Publish")).to_have_count(0)
