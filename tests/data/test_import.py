"""Lists of cases from files: what comes in, what is refused, and that nothing is half-written."""

from io import StringIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from data.lists.columns import guess
from data.models import ImportBatch, ImportMapping
from gridmgmt.core.models import AuditEntry
from grids.territory.choices import PlaceKind
from grids.territory.models import Place
from grids.territory.services.places import rebuild_places
from incidents.choices import Channel
from incidents.models import Incident
from tests.incidents.cases import category
from tests.town import Town

HEADER = "工单编号,来电时间,诉求内容,经度,纬度,联系人,联系电话,办结时限,来源\n"
ROW = "{number},2026-03-02 09:30,垃圾没人清,116.304,40.009,段正淳,18000001999,2026-03-06,电话\n"


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def load(path: Path, *options: str) -> str:
    out = StringIO()
    call_command("import_incidents", str(path), *options, stdout=out, stderr=out)
    return out.getvalue()


def refused(path: Path, *options: str) -> str:
    """The message and every line about a row."""
    out = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("import_incidents", str(path), *options, stdout=out, stderr=out)
    assert not Incident.objects.exists()
    assert not ImportBatch.objects.exists()
    return f"{error.value} {out.getvalue()}"


@pytest.mark.req("I-01")
@pytest.mark.req("X-05")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_hotline_list_comes_in(town: Town, tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path / "12345.csv", HEADER + ROW.format(number="0012026000001"), encoding)
    load(path, "--mapping", "12345")
    case = Incident.objects.get()
    assert case.outside_number == "0012026000001"
    assert case.outside_source == "12345"
    assert case.channel == Channel.PHONE
    assert case.description == "垃圾没人清"
    assert case.contact_phone == "18000001999"
    assert case.report_grid == town.grids["a1"]
    assert case.owner_person is not None
    local = timezone.get_default_timezone()
    assert f"{case.reported_at.astimezone(local):%Y-%m-%d %H:%M}" == "2026-03-02 09:30"
    assert f"{case.outside_due_at.astimezone(local):%Y-%m-%d %H:%M}" == "2026-03-06 23:59"
    batch = ImportBatch.objects.get()
    assert (batch.row_count, batch.created_count, batch.refused_count) == (1, 1, 0)
    assert AuditEntry.objects.filter(action="incidents.imported").exists()


@pytest.mark.req("X-05")
def test_the_same_file_again_adds_nothing(town: Town, tmp_path: Path) -> None:
    text = HEADER + "".join(ROW.format(number=f"00{n:03d}") for n in range(5))
    path = write(tmp_path / "list.csv", text)
    load(path)
    load(path)
    assert Incident.objects.count() == 5
    assert list(ImportBatch.objects.values_list("created_count", "known_count")) == [(0, 5), (5, 0)]
    without = "描述,lon,lat\n积水,116.304,40.009\n积水,116.314,40.009\n"
    plain = write(tmp_path / "plain.csv", without)
    load(plain)
    load(plain)
    assert Incident.objects.count() == 7


def test_excel_comes_in_with_its_own_dates_and_numbers(town: Town, tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["编号", "受理时间", "内容", "lon", "lat", "电话"])
    moment = timezone.datetime(2026, 3, 2, 10, 15)
    sheet.append(["0007", moment, "路灯不亮", 116.304, 40.009, 18000001999])
    sheet.append([None] * 6)
    book.save(path)
    load(path)
    case = Incident.objects.get()
    assert (case.outside_number, case.contact_phone) == ("0007", "18000001999")
    assert f"{timezone.localtime(case.reported_at):%H:%M}" == "10:15"


@pytest.mark.req("X-05")
def test_the_mapping_is_remembered_by_name(town: Town, tmp_path: Path) -> None:
    text = "A,B,C\n事,116.304,40.009\n"
    path = write(tmp_path / "odd.csv", text)
    options = ["--map", "description=A", "--map", "lon=B", "--map", "lat=C", "--crs", "cgcs2000"]
    load(path, "--mapping", "odd", *options)
    mapping = ImportMapping.objects.get()
    assert mapping.columns == {"description": "A", "lon": "B", "lat": "C"}
    assert mapping.crs == "cgcs2000"
    load(write(path, "A,B,C\n另一件,116.314,40.009\n"), "--mapping", "odd")
    assert Incident.objects.count() == 2
    assert Incident.objects.last().raw_crs == "cgcs2000"
    other = write(path, "A,X,C\n第三件,116.314,40.009\n")
    with pytest.raises(CommandError, match="B"):
        load(other, "--mapping", "odd")


