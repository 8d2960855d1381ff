"""Pages and files of the statistics: who may, what stands in them, and that nothing leaks."""

import csv
import html
import io
import json
import re
from typing import Any

import openpyxl
import pyogrio
import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from data.exports.columns import ALL_COLUMNS
from data.exports.csv_files import excel_code, safe_text
from gridmgmt.core.models import AuditEntry
from gridmgmt.core.tokens import make_token
from tests.incidents.cases import NOW, category, incident
from tests.town import Town

QUERY = "?first=2026-03-01&last=2026-03-31&tier=grid"
PAGES = [
    ("data:statistics", ()),
    *(("data:export", (ending,)) for ending in ("csv", "xlsx", "geojson", "gpkg")),
    *(("data:cases", (ending,)) for ending in ("csv", "xlsx")),
    ("data:api_grids", ()),
]


def fetch(client: Client, name: str, *args: str, query: str = QUERY) -> Any:
    return client.get(reverse(name, args=args) + query)


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


@pytest.fixture
def filled(town: Town) -> Town:
    """Five cases on a1, one on a2, with contact data; and one in the other street."""
    kind = category("sanitation")
    for _number in range(5):
        incident(
            town,
            "a1",
            category=kind,
            contact_name="段正淳",
            contact_phone="18000001999",
            description="秘密的话",
        )
    incident(town, "a2", category=kind)
    incident(town, "f1", category=kind)
    return town


@pytest.mark.req("Z-01")
@pytest.mark.parametrize(("name", "args"), PAGES)
def test_strangers_and_the_unknown_get_nothing(filled: Town, sign_in, name, args) -> None:
    answer = fetch(Client(), name, *args)
    assert answer.status_code in {302, 401, 403}
    for who in ("stranger", "owner", "coordinator", "handler", "desk", "dispatcher"):
        assert fetch(sign_in(who), name, *args).status_code == 403, who
    assert not AuditEntry.objects.filter(action__endswith="exported").exists()


@pytest.mark.parametrize("who", ["supervisor", "leader", "grid_head"])
def test_seeing_figures_is_not_taking_them_out(filled: Town, sign_in, who: str) -> None:
    client = sign_in(who)
    page = fetch(client, "data:statistics")
    assert page.status_code == 200
    assert "export." not in page.content.decode()
    for name, args in PAGES[1:-1]:
        assert fetch(client, name, *args).status_code == 403
    assert fetch(client, "data:api_grids").status_code == 200


def test_the_page_opens_for_the_analyst_in_both_languages(filled: Town, sign_in) -> None:
    client = sign_in("analyst")
    for language in ("zh-hans", "en"):
        client.cookies["django_language"] = language
        page = fetch(client, "data:statistics")
        assert page.status_code == 200
        text = page.content.decode()
        assert "chart-time" in text
        assert filled.grids["a1"].code in text
        assert filled.grids["f1"].code not in text
        assert "110108998" not in text
    empty = fetch(client, "data:statistics", query="?first=2020-01-01&last=2020-01-02")
    assert empty.status_code == 200
    assert "—" in empty.content.decode()


@pytest.mark.req("Z-06")
@pytest.mark.parametrize(
    "query",
    [
        "?first=2026-03-31&last=2026-03-01",
        "?first=gestern",
        "?tier=none",
        "?area=110108998",
        "?system=x",
        "?period=0; drop table",
        "?first=1000-01-01",
        "?last=0001-01-01",
        "?first=0001-01-01&last=0001-01-02",
        "?last=9999-12-31",
    ],
)
def test_bad_questions_are_told_and_not_guessed(filled: Town, sign_in, query: str) -> None:
    client = sign_in("analyst")
    page = client.get(reverse("data:statistics") + query)
    assert page.status_code == 400
    assert 'class="errors"' in page.content.decode()
    assert client.get(reverse("data:export", args=["csv"]) + query).status_code == 400
    assert client.get(reverse("data:api_grids") + query).status_code == 400


def test_sorting_and_opening_stand_in_the_address(filled: Town, sign_in) -> None:
    client = sign_in("analyst")
    text = fetch(client, "data:statistics", query=QUERY + "&sort=-reported").content.decode()
    rows = text[text.index('class="table table--cards') :]
    assert rows.index(filled.grids["a1"].code) < rows.index(filled.grids["a2"].code)
    text = fetch(client, "data:statistics", query=QUERY + "&sort=reported").content.decode()
    rows = text[text.index('class="table table--cards') :]
    assert rows.index(filled.grids["a2"].code) < rows.index(filled.grids["a1"].code)
    upper = fetch(client, "data:statistics", query=QUERY.replace("tier=grid", "tier=community"))
    links = re.findall(r'data-href="\?([^"]*)"', upper.content.decode())
    opened = [QueryDict(html.unescape(link)) for link in links]
    found = [query for query in opened if query["area"] == filled.grids["a"].code]
    assert [query["tier"] for query in found] == ["grid"]
    assert fetch(client, "data:statistics", query=f"?{found[0].urlencode()}").status_code == 200


