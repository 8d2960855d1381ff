"""The roster in the browser: a vacancy is seen, mended, and leave gets its stand-in."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from gridmgmt.core.permissions import Role
from grids.people.models import Absence, Person, Post
from tests.e2e.frame import check_page, shot, sign_in


@pytest.mark.req("S-02")
@pytest.mark.req("S-03")
@pytest.mark.req("S-08")
def test_a_vacancy_is_mended_and_leave_is_stood_in(page, base_url, look, town):
    newcomer = Person.objects.create(name="林新", duty_phone="010-62780099")
    a2 = town.grids["a2"]
    sign_in(page, town.users["administrator"])
    page.goto(f"{base_url}/roster/vacancies/")
    check_page(page, "roster-vacancies")
    row = page.locator("tr", has_text="110108999001002").first
    with page.expect_navigation():
        row.locator("a.btn").click()
    expect(page.locator("select[name=grid]")).to_have_value(str(a2.pk))
    expect(page.locator("select[name=role]")).to_have_value("coordinator")
    page.select_option("select[name=person]", str(newcomer.pk))
    check_page(page, "roster-appoint")
    with page.expect_navigation():
        page.click("form .btn--primary")
    expect(page.locator("h1")).to_have_text("林新")
    post = Post.objects.get(person=newcomer)
    assert (post.role, post.grid_id, post.is_lead) == (Role.COORDINATOR, a2.pk, True)

    page.goto(f"{base_url}/roster/people/{town.users['teammate'].person.pk}/")
    check_page(page, "roster-person")
    with page.expect_navigation():
        page.click("a[href$='/leave/']")
    with page.expect_navigation():
        page.select_option("select[name=stand_in]", str(newcomer.pk))
        page.click("form .btn--primary")
    absence = Absence.objects.get()
    assert absence.stand_in == newcomer
    assert timezone.now() in absence.during

    page.goto(f"{base_url}/roster/?q=李强")
    check_page(page, "roster-grids")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator(".member__away")).to_contain_text("林新")
    shot(page, "roster-away")
    page.goto(f"{base_url}/roster/people/?show=away")
    check_page(page, "roster-people")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_a_bad_list_shows_its_lines_and_writes_nothing(page, base_url, look, town, tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text("姓名,角色,网格编码\n林新,网格管理员,110108999001002\n吴二,宇航员,1\n")
    sign_in(page, town.users["administrator"])
    page.goto(f"{base_url}/roster/import/")
    check_page(page, "roster-import")
    page.set_input_files("input[type=file]", str(path))
    with page.expect_navigation():
        page.click("form .btn--primary")
    expect(page.locator(".roster-refused li")).to_have_count(1)
    expect(page.locator(".roster-refused")).to_contain_text("宇航员")
    check_page(page, "roster-refused")
    assert not Person.objects.filter(name="林新").exists()
    path.write_text("姓名,角色,网格编码\n林新,网格管理员,110108999001002\n")
    page.goto(f"{base_url}/roster/import/")
    page.set_input_files("input[type=file]", str(path))
    with page.expect_navigation():
        page.click("form .btn--primary")
    with page.expect_navigation():
        page.click("button[name=confirm]")
    assert Post.objects.get(person__name="林新").grid == town.grids["a2"]
