"""Who owns a case: from place, category, grade, channel and time to exactly one owner, explained.

`locate` finds the areas, `decide` the owner, `decision_row` is what is kept of it with the case and
`apply_owner` writes it into the case's fields. Whatever is missing (no place, no rule, a vacant
post, no department) leads on to the next possibility and at last to the dispatchers' pool, so a
case is never without an owner.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from gridmgmt.core.permissions import Role
from grids.people.services import roster
from grids.people.services.roster import Holder
from grids.territory.choices import Answer
from grids.territory.models import Boundary
from grids.territory.services.responsibility import Responsibility, responsible_areas
from incidents.choices import Grade, Purpose
from incidents.models import Category, Incident, RoutingDecision
from incidents.services.decision import Decision
from incidents.services.routing_owners import Case, by_post, by_rules, pool
from incidents.services.routing_reasons import explain, reason

__all__ = [
    "OWNER_FIELDS",
    "Decision",
    "apply_owner",
    "decide",
    "decision_row",
    "explain",
    "locate",
]

OWNER_FIELDS = ("owner_path", "owner_grid", "owner_department", "owner_role", "owner_person")


def locate(lon: float, lat: float, *, moment: datetime) -> Responsibility:
    """The areas of a WGS84 point (degrees) at a moment; InvalidPoint for what is no place."""
    return responsible_areas(lon, lat, moment=moment)


def decide(
    purpose: str,
    *,
    responsibility: Responsibility | None,
    category: Category | None,
    grade: str,
    channel: str,
    urgent: bool,
    now: datetime,
    avoid_user_id: int | None = None,
) -> Decision:
    """The one owner for `purpose` (choices.Purpose) and why.

    `responsibility` None: the case has no place yet. A major grade is urgent by itself.
    `avoid_user_id`: who handled the case; somebody else checks it when there is anybody else.
    """
    case = Case(responsibility, category, grade, channel, urgent or grade == Grade.MAJOR, now)
    purpose = Purpose(purpose)
    if purpose is Purpose.HANDLE:
        decision = by_rules(case)
    elif purpose is Purpose.DISPATCH:
        decision = pool(case, purpose, [reason("dispatcher")])
    else:
        role = Role.MANAGER if purpose is Purpose.VERIFY else Role.SUPERVISOR
        decision = by_post(case, purpose, role, avoid_user_id)
    return _with_grade(case, decision)


def decision_row(incident: Incident, decision: Decision, *, now: datetime) -> RoutingDecision:
    """The decision as it is kept with the case, unsaved."""
    place = decision.responsibility
    return RoutingDecision(
        incident=incident,
        at=now,
        purpose=decision.purpose,
        point_x=incident.point.x if incident.point else None,
        point_y=incident.point.y if incident.point else None,
        boundary_ids=list(place.boundary_ids) if place else [],
        path=list(decision.path),
        answer=place.answer if place else Answer.OUTSIDE,
        distance_m=place.distance_m if place else None,
        rule=decision.rule,
        rule_version=decision.rule_version,
        tier_id=decision.tier_id,
        grid_id=decision.grid_id,
        department=decision.department,
        role=decision.role,
        person_id=decision.person.person_id if decision.person else None,
        reasons=list(decision.reasons),
        alternatives=list(decision.alternatives),
        inform=[
            {"person": holder.person_id, "role": holder.role, "grid": holder.grid_id}
            for holder in decision.inform
        ],
        auto_dispatch=decision.auto_dispatch,
    )


def apply_owner(incident: Incident, decision: Decision) -> tuple[str, ...]:
    """Write the owner into the case's fields, unsaved; returns their names for `update_fields`."""
    incident.owner_path = list(decision.path)
    incident.owner_grid_id = decision.grid_id
    incident.owner_department = decision.department
    incident.owner_role = decision.role
    incident.owner_person_id = decision.person.person_id if decision.person else None
    return OWNER_FIELDS


def _with_grade(case: Case, decision: Decision) -> Decision:
    """What urgent and major cases have besides: told at once, dispatched at once."""
    reasons, inform = list(decision.reasons), decision.inform
    if case.grade == Grade.MAJOR:
        inform = _to_inform(case)
        reasons.append(reason("major"))
    auto = decision.auto_dispatch
    if case.urgent and decision.purpose == Purpose.HANDLE and decision.role != Role.DISPATCHER:
        auto = True
        reasons.append(reason("urgent"))
    return replace(decision, reasons=tuple(reasons), inform=inform, auto_dispatch=auto)


def _to_inform(case: Case) -> tuple[Holder, ...]:
    """The leaders of every area of the path and the leaf's manager; without a place, all leaders
    of the uppermost areas. Each person once."""
    path = case.path or tuple(
        Boundary.objects.filter(valid__contains=case.now, parent=None).values_list(
            "grid_id", flat=True
        )
    )
    found = roster.holders(path, Role.LEADER, case.now)
    manager = roster.responsible_person(case.path, Role.MANAGER, case.now)
    if manager is not None:
        found.append(manager)
    return tuple({holder.person_id: holder for holder in reversed(found)}.values())[::-1]
