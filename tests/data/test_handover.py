"""The hand-over pack: what is in it, who may open it, and that every opening is noted."""

from datetime import timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test import Client
from django.utils import timezone

from gridmgmt.core.models import AuditEntry
from gridmgmt.notifications.models import Notification
from grids.people.models import Post
from incidents.choices import State
from incidents.models import HistoryEntry, Incident
from tests.incidents.helpers import take, to_state
from tests.pdf import read_pdf
from tests.town import START

ENGLISH = {"HTTP_ACCEPT_LANGUAGE": "en"}


def address(town, who: str, form: str = "/") -> str:
    return f"/handover/{town.users[who].person.pk}{form}"


@pytest.mark.req("S-06")
def test_the_pack_holds_areas_cases_promises_and_people(town, sign_in) -> None:
    mine = take(town, area="a1", contact_phone="13812345678", contact_name="路人甲")
    other = take(town, area="b1")
    secret = take(town, area="a1")
    person = town.users["owner"].person
    Incident.objects.filter(pk__in=[mine.pk, secret.pk]).update(
        owner_person=person, owner_grid=town.grids["a1"], owner_role="manager"
    )
    Incident.objects.filter(pk=mine.pk).update(supervised=True, extended_count=2)
    Incident.objects.filter(pk=secret.pk).update(confidential=True)
    asleep = take(town, area="a1")
    Incident.objects.filter(pk=asleep.pk).update(
        state=State.SUSPENDED,
        suspended_until=timezone.now() + timedelta(days=3),
        owner_grid=town.grids["a1"],
    )
    done = to_state(town, State.CLOSED)
    HistoryEntry.objects.create(
        incident=mine, at=timezone.now(), action="order", to_state=mine.state
    )
    answer = sign_in("supervisor").get(address(town, "owner", ".pdf"), **ENGLISH)
    text, sizes = read_pdf(answer.content)
    assert set(sizes) == {(210, 297)}
    for word in (mine.number, secret.number, asleep.number, "Areaa1", "王芳", "张伟"):
        assert word in text, word
    for word in ("orderedbyaleader", "extended2times", "areplytosupervisionisowed"):
        assert word in text, word
    assert "suspendeduntil" in text
    assert "confidential" in text
    assert other.number not in text
    assert done.number not in text
    assert "13812345678" not in text
    assert "路人甲" not in text
    assert mine.description not in text


@pytest.mark.req("S-06")
def test_unread_messages_are_handed_over(town, sign_in) -> None:
    Notification.objects.create(
        recipient=town.users["owner"],
        kind="unknown",
        event_id="00000000-0000-0000-0000-000000000001",
        created_at=timezone.now(),
    )
    page = sign_in("owner").get(address(town, "owner"), **ENGLISH).content.decode()
    assert "<strong>1</strong> unread messages" in page


@pytest.mark.req("S-06", "Z-06")
def test_the_person_the_supervisor_and_the_roster_keeper_may_open_it(town, sign_in) -> None:
    allowed = {"owner", "supervisor", "leader", "administrator"}
    for who in (
        "owner",
        "teammate",
        "coordinator",
        "supervisor",
        "leader",
        "away_supervisor",
        "dispatcher",
        "desk",
        "analyst",
        "administrator",
        "stranger",
    ):
        status = sign_in(who).get(address(town, "owner")).status_code
        assert status == (200 if who in allowed else 403), who
    assert Client().get(address(town, "owner")).status_code == 302
    assert sign_in("administrator").get("/handover/999999/").status_code == 404


@pytest.mark.req("S-06", "Z-06")
def test_each_opening_is_noted_and_a_refused_one_is_not(town, sign_in) -> None:
    sign_in("stranger").get(address(town, "owner"))
    assert not AuditEntry.objects.filter(action="handover.opened").exists()
    sign_in("supervisor").get(address(town, "owner"))
    sign_in("supervisor").get(address(town, "owner", ".pdf"))
    entries = AuditEntry.objects.filter(action="handover.opened").order_by("pk")
    assert [entry.data["form"] for entry in entries] == ["page", "pdf"]
    assert {entry.actor_id for entry in entries} == {town.users["supervisor"].pk}
    assert entries[0].data["areas"] == [town.grids["a1"].pk]


@pytest.mark.req("S-06")
def test_who_has_left_already_hands_over_what_ended_last(town, sign_in) -> None:
    person = town.users["owner"].person
    now = timezone.now()
    person.posts.update(valid=DateTimeTZRange(START, now - timedelta(hours=2)))
    Post.objects.create(
        person=person,
        role="coordinator",
        grid=town.grids["b1"],
        valid=DateTimeTZRange(START, now - timedelta(days=90)),
    )
    answer = sign_in("supervisor").get(address(town, "owner", ".pdf"), **ENGLISH)
    text, _sizes = read_pdf(answer.content)
    assert "Areaa1" in text
    assert "Areab1" not in text


@pytest.mark.req("S-06")
def test_the_person_s_page_leads_to_the_pack_for_who_may_open_it(town, sign_in) -> None:
    pk = town.users["owner"].person.pk
    for who, shown in (("supervisor", True), ("owner", True), ("dispatcher", False)):
        page = sign_in(who).get(f"/roster/people/{pk}/").content.decode()
        assert (f"/handover/{pk}/" in page) is shown, who


@pytest.mark.req("S-06")
def test_someone_without_any_post_has_an_empty_pack(town, sign_in) -> None:
    town.users["owner"].person.posts.all().delete()
    answer = sign_in("administrator").get(address(town, "owner", ".pdf"), **ENGLISH)
    text, _sizes = read_pdf(answer.content)
    assert "holdsnopostatpresent" in text
    assert "Noopencase." in text


def test_the_queries_do_not_grow_with_the_cases(
    town, sign_in, django_assert_max_num_queries
) -> None:
    client = sign_in("supervisor")
    for _n in range(6):
        take(town, area="a1")
    client.get(address(town, "owner"))
    with django_assert_max_num_queries(32):
        client.get(address(town, "owner"))


@pytest.mark.req("S-06", "Z-06")
def test_who_answers_for_one_area_of_somebody_does_not_read_about_the_others(town, sign_in) -> None:
    person = town.users["owner"].person
    elsewhere = Post.objects.create(
        person=person, role="manager", grid=town.grids["f1"], valid=DateTimeTZRange(START, None)
    )
    for who, status in (("supervisor", 403), ("away_supervisor", 403), ("administrator", 200)):
        assert sign_in(who).get(address(town, "owner")).status_code == status, who
    # A post for the whole deployment is answered for by nobody of one street.
    Post.objects.filter(pk=elsewhere.pk).update(grid=None, role="administrator")
    assert sign_in("supervisor").get(address(town, "owner")).status_code == 403
    elsewhere.delete()
    assert sign_in("supervisor").get(address(town, "owner")).status_code == 200


@pytest.mark.req("S-06", "Z-06")
def test_who_holds_no_post_any_more_reads_no_open_cases(town, sign_in) -> None:
    person = town.users["owner"].person
    person.posts.update(valid=DateTimeTZRange(START, timezone.now() - timedelta(days=300)))
    assert sign_in("owner").get(address(town, "owner")).status_code == 403
    assert sign_in("supervisor").get(address(town, "owner")).status_code == 200