def test_places_by_address_words(town: Town, tmp_path: Path) -> None:
    point = town.point_in("a2")
    Place.objects.create(
        kind=PlaceKind.POINT,
        name="学府食堂",
        point=f"SRID=4326;POINT({point[0]} {point[1]})",
    )
    rebuild_places(now=timezone.now())
    path = write(tmp_path / "a.csv", "内容,地址\n排队太长,学府食堂\n不知道在哪,火星基地\n")
    load(path)
    found, lost = Incident.objects.order_by("pk")
    assert found.report_grid == town.grids["a2"]
    assert lost.report_grid is None  # in the dispatchers' pool, not lost
    assert lost.owner_role == "dispatcher"


def test_coordinates_in_another_system(town: Town, tmp_path: Path) -> None:
    text = "内容,lon,lat\n坑,116.3106,40.0103\n"
    path = write(tmp_path / "gcj.csv", text)
    load(path, "--crs", "gcj02")
    case = Incident.objects.get()
    assert case.raw_crs == "gcj02"
    assert case.point.x == pytest.approx(116.3106 - 0.0062, abs=0.001)


@pytest.mark.req("Z-06")
@pytest.mark.parametrize(
    ("number", "others"),
    [
        ("1.10108E+14", 0),
        ("12026000001.0", 0),
        ("###", 0),
        ("12026000001", 4),  # all others have thirteen digits: zeros are lost
    ],
)
def test_damaged_codes_are_refused_with_their_line(
    town: Town, tmp_path: Path, number: str, others: int
) -> None:
    good = "".join(ROW.format(number=f"00120260001{n:02d}") for n in range(others))
    path = write(tmp_path / "bad.csv", HEADER + good + ROW.format(number=number))
    message = refused(path)
    assert f"{others + 2}" in message
    assert "工单编号" in message


def test_excel_numbers_of_more_than_fifteen_digits_are_refused(town: Town, tmp_path: Path) -> None:
    path = tmp_path / "long.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["编号", "内容", "lon", "lat"])
    book.active.append([11010801400100123, "坑", 116.304, 40.009])
    book.save(path)
    assert "15" in refused(path)


@pytest.mark.req("G-08")
@pytest.mark.req("Z-06")
@pytest.mark.parametrize(
    ("text", "options", "word"),
    [
        ("内容,lon,lat\n坑,116.304,40.009\n", ["--crs", "mars2000"], "mars2000"),
        ("内容,lon,lat\n坑,116.304,40.009\n", ["--map", "address=Nowhere"], "Nowhere"),
        ("内容,lon,lat\n坑,116.304,40.009\n", ["--map", "colour=内容"], "colour"),
        ("内容,lon,lat\n坑,116.304,40.009\n", ["--map", "lat="], ""),
        ("a,b\n1,2\n", [], "--map description="),
        ("", [], ""),
        ("内容,lon,lat\n", [], ""),
        ("内容,内容,lon\nx,y,z\n", [], "内容"),
        ("内容,lon,lat\n" + "长" * 100_000 + ",116.304,40.009\n", [], "100000"),
        ("内容,lon,lat\n坑,40.009,116.304\n", [], "2"),
        ("内容,lon,lat\n坑,nan,40\n", [], "2"),
        ("内容,lon,lat\n坑,116.304,\n", [], "2"),
        ("内容,lon,lat\n,116.304,40.009\n", [], "2"),
        ("内容,lon,lat,来电时间\n坑,116.304,40.009,03/04/2026\n", [], "03/04/2026"),
        ("内容,lon,lat,来电时间\n坑,116.304,40.009,2026-02-30\n", [], "2026-02-30"),
        ("内容,lon,lat,来电时间\n坑,116.304,40.009,2999-01-01\n", [], "2"),
        ("内容,lon,lat,电话\n坑,116.304,40.009,1.38E+10\n", [], "1.38E+10"),
        ("内容,lon,lat,类别\n坑,116.304,40.009,火星\n", [], "火星"),
        ("编号,内容,lon,lat\n7,坑,116.304,40.009\n7,洞,116.304,40.009\n", [], "3"),
    ],
)
def test_bad_files_change_nothing(
    town: Town, tmp_path: Path, text: str, options: list[str], word: str
) -> None:
    assert word in refused(write(tmp_path / "bad.csv", text), *options)


