"""The interface: reports by everyone, lists and moves by staff, the public side of a case."""

import json
from io import BytesIO

import pytest
from django.test import Client
from PIL import Image

from gridmgmt.core.tokens import make_token
from incidents.choices import Action, Channel, State
from incidents.models import Attachment, Incident, PublicTile
from tests.incidents.helpers import NOW, category, move, take, to_state

URL = "/api/v1/incidents/"
MAP = "/api/v1/incidents.geojson"
NEARBY = "/api/v1/incidents/nearby/"


def body(town, area="a1", **fields):
    lon, lat = town.point_in(area)
    return {"description": "路灯不亮", "lon": lon, "lat": lat} | fields


def post(client, url, data, **extra):
    return client.post(url, json.dumps(data), content_type="application/json", **extra)


def picture(colour="red", size=(60, 40), kind="JPEG"):
    buffer = BytesIO()
    Image.new("RGB", size, colour).save(buffer, kind)
    buffer.seek(0)
    buffer.name = "photo.jpg"
    return buffer


def token_client(town, who, *scopes):
    _row, text = make_token(
        user=town.users[who], name="t", scopes=list(scopes), actor=None, now=NOW
    )
    return Client(headers={"Authorization": f"Token {text}"})


@pytest.mark.req("I-02")
def test_anyone_reports_and_follows(client, town):
    answer = post(client, URL, body(town), headers={"Accept-Language": "en"})
    assert answer.status_code == 201, answer.content
    given = answer.json()
    assert given["state"] == "received"
    assert given["area"] == "Area a1"
    assert given["number"] in given["follow_url"]
    seen = client.get(f"{URL}{given['number']}/", headers={"Accept-Language": "en"})
    assert seen.status_code == 200
    case = seen.json()
    assert case["state_label"] == "Received"
    assert case["description"] == ""
    assert "路灯" not in seen.content.decode()
    assert [step["words"] for step in case["steps"]] == ["We have received your report."]


@pytest.mark.req("Z-06")
@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"description": ""}, "description"),
        ({"description": "x" * 100_000}, "description"),
        ({"description": ["a"]}, "description"),
        ({"lon": "NaN"}, "point"),
        ({"lon": 40.01, "lat": 116.3}, "point"),
        ({"crs": "flat"}, "point"),
        ({"category_id": 2**70}, "category_id"),
        ({"contact_phone": "abc"}, "contact_phone"),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_bad_reports_say_what_to_do_and_write_nothing(client, town, fields, name, language):
    answer = post(client, URL, body(town, **fields), headers={"Accept-Language": language})
    assert answer.status_code == 400
    assert answer.json()["errors"][name]
    assert answer.json()["detail"]
    assert not Incident.objects.exists()


def test_broken_json_is_refused(client, town):
    answer = client.post(URL, "{", content_type="application/json")
    assert answer.status_code == 400