@pytest.mark.req("X-01")
def test_csv_for_excel_keeps_codes_and_says_who(filled: Town, sign_in) -> None:
    response = fetch(sign_in("analyst"), "data:export", "csv")
    raw = body(response)
    assert raw.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in raw
    text = raw.decode("utf-8-sig")
    code = filled.grids["a1"].code
    rows = list(csv.reader(io.StringIO(text, newline="")))
    line = next(row for row in rows if row and row[0] == f'="{code}"')
    assert line[rows[0].index(_heading("reported"))] == "5"
    assert "马超" in text
    assert "attachment" in response["Content-Disposition"]
    entry = AuditEntry.objects.get(action="statistics.exported")
    assert entry.actor == filled.users["analyst"]
    assert entry.data["format"] == "csv"
    assert "段" not in json.dumps(entry.data, ensure_ascii=False)


def _heading(key: str) -> str:
    return str(next(column.heading for column in ALL_COLUMNS if column.key == key))


@pytest.mark.req("X-01")
def test_csv_for_programs_is_plain(filled: Town, sign_in) -> None:
    response = fetch(sign_in("analyst"), "data:export", "csv", query=QUERY + "&for=programs")
    raw = body(response).decode("utf-8")
    assert not raw.startswith("\ufeff")
    rows = {row["code"]: row for row in csv.DictReader(io.StringIO(raw))}
    assert rows[filled.grids["a1"].code]["reported"] == "5"
    assert rows[filled.grids["b1"].code]["closing_rate"] == ""
    assert rows[filled.grids["a1"].code]["about_exported_by"] == "马超"


@pytest.mark.req("X-01")
def test_excel_has_texts_a_dictionary_and_its_origin(filled: Town, sign_in) -> None:
    book = openpyxl.load_workbook(
        io.BytesIO(body(fetch(sign_in("analyst"), "data:export", "xlsx")))
    )
    assert len(book.sheetnames) == 3
    figures, words, about = book.worksheets
    codes = {cell.value: cell for cell in figures["A"]}
    code = filled.grids["a1"].code
    assert codes[code].data_type == "s"
    assert any(cell.value == "closing_rate" for cell in words["A"])
    assert any(cell.value == "马超" for cell in about["B"])


@pytest.mark.req("X-01")
def test_geojson_and_geopackage_carry_outlines(filled: Town, sign_in, tmp_path) -> None:
    client = sign_in("analyst")
    collection = json.loads(body(fetch(client, "data:export", "geojson")))
    features = {f["properties"]["code"]: f for f in collection["features"]}
    code = filled.grids["a1"].code
    assert features[code]["geometry"]["type"] == "MultiPolygon"
    assert features[code]["properties"]["reported"] == 5
    assert collection["dictionary"]
    assert collection["about"]["exported_by"] == "马超"
    path = tmp_path / "out.gpkg"
    path.write_bytes(body(fetch(client, "data:export", "gpkg")))
    assert {name for name, _kind in pyogrio.list_layers(path)} >= {"statistics", "dictionary"}
    frame = pyogrio.read_dataframe(path, layer="statistics")
    assert frame.set_index("code").loc[code, "reported"] == 5
    assert frame.crs.to_epsg() == 4326
    assert str(frame["code"].iloc[0]).isdigit()


@pytest.mark.req("X-01")
def test_public_files_leave_small_counts_out(filled: Town, sign_in) -> None:
    client = sign_in("analyst")
    collection = json.loads(
        body(fetch(client, "data:export", "geojson", query=QUERY + "&public=1"))
    )
    values = {f["properties"]["code"]: f["properties"] for f in collection["features"]}
    alone = values[filled.grids["a2"].code]
    assert alone["reported"] is None
    assert alone["sanitation"] is None
    assert alone["median_hours"] is None
    # a1 is the only neighbour with cases, so it goes too: the community's sum would tell.
    assert values[filled.grids["a1"].code]["reported"] is None
    assert values[filled.grids["b1"].code]["reported"] == 0
    assert "open" not in alone
    raw = body(fetch(client, "data:export", "csv", query=QUERY + "&public=1")).decode("utf-8-sig")
    assert "<3" in raw


