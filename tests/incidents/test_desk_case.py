"""The page of a case: what is known, every possible move, and refusals that lose nothing."""

import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from gridmgmt.core.models import AuditEntry
from grids.people.access import access_for
from incidents.choices import Action, Channel, State
from incidents.forms.moves import move_form
from incidents.lifecycle import BY_ACTION
from incidents.models import Incident
from incidents.services.errors import MoveRefused
from incidents.services.moves import available_actions
from incidents.services.verifying import classify_and
from tests.incidents.helpers import category, move, take, to_state

ENGLISH = {"HTTP_ACCEPT_LANGUAGE": "en"}
CHINESE = {"HTTP_ACCEPT_LANGUAGE": "zh-hans"}


def jpeg() -> bytes:
    """A small real picture."""
    stream = io.BytesIO()
    Image.new("RGB", (60, 40), "green").save(stream, "JPEG")
    return stream.getvalue()


def page_of(client, case, **language):
    answer = client.get(f"/work/{case.number}/", **(language or ENGLISH))
    assert answer.status_code == 200
    return answer.content.decode()


def act(client, case, action, *, fetch=False, **data):
    headers = {"HTTP_X_REQUESTED_WITH": "fetch"} if fetch else {}
    data.setdefault("version", case.version)
    return client.post(f"/work/{case.number}/act/{action}/", data, **headers, **ENGLISH)


def test_the_case_that_stays_is_named_however_its_number_is_typed(town, sign_in):
    stays, goes = take(town), take(town)
    typed = stays.number.lower().replace("-", " ")
    answer = act(sign_in("owner"), goes, "merge", note="同一件事", into=typed)
    assert answer.status_code == 302
    goes.refresh_from_db()
    assert goes.merged_into == stays


@pytest.mark.req("I-06")
def test_the_page_tells_what_where_why_and_what_happened(town, sign_in):
    case = to_state(town, State.DISPATCHED)
    page = page_of(sign_in("supervisor"), case)
    for words in (
        case.description,
        "Area home",
        "Area a1",
        "The place lies in Area a1 (110108999001001).",
        "Office of sanitation",
        "王芳",
        "Grid manager",
        f'data-point="{case.point.x:.6f},{case.point.y:.6f}"',
    ):
        assert words in page, words
    chinese = page_of(sign_in("supervisor"), case, **CHINESE)
    assert "科室sanitation" in chinese
    assert "区a1" in chinese


def test_what_else_was_possible_is_said_in_sentences(town, sign_in):
    case = take(town, lon=116.31, lat=40.009)
    page = page_of(sign_in("supervisor"), case)
    assert "What else was possible" in page
    assert "touches the place too." in page


@pytest.mark.req("Z-06")
def test_strangers_other_streets_and_the_departments_of_others_find_nothing(town, sign_in, client):
    case = to_state(town, State.REPORTED)
    paths = [f"/work/{case.number}/", f"/work/{case.number}/panel/"]
    for path in paths:
        assert client.get(path).status_code == 302
        for who in ("stranger", "analyst"):
            assert sign_in(who).get(path).status_code == 403, (who, path)
        for who in ("outsider", "away_supervisor", "teammate", "handler"):
            assert sign_in(who).get(path).status_code == 404, (who, path)
        for who in ("owner", "coordinator", "grid_head", "supervisor", "leader", "dispatcher"):
            assert sign_in(who).get(path).status_code == 200, (who, path)
    assert sign_in("supervisor").get("/work/QH-0000-0000-0000/").status_code == 404
    for who in ("outsider", "teammate"):
        assert act(sign_in(who), case, "verify").status_code == 404
        assert sign_in(who).post(f"/work/{case.number}/contact/").status_code == 404
    assert sign_in("leader").post(f"/work/{case.number}/contact/").status_code == 403
    case.refresh_from_db()
    assert case.state == State.REPORTED


@pytest.mark.req("I-07")
@pytest.mark.parametrize("state", [s for s in State if s not in {"merged", "void", "suspended"}])
def test_every_move_that_the_state_allows_has_its_form_and_no_other(town, sign_in, state):
    if state == State.NOT_FILED:
        case = move(town, "owner", "not_file", to_state(town, State.REPORTED), note="重复")
    else:
        case = to_state(town, state)
    case.refresh_from_db()
    for who in ("owner", "grid_head", "dispatcher", "handler", "supervisor", "leader", "desk"):
        user = town.users[who]
        access = access_for(user, timezone.now())
        if not Incident.objects.visible_to(access).filter(pk=case.pk).exists():
            continue
        page = page_of(sign_in(who), case)
        offered = {move.action for move in available_actions(case, access, user)}
        shown = {a for a in Action if f"/work/{case.number}/act/{a}/" in page}
        assert shown == offered, who


