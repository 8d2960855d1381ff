"""The roster is kept in the admin: audited, never deleted, private phones unseen."""

import pytest
from django.utils import timezone

from gridmgmt.core.models import AuditEntry, OutboxEvent
from gridmgmt.core.permissions import Role
from grids.people.models import Person, Post
from grids.people.services import roster

START = "2026-01-01T08:00"


@pytest.fixture
def admin(sign_in):
    return sign_in("administrator")


def form(person, grid, role=Role.MANAGER, start=START, end=""):
    return {
        "person": person.pk,
        "role": role,
        "grid": grid.pk if grid else "",
        "department": "",
        "is_lead": "on",
        "valid_0": start,
        "valid_1": end,
    }


def test_giving_a_post_is_noted_and_told(town, admin):
    person = town.users["stranger"]
    person = Person.objects.create(user=person, name="路人")
    answer = admin.post("/admin/people/post/add/", form(person, town.grids["b2"]))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    [holder] = roster.holders(town.path("b2"), Role.MANAGER, timezone.now())
    assert (holder.name, holder.grid_id) == ("路人", town.grids["b2"].pk)
    assert AuditEntry.objects.filter(action="post.added", actor__username="administrator").exists()
    assert OutboxEvent.objects.filter(name="roster_changed").exists()


@pytest.mark.req("Z-06")
@pytest.mark.parametrize(
    "changes",
    [
        {"grid": None},
        {"start": "2027-01-01T00:00", "end": "2026-01-01T00:00"},
        {"start": "soon"},
        {"role": Role.DEPARTMENT_HANDLER},
    ],
)
def test_impossible_posts_are_refused_with_a_sentence(town, admin, changes):
    before = Post.objects.count(), AuditEntry.objects.count()
    values = {"person": town.users["owner"].person, "grid": town.grids["b2"]} | changes
    answer = admin.post("/admin/people/post/add/", form(**values))
    assert answer.status_code == 200
    assert answer.context["errors"]
    assert (Post.objects.count(), AuditEntry.objects.count()) == before


def test_posts_end_and_are_never_deleted_or_handed_on(town, admin):
    post = Post.objects.get(person=town.users["owner"].person)
    assert admin.post(f"/admin/people/post/{post.pk}/delete/").status_code == 403
    page = admin.get(f"/admin/people/post/{post.pk}/change/")
    assert b'name="person"' not in page.content
    chosen = {"action": "end_now", "_selected_action": [post.pk]}
    admin.post("/admin/people/post/", chosen)
    assert not Post.objects.held_at(timezone.now()).filter(pk=post.pk).exists()
    again = admin.post("/admin/people/post/", chosen, follow=True)
    assert len(list(again.context["messages"])) == 1
    assert AuditEntry.objects.filter(action="post.dismissed").count() == 1


def test_the_private_phone_is_written_but_not_shown(town, admin):
    person = town.users["owner"].person
    address = f"/admin/people/person/{person.pk}/change/"
    values = {
        "user": person.user_id, "name": person.name, "kind": person.kind,
        "duty_phone": "010-1", "new_phone": "13800001999",
        "posts-TOTAL_FORMS": 0, "posts-INITIAL_FORMS": 0,
    }  # fmt: skip
    assert admin.post(address, values).status_code == 302
    assert admin.post(address, values | {"new_phone": ""}).status_code == 302
    person.refresh_from_db()
    assert person.phone == "13800001999"
    page = admin.get(address).content.decode()
    assert "138****1999" in page
    assert "13800001999" not in page
    assert "13800001999" not in str(AuditEntry.objects.values_list("data", flat=True))
