"""Residents' pages without a browser: what they take, what they refuse, what they never tell."""

import html
import re
import struct
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from incidents.choices import Opinion, State
from incidents.models import Attachment, Incident, PublicTile
from incidents.services.feedback import rate
from incidents.services.intake_checks import LONGEST_TEXT
from tests.incidents.helpers import move, take, to_state
from tests.incidents.test_photos import picture

LANGUAGES = ["zh-hans", "en"]
REPORT = "/report/"


def reader(language: str = "en") -> Client:
    return Client(headers={"accept-language": language})


def body(town, **fields):
    lon, lat = town.point_in("a1")
    values = {"description": "路灯不亮", "lon": f"{lon:.6f}", "lat": f"{lat:.6f}", "key": "k" * 32}
    return {name: value for name, value in (values | fields).items() if value is not None}


def text_of(response) -> str:
    return html.unescape(response.content.decode())


def messages_of(response) -> str:
    """What stands beside the fields and on top, without markup."""
    shown = re.findall(r'class="(?:errors|field__error)".*?</(?:div|p)>', text_of(response), re.S)
    return re.sub(r"<[^>]+>", " ", " ".join(shown))


def is_chinese(text: str) -> bool:
    return bool(re.search(r"[\u4e00-\u9fff]", text))


@pytest.mark.req("I-02")
def test_a_report_without_account_gets_a_number_and_tells_who_answers(town):
    PublicTile.objects.create(code="light", name="路灯", name_en="Lights", icon="light")
    resident = reader()
    page = text_of(resident.get(REPORT))
    assert re.search(r'name="key" value="[0-9a-f]{32}"', page)
    assert "110" in page
    assert "120" in page
    answer = resident.post(REPORT, body(town, tile="light", contact_phone="13800001999"))
    incident = Incident.objects.get()
    assert answer.status_code == 302
    assert answer.url == f"/report/sent/{incident.number}/"
    assert (incident.channel, incident.reporter) == ("web", None)
    assert incident.contact_phone == "13800001999"
    sent = text_of(resident.get(answer.url))
    assert incident.number in sent
    assert "Area a1" in sent
    assert "王芳" in sent  # the manager of the grid
    assert "010-62780000" in sent
    assert "13800001999" not in sent
    assert 'data-draft-done="report"' in sent


@pytest.mark.req("I-02")
def test_words_alone_are_enough(town):
    answer = reader().post(
        REPORT, {"description": "楼道堆物", "address": "区a1东门", "key": "words"}
    )
    incident = Incident.objects.get()
    assert incident.place_words == "区a1东门"
    assert reader().get(answer.url).status_code == 200


@pytest.mark.req("I-02")
def test_a_place_that_a_link_brings_along_is_filled_in(town):
    page = text_of(reader().get(f"{REPORT}?lon=116.305000&lat=40.005000"))
    assert 'name="lon" value="116.305000"' in page
    assert 'name="lat" value="40.005000"' in page


@pytest.mark.req("Z-04")
def test_the_same_form_sent_twice_is_one_case_and_another_matter_is_not_lost(town):
    resident = reader()
    first = resident.post(REPORT, body(town))
    second = resident.post(REPORT, body(town))
    assert first.url == second.url
    assert Incident.objects.count() == 1
    other = resident.post(REPORT, body(town, description="另一件事"))
    assert other.status_code == 409
    page = text_of(other)
    assert "另一件事" in page
    assert "has arrived already" in page
    key = re.search(r'name="key" value="([0-9a-f]+)"', page)[1]
    assert key != "k" * 32
    assert resident.post(REPORT, body(town, description="另一件事", key=key)).status_code == 302
    assert Incident.objects.count() == 2