@pytest.mark.req("I-05")
def test_verifying_classifies_in_the_same_step(town, sign_in):
    kind = category("public_security", small_code="815", name="占道经营", name_en="Street trade")
    case = take(town)
    client = sign_in("owner")
    page = page_of(client, case)
    assert 'name="category_id"' in page
    assert f'<option value="Street trade {kind.code}">' in page
    refused = act(client, case, "verify", note="去看过了")
    assert refused.status_code == 400
    assert "去看过了" in refused.content.decode()
    unknown = act(client, case, "verify", category_id="没有这个")
    assert "No category is called so." in unknown.content.decode()
    case.refresh_from_db()
    assert (case.state, case.category, case.version) == (State.REPORTED, None, 1)
    assert act(client, case, "verify", category_id="占道", note="属实").status_code == 302
    case.refresh_from_db()
    assert (case.state, case.category) == (State.VERIFIED, kind)
    lines = list(case.history.values_list("action", "note"))
    assert lines[-2:] == [("classify", ""), ("verify", "属实")]


def test_classifying_and_verifying_happen_both_or_not_at_all(town):
    kind = category()
    case = to_state(town, State.VERIFIED)
    Incident.objects.filter(pk=case.pk).update(category=None)
    user, now = town.users["owner"], timezone.now()
    access = access_for(user, now)
    with pytest.raises(MoveRefused):
        classify_and(
            Action.VERIFY, case.pk, category_id=kind.pk, actor=user, access=access, now=now
        )
    case.refresh_from_db()
    assert case.category is None


@pytest.mark.req("I-07")
def test_a_move_that_someone_else_was_quicker_with_says_who_when_and_what_now(town, sign_in):
    case = to_state(town, State.REPORTED)
    move(town, "grid_head", "verify", case)
    answer = act(sign_in("owner"), case, "not_file", note="这里写了很长的理由")
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "陈静" in text
    assert "verified" in text
    assert "Nothing was changed" in text
    assert "这里写了很长的理由" in text
    case.refresh_from_db()
    assert case.state == State.VERIFIED
    # The form now stands on the present version: looked at again, it is sent again.
    assert f'name="version" value="{case.version}"' in text
    again = act(sign_in("owner"), case, "not_file", note="这里写了很长的理由")
    assert again.status_code == 302


def test_words_are_kept_even_when_their_form_is_gone(town, sign_in):
    case = to_state(town, State.REPORTED)
    for who, action in (("owner", "verify"), ("owner", "file")):
        case = move(town, who, action, case)
    answer = act(sign_in("owner"), case, "not_file", version=1, note="不该丢的话")
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "readonly" in text
    assert "不该丢的话" in text


@pytest.mark.parametrize("version", ["", "abc", "-1", "99999999999999999999"])
def test_a_wrong_version_is_refused_and_moves_nothing(town, sign_in, version):
    case = to_state(town, State.REPORTED)
    answer = act(sign_in("owner"), case, "verify", version=version)
    assert answer.status_code in {400, 409}
    case.refresh_from_db()
    assert case.state == State.REPORTED


def test_unknown_moves_and_those_of_reporters_are_not_found(town, sign_in):
    case = to_state(town, State.CLOSED)
    client = sign_in("supervisor")
    for action in ("fly", "rate", "reopen", "escalate", "reroute"):
        assert act(client, case, action).status_code == 404, action
    assert client.get(f"/work/{case.number}/act/note/").status_code == 405


def test_moves_of_others_are_refused_with_words(town, sign_in):
    case = to_state(town, State.IN_HAND)
    answer = act(sign_in("supervisor"), case, "handle", note="我来")
    assert answer.status_code == 400
    assert "Your posts do not include this" in answer.content.decode()
    case.refresh_from_db()
    assert case.state == State.IN_HAND


def test_a_result_with_its_photo_is_told(town, sign_in):
    case = to_state(town, State.IN_HAND)
    client = sign_in("handler")
    assert act(client, case, "handle").status_code == 400
    bad = act(client, case, "handle", note="好了", photos=SimpleUploadedFile("x.jpg", b"no"))
    assert bad.status_code == 400
    assert "好了" in bad.content.decode()
    photo = SimpleUploadedFile("after.jpg", jpeg(), content_type="image/jpeg")
    done = act(client, case, "handle", note="已清", public_note="垃圾已清运", photos=photo)
    assert done.status_code == 302
    case.refresh_from_db()
    assert (case.state, case.result_public) == (State.HANDLED, "垃圾已清运")
    page = page_of(sign_in("supervisor"), case)
    assert "/small/" in page
    assert "垃圾已清运" in page


@pytest.mark.req("I-17")
def test_targets_are_named_in_the_readers_language_without_the_present_owner(town, sign_in):
    case = to_state(town, State.DISPATCHED)
    assert case.owner_department == town.departments["sanitation"]
    page = page_of(sign_in("supervisor"), case)
    assert "Office of health_care" in page
    assert f'value="department:{case.owner_department_id}"' not in page
    assert "Area a2 · 李强" in page
    assert "Area b (no manager of its own)" in page
    assert "区a2 · 李强" in page_of(sign_in("supervisor"), case, **CHINESE)
    other = town.departments["health_care"]
    answer = act(
        sign_in("supervisor"), case, "reassign", target=f"department:{other.pk}", note="归他们管"
    )
    assert answer.status_code == 302
    case.refresh_from_db()
    assert case.owner_department == other
    nobody = act(sign_in("supervisor"), case, "reassign", note="归他们管")
    assert nobody.status_code == 400
    foreign = act(sign_in("supervisor"), case, "reassign", target="grid:x", note="归他们管")
    assert foreign.status_code == 400