@pytest.mark.req("Z-06")
@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("fake.xlsx", b"PK\x03\x04 no workbook"),
        ("text.xlsx", b"a,b\n1,2\n"),
        ("old.xls", b"\xd0\xcf\x11\xe0"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00"),
        ("odd.csv", b"\xff\xff\xfd\x80\x81,\xff"),
        ("half.csv", '内容,lon,lat\n"坑,116,40\n'.encode()),
    ],
)
def test_files_that_are_no_lists(town: Town, tmp_path: Path, name: str, raw: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(raw)
    assert refused(path)
    assert refused(tmp_path / "missing.csv")


@pytest.mark.req("G-08")
def test_one_bad_row_stops_all_unless_bad_ones_are_skipped(town: Town, tmp_path: Path) -> None:
    text = "内容,lon,lat\n好,116.304,40.009\n坏,x,40.009\n也好,116.314,40.009\n,116.3,40.0\n"
    path = write(tmp_path / "mixed.csv", text)
    message = refused(path)
    assert "3" in message
    assert "5" in message
    load(path, "--skip-bad")
    assert Incident.objects.count() == 2
    listed = (tmp_path / "mixed.refused.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(listed) == 3
    assert listed[1].startswith("3,")
    batch = ImportBatch.objects.get()
    assert (batch.created_count, batch.refused_count) == (2, 2)


def test_a_dry_run_checks_all_and_writes_nothing(town: Town, tmp_path: Path) -> None:
    path = write(tmp_path / "dry.csv", "内容,lon,lat\n好,116.304,40.009\n坏,x,40.009\n")
    said = load(path, "--dry-run", "--mapping", "dry")
    assert "1" in said
    assert not Incident.objects.exists()
    assert not ImportMapping.objects.exists()


def test_categories_by_code_and_by_name(town: Town, tmp_path: Path) -> None:
    kind = category("sanitation", name="暴露生活垃圾", name_en="Exposed rubbish")
    text = f"内容,lon,lat,类别\n一,116.304,40.009,{kind.code}\n二,116.304,40.009,暴露生活垃圾\n"
    text += "三,116.304,40.009,exposed RUBBISH\n四,116.304,40.009,\n"
    load(write(tmp_path / "kinds.csv", text))
    assert list(Incident.objects.order_by("pk").values_list("category", flat=True)) == [
        kind.pk,
        kind.pk,
        kind.pk,
        None,
    ]


def test_headers_are_guessed_in_both_languages() -> None:
    assert guess(["工单编号", "来电时间", "诉求内容", "地址", "办结时限"]) == {
        "outside_number": "工单编号",
        "reported_at": "来电时间",
        "description": "诉求内容",
        "address": "地址",
        "outside_due_at": "办结时限",
    }
    assert guess(["Unique Key", "Created Date", "Descriptor", "Longitude", "Latitude"]) == {
        "outside_number": "Unique Key",
        "reported_at": "Created Date",
        "description": "Descriptor",
        "lon": "Longitude",
        "lat": "Latitude",
    }


def test_our_own_csv_for_excel_is_read_back(town: Town, tmp_path: Path) -> None:
    text: Any = '编号,内容,lon,lat\n"=""0012""",坑,116.304,40.009\n'
    load(write(tmp_path / "own.csv", text, "utf-8-sig"))
    assert Incident.objects.get().outside_number == "0012"


@pytest.mark.req("Z-06")
def test_refused_rows_are_no_formulas_and_can_be_mended(town: Town, tmp_path: Path) -> None:
    bad = ROW.format(number="7").replace("垃圾没人清", '=HYPERLINK("http://x")')
    path = write(tmp_path / "list.csv", HEADER + bad.replace("2026-03-02 09:30", "gestern"))
    load(path, "--skip-bad")
    beside = tmp_path / "list.refused.csv"
    text = beside.read_text(encoding="utf-8-sig")
    assert "'=HYPERLINK" in text
    assert '"=HYPERLINK' not in text
    load(write(beside, text.replace("gestern", "2026-03-02 09:30")))
    assert Incident.objects.get().description == '=HYPERLINK("http://x")'
