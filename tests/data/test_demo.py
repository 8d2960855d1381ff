"""The demonstration is whole, consistent, and labelled as simulated."""

import json
import random
import stat
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db.models import Count
from django.test import RequestFactory
from django.utils import timezone

from data.demo_loader import draws, texts
from data.demo_loader.names import draw_names
from data.demo_loader.photos import draw_photo
from gridmgmt.core.models import User
from gridmgmt.core.permissions import ROLE_RIGHTS, Role
from grids.people.models import Absence, Department, Person, Post
from grids.people.services.vacancies import vacancies
from grids.territory.choices import Degree, degree_of
from grids.territory.models import Boundary, Building, Edition, Place
from grids.territory.services.coverage import examine
from incidents import clocks
from incidents.choices import OPEN_STATES, Action, Channel, State
from incidents.lifecycle import BY_ACTION
from incidents.models import Attachment, CaseClock, HistoryEntry, Incident
from incidents.services.clocks import office_calendar
from tests.data.conftest import CASES, Demo

# Without it pytest-django prepares no test database for a module's own fixture.
pytestmark = pytest.mark.django_db

# What intake writes in one go: a leader's order and urgent reports are filed at once.
AT_ONCE = {(Action.REPORT, Action.FILE), (Action.FILE, Action.DISPATCH)}


@pytest.mark.req("G-04")
def test_the_division_passes_the_coverage_law_without_findings(demo: Demo) -> None:
    assert not examine(timezone.now(), whole=True).findings
    stored = Edition.objects.get(name="demo").findings.values_list("kind", flat=True)
    assert {degree_of(kind) for kind in stored} <= {Degree.ADVICE}
    by_tier = dict(
        Boundary.objects.valid_at(timezone.now())
        .values_list("grid__tier__code")
        .annotate(n=Count("pk"))
    )
    assert by_tier["street"] == 6
    assert by_tier["community"] == 10
    assert by_tier["grid"] >= 30
    assert not Building.objects.filter(grid__isnull=True).exists()
    assert Place.objects.exists()


def test_everything_simulated_says_so(demo: Demo) -> None:
    assert Incident.objects.count() == CASES
    assert not Incident.objects.filter(simulated=False).exists()
    assert not Person.objects.filter(simulated=False).exists()
    phones = {case.contact_phone for case in Incident.objects.all()} - {""}
    assert phones
    assert all(phone.startswith("1200000") for phone in phones)  # no network has this range


@pytest.mark.req("S-02")
@pytest.mark.req("S-03")
def test_staff_are_many_to_many_with_deputies_leave_and_declared_vacancies(demo: Demo) -> None:
    two_grids = (
        Post.objects.filter(role=Role.MANAGER)
        .values("person")
        .annotate(n=Count("grid"))
        .filter(n__gt=1)
    )
    assert two_grids.count() >= 10
    assert Post.objects.filter(role=Role.MANAGER, is_lead=False).exists()
    now = timezone.now()
    away = Absence.objects.filter(during__contains=now, stand_in__isnull=False)
    assert away.count() >= 2
    own = [v for v in vacancies(now) if v.kind == "role_missing" and v.code.startswith("110108014")]
    assert sorted(v.role for v in own) == [Role.COORDINATOR] * 3 + [Role.MANAGER]
    tiers = set(Department.objects.values_list("system", "grid__tier__code"))
    assert len({system for system, tier in tiers if tier == "street"}) == 5
    assert ("community_service", "community") in tiers


@pytest.mark.req("Z-03")
def test_one_account_of_each_role_with_a_drawn_password(demo: Demo) -> None:
    path = demo.local_dir / "demo-accounts.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    accounts = json.loads(path.read_text())
    assert set(accounts) == set(Role.values)
    passwords = {account["password"] for account in accounts.values()}
    assert len(passwords) == len(accounts)
    request = RequestFactory().post("/login/")
    for role, account in accounts.items():
        user = authenticate(request, **account)
        assert user is not None, role
        assert account["password"] in demo.output
        assert role in set(
            Post.objects.held_at(timezone.now())
            .filter(person__user=user)
            .values_list("role", flat=True)
        )
    others = User.objects.exclude(username__in=[a["username"] for a in accounts.values()])
    assert not any(user.has_usable_password() for user in others)


def test_a_second_run_writes_nothing_and_draws_lost_passwords_anew(demo: Demo) -> None:
    before = Incident.objects.count(), Post.objects.count()
    out = StringIO()
    call_command("load_demo", stdout=out)
    assert len(out.getvalue().splitlines()) == 1
    path = demo.local_dir / "demo-accounts.json"
    old = json.loads(path.read_text())
    path.unlink()
    call_command("load_demo", stdout=StringIO())
    new = json.loads(path.read_text())
    assert new.keys() == old.keys()
    assert new["manager"]["password"] != old["manager"]["password"]
    assert (Incident.objects.count(), Post.objects.count()) == before


def test_production_refuses_it(settings) -> None:
    settings.MODE = "production"
    before = Boundary.objects.count()
    with pytest.raises(CommandError):
        call_command("load_demo", stdout=StringIO())
    assert Boundary.objects.count() == before


