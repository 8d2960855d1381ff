"""When a division takes effect: open cases find their owner in it; closed ones never change."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from grids.territory.models import Boundary
from incidents.choices import OPEN_STATES, Action, Purpose, State
from incidents.models import Incident
from incidents.services import owners, sending
from incidents.services.decision import Decision
from incidents.services.desk import AT_ONCE
from incidents.services.effects_side import PURPOSE_IN
from incidents.services.moves import perform_by_system


def reroute_open_cases(*, edition_id: int, now: datetime) -> int:
    """Give every open case that the edition touches its owner of today; returns how many moved.

    Touched are cases whose paths name a grid of the edition, and those that had no grid. The
    path of the report stays; a department keeps what it has in hand, under its new path.
    """
    touched = list(Boundary.objects.filter(edition_id=edition_id).values_list("grid_id", flat=True))
    parents = Boundary.objects.filter(edition_id=edition_id, parent__isnull=False)
    touched += parents.values_list("parent_id", flat=True)
    ids = (
        Incident.objects.filter(state__in=sorted(OPEN_STATES))
        .filter(
            Q(report_path__overlap=touched) | Q(owner_path__overlap=touched) | Q(report_path=[])
        )
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    return sum(reroute(pk, edition_id=edition_id, now=now) for pk in list(ids))


@transaction.atomic
def reroute(incident_id: int, *, edition_id: int | None, now: datetime) -> bool:
    """Route one case anew; False when its owner stays the same.

    The case is locked before the routing is asked: an owner found for the state of a moment ago
    would take the case from whoever it was sent to meanwhile.
    """
    cases = Incident.objects.select_for_update(of=("self",)).select_related("category")
    incident = cases.get(pk=incident_id)
    if incident.state not in OPEN_STATES or incident.point is None:
        return False
    decision = _decision(incident, now)
    if _owner_of(decision) == _present_owner(incident):
        return False
    perform_by_system(Action.REROUTE, incident_id, now=now, decision=decision, edition=edition_id)
    return True


def _decision(incident: Incident, now: datetime) -> Decision:
    place = sending.place_of(incident, now)
    state = State(incident.suspended_from or incident.state)
    purpose = PURPOSE_IN[state]
    if incident.owner_grid_id is not None and _keeps_owner(incident, purpose):
        kept = owners.decision_for(
            incident,
            purpose,
            role=incident.owner_role,
            grid_id=incident.owner_grid_id,
            department=incident.owner_department,
            person=owners.holder_of(incident.owner_person),
            now=now,
        )
        if kept.path:  # the area is still in force
            return kept
    return AT_ONCE.decide(purpose, incident, place, now=now, avoid_user_id=incident.handled_by_id)


def _keeps_owner(incident: Incident, purpose: Purpose) -> bool:
    """A department keeps what it has been given, and so does whoever was chosen by hand."""
    if purpose is Purpose.HANDLE and incident.owner_department_id is not None:
        return True
    last = incident.decisions.last()
    return last is not None and any(reason["code"] == "by_hand" for reason in last.reasons)


def _owner_of(decision: Decision) -> tuple[object, ...]:
    department = decision.department.pk if decision.department else None
    return (tuple(decision.path), decision.grid_id, department, decision.role)


def _present_owner(incident: Incident) -> tuple[object, ...]:
    return (
        tuple(incident.owner_path),
        incident.owner_grid_id,
        incident.owner_department_id,
        incident.owner_role,
    )