@pytest.mark.req("P-03")
def test_the_list_of_cases_is_masked(filled: Town, sign_in) -> None:
    client = sign_in("analyst")
    raw = body(fetch(client, "data:cases", "csv")).decode("utf-8-sig")
    assert "段**" in raw
    assert "180****1999" in raw
    for secret in ("段正淳", "18000001999", "秘密的话"):
        assert secret not in raw
    numbers = filled.grids["a1"].reported_incidents.values_list("number", flat=True)
    assert not any(number in raw for number in numbers)
    rows = list(
        csv.DictReader(
            io.StringIO(
                body(fetch(client, "data:cases", "csv", query=QUERY + "&for=programs")).decode()
            )
        )
    )
    assert len(rows) == 6  # the other street's case is not hers to see
    assert rows[0]["grid_code"] == filled.grids["a1"].code
    exact = filled.point_in("a1")
    assert (float(rows[0]["blurred_lon"] or 0), float(rows[0]["blurred_lat"] or 0)) != exact
    book = openpyxl.load_workbook(io.BytesIO(body(fetch(client, "data:cases", "xlsx"))))
    assert book.worksheets[0].max_row == 7
    assert AuditEntry.objects.filter(action="cases.exported").count() == 3


@pytest.mark.req("P-03")
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_confidential_report_leaves_without_its_reporter(
    town: Town, sign_in, ending: str
) -> None:
    incident(town, "a1", contact_name="段正淳", contact_phone="18000001999", confidential=True)
    raw = body(fetch(sign_in("analyst"), "data:cases", ending))
    if ending == "xlsx":
        sheet = openpyxl.load_workbook(io.BytesIO(raw)).worksheets[0]
        raw = str(list(sheet.iter_rows(values_only=True))).encode()
    assert town.grids["a1"].code in raw.decode("utf-8-sig")
    assert "段" not in raw.decode("utf-8-sig")
    assert "1999" not in raw.decode("utf-8-sig")


@pytest.mark.req("Z-06")
def test_no_text_becomes_a_formula(filled: Town, sign_in) -> None:
    type(filled.boundaries["a1"]).objects.filter(pk=filled.boundaries["a1"].pk).update(
        name='=HYPERLINK("http://x")'
    )
    client = sign_in("analyst")
    raw = body(fetch(client, "data:export", "csv")).decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(raw)) for cell in row]
    assert not any(c.startswith("=") and not c.startswith('="1') for c in cells)
    book = openpyxl.load_workbook(io.BytesIO(body(fetch(client, "data:export", "xlsx"))))
    assert all(cell.data_type != "f" for row in book.worksheets[0].iter_rows() for cell in row)
    assert [safe_text(t) for t in ("=1", "+1", "-1", "@x", "a", "\t=1")] == [
        "'=1", "'+1", "'-1", "'@x", "a", "'\t=1",
    ]  # fmt: skip
    assert excel_code("012") == '="012"'
    assert excel_code('1"&x') == '1"&x'


@pytest.mark.req("X-03")
def test_the_interface_asks_for_scope_and_right(filled: Town) -> None:
    def ask(who: str, scope: str) -> Any:
        _token, text = make_token(
            user=filled.users[who], name="t", scopes=[scope], actor=None, now=NOW
        )
        return Client().get(
            reverse("data:api_grids") + QUERY, headers={"Authorization": f"Token {text}"}
        )

    assert ask("analyst", "read").status_code == 403
    assert ask("owner", "export").status_code == 403
    answer = ask("analyst", "export")
    assert answer.status_code == 200
    areas = {area["code"]: area for area in answer.json()["areas"]}
    assert areas[filled.grids["a1"].code]["counts"]["reported"] == 5
    assert areas[filled.grids["b1"].code]["rates"]["closing_rate"] is None
    assert answer.json()["counted_by"] == "report"
    assert answer.json()["total"]["counts"]["reported"] == 6


def test_unknown_formats_do_not_exist(filled: Town, sign_in) -> None:
    client = sign_in("analyst")
    assert fetch(client, "data:export", "exe").status_code == 404
    assert fetch(client, "data:cases", "gpkg").status_code == 404


@pytest.mark.req("M-01")
def test_the_shaded_map_tells_the_truth(filled: Town, sign_in) -> None:
    text = fetch(sign_in("analyst"), "data:statistics").content.decode()
    drawn = dict(
        re.findall(r'shade shade--(\d)" d="[^"]+"[^>]*><title>(?:区)(\w+): 5</title>', text)
    )
    assert drawn == {"5": "a1"}  # the darkest
    assert len(re.findall(r"<title>区", text)) == 4  # every grid of the street, no other's
    legend = text[text.index("shaded-map__legend") :]
    assert re.search(r"> 5 <small>1 ", legend)
    assert re.search(r"> 0 <small>2 ", legend)
    sorted_by = fetch(
        sign_in("analyst"), "data:statistics", query=QUERY + "&sort=-satisfaction_rate"
    )
    assert "shade--0" in sorted_by.content.decode()