def bomb() -> bytes:
    """A small PNG that claims 60,000 × 60,000 pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"x") + chunk(b"IEND", b"")
    )


BAD = {
    "no words": {"description": "  \n "},
    "too many words": {"description": "长" * 100_000},
    "no place": {"lon": "", "lat": ""},
    "not a number": {"lon": "NaN"},
    "endless": {"lat": "inf"},
    "letters": {"lon": "east"},
    "half a point": {"lat": ""},
    "swapped axes": {"lon": "40.005", "lat": "116.305"},
    "beyond the globe": {"lon": "500"},
    "no phone": {"contact_phone": "ring me"},
    "unknown picture": {"tile": "dragon"},
}


@pytest.mark.req("Z-06")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_in_the_readers_language_and_nothing_is_lost(town, language, name):
    typed = {"description": "第一行\n<b>第二行</b>", "contact_phone": "123456"}
    sent = body(town, **(typed | BAD[name]))
    answer = reader(language).post(REPORT, sent)
    assert answer.status_code == 400
    assert not Incident.objects.exists()
    told = messages_of(answer)
    assert told.strip()
    assert 'class="errors"' in text_of(answer)
    assert 'class="field__error"' in text_of(answer)
    page = text_of(answer)
    for field in ("description", "contact_phone", "lon", "lat"):
        if sent.get(field):
            assert sent[field] in page
    assert 'value="' + sent["key"] + '"' in page  # the same form, so still one case
    assert "data-bound" in page
    if language == "en":
        assert re.search(r"[a-z]{3}", told)


@pytest.mark.req("Z-06")
def test_the_sea_is_no_fault_of_the_reporter(town):
    answer = reader().post(REPORT, body(town, lon="121.9", lat="38.7"))
    incident = Incident.objects.get()
    assert incident.answer == "outside"
    assert "outside our territory" in text_of(reader().get(answer.url))


@pytest.mark.req("I-17")
@pytest.mark.parametrize("data", [b"no picture at all", b"", bomb()], ids=["none", "empty", "bomb"])
def test_a_photo_that_is_none_is_refused_beside_its_field(town, data):
    file = SimpleUploadedFile("x.jpg", data, content_type="image/jpeg")
    answer = reader().post(REPORT, body(town, photos=[file]))
    assert answer.status_code == 400
    assert "Photo 1" in messages_of(answer)
    assert "路灯不亮" in text_of(answer)
    assert not Incident.objects.exists()
    assert not Attachment.objects.exists()


@pytest.mark.req("I-17")
def test_a_photo_that_is_too_big_is_refused(town, settings):
    settings.PHOTO_MAX_BYTES = 1000
    file = SimpleUploadedFile("x.jpg", picture(size=(900, 900), quality=100), "image/jpeg")
    answer = reader().post(REPORT, body(town, photos=[file]))
    assert answer.status_code == 400
    assert "larger than" in messages_of(answer)


@pytest.mark.req("I-17")
def test_several_photos_come_along(town):
    files = [
        SimpleUploadedFile(f"{n}.jpg", picture(size=(60 + n, 60)), "image/jpeg") for n in range(3)
    ]
    assert reader().post(REPORT, body(town, photos=files)).status_code == 302
    assert Attachment.objects.count() == 3


@pytest.mark.req("Z-06")
def test_too_many_reports_from_one_connection_are_told_so_and_kept_in_the_form(town, settings):
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] | {"public_report": "1/hour"}
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": rates}
    resident = reader()
    assert resident.post(REPORT, body(town)).status_code == 302
    again = resident.post(REPORT, body(town, key="other", description="第二件"))
    assert again.status_code == 429
    assert int(again.headers["Retry-After"]) > 0
    assert "第二件" in text_of(again)
    assert "119" in messages_of(again)
    assert Incident.objects.count() == 1


@pytest.mark.req("P-03")
def test_home_shows_released_open_cases_without_number_person_or_exact_place(town):
    shown = take(town, description="张三家漏水 13800001999")
    hidden = take(town, description="没有公开")
    secret = take(town, description="保密事项", confidential=True)
    closed = to_state(town, State.CLOSED, description="已办")
    Incident.objects.exclude(pk=hidden.pk).update(released=True, public_description="三号楼漏水")
    page = text_of(reader().get("/"))
    assert page.count("三号楼漏水") == 1
    for incident in (shown, hidden, secret, closed):
        assert incident.number not in page
        assert incident.description not in page
    points = reader().get("/reports.geojson").json()["features"]
    assert len(points) == 1
    assert points[0]["geometry"]["coordinates"] != [shown.point.x, shown.point.y]
    assert shown.number not in str(points)
    # The day is the office's: half past midnight in Beijing is still the day before in UTC.
    half_past_midnight = datetime(2025, 6, 1, 16, 30, tzinfo=UTC)
    Incident.objects.filter(pk=shown.pk).update(reported_at=half_past_midnight)
    (point,) = reader().get("/reports.geojson").json()["features"]
    assert point["properties"]["day"] == "2025-06-02"


def test_home_asks_the_same_number_of_questions_however_many_cases_there_are(
    town, django_assert_max_num_queries
):
    for n in range(12):
        take(town, description=f"第{n}件")
    Incident.objects.update(released=True)
    reader().get("/")
    with django_assert_max_num_queries(5):
        assert reader().get("/").status_code == 200
    with django_assert_max_num_queries(3):
        assert len(reader().get("/reports.geojson").json()["features"]) == 12


@pytest.mark.req("I-02")
@pytest.mark.parametrize("language", LANGUAGES)
def test_following_begins_with_the_number_however_it_is_typed(town, language):
    incident = take(town)
    typed = f" {incident.number.lower().replace('-', ' ')} "
    resident = reader(language)
    for answer in (
        resident.post("/follow/", {"number": typed}),
        resident.get("/follow/", {"number": typed}),
    ):
        assert answer.status_code == 302
        assert answer.url == f"/follow/{incident.number}/"
    slip = incident.number[:-1] + ("A" if incident.number[-1] != "A" else "C")
    unknown = "QH-7K3M-9XWA-C4HT"
    told = set()
    for wrong in (slip, "no number", "'; DROP TABLE", "9" * 60, "\x00"):
        answer = resident.post("/follow/", {"number": wrong})
        assert answer.status_code in {400, 404}
        told.add(messages_of(answer).strip())
        assert all(told)
    assert resident.post("/follow/", {"number": ""}).status_code == 400
    assert resident.get(f"/follow/{unknown}/").status_code == 404
    assert resident.get("/report/sent/QH-AAAA/").status_code == 404


def test_following_is_limited_per_address(town, settings):
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] | {"public_read": "2/hour"}
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": rates}
    number = take(town).number
    resident = reader()
    answers = [resident.get(f"/follow/{number}/").status_code for _n in range(3)]
    assert answers == [200, 200, 429]
    assert resident.get(f"/report/sent/{number}/").status_code == 429


@pytest.mark.req("P-03")
def test_whoever_has_the_number_reads_progress_in_plain_words_and_no_personal_data(town):
    incident = to_state(town, State.DISPATCHED, contact_phone="13800001999", contact_name="段誉")
    assert incident.state == State.DISPATCHED
    for viewer in (reader("zh-hans"), reader("en")):
        page = text_of(viewer.get(f"/follow/{incident.number}/"))
        for private in ("13800001999", "1999", "段誉", "垃圾满溢", "孙丽", "环卫科员"):
            assert private not in page
        for office in ("立案", "派遣", "挂账", "作废", "dispatched", "filed"):
            assert office not in page
    assert (
        text_of(reader("en").get(f"/follow/{incident.number}/")).count('aria-current="step"') == 1
    )


@pytest.mark.req("I-07")
def test_a_closed_case_is_rated_and_taken_up_again(town):
    incident = to_state(town, State.CLOSED, now=timezone.now() - timedelta(hours=2))
    address = f"/follow/{incident.number}/"
    resident = reader()
    assert "Are you satisfied?" in text_of(resident.get(address))
    none = resident.post(address, {"do": "rate"})
    assert none.status_code == 400
    assert "Choose one of the three" in messages_of(none)
    silent = resident.post(address, {"do": "rate", "opinion": "dissatisfied"})
    assert silent.status_code == 400
    assert "what was not good" in messages_of(silent)
    assert not Incident.objects.get().opinion
    told = resident.post(address, {"do": "rate", "opinion": "dissatisfied", "reason": "还有垃圾"})
    assert told.status_code == 302
    incident.refresh_from_db()
    assert (incident.opinion, incident.opinion_reason) == (Opinion.DISSATISFIED, "还有垃圾")
    page = text_of(resident.get(address))
    assert "Not solved?" in page
    assert "还有垃圾" not in page
    assert resident.post(address, {"do": "reopen", "reason": ""}).status_code == 400
    assert resident.post(address, {"do": "reopen", "reason": "垃圾还在"}).status_code == 302
    incident.refresh_from_db()
    assert incident.state in {State.FILED, State.DISPATCHED}
    refused = resident.post(address, {"do": "rate", "opinion": "satisfied"})
    assert refused.status_code == 400
    assert resident.post(address, {"do": "close"}).status_code == 302
    incident.refresh_from_db()
    assert incident.state in {State.FILED, State.DISPATCHED}


def test_a_satisfied_reporter_is_thanked(town):
    incident = to_state(town, State.CLOSED)
    rate(incident.number, opinion="satisfied", now=incident.closed_at + timedelta(days=1))
    page = text_of(reader().get(f"/follow/{incident.number}/"))
    assert "Satisfied" in page
    assert "Not solved?" not in page


def test_a_report_made_void_promises_no_reason_that_is_not_there(town):
    incident = move(town, "supervisor", "void", take(town), note="内部原因")
    page = text_of(reader().get(f"/follow/{incident.number}/"))
    assert "Not taken up" in page
    assert "内部原因" not in page
    assert "Below you read why" not in page


def test_why_a_report_is_not_taken_up_stands_there(town):
    incident = move(town, "owner", "verify", take(town), note="查看")
    incident = move(town, "owner", "not_file", incident, note="x", public_note="属于邻区")
    page = text_of(reader().get(f"/follow/{incident.number}/"))
    assert "属于邻区" in page
    assert "Below you read why" in page
    assert "Not taken up" in page


@pytest.mark.req("Z-01")
@pytest.mark.parametrize("who", ["stranger", "owner", "outsider", "administrator"])
def test_residents_pages_open_for_everyone_and_tell_the_signed_in_no_more(town, sign_in, who):
    incident = take(town, contact_phone="13800001999")
    client = sign_in(who)
    for address in ("/", REPORT, "/follow/", f"/follow/{incident.number}/"):
        page = client.get(address)
        assert page.status_code == 200, address
        assert "13800001999" not in page.content.decode()
        assert "垃圾满溢" not in page.content.decode()


@pytest.mark.parametrize("address", ["/", "/reports.geojson"])
def test_pages_that_only_show_refuse_to_be_sent_to(town, address):
    assert reader().post(address).status_code == 405


def test_reversed_names_stay(town):
    assert reverse("home") == "/"
    assert reverse("incidents:report") == REPORT
    assert LONGEST_TEXT == 5000  # js/pages/report.js warns at the same length
