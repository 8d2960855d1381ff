"""Posts of drafts: given when the edition takes effect, ended with abolished grids, called back."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone, translation

from gridmgmt.core.permissions import Role
from grids.people.models import EditionPost, Person, PlannedPost, Post
from grids.people.services import planned_posts, roster
from grids.territory.choices import EditionStatus
from grids.territory.errors import TerritoryError
from grids.territory.models import Edition, Grid
from grids.territory.services import editions
from tests.town import rectangle


@pytest.fixture(autouse=True)
def english():
    """Sentences are compared in English."""
    with translation.override("en"):
        yield


DAY = timedelta(days=1)


@pytest.fixture
def redrawn(town):
    """A draft that abolishes a1 and a2 and draws a3 in their place."""
    now = timezone.now()
    draft = editions.draft("redrawn", actor=town.users["administrator"], now=now)
    a3 = Grid.objects.create(tier=town.tiers["grid"], code="110108999001003")
    whole = rectangle(116.30, 40.00, 116.32, 40.02)
    editions.put(draft, a3, geometry=whole, name="区a3", parent=town.grids["a"])
    for name in ("a1", "a2"):
        editions.remove(draft, town.grids[name])
    town.draft, town.a3 = draft, a3
    return town


def plan(town, username, role=Role.MANAGER, grid=None, is_lead=True):
    return planned_posts.plan(
        town.draft,
        grid=grid or town.a3,
        person=town.users[username].person,
        role=role,
        is_lead=is_lead,
        actor=town.users["administrator"],
        now=timezone.now(),
    )


def publish(town, effective_at=None):
    return editions.publish(
        Edition.objects.get(pk=town.draft.pk),
        actor=town.users["administrator"],
        now=timezone.now(),
        effective_at=effective_at,
        accept_findings="tried",
    )


def held(town, username, moment):
    posts = Post.objects.held_at(moment).filter(person__user=town.users[username])
    return {(post.role, post.grid.code[-3:]) for post in posts.select_related("grid")}


@pytest.mark.req("S-01", "S-02", "G-03")
def test_posts_begin_and_end_with_the_edition(redrawn):
    town = redrawn
    plan(town, "owner")
    plan(town, "teammate", is_lead=False)
    plan(town, "b1_manager", Role.COORDINATOR)
    before = timezone.now()
    edition = publish(town)
    moment = edition.effective_at
    assert held(town, "owner", moment) == {("manager", "003")}
    assert held(town, "owner", before) == {("manager", "001")}
    assert held(town, "teammate", moment) == {("manager", "003")}
    assert held(town, "coordinator", moment) == set()  # a1 is gone, and nothing was planned
    assert held(town, "b1_manager", moment) == {("coordinator", "003"), ("manager", "001")}
    path = [town.grids["home"].pk, town.grids["a"].pk, town.a3.pk]
    assert [h.why for h in roster.holders(path, Role.MANAGER, moment)] == ["lead", "deputy"]


@pytest.mark.req("G-03", "S-02")
def test_calling_an_edition_back_undoes_its_posts(redrawn):
    town = redrawn
    plan(town, "owner")
    ranges = list(Post.objects.order_by("pk").values_list("pk", "valid"))
    moment = timezone.now() + 5 * DAY
    edition = publish(town, effective_at=moment)
    assert held(town, "owner", moment) == {("manager", "003")}
    assert held(town, "owner", moment - DAY) == {("manager", "001")}
    editions.withdraw(edition, actor=town.users["administrator"], now=timezone.now())
    assert held(town, "owner", moment) == {("manager", "001")}
    kept = Post.objects.filter(valid__isempty=False).order_by("pk")
    assert list(kept.values_list("pk", "valid")) == ranges
    assert not EditionPost.objects.exists()


@pytest.mark.req("S-02")
def test_a_post_that_was_ended_meanwhile_stays_ended(redrawn):
    town = redrawn
    moment = timezone.now() + 5 * DAY
    edition = publish(town, effective_at=moment)
    post = Post.objects.get(person__user=town.users["coordinator"])
    earlier = timezone.now() + DAY
    roster.dismiss(post=post, actor=None, now=timezone.now(), end=earlier)
    editions.withdraw(edition, actor=None, now=timezone.now())
    assert Post.objects.get(pk=post.pk).valid.upper == earlier


@pytest.mark.req("S-02")
def test_a_post_held_already_refuses_the_publishing_and_names_it(redrawn):
    town = redrawn
    plan(town, "owner")
    roster.appoint(
        person=town.users["owner"].person,
        role=Role.MANAGER,
        grid=town.a3,
        actor=None,
        now=timezone.now(),
    )
    with pytest.raises(TerritoryError, match=r"王芳.*110108999001003"):
        publish(town)
    assert Edition.objects.get(pk=town.draft.pk).status == EditionStatus.DRAFT
    assert held(town, "coordinator", timezone.now()) == {("coordinator", "001")}
    assert not EditionPost.objects.exists()


@pytest.mark.parametrize("role", [Role.ANALYST, Role.ADMINISTRATOR])
def test_only_roles_on_grids_can_be_planned(redrawn, role):
    with pytest.raises(ValidationError, match="not tied to a grid"):
        plan(redrawn, "owner", role)


def test_what_cannot_be_planned(redrawn):
    town = redrawn
    with pytest.raises(ValidationError, match="does not hold"):
        plan(town, "owner", grid=town.grids["b1"])
    with pytest.raises(ValidationError, match="does not hold"):
        plan(town, "owner", grid=town.grids["a1"])  # it is abolished
    plan(town, "owner")
    with pytest.raises(ValidationError, match="already"):
        plan(town, "owner")
    publish(town)
    with pytest.raises(TerritoryError, match="no draft any more"):
        plan(town, "teammate")
    with pytest.raises(TerritoryError, match="no draft any more"):
        planned_posts.unplan(PlannedPost.objects.get(), actor=None, now=timezone.now())


def test_a_plan_whose_grid_left_the_draft_is_passed_over(redrawn):
    town = redrawn
    plan(town, "owner")
    kept = Grid.objects.create(tier=town.tiers["grid"], code="110108999001004")
    whole = rectangle(116.30, 40.00, 116.32, 40.02)
    town.draft.boundaries.filter(grid=town.a3).delete()
    editions.put(town.draft, kept, geometry=whole, name="区a4", parent=town.grids["a"])
    assert [p.person.name for p in planned_posts.orphans(town.draft)] == ["王芳"]
    edition = publish(town)
    assert held(town, "owner", edition.effective_at) == set()


def test_the_page_names_posts_and_the_vacancies_to_come(redrawn, sign_in):
    town = redrawn
    client = sign_in("supervisor")
    url = f"/roster/drafts/{town.draft.pk}/"
    page = client.get(url)
    assert page.status_code == 200
    assert "王芳" in page.content.decode()  # whose post on a1 will end
    assert page.context["vacant"] == 2  # a3 would have neither manager nor coordinator
    body = {"grid": town.a3.pk, "person": town.users["owner"].person.pk, "role": "manager"}
    assert client.post(url, {**body, "is_lead": "on"}).status_code == 302
    assert client.get(url).context["vacant"] == 1
    again = client.post(url, body)
    assert again.status_code == 422
    stranger = Person.objects.create(name="elsewhere")
    assert client.post(url, {**body, "person": stranger.pk}).status_code == 422
    remove = f"{url}posts/{PlannedPost.objects.get().pk}/remove/"
    assert sign_in("away_supervisor").post(remove).status_code == 404
    assert PlannedPost.objects.exists()
    assert client.post(remove).status_code == 302
    assert not PlannedPost.objects.exists()
    other = sign_in("away_supervisor").get(url)
    assert "区a3" not in other.content.decode()


def test_the_interface_names_posts_too(redrawn, sign_in):
    town = redrawn
    url = f"/api/v1/editions/{town.draft.pk}/posts/"
    body = {"grid": town.a3.pk, "person": town.users["owner"].person.pk, "role": "manager"}
    client = sign_in("supervisor")
    made = client.post(url, body, content_type="application/json")
    assert (made.status_code, made.json()["code"]) == (201, "110108999001003")
    assert [row["person_name"] for row in client.get(url).json()] == ["王芳"]
    assert client.post(url, body, content_type="application/json").status_code == 400
    for wrong in ({"grid": 0}, {"role": "analyst"}, {"person": "x"}, {"grid": town.grids["b1"].pk}):
        answer = client.post(url, body | wrong, content_type="application/json")
        assert answer.status_code == 400, wrong
    away = sign_in("away_supervisor")
    assert away.get(url).json() == []
    assert away.post(url, body, content_type="application/json").status_code == 403
    one = f"{url}{made.json()['id']}/"
    assert away.delete(one).status_code == 403
    assert sign_in("owner").delete(one).status_code == 403
    publish(town)
    assert client.delete(one).status_code in {400, 409}
    assert client.get("/api/v1/editions/999999/posts/").status_code == 404