def test_ping_pong_needs_an_order_with_a_reason(town, sign_in):
    case = move(town, "handler", "return", to_state(town, State.IN_HAND), note="不归我们")
    client = sign_in("dispatcher")
    target = f"department:{town.departments['sanitation'].pk}"
    refused = act(client, case, "dispatch", target=target)
    assert refused.status_code == 400
    assert "has just handed the case back" in refused.content.decode()
    ordered = act(client, case, "dispatch", target=target, order="on", note="请再办")
    assert ordered.status_code == 302


@pytest.mark.req("Z-03")
def test_contact_data_stay_masked_until_a_reason_is_given_and_the_opening_is_on_record(
    town, sign_in
):
    case = take(
        town, channel=Channel.PHONE, actor="desk", contact_phone="13811112222", contact_name="段某"
    )
    client = sign_in("owner")
    page = page_of(client, case)
    assert "13811112222" not in page
    assert "段**" in page
    refused = client.post(f"/work/{case.number}/contact/", {"reason": ""}, **ENGLISH)
    assert refused.status_code == 400
    assert "13811112222" not in refused.content.decode()
    assert not AuditEntry.objects.filter(action="incident.contact_opened").exists()
    opened = client.post(f"/work/{case.number}/contact/", {"reason": "回电核实"}, **ENGLISH)
    assert "13811112222" in opened.content.decode()
    assert "no-store" in opened["Cache-Control"]
    entry = AuditEntry.objects.get(action="incident.contact_opened")
    assert entry.data["reason"] == "回电核实"
    assert "13811112222" not in str(entry.data)
    assert "Contact of the reporter" not in page_of(sign_in("leader"), case)


@pytest.mark.req("M-01")
def test_the_panel_beside_the_map_answers_with_itself(town, sign_in):
    case = to_state(town, State.IN_HAND)
    client = sign_in("supervisor")
    panel = client.get(f"/work/{case.number}/panel/", **ENGLISH).content.decode()
    assert "<html" not in panel
    assert f"/work/{case.number}/act/remind/" in panel
    urged = act(client, case, "remind", fetch=True)
    assert urged.status_code == 200
    assert "urged ×1" in urged.content.decode()
    assert "<html" not in urged.content.decode()
    stale = act(client, case, "remind", fetch=True)
    assert stale.status_code == 409
    assert "Nothing was changed" in stale.content.decode()


def test_the_panel_goes_when_the_case_is_no_longer_visible(town, sign_in):
    case = to_state(town, State.IN_HAND)
    answer = act(sign_in("handler"), case, "return", fetch=True, note="不归我们")
    assert answer.status_code == 204
    assert sign_in("handler").get(f"/work/{case.number}/").status_code == 404


def test_a_case_is_released_with_chosen_photos_and_taken_back(town, sign_in):
    photos = [SimpleUploadedFile(f"{n}.jpg", jpeg(), content_type="image/jpeg") for n in range(2)]
    case = take(town, photos=tuple(photos))
    _first, second = case.attachments.order_by("pk")
    client = sign_in("supervisor")
    act(client, case, "release", description="路面积水", photo_ids=[second.pk])
    case.refresh_from_db()
    assert (case.released, case.public_description) == (True, "路面积水")
    assert list(case.attachments.filter(public=True)) == [second]
    act(client, case, "release", description="路面积水", withdraw="on")
    case.refresh_from_db()
    assert case.released is False
    assert not case.attachments.filter(public=True).exists()


def test_a_suspension_asks_until_when(town, sign_in):
    case = to_state(town, State.IN_HAND)
    client = sign_in("supervisor")
    until = timezone.localtime() + timedelta(days=3)
    past = act(client, case, "suspend", until="2020-01-01T08:00", note="等材料")
    assert past.status_code == 400
    done = act(client, case, "suspend", until=until.strftime("%Y-%m-%dT%H:%M"), note="等材料")
    assert done.status_code == 302
    case.refresh_from_db()
    assert abs(case.suspended_until - until) < timedelta(minutes=1)


def test_every_form_of_the_table_can_be_built(town):
    case = to_state(town, State.IN_HAND)
    for move_row in BY_ACTION.values():
        form = move_form(move_row, case)
        assert form.fields["note"].required is move_row.reason


def test_queries_of_the_page_are_pinned(town, sign_in, django_assert_max_num_queries):
    case = to_state(town, State.CHECKED)
    client = sign_in("supervisor")
    for _n in range(3):
        case = move(town, "supervisor", "note", case, note="看过")
    with django_assert_max_num_queries(16):
        page_of(client, case)


def test_an_address_that_no_number_can_have_is_not_found(sign_in):
    client = sign_in("supervisor")
    for tail in ("", "panel/"):
        assert client.get(f"/work/QH-%00/{tail}").status_code == 404