@pytest.mark.req("I-07")
def test_every_history_replays_through_the_life_cycle(demo: Demo) -> None:
    lines: dict[int, list[HistoryEntry]] = {}
    for line in HistoryEntry.objects.select_related("actor").order_by("at", "id"):
        lines.setdefault(line.incident_id, []).append(line)
    seen = set()
    for case in Incident.objects.all():
        state, before = _replay(case, lines[case.pk])
        assert (state, before) == (case.state, case.suspended_from)
        seen |= {line.action for line in lines[case.pk]}
    assert {Action.RETURN, Action.REWORK, Action.SELF_HANDLE, Action.NOT_FILE, Action.RATE} <= seen
    assert {Action.REMIND, Action.DISPATCH, Action.CLOSE, Action.RELEASE} <= seen


def _replay(case: Incident, lines: list[HistoryEntry]) -> tuple[str, str]:
    """Walk the lines; every step must be a row of the table, made by whoever may."""
    assert lines[0].action == Action.REPORT
    assert lines[0].at == case.reported_at
    state, asleep, handler, previous = str(State.REPORTED), "", None, Action.REPORT
    for line in lines[1:]:
        where = f"{case.pk}: {line.action} {line.from_state}→{line.to_state}"
        move = BY_ACTION[Action(line.action)]
        assert line.from_state == state, where
        at_once = (previous, line.action) in AT_ONCE and line.from_state == previous_state(line)
        assert state in move.sources or at_once, where
        if move.action == Action.RESUME:
            assert line.to_state == asleep, where
            asleep = ""
        else:
            assert line.to_state == (move.target or state), where
        if move.reason:
            assert line.note or line.public_note, where
        if line.actor is not None and move.right is not None and line.actor_role:
            assert move.right in ROLE_RIGHTS[Role(line.actor_role)], where
        if move.action in (Action.HANDLE, Action.SELF_HANDLE):
            handler = line.actor
        if move.not_handler:
            assert line.actor != handler, where
        if move.action == Action.SUSPEND:
            asleep = line.from_state
        state, previous = line.to_state, line.action
    return state, asleep


def previous_state(line: HistoryEntry) -> str:
    return State.REPORTED if line.action == Action.FILE else State.FILED


@pytest.mark.req("I-08")
def test_clocks_are_what_the_calendar_says(demo: Demo) -> None:
    calendar = office_calendar()
    running: dict[int, CaseClock] = {}
    for clock in CaseClock.objects.all():
        straight = clock.extensions == 0 and not Incident.objects.filter(
            pk=clock.incident_id, suspended_count__gt=0
        )
        if straight:
            due = clocks.due(clock.started_at, clock.limit, clock.unit, calendar)
            assert clock.due_at == due
            warn = clocks.warn_moment(clock.started_at, clock.limit, clock.unit, calendar)
            assert abs(clock.warn_at - warn) < timedelta(seconds=2)
        if clock.ended_at is None:
            assert clock.incident_id not in running
            running[clock.incident_id] = clock
        elif straight:
            assert clock.in_time == (clock.ended_at <= clock.due_at)
            assert clock.next_step_at is None
    for case in Incident.objects.all():
        clock = running.get(case.pk)
        assert (clock is not None) == (case.state in OPEN_STATES)
        if clock is not None and clock.paused_at is None:
            assert (case.warn_at, case.due_at) == (clock.warn_at, clock.due_at)


def test_some_are_open_now_with_every_light_and_some_are_of_today(demo: Demo) -> None:
    now = timezone.now()
    lights = {clocks.light(now, case.warn_at, case.due_at) for case in Incident.objects.open()}
    assert {"green", "yellow", "red"} <= {str(light) for light in lights}
    assert Incident.objects.filter(reported_at__gte=now - timedelta(days=1)).exists()
    assert not Incident.objects.filter(reported_at__gt=now).exists()
    oldest = Incident.objects.order_by("reported_at").first()
    assert oldest is not None
    assert oldest.reported_at < now - timedelta(days=250)
    assert set(Incident.objects.values_list("channel", flat=True)) >= {Channel.WEB, Channel.PATROL}
    assert Attachment.objects.exists()


def test_owners_lie_where_the_roster_says(demo: Demo) -> None:
    for case in Incident.objects.open().select_related("owner_department", "owner_person"):
        assert case.report_path
        assert case.owner_path == case.report_path[: len(case.owner_path)] or case.owner_department
        assert case.decisions.exists()
        last = case.decisions.last()
        assert (last.grid_id, last.department_id) == (case.owner_grid_id, case.owner_department_id)


def test_the_same_seed_draws_the_same(demo: Demo) -> None:
    assert draw_names(50, random.Random(3)) == draw_names(50, random.Random(3))
    assert len(set(draw_names(260, random.Random(3)))) == 260
    one, other = random.Random(5), random.Random(5)
    today = timezone.now()
    assert draws.draw_days(9, today, 365, one) == draws.draw_days(9, today, 365, other)
    assert texts.describe("电梯故障", "东楼", one) == texts.describe("电梯故障", "东楼", other)
    assert draw_photo(1).read() == draw_photo(1).read()


def test_winter_has_no_mosquitoes() -> None:
    assert draws.category_weight("病媒生物", 7) > 5 * draws.category_weight("病媒生物", 1)
    assert draws.category_weight("道路积雪、积冰", 7) == 0
