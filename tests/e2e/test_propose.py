"""A street divided anew by machine in the browser, by a real worker, and taken into the draft."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from playwright.sync_api import Page, expect

from grids.territory.choices import RunStatus, StepVerb
from grids.territory.models import DivisionRun
from grids.territory.services.drawing.states import drawn
from tests.e2e.frame import Look, check_page, shot, sign_in
from tests.territory.division_town import HOME, A, B, settle
from tests.territory.drawing_town import draft, faults
from tests.town import Town

pytestmark = pytest.mark.req("G-03")
WAIT_MS = 60_000


@pytest.fixture
def worker(live_server, tmp_path: Path) -> Iterator[None]:
    """A real worker with its beat, on this test's database and queue."""
    command = [sys.executable, "-m", "celery", "-A", "gridmgmt.celery", "worker", "--beat"]
    command += ["--schedule", str(tmp_path / "beat"), "--pool", "solo", "--loglevel", "WARNING"]
    command += ["--queues", settings.CELERY_TASK_DEFAULT_QUEUE]
    own = {"GRIDMGMT_DATABASE": connection.settings_dict["NAME"]}
    with (tmp_path / "worker.log").open("w") as log:
        child = subprocess.Popen(command, env=os.environ | own, stdout=log, stderr=log)
        yield
        child.terminate()
        child.wait(timeout=30)


def test_a_street_is_divided_anew(
    page: Page, base_url: str, town: Town, look: Look, worker: None
) -> None:
    settle(116.30, 116.36, households=20)
    edition = draft("redivided")
    sign_in(page, town.users["supervisor"])
    page.goto(f"{base_url}/division/{edition.pk}/")
    address = f"{base_url}/division/{edition.pk}/propose/"
    page.goto(address)
    check_page(page, "propose")

    street, one = (page.locator(f'input[name="areas"][value="{code}"]') for code in (HOME, A))
    street.check()
    expect(one).to_be_checked()
    page.locator(f'input[name="areas"][value="{B}"]').uncheck()
    assert street.evaluate("box => box.indeterminate")
    page.locator(f'input[name="areas"][value="{B}"]').check()
    expect(street).to_be_checked()
    page.locator('input[name="cases"]').fill("1")
    expect(page.locator("#propose-mix")).to_contain_text("50 %")
    page.locator('input[name="cases"]').fill("0")
    for word in ("barriers", "stable"):
        page.locator(f'input[name="emphases"][value="{word}"]').uncheck()
    with page.expect_navigation():
        page.get_by_role("button", name=look.say("开始", "Start")).click()

    expect(page.locator("#proposals")).to_be_visible(timeout=WAIT_MS)
    expect(page.locator("#large-map[data-shown]")).to_be_visible()
    assert page.locator("[data-proposal]").count() == 2
    expect(page.locator(".proposal__map path.leaflet-interactive")).to_have_count(0)
    expect(page.locator(".proposal__map >> nth=0").locator("svg path")).not_to_have_count(0)
    check_page(page, "proposals")

    with page.expect_navigation():
        page.locator('[data-proposal="2"] [data-large]').click()
    expect(page.locator("#large-title")).to_contain_text("2 ·")
    expect(page.locator('#large-map[data-shown$="/2.geojson"]')).to_be_visible()
    page.locator("#large-map path.leaflet-interactive").first.click()
    expect(page.locator(".leaflet-popup")).to_contain_text(look.say("户", "households"))
    shot(page, "proposal-large")

    proposal = DivisionRun.objects.get().proposals.get(number=2)
    with page.expect_navigation():
        page.locator("#large-take button").click()
    expect(page).to_have_url(f"{base_url}/division/{edition.pk}/")
    assert edition.steps.get().verb == StepVerb.PROPOSE
    parents = {town.grids[name].pk for name in ("a", "b", "c")}
    grids = [state for state in drawn(edition).values() if state.parent_id in parents]
    assert len(grids) == proposal.scores["grids"]
    assert faults(edition) == []


def test_a_run_is_cancelled(page: Page, base_url: str, town: Town, look: Look) -> None:
    settle()
    edition = draft("cancelled")
    sign_in(page, town.users["supervisor"])
    page.goto(f"{base_url}/division/{edition.pk}/propose/?area={A}")
    with page.expect_navigation():
        page.get_by_role("button", name=look.say("开始", "Start")).click()
    check_page(page, "propose-waiting")
    with page.expect_navigation():
        page.get_by_role("button", name=look.say("取消运行", "Cancel the run")).click()
    expect(page.locator(".notice").first).to_contain_text(look.say("已取消", "was cancelled"))
    assert DivisionRun.objects.get().status == RunStatus.CANCELLED
    check_page(page)
