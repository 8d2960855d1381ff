"""What the room hears: its own events tell people, a new division routes open cases anew."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from gridmgmt.core.models import OutboxEvent
from gridmgmt.core.outbox import handles
from gridmgmt.core.permissions import Role
from grids.people.services import roster
from incidents import kinds
from incidents.choices import Action, Opinion, State
from incidents.models import Incident
from incidents.services import telling
from incidents.services.moves import perform_by_system
from incidents.services.rerouting import reroute_open_cases

# What the new owner is told; other moves leave the owner as it was.
_TO_NEW_OWNER: dict[str, str] = {
    Action.FILE: kinds.ASSIGNED,
    Action.DISPATCH: kinds.ASSIGNED,
    Action.REASSIGN: kinds.ASSIGNED,
    Action.REROUTE: kinds.ASSIGNED,
    Action.HANDLE: kinds.ASSIGNED,
    Action.RESUME: kinds.ASSIGNED,
    Action.REOPEN: kinds.ASSIGNED,
    Action.RETURN: kinds.RETURNED,
    Action.REWORK: kinds.REWORK,
    Action.REMIND: kinds.URGED,
    Action.SUPERVISE: kinds.SUPERVISED,
    Action.ORDER: kinds.ORDERED,
}
_LOUD = frozenset({Action.ORDER, Action.REMIND})
_TO_REPORTERS: dict[str, str] = {
    Action.DISPATCH: kinds.REPORT_TAKEN,
    Action.CLOSE: kinds.REPORT_DONE,
    Action.SELF_HANDLE: kinds.REPORT_DONE,
    Action.NOT_FILE: kinds.REPORT_NOT_TAKEN,
    Action.VOID: kinds.REPORT_NOT_TAKEN,
    Action.MERGE: kinds.REPORT_MERGED,
}


@handles("incident_reported")
def tell_of_report(event: OutboxEvent) -> None:
    """The owner is told; of urgent ones the manager, of major ones everyone with a receipt."""
    incident = _case(event)
    if incident is None:
        return
    now = timezone.now()
    told = _tell_receipts(incident, event, now, event.created_at)
    owners = set(telling.owners(incident, now)) - told - {incident.reporter_id}
    telling.tell_staff(owners, kinds.ASSIGNED, incident, event, now, urgent=incident.urgent)
    if incident.verification_owed:
        manager = roster.responsible_person(incident.report_path, Role.MANAGER, now)
        if manager is not None and manager.user_id is not None and manager.user_id not in told:
            telling.tell_staff(
                [manager.user_id], kinds.TO_CONFIRM, incident, event, now, urgent=True
            )


@handles("incident_moved")
def tell_of_move(event: OutboxEvent) -> None:
    """The new owner, who urges or orders concerns, and the reporters."""
    incident = _case(event)
    if incident is None:
        return
    now = timezone.now()
    action, actor = event.payload["action"], event.payload["actor"]
    told = _tell_receipts(incident, event, now, event.created_at)
    if (kind := _TO_NEW_OWNER.get(action)) is not None and incident.version == _version(event):
        owners = set(telling.owners(incident, now)) - {actor} - told
        loud = incident.urgent or action in _LOUD
        telling.tell_staff(owners, kind, incident, event, now, urgent=loud)
    if action == Action.REPLY:
        telling.tell_staff(_supervisors(incident), kinds.REPLIED, incident, event, now)
    if action == Action.RATE and incident.opinion == Opinion.DISSATISFIED:
        telling.tell_staff(telling.owners(incident, now), kinds.DISSATISFIED, incident, event, now)
    if (kind := _TO_REPORTERS.get(action)) is not None:
        telling.tell_reporters(incident, kind, event, now)


@handles("clock_nearly_due")
def warn(event: OutboxEvent) -> None:
    """80 % of the limit have passed: whoever owns the case is told."""
    incident = _case(event)
    if incident is not None:
        now = timezone.now()
        told = telling.users_of(event.payload["persons"]) or telling.owners(incident, now)
        telling.tell_staff(told, kinds.NEARLY_DUE, incident, event, now, urgent=incident.urgent)


@handles("clock_overdue")
def climb(event: OutboxEvent) -> None:
    """One step of the climb: those above are told, and the history keeps it."""
    incident = _case(event)
    if incident is None:
        return
    now = timezone.now()
    told = {*telling.users_of(event.payload["persons"]), *telling.owners(incident, now)}
    telling.tell_staff(told, kinds.OVERDUE, incident, event, now, urgent=incident.urgent)
    if State(incident.state) in _RUNNING:
        details = {name: event.payload.get(name) for name in ("step", "grid", "tier", "kind")}
        perform_by_system(Action.ESCALATE, incident.pk, now=now, **details)


@handles("suspension_ended")
def wake(event: OutboxEvent) -> None:
    """A suspended case wakes by itself, unless somebody was quicker."""
    incident = _case(event)
    until = parse_datetime(event.payload["until"])
    if (
        incident is not None
        and incident.state == State.SUSPENDED
        and incident.suspended_until == until
    ):
        perform_by_system(Action.RESUME, incident.pk, now=timezone.now())


@handles("edition_took_effect")
def route_anew(event: OutboxEvent) -> None:
    """Open cases of the changed areas find their owner in the new division."""
    reroute_open_cases(edition_id=event.payload["edition_id"], now=timezone.now())


_RUNNING = frozenset(
    {
        State.REPORTED,
        State.VERIFIED,
        State.FILED,
        State.DISPATCHED,
        State.IN_HAND,
        State.HANDLED,
        State.CHECKED,
    }
)


def _case(event: OutboxEvent) -> Incident | None:
    return Incident.objects.select_related("category").filter(pk=event.payload["incident"]).first()


def _version(event: OutboxEvent) -> Any:
    """A message of a move that others have overtaken would only confuse the new owner."""
    return event.payload.get("version")


def _tell_receipts(
    incident: Incident, event: OutboxEvent, now: datetime, sent_at: datetime
) -> set[int]:
    """Those who were put on the list of receipts by this very event, loudly."""
    people = incident.receipts.filter(sent_at=sent_at).values_list("person_id", flat=True)
    told = set(telling.users_of(people))
    telling.tell_staff(told, kinds.MAJOR, incident, event, now, urgent=True)
    return told


def _supervisors(incident: Incident) -> list[int]:
    """Who asked for the reply."""
    last = incident.history.filter(action=Action.SUPERVISE).last()
    return [last.actor_id] if last is not None and last.actor_id is not None else []
