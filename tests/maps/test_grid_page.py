"""The public page of an area: who answers, what is open, where it stands in the tree."""

from datetime import timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test import Client
from django.utils import timezone

from gridmgmt.core import public_pages
from grids.people.choices import NoticeKind
from grids.people.models import GridNotice, Person
from grids.territory.models import Boundary, Grid, Lineage
from incidents.models import Incident
from tests.incidents import cases
from tests.incidents.helpers import take
from tests.town import START

CODE = "110108999001001"
ENGLISH = {"HTTP_ACCEPT_LANGUAGE": "en"}


def page(code=CODE, client=None, **headers) -> str:
    answer = (client or Client()).get(f"/grids/{code}/", **(headers or ENGLISH))
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.req("P-01", "S-08")
def test_people_with_titles_and_duty_phones_and_nothing_private(town) -> None:
    Person.objects.filter(name="王芳").update(phone="13912345678", duty_phone="010-62781111")
    text = page()
    assert text.index("First responsible person") < text.index("陈静")
    assert text.index("Direct responsible person") < text.index("王芳")
    assert "010-62781111" in text
    assert "13912345678" not in text
    for name in ("张伟", "刘洋"):  # coordinator of the grid, supervisor of the street
        assert name in text
    assert "李强" not in text  # manages the next grid
    assert "管理员" not in text  # the administrator is nobody's contact


@pytest.mark.req("S-08")
def test_which_role_answers_is_a_setting(town, settings) -> None:
    settings.FIRST_RESPONSIBLE = ["leader"]
    settings.DIRECT_RESPONSIBLE = ["coordinator"]
    text = page()
    first, direct = text.index("First responsible person"), text.index("Direct responsible person")
    assert first < text.index("赵主任") < direct < text.index("张伟")


@pytest.mark.req("P-01")
def test_links_up_and_down_the_tree(town) -> None:
    text = page()
    assert 'href="/grids/110108999/"' in text
    assert 'href="/grids/110108999001/"' in text
    community = page("110108999001")
    assert f'href="/grids/{CODE}/"' in community
    assert "Area a2" in community
    street = page("110108999")
    assert "110108999002" in street


@pytest.mark.req("P-01")
def test_texts_of_the_office_hold_for_everything_below(town) -> None:
    def notice(grid, kind, text, **more):
        GridNotice.objects.create(grid=town.grids.get(grid), kind=kind, text=text, **more)

    notice("home", NoticeKind.PROMISE, "半天内到场", text_en="There within half a day")
    notice("a1", NoticeKind.WORK, "每天巡查")
    notice("b", NoticeKind.WORK, "别的社区")
    notice(None, NoticeKind.POLICY, "垃圾分类")
    notice("a1", NoticeKind.POLICY, "没有公布", shown=False)
    public_pages.decide(actor=None, now=START, supervision_phone="010-12345")
    text = page()
    for word in ("There within half a day", "每天巡查", "垃圾分类", "010-12345"):
        assert word in text
    assert "别的社区" not in text
    assert "没有公布" not in text
    assert "半天内到场" in page(HTTP_ACCEPT_LANGUAGE="zh-hans")


@pytest.mark.req("P-01", "P-03")
def test_open_reports_of_the_area_only_and_only_released_ones(town) -> None:
    mine, hidden, other = take(town, area="a1"), take(town, area="a1"), take(town, area="b1")
    released = Incident.objects.filter(pk__in=[mine.pk, other.pk])
    released.update(released=True, public_description="一盏路灯")
    Incident.objects.filter(pk=other.pk).update(public_description="别处的事")
    text = page()
    assert "一盏路灯" in text
    assert "别处的事" not in text
    assert mine.number not in text
    assert hidden.description not in text
    feed = Client().get(f"/reports.geojson?grid={town.grids['a1'].pk}").json()["features"]
    assert [point["properties"]["text"] for point in feed] == ["一盏路灯"]
    lon, lat = town.point_in("a1")
    assert feed[0]["geometry"]["coordinates"] != [round(lon, 6), round(lat, 6)]
    assert len(Client().get("/reports.geojson?grid=x").json()["features"]) == 2


@pytest.mark.req("P-01")
def test_a_qr_code_and_the_way_to_report(town) -> None:
    text = page()
    assert 'class="qr"' in text
    report = text.split('href="/report/?lon=')[1].split('"')[0]
    lon, lat = report.replace("&amp;lat=", " ").split()
    west, south, east, north = Boundary.objects.get(grid=town.grids["a1"]).geometry.extent
    assert west < float(lon) < east
    assert south < float(lat) < north


@pytest.mark.req("P-05")
def test_without_the_map_lists_remain(town) -> None:
    public_pages.decide(actor=None, now=START, map_mode="staff")
    text = page()
    assert "leaflet" not in text
    assert "data-grid-page" not in text
    assert "王芳" in text
    assert "/report/?address=Area%20a1" in text


def test_a_code_of_two_tiers_asks_which(town) -> None:
    twin = Grid.objects.create(tier=town.tiers["community"], code=CODE)
    Boundary.objects.create(
        grid=twin,
        edition=town.edition,
        parent=town.grids["home"],
        name="同码社区",
        name_en="Twin",
        geometry=town.boundaries["c"].geometry,
        valid=town.boundaries["c"].valid,
    )
    answer = Client().get(f"/grids/{CODE}/", **ENGLISH)
    assert answer.status_code == 300
    assert f"/grids/community/{CODE}/" in answer.content.decode()
    assert "Twin" in Client().get(f"/grids/community/{CODE}/", **ENGLISH).content.decode()
    assert "Area a1" in Client().get(f"/grids/grid/{CODE}/", **ENGLISH).content.decode()


@pytest.mark.req("P-01")
def test_an_old_board_still_leads_to_what_the_area_became(town) -> None:
    now = timezone.now()
    Boundary.objects.filter(grid=town.grids["a1"]).update(
        valid=DateTimeTZRange(START, now - timedelta(days=1))
    )
    Lineage.objects.create(
        edition=town.edition, origin=town.grids["a1"], heir=town.grids["a2"], area_share=1.0
    )
    answer = Client().get(f"/grids/{CODE}/", **ENGLISH)
    assert answer.status_code == 410
    assert "/grids/110108999001002/" in answer.content.decode()
    assert Client().get("/grids/nothing/").status_code == 404
    assert Client().get("/grids/%00/").status_code == 404


@pytest.mark.req("P-01")
def test_an_old_board_leads_on_where_the_heir_was_abolished_too(town) -> None:
    gone = DateTimeTZRange(START, timezone.now() - timedelta(days=1))
    Boundary.objects.filter(grid__in=[town.grids["a1"], town.grids["a2"]]).update(valid=gone)
    for origin, heir, share in (("a1", "a2", 1.0), ("a2", "b1", 0.99), ("a2", "b2", 0.009)):
        Lineage.objects.create(
            edition=town.edition,
            origin=town.grids[origin],
            heir=town.grids[heir],
            area_share=share,
        )
    text = Client().get(f"/grids/{CODE}/", **ENGLISH).content.decode()
    assert "/grids/110108999002001/" in text
    assert "/grids/110108999002002/" not in text


def test_the_page_costs_few_queries_and_little_to_load(town, django_assert_max_num_queries) -> None:
    case = take(town, area="a1")
    Incident.objects.filter(pk=case.pk).update(released=True)
    page()
    with django_assert_max_num_queries(20):
        small = page()
    cases.multiply(case, 30)
    with django_assert_max_num_queries(20):
        page()
    with django_assert_max_num_queries(22):
        page("110108999")
    assert len(small.encode()) < 60_000