@pytest.mark.req("Z-04")
def test_the_same_key_sent_twice_is_one_case(client, town):
    first = post(client, URL, body(town), headers={"Idempotency-Key": "k1"})
    again = post(client, URL, body(town), headers={"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["number"] == again.json()["number"]
    other = post(client, URL, body(town, description="别的"), headers={"Idempotency-Key": "k1"})
    assert other.status_code == 409
    assert Incident.objects.count() == 1


def test_a_resident_cannot_set_what_is_the_staffs(client, town, sign_in):
    wish = body(town, urgent=True, grade="major", channel="leader", on_the_spot=True, result="x")
    for sender in (client, sign_in("stranger")):
        assert post(sender, URL, wish).status_code == 201
    for incident in Incident.objects.all():
        assert incident.channel == Channel.WEB
        assert not incident.urgent
        assert incident.state == State.REPORTED


@pytest.mark.req("I-01")
def test_staff_report_on_their_channels_only(town):
    desk = token_client(town, "desk", "report")
    assert post(desk, URL, body(town)).status_code == 201
    assert Incident.objects.get().channel == Channel.PHONE
    assert post(desk, URL, body(town, channel="leader")).status_code == 403
    leader = token_client(town, "leader", "report")
    assert post(leader, URL, body(town, channel="leader")).status_code == 201
    reader = token_client(town, "desk", "read")
    assert post(reader, URL, body(town)).status_code == 403


@pytest.mark.req("X-03")
def test_what_is_public_is_limited_per_address(client, town, settings, sign_in):
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] | {"public_report": "2/hour"}
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": rates}
    codes = [post(client, URL, body(town)).status_code for _n in range(3)]
    assert codes == [201, 201, 429]
    assert post(token_client(town, "desk", "report"), URL, body(town)).status_code == 201


@pytest.mark.req("I-17")
def test_photos_come_along_and_stay_private_until_released(client, town, sign_in):
    data = body(town) | {"photos": [picture(), picture("blue")]}
    answer = client.post(URL, data)
    assert answer.status_code == 201, answer.content
    photos = Attachment.objects.all()
    assert len(photos) == 2
    url = f"/photos/{photos[0].pk}/"
    assert client.get(url).status_code == 404
    assert sign_in("stranger").get(url).status_code == 404
    assert sign_in("outsider").get(url).status_code == 404
    assert sign_in("teammate").get(url).status_code == 404
    shown = sign_in("owner").get(url)
    assert shown.status_code == 200
    assert Image.open(BytesIO(shown.content)).format == "JPEG"
    assert sign_in("owner").get(url + "small/").status_code == 200
    incident = Incident.objects.get()
    move(town, "desk", Action.RELEASE, incident, photo_ids=[photos[0].pk])
    assert client.get(url).status_code == 200
    assert client.get(f"/photos/{photos[1].pk}/").status_code == 404
    assert client.get("/photos/999999/").status_code == 404


def test_a_photo_that_is_none_takes_the_report_with_it_nowhere(client, town, tmp_path, settings):
    fake = BytesIO(b"<svg onload=alert(1)>")
    fake.name = "photo.jpg"
    answer = client.post(URL, body(town) | {"photos": [fake]})
    assert answer.status_code == 400
    assert "photos" in answer.json()["errors"]
    assert not Incident.objects.exists()
    assert not list(settings.MEDIA_ROOT.rglob("*.jpg"))


@pytest.mark.req("Z-01")
def test_lists_show_what_lies_below_the_own_posts(town, sign_in, client):
    first, second = take(town), take(town, area="f1")
    expected = {
        "owner": {first.number},
        "teammate": set(),
        "supervisor": {first.number},
        "outsider": {second.number},
        "away_supervisor": {second.number},
        "administrator": {first.number, second.number},
    }
    for who, numbers in expected.items():
        answer = sign_in(who).get(URL)
        assert {row["number"] for row in answer.json()["results"]} == numbers, who
    for who in ("stranger", "analyst"):
        assert sign_in(who).get(URL).status_code == 403
    assert client.get(URL).status_code in {401, 403}


def test_filters_and_pages(town, sign_in):
    kind = category()
    for _number in range(3):
        take(town, category_id=kind.pk)
    take(town, description="电梯停运")
    client = sign_in("supervisor")

    def count(**query):
        return len(client.get(URL, query).json()["results"])

    assert count() == 4
    assert count(system="sanitation") == 3
    assert count(category=kind.pk) == 3
    assert count(state="reported,verified") == 4
    assert count(state="closed") == 0
    assert count(light="red") == 4  # the town's reports lie in the past
    assert count(q="电梯") == 1
    assert count(q="不存在的词") == 0
    assert count(grid="110108999001001") == 4
    assert count(grid="110108999002") == 0
    assert count(bbox="116.30,40.00,116.31,40.02") == 4
    assert count(bbox="116.31,40.00,116.32,40.02") == 0
    assert count(**{"from": "2025-06-02", "to": "2025-06-03"}) == 4
    assert count(**{"from": "2025-06-03"}) == 0
    assert count(mine="1") == 0
    assert len(sign_in("owner").get(URL, {"mine": "1"}).json()["results"]) == 4
    page = client.get(URL, {"page_size": 3}).json()
    rest = client.get(page["next"]).json()
    assert (len(page["results"]), len(rest["results"])) == (3, 1)


@pytest.mark.req("Z-06")
@pytest.mark.parametrize(
    "query",
    [
        {"state": "lost"},
        {"light": "blue"},
        {"system": "x"},
        {"category": "1e3"},
        {"grid": "nowhere"},
        {"from": "yesterday"},
        {"bbox": "1,2,3"},
        {"bbox": "nan,1,2,3"},
    ],
)
def test_unknown_filters_are_named(town, sign_in, query):
    answer = sign_in("supervisor").get(URL, query)
    assert answer.status_code == 400
    assert answer.json()["errors"]


@pytest.mark.req("P-03")
def test_a_number_finds_its_cases_but_no_confidential_one(town, sign_in):
    known = take(town, contact_phone="13800001999")
    take(town, contact_phone="13800001999", confidential=True)
    rows = sign_in("owner").get(URL, {"q": "13800001999"}).json()["results"]
    assert [row["number"] for row in rows] == [known.number]


@pytest.mark.req("Z-01")
def test_one_case_as_staff_and_as_everyone_else(town, sign_in, client):
    incident = take(town, contact_phone="13800001999", contact_name="张三")
    url = f"{URL}{incident.number}/"
    for sender in (sign_in("owner"), sign_in("supervisor")):
        case = sender.get(url).json()
        assert case["contact"] == {"name": "张**", "phone": "138****1999"}
        assert case["decisions"][0]["reasons"]
        assert case["history"][0]["action"] == "report"
    assert {row["action"] for row in sign_in("owner").get(url).json()["actions"]} >= {"verify"}
    for sender in (client, sign_in("stranger"), sign_in("outsider"), sign_in("teammate")):
        answer = sender.get(url)
        assert answer.status_code == 200
        text = answer.content.decode()
        assert "垃圾满溢" not in text
        assert "张" not in text
        assert "1999" not in text
        assert "contact" not in answer.json()
    assert client.get(f"{URL}QH-AAAA-AAAA-AAAA/").status_code == 404
    assert client.get(f"{URL}nonsense/").status_code == 404


@pytest.mark.req("I-07")
def test_moves_need_the_version_and_tell_who_was_quicker(town, sign_in):
    incident = to_state(town, State.REPORTED)
    url = f"{URL}{incident.number}/actions/verify/"
    owner = sign_in("owner")
    assert post(owner, url, {}).json()["errors"]["version"]
    done = post(owner, url, {"version": 1})
    assert done.status_code == 200, done.content
    assert done.json()["state"] == "verified"
    late = post(owner, url, {"version": 1})
    assert late.status_code == 409
    assert late.json()["code"] == "case_moved"
    assert late.json()["who"] == "王芳"
    assert post(owner, url, {"version": 2}).status_code == 409
    assert post(owner, url.replace("verify", "fly"), {"version": 2}).status_code == 400
    not_file = url.replace("verify", "not_file")
    assert "note" in post(owner, not_file, {"version": 2}).json()["errors"]


@pytest.mark.req("Z-01")
@pytest.mark.parametrize(
    ("who", "code"),
    [
        (None, 401),
        ("stranger", 404),
        ("outsider", 404),
        ("teammate", 404),
        ("analyst", 404),
        ("coordinator", 403),
        ("supervisor", 403),
    ],
)
def test_strangers_move_nothing(town, sign_in, client, who, code):
    incident = take(town)
    sender = sign_in(who) if who else client
    answer = post(sender, f"{URL}{incident.number}/actions/verify/", {"version": 1})
    assert answer.status_code in {code, 403 if code == 401 else code}
    incident.refresh_from_db()
    assert incident.state == State.REPORTED


def test_tokens_move_with_their_scope(town):
    incident = take(town)
    url = f"{URL}{incident.number}/actions/verify/"
    assert post(token_client(town, "owner", "read"), url, {"version": 1}).status_code == 403
    assert post(token_client(town, "owner", "act"), url, {"version": 1}).status_code == 200


@pytest.mark.req("P-03")
def test_the_public_map_shows_released_cases_blurred_and_without_numbers(town, sign_in, client):
    shown, hidden = take(town), take(town)
    move(town, "desk", Action.RELEASE, shown, description="路边有垃圾")
    features = client.get(MAP).json()["features"]
    assert len(features) == 1
    assert features[0]["properties"]["description"] == "路边有垃圾"
    assert "number" not in features[0]["properties"]
    place = features[0]["geometry"]["coordinates"]
    assert place == [shown.public_point.x, shown.public_point.y]
    assert place != [shown.point.x, shown.point.y]
    assert sign_in("stranger").get(MAP).json()["features"] == features
    staff = sign_in("owner").get(MAP).json()["features"]
    assert {f["properties"]["number"] for f in staff} == {shown.number, hidden.number}
    assert staff[0]["geometry"]["coordinates"] == [shown.point.x, shown.point.y]
    assert sign_in("outsider").get(MAP).json()["features"] == []


@pytest.mark.req("P-03")
def test_windows_over_the_public_map_never_narrow_the_exact_place(town, client):
    shown = take(town)
    move(town, "desk", Action.RELEASE, shown)
    tiny = 1e-5
    around_exact = ",".join(
        str(v)
        for v in (
            shown.point.x - tiny,
            shown.point.y - tiny,
            shown.point.x + tiny,
            shown.point.y + tiny,
        )
    )
    assert client.get(MAP, {"bbox": around_exact}).json()["features"] == []


@pytest.mark.req("I-12")
def test_nearby_counts_all_and_shows_released_ones_only(town, client):
    tile = PublicTile.objects.create(code="rubbish", name="垃圾", name_en="Rubbish", icon="rubbish")
    kind = category(name_en="Overflowing bin", tile=tile)
    violence = category(small_code="902", name_en="Violence in a family")
    take(town, category_id=violence.pk)
    shown = take(town, category_id=kind.pk)
    take(town, category_id=kind.pk)
    take(town, category_id=kind.pk, confidential=True)
    take(town, area="b2", category_id=kind.pk)
    move(town, "desk", Action.RELEASE, shown, description="路边有垃圾")
    lon, lat = town.point_in("a1")
    answer = client.get(NEARBY, {"lon": lon, "lat": lat}, headers={"Accept-Language": "en"}).json()
    assert answer["count"] == 3
    assert answer["counts"] == [{"kind": "Rubbish", "count": 2}, {"kind": "other", "count": 1}]
    assert "Violence" not in str(answer)
    assert [row["description"] for row in answer["released"]] == ["路边有垃圾"]
    assert "number" not in answer["released"][0]
    for bad in ({}, {"lon": lon}, {"lon": "x", "lat": 1}, {"lon": lon, "lat": lat, "radius": 9999}):
        assert client.get(NEARBY, bad).status_code == 400


@pytest.mark.req("I-13")
def test_rating_and_reopening_by_number(town, client):
    incident = to_state(town, State.CLOSED)
    Incident.objects.filter(pk=incident.pk).update(closed_at=_today())
    url = f"{URL}{incident.number}/"
    assert client.get(url).json()["may_rate"] is True
    assert post(client, url + "rating/", {"opinion": "five"}).status_code == 400
    assert post(client, url + "rating/", {"opinion": "dissatisfied"}).status_code == 400
    rated = post(client, url + "rating/", {"opinion": "dissatisfied", "reason": "还脏"})
    assert rated.status_code == 200, rated.content
    assert rated.json()["may_reopen"] is True
    again = post(client, url + "reopening/", {"reason": "还脏"})
    assert again.json()["state"] == "in_progress"
    assert post(client, url + "rating/", {"opinion": "fair"}).status_code == 409
    assert post(client, f"{URL}QH-AAAA/rating/", {"opinion": "fair"}).status_code == 404


def _today():
    from django.utils import timezone

    return timezone.now()


def test_categories_and_kinds_are_open(town, client):
    kind = category(name_en="Bin")
    PublicTile.objects.update(active=False)
    PublicTile.objects.create(code="lift-x", name="电梯", name_en="Lift", icon="lift")
    rows = client.get("/api/v1/categories/", headers={"Accept-Language": "en"}).json()
    assert {"Bin"} <= {row["name"] for row in rows if row["id"] == kind.pk}
    tiles = client.get("/api/v1/report-kinds/", headers={"Accept-Language": "en"}).json()
    assert tiles == [{"code": "lift-x", "label": "Lift", "icon": "lift"}]


def test_query_counts_are_pinned(town, sign_in, django_assert_max_num_queries):
    for _number in range(5):
        take(town)
    client = sign_in("supervisor")
    with django_assert_max_num_queries(4):
        client.get(URL)
    with django_assert_max_num_queries(4):
        client.get(MAP)
    number = Incident.objects.first().number
    with django_assert_max_num_queries(7):
        client.get(f"{URL}{number}/")
    with django_assert_max_num_queries(4):
        Client().get(f"{URL}{number}/")
    with django_assert_max_num_queries(2):
        lon, lat = town.point_in("a1")
        Client().get(NEARBY, {"lon": lon, "lat": lat})


@pytest.mark.req("X-03")
def test_the_description_names_every_address(client, town):
    schema = client.get("/api/schema/?format=json").json()
    paths = schema["paths"]
    for path in (
        "/api/v1/incidents/",
        "/api/v1/incidents.geojson",
        "/api/v1/incidents/nearby/",
        "/api/v1/incidents/{number}/",
        "/api/v1/incidents/{number}/actions/{action}/",
        "/api/v1/incidents/{number}/rating/",
        "/api/v1/categories/",
        "/api/v1/report-kinds/",
    ):
        assert path in paths
