"""Boards, cards, plans and lists: what stands on them, how large they are, who may batch them."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from gridmgmt.core import paper, public_pages
from grids.people.models import GridNotice, Person
from maps.services import batches
from maps.tasks import draw_boards
from tests.pdf import read_pdf
from tests.town import START

CODE, COMMUNITY, STREET = "110108999001001", "110108999001", "110108999"
ENGLISH = {"HTTP_ACCEPT_LANGUAGE": "en"}
CHINESE = {"HTTP_ACCEPT_LANGUAGE": "zh-hans"}


def fetch(sheet, code=CODE, client=None, **headers):
    answer = (client or Client()).get(f"/grids/{code}/{sheet}.pdf", **(headers or ENGLISH))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    return read_pdf(answer.content)


@pytest.mark.req("P-01", "S-08", "M-07")
def test_the_board_is_one_a4_page_with_people_phones_and_promises(town) -> None:
    Person.objects.filter(name="王芳").update(phone="13912345678", duty_phone="010-62781111")
    GridNotice.objects.create(grid=town.grids["home"], kind="promise", text="半天内到场")
    public_pages.decide(actor=None, now=START, supervision_phone="010-12345")
    text, sizes = fetch("board", **CHINESE)
    assert sizes == [(210, 297)]
    for word in ("区a1", CODE, "王芳", "010-62781111", "陈静", "010-12345", "半天内到场", "1:"):
        assert word in text, word
    assert "13912345678" not in text
    english, _sizes = fetch("board")
    for word in ("Areaa1", "Firstresponsibleperson", "Directresponsibleperson"):
        assert word in english, word


@pytest.mark.req("P-01", "M-07")
def test_every_sheet_fits_its_paper(town) -> None:
    assert fetch("card")[1] == [(210, 297)]
    assert fetch("list", STREET)[1] == [(210, 297)]
    for code in (COMMUNITY, STREET, CODE):
        (size,) = fetch("plan", code)[1]
        assert sorted(size) == [297, 420], code


@pytest.mark.req("P-02")
def test_plan_and_panorama_name_all_parts_with_scale_and_origin(town) -> None:
    plan, _sizes = fetch("plan", COMMUNITY)
    for word in ("Areaa1", "Areaa2", "Areaplan", "1:", "divisiontown", "王芳", "李强"):
        assert word.lower() in plan.replace("“", "").replace("”", "").lower(), word
    panorama, _sizes = fetch("plan", STREET)
    for word in ("Areaa", "Areab", "Areac", "Panorama", "2grids", "陈静"):
        assert word in panorama, word
    listing, _sizes = fetch("list", STREET)
    for word in (CODE, "110108999002002", "Areac", "周敏"):
        assert word in listing, word


@pytest.mark.req("P-05")
def test_paper_shows_no_map_while_it_is_closed_and_the_number_when_there_is_one(
    town, sign_in
) -> None:
    public_pages.decide(actor=None, now=START, map_mode="staff", review_number="GS(2024)0650")
    closed, _sizes = fetch("board")
    assert "1:" not in closed
    assert "王芳" in closed
    assert fetch("plan", STREET)[1] == [(210, 297)]  # the list in its place
    for_staff, sizes = fetch("plan", STREET, sign_in("owner"))
    assert sorted(sizes[0]) == [297, 420]
    assert "GS(2024)0650" in for_staff


@pytest.mark.req("M-07")
def test_the_browser_gets_the_same_sheet(town) -> None:
    for sheet in ("board", "card", "plan", "list"):
        answer = Client().get(f"/grids/{COMMUNITY}/{sheet}/", **ENGLISH)
        text = answer.content.decode()
        assert answer.status_code == 200
        assert 'class="sheet sheet--' in text
        assert f"/grids/{COMMUNITY}/{sheet}.pdf" in text
        assert Client().get(f"/grids/nothing/{sheet}/").status_code == 404


def test_a_sheet_is_confirmed_by_its_tag_and_changes_with_the_roster(town) -> None:
    first = Client().get(f"/grids/{CODE}/card.pdf", **ENGLISH)
    again = Client().get(f"/grids/{CODE}/card.pdf", HTTP_IF_NONE_MATCH=first["ETag"], **ENGLISH)
    assert (again.status_code, again.content) == (304, b"")
    Person.objects.filter(name="王芳").update(duty_phone="010-99")
    changed = Client().get(f"/grids/{CODE}/card.pdf", HTTP_IF_NONE_MATCH=first["ETag"], **ENGLISH)
    assert changed.status_code == 200


def test_drawing_is_limited_per_address(town, settings) -> None:
    settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]["public_paper"] = "2/min"
    try:
        codes = [Client().get(f"/grids/{CODE}/card.pdf").status_code for _n in range(3)]
    finally:
        settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]["public_paper"] = "30/min"
    assert codes == [200, 200, 429]


def test_the_qr_code_leads_to_the_public_page(town, settings) -> None:
    """The same modules as a code made of the address alone."""
    settings.PUBLIC_URL = "https://grid.example.cn"
    page = Client().get(f"/grids/{CODE}/board/").content.decode()
    (drawn,) = re.findall(r'class="qr".*?<path d="([^"]+)"', page)
    expected = paper.qr_svg(f"https://grid.example.cn/grids/{CODE}/")
    assert drawn in expected
    assert drawn not in paper.qr_svg(f"https://grid.example.cn/grids/{COMMUNITY}/")


def test_paper_fetches_nothing(db) -> None:
    text, _sizes = read_pdf(paper.pdf('<p>荷</p><img src="http://127.0.0.1:1/x.png">'))
    assert text == "荷"
    with pytest.raises(ValueError, match="elsewhere"):
        paper.Nothing().fetch("http://127.0.0.1:1/x.png")


@pytest.mark.req("P-01")
def test_staff_draw_all_boards_below_an_area_by_the_worker(town, sign_in, settings) -> None:
    settings.PUBLIC_URL = "https://grid.example.cn"
    address = f"/grids/{COMMUNITY}/boards"
    assert Client().get(f"{address}/").status_code == 302
    assert sign_in("stranger").get(f"{address}/").status_code == 403
    staff = sign_in("supervisor")
    assert "2 boards" in staff.get(f"{address}/", **ENGLISH).content.decode()
    assert staff.get(f"{address}.pdf", **ENGLISH).status_code == 302
    assert staff.post(f"{address}/", **ENGLISH).status_code == 302
    assert "being drawn" in staff.get(f"{address}/", **ENGLISH).content.decode()
    draw_boards(town.boundaries["a"].pk, "en", "https://grid.example.cn")
    text, sizes = read_pdf(staff.get(f"{address}.pdf", **ENGLISH).content)
    assert sizes == [(210, 297)] * 2
    assert "Areaa1" in text
    assert "Areaa2" in text
    page = staff.get(f"{address}/", **ENGLISH).content.decode()
    assert f"Posts as of {timezone.localtime():%Y-%m-%d}" in page
    assert staff.get(f"/grids/{COMMUNITY}/boards.pdf", **CHINESE).status_code == 302


def test_a_batch_that_fails_says_so(town, monkeypatch) -> None:
    def broken(*_args, **_more):
        raise RuntimeError("no font")

    monkeypatch.setattr(batches.paper, "pdf", broken)
    with pytest.raises(RuntimeError):
        batches.run(boundary_id=town.boundaries["a"].pk, language="en", site="https://x", now=START)
    assert batches.state_of(batches.key_of(town.boundaries["a"].pk, "en", "https://x")) == "failed"


@pytest.mark.req("P-01")
def test_the_command_writes_a_file_for_each_leaf(town, tmp_path) -> None:
    out = StringIO()
    call_command(
        "print_boards",
        within=COMMUNITY,
        out=tmp_path / "boards",
        url="https://grid.example.cn",
        language="en",
        stdout=out,
    )
    names = sorted(path.name for path in (tmp_path / "boards").iterdir())
    assert names == [f"{CODE}-board.pdf", "110108999001002-board.pdf"]
    assert "Areaa2" in read_pdf((tmp_path / "boards" / names[1]).read_bytes())[0]
    for wrong in ({"within": "x"}, {"url": ""}):
        with pytest.raises(CommandError):
            call_command(
                "print_boards",
                **{"within": COMMUNITY, "out": tmp_path, "url": "https://x", **wrong},
            )
