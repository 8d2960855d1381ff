"""What the demonstration writes in bulk is what the services would have written."""

from datetime import datetime
from typing import Any

import pytest
from django.db import transaction

from gridmgmt.core.crypto import blind_index
from grids.people.access import access_for
from incidents.choices import Action, Channel
from incidents.lifecycle import BY_ACTION
from incidents.models import CaseClock, HistoryEntry, Incident, RoutingDecision
from incidents.services.intake import Report, report
from incidents.services.moves import perform, perform_by_reporter, perform_by_system
from tests.data.conftest import Demo

# Without it pytest-django prepares no test database for a module's own fixture.
pytestmark = pytest.mark.django_db

SAME = (
    *("state", "version", "grade", "urgent", "urged_count", "extended_count", "returned_count"),
    *("suspended_count", "supervised", "on_the_spot", "released", "verification_owed", "answer"),
    *("report_path", "report_grid_id", "report_boundary_ids", "owner_path", "owner_grid_id"),
    *("owner_department_id", "owner_role", "owner_person_id", "handled_by_id", "reporter_id"),
    *("handled_department_id", "closed_at", "reported_at", "updated_at", "warn_at", "due_at"),
    *("suspended_from", "suspended_until", "result_public", "opinion", "opinion_reason"),
    *("rated_at", "terms", "description", "public_description", "simulated", "place_words"),
    *("channel", "category_id", "contact_phone_index", "contact_name", "raw_x", "raw_crs"),
)
CLOCK = (
    *("kind", "limit", "unit", "started_at", "warn_at", "due_at", "paused_at", "ended_at"),
    *("remaining_seconds", "extensions", "in_time", "next_step_at"),
)
DECISION = (
    *("at", "purpose", "point_x", "boundary_ids", "path", "answer", "rule_id", "tier_id"),
    *("grid_id", "department_id", "role", "person_id", "reasons", "auto_dispatch"),
)
LINE = ("at", "actor_id", "action", "from_state", "to_state", "note", "public_note", "data")
BY_TABLE = {Action.FILE, Action.DISPATCH}
WANTED = {
    *(Action.SELF_HANDLE, Action.NOT_FILE, Action.RETURN, Action.REWORK, Action.EXTEND),
    *(Action.SUSPEND, Action.REMIND, Action.SUPERVISE, Action.RATE, Action.CONFIRM),
    *(Action.REASSIGN, Action.RELEASE, Action.CLOSE),
}


@pytest.mark.req("I-07")
def test_stories_played_through_the_services_give_the_same_rows(demo: Demo) -> None:
    played = set()
    for case in _cases():
        with transaction.atomic():
            twin = _play(case)
            _compare(case, twin)
            played |= {line.action for line in case.history.all()}
            transaction.set_rollback(True)
    present = set(HistoryEntry.objects.values_list("action", flat=True))
    assert played >= {action for action in WANTED if action in present}


def _cases() -> list[Incident]:
    """Cases written in bulk that cover every action, and some more."""
    bulk = Incident.objects.filter(attachments__isnull=True, category__isnull=False)
    bulk = bulk.exclude(idempotency_digest__gt="").order_by("pk")
    chosen: dict[int, Incident] = {}
    for action in Action:
        for case in bulk.filter(history__action=action).distinct()[:3]:
            chosen[case.pk] = case
    for case in bulk.filter(urgent=True)[:3]:
        chosen[case.pk] = case
    return list(chosen.values())


def _play(case: Incident) -> Incident:
    lines = list(case.history.order_by("at", "id"))
    first = lines[0]
    twin = report(
        Report(
            description=case.description,
            channel=case.channel,
            lon=case.raw_x,
            lat=case.raw_y,
            place_words=case.place_words,
            category_id=case.category_id,
            contact_name=case.contact_name,
            contact_phone=case.contact_phone,
            confidential=case.confidential,
            simulated=True,
        ),
        actor=first.actor,
        now=first.at,
    )
    done = twin.history.count()
    for line in lines[done:]:
        if HistoryEntry.objects.filter(incident=twin).count() > lines.index(line):
            continue  # written together with the line before
        _make(twin, line, case)
    return Incident.objects.get(pk=twin.pk)


def _make(twin: Incident, line: HistoryEntry, case: Incident) -> None:
    move, data = BY_ACTION[Action(line.action)], _data(line, case)
    if move.by_reporter:
        perform_by_reporter(line.action, twin.pk, actor=None, now=line.at, note=line.note, **data)
    elif line.actor is None:
        perform_by_system(line.action, twin.pk, now=line.at, note=line.note, **data)
    else:
        perform(
            line.action,
            twin.pk,
            actor=line.actor,
            access=access_for(line.actor, line.at),
            now=line.at,
            note=line.note,
            public_note=line.public_note,
            **data,
        )


def _data(line: HistoryEntry, case: Incident) -> dict[str, Any]:
    if line.action == Action.RATE:
        return {"opinion": line.data["opinion"]}
    if line.action == Action.SUSPEND:
        return {"until": datetime.fromisoformat(line.data["until"])}
    if line.action == Action.REASSIGN:
        return {"grid_id": line.data["to"]["grid"]}
    if line.action == Action.DISPATCH:
        decision = case.decisions.filter(at=line.at).last()
        if decision is not None and decision.reasons[0]["code"] == "by_hand":
            return {"department_id": line.data["department"]}
    return {}


def _compare(case: Incident, twin: Incident) -> None:
    for name in SAME:
        assert _plain(getattr(twin, name)) == _plain(getattr(case, name)), (case.pk, name)
    assert twin.contact_phone_index == blind_index(case.contact_phone)
    assert abs(twin.point.x - case.point.x) < 1e-9
    assert twin.public_point.distance(case.public_point) < 0.002  # the same or the next square
    for model, names, order in (
        (HistoryEntry, LINE, ("at", "id")),
        (CaseClock, CLOCK, ("id",)),
        (RoutingDecision, DECISION, ("id",)),
    ):
        pair = [
            [{n: _plain(getattr(row, n)) for n in names} for row in rows.order_by(*order)]
            for rows in (
                model.objects.filter(incident=twin),
                model.objects.filter(incident=case),
            )
        ]
        assert pair[0] == pair[1], case.pk


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def test_orders_of_leaders_are_filed_directly(demo: Demo) -> None:
    orders = Incident.objects.filter(channel=Channel.LEADER)
    for case in orders:
        second = case.history.order_by("at", "id")[1]
        assert second.action == Action.FILE
        assert second.actor_id == case.reporter_id
