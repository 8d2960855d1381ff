"""The pages: who sees whom, at which day, and what bad input is told."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gridmgmt.core.models import AuditEntry
from gridmgmt.core.permissions import Role
from grids.people.models import Absence, Person, Post
from grids.people.services import roster

DAY = timedelta(days=1)
LISTS = ["/roster/", "/roster/people/", "/roster/vacancies/"]


def names(page):
    return {row.person.name for row in page.context["rows"]}


def areas(page):
    return {row.node.name for row in page.context["rows"]}


@pytest.fixture
def local_keeper(town):
    """An administrator of the other street only."""
    person = Person.objects.create(name="local", user=town.users["stranger"])
    roster.appoint(
        person=person,
        role=Role.ADMINISTRATOR,
        grid=town.grids["away"],
        actor=None,
        now=timezone.now(),
    )
    return "stranger"


@pytest.mark.req("S-01", "Z-01")
def test_everybody_sees_their_own_area_only(town, sign_in):
    assert areas(sign_in("supervisor").get("/roster/")) == {
        f"区{name}" for name in ("home", "a", "b", "c", "a1", "a2", "b1", "b2")
    }
    assert areas(sign_in("away_supervisor").get("/roster/")) == {"区away", "区f", "区f1", "区f2"}
    assert areas(sign_in("owner").get("/roster/")) == {"区a1"}
    assert len(areas(sign_in("administrator").get("/roster/"))) == 12
    assert "外街经理" not in names(sign_in("supervisor").get("/roster/people/"))
    assert names(sign_in("owner").get("/roster/people/")) == {"王芳", "张伟"}
    outsider = town.users["outsider"].person.pk
    assert sign_in("supervisor").get(f"/roster/people/{outsider}/").status_code == 404
    assert sign_in("supervisor").get("/roster/grids/110108998001001/").status_code == 404
    for page in LISTS:
        assert sign_in("desk").get(page).status_code == 403
        assert sign_in("handler").get(page).status_code == 403


@pytest.mark.req("S-01", "Z-01")
def test_only_keepers_change_and_only_in_their_area(town, sign_in, local_keeper):
    owner, outsider = town.users["owner"].person, town.users["outsider"].person
    post, far = owner.posts.get(), outsider.posts.get()
    before = list(Post.objects.order_by("pk").values_list("pk", "valid", "is_lead"))
    for page in (f"posts/{post.pk}/end/", f"posts/{post.pk}/lead/", f"people/{owner.pk}/leave/"):
        assert sign_in("supervisor").post(f"/roster/{page}").status_code == 403
        assert sign_in(local_keeper).post(f"/roster/{page}").status_code in {403, 404}
    assert list(Post.objects.order_by("pk").values_list("pk", "valid", "is_lead")) == before
    client = sign_in(local_keeper)
    body = {"person": outsider.pk, "role": "manager", "grid": town.grids["b1"].pk}
    assert client.post("/roster/appoint/", body).status_code == 422
    body = {"person": outsider.pk, "role": "analyst", "grid": ""}
    assert client.post("/roster/appoint/", body).status_code == 422
    body = {"person": owner.pk, "role": "manager", "grid": town.grids["f2"].pk}
    assert client.post("/roster/appoint/", body).status_code == 422
    body = {"person": outsider.pk, "role": "manager", "grid": town.grids["f2"].pk}
    assert client.post("/roster/appoint/", body).status_code == 302
    assert client.post(f"/roster/posts/{far.pk}/end/", {}).status_code == 302
    assert not Post.objects.held_at(timezone.now()).filter(pk=far.pk).exists()


@pytest.mark.req("S-02")
def test_appoint_leave_and_end_by_the_forms(town, sign_in):
    client, person = sign_in("administrator"), town.users["teammate"].person
    body = {
        "person": person.pk,
        "role": "manager",
        "grid": town.grids["b2"].pk,
        "is_lead": "on",
        "first_day": "2026-03-01",
        "last_day": "2099-01-01",
    }
    assert client.post("/roster/appoint/", body).status_code == 302
    again = client.post("/roster/appoint/", body)
    assert again.status_code == 422
    post = person.posts.get(grid=town.grids["b2"])
    assert timezone.localtime(post.valid.upper).isoformat() == "2099-01-02T00:00:00+08:00"
    owner = town.users["owner"].person
    leave = f"/roster/people/{owner.pk}/leave/"
    assert client.post(leave, {"stand_in": person.pk}).status_code == 302
    assert client.post(leave, {}).status_code == 422  # away already
    page = sign_in("supervisor").get("/roster/").content.decode()
    assert "李强" in page
    assert client.post(f"/roster/absences/{Absence.objects.get().pk}/end/").status_code == 302
    assert (
        client.post(f"/roster/posts/{post.pk}/end/", {"last_day": "2020-01-01"}).status_code == 422
    )
    assert client.post(f"/roster/posts/{post.pk}/end/", {}).status_code == 302
    assert not Post.objects.held_at(timezone.now()).filter(pk=post.pk).exists()


@pytest.mark.req("S-02")
def test_a_new_person_a_transfer_and_a_change(town, sign_in):
    client = sign_in("administrator")
    form = {"name": " 新  人 ", "kind": "police", "duty_phone": "010-1", "new_phone": "13900001234"}
    assert client.post("/roster/people/new/", form).status_code == 302
    person = Person.objects.get(name="新 人")
    assert (person.phone, person.kind) == ("13900001234", "police")
    assert client.post("/roster/people/new/", {"name": "", "kind": "x"}).status_code == 422
    bad = {"name": "x", "kind": "police", "duty_phone": "<script>"}
    assert client.post("/roster/people/new/", bad).status_code == 422
    edit = f"/roster/people/{person.pk}/edit/"
    assert client.post(edit, form | {"new_phone": "", "kind": "volunteer"}).status_code == 302
    person.refresh_from_db()
    assert (person.phone, person.kind) == ("13900001234", "volunteer")
    post = town.users["owner"].person.posts.get()
    move = {"grid": town.grids["b2"].pk, "role": "manager", "is_lead": "on"}
    assert client.post(f"/roster/posts/{post.pk}/transfer/", move).status_code == 302
    assert Post.objects.held_at(timezone.now()).get(person=post.person).grid == town.grids["b2"]
    assert client.post(f"/roster/posts/{post.pk}/transfer/", move).status_code == 422  # ended
    owner = town.users["owner"].person
    left = {"name": "王芳", "kind": "social_worker", "left_at": "2026-01-01"}
    assert client.post(f"/roster/people/{owner.pk}/edit/", left).status_code == 422


@pytest.mark.req("S-04", "Z-01")
def test_the_private_phone_is_masked_and_its_opening_logged(town, sign_in):
    person = town.users["owner"].person
    person.phone = "13800001999"
    person.save()
    client, url = sign_in("administrator"), f"/roster/people/{person.pk}/"
    for page in [*LISTS, url, "/roster/grids/110108999001001/", "/api/v1/roster/grids/"]:
        text = client.get(page).content.decode()
        assert "13800001999" not in text, page
    assert "138****1999" in client.get(url).content.decode()
    assert (
        "13800001999"
        not in client.post(f"{url}phone/", {"reason": ""}, follow=True).content.decode()
    )
    assert not AuditEntry.objects.filter(action="person.phone_opened").exists()
    opened = client.post(f"{url}phone/", {"reason": "fire in the grid"})
    assert "13800001999" in opened.content.decode()
    assert opened.headers["Cache-Control"] == "no-store"
    assert AuditEntry.objects.get(action="person.phone_opened").data == {
        "reason": "fire in the grid"
    }
    assert sign_in("supervisor").post(f"{url}phone/", {"reason": "curious"}).status_code == 403


@pytest.mark.req("S-02")
def test_a_day_shows_the_roster_as_it_stood(town, sign_in):
    now = timezone.now()
    post = town.users["owner"].person.posts.get()
    roster.dismiss(post=post, actor=None, now=now)
    client = sign_in("administrator")
    yesterday = (timezone.localdate() - DAY).isoformat()

    def managers(query):
        rows = {row.node.name: row for row in client.get(f"/roster/{query}").context["rows"]}
        return [m.holder for m in dict(rows["区a1"].columns)["manager"]]

    assert managers("") == []
    assert managers(f"?on={yesterday}") == ["王芳"]
    person = client.get(f"/roster/people/{post.person_id}/")
    assert (len(person.context["now_posts"]), len(person.context["other_posts"])) == (0, 1)
    assert (
        len(client.get(f"/roster/people/{post.person_id}/?on={yesterday}").context["now_posts"])
        == 1
    )
    grid = client.get(f"/roster/grids/110108999001001/?on={yesterday}")
    assert [
        row[0].post.person.name for row in grid.context["now_rows"] if row[0].post.role == "manager"
    ] == ["王芳"]
    assert client.get("/roster/?on=2020-01-01").context["rows"] == []


@pytest.mark.parametrize("on", ["2026-13-01", "yesterday", "0001-01-01", "9999-12-31", "1' or 1"])
def test_a_day_that_is_none_is_told(town, sign_in, on):
    client = sign_in("administrator")
    for page in ("/roster/", "/roster/people/"):
        answer = client.get(page, {"on": on})
        assert answer.status_code == 200
        assert answer.context["form"].errors["on"]
    person = town.users["owner"].person.pk
    for page in (f"/roster/people/{person}/", "/roster/grids/110108999001001/"):
        assert client.get(page, {"on": on}).context["wrong_day"]
    assert client.get("/api/v1/roster/grids/", {"on": "2026-13-01"}).status_code == 400


def test_filters_narrow_and_nonsense_narrows_nothing(town, sign_in):
    client = sign_in("administrator")
    assert areas(client.get("/roster/?q=王芳")) == {"区a1"}
    assert areas(client.get("/roster/?q=110108999001")) == {"区a", "区a1", "区a2"}
    assert areas(client.get(f"/roster/?area={town.grids['b'].pk}")) == {"区b", "区b1", "区b2"}
    assert areas(client.get("/roster/?role=coordinator")) == {"区a1"}
    with_findings = areas(client.get("/roster/?show=findings"))
    assert with_findings >= {"区a", "区a2", "区b1", "区b2"}
    assert "区a1" not in with_findings
    assert len(areas(client.get("/roster/?area=x&role=king&kind=alien&show=all&page=zz"))) == 12
    assert names(client.get("/roster/people/?role=manager&q=王")) == {"王芳"}
    Person.objects.create(name="闲人", kind="volunteer")
    assert names(client.get("/roster/people/?show=idle")) == {"闲人"}
    assert names(client.get("/roster/people/?kind=volunteer")) == {"闲人"}
    assert client.get("/roster/people/?q=%00").status_code == 200


def test_queries_do_not_grow_with_the_roster(town, sign_in, django_assert_max_num_queries):
    client = sign_in("administrator")
    for number in range(30):
        person = Person.objects.create(name=f"worker {number}")
        roster.appoint(
            person=person,
            role=Role.COORDINATOR,
            grid=town.grids["b2"],
            actor=None,
            now=timezone.now(),
        )
    for page, most in (("/roster/", 9), ("/roster/people/", 9), ("/roster/vacancies/", 7)):
        client.get(page)
        with django_assert_max_num_queries(most):
            client.get(page)


@pytest.mark.req("S-03", "S-08")
def test_each_vacancy_links_to_what_mends_it(town, sign_in):
    page = sign_in("administrator").get("/roster/vacancies/?kind=role_missing")
    row = next(r for r in page.context["rows"] if r.vacancy.code == "110108999001002")
    assert row.url == f"/roster/appoint/?grid={town.grids['a2'].pk}&role=coordinator"
    form = sign_in("administrator").get(row.url).content.decode()
    assert f'value="{town.grids["a2"].pk}" selected' in form
    seen = sign_in("supervisor").get("/roster/vacancies/").context["rows"]
    assert seen
    assert not any(row.url for row in seen)  # a supervisor sees, the administrator appoints
    api = sign_in("supervisor").get("/api/v1/roster/vacancies/").json()
    assert {row["code"][:9] for row in api if row["code"]} == {"110108999"}
