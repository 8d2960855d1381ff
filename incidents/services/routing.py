"""Who owns a case: from place, category, grade, channel and time to exactly one owner, explained.

`locate` finds the areas, `decide` the owner, `store_decision` keeps the answer with the case and
`apply_owner` writes it into the case's fields. Whatever is missing (no place, no rule, a vacant
post, no department) leads on to the next possibility and at last to the dispatchers' pool, so a
case is never without an owner.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from gridmgmt.core.permissions import Role
from grids.people.models import Department
from grids.people.services import roster
from grids.people.services.roster import Holder
from grids.territory.choices import Answer
from grids.territory.models import Boundary, Tier
from grids.territory.services.responsibility import Area, Responsibility, responsible_areas
from incidents import rule_order
from incidents.choices import Grade, Purpose
from incidents.models import Category, Incident, RoutingDecision, RoutingRule
from incidents.services.decision import Decision, Reason
from incidents.services.routing_reasons import bilingual, explain, reason

__all__ = [
    "OWNER_FIELDS",
    "Decision",
    "apply_owner",
    "decide",
    "explain",
    "locate",
    "store_decision",
]

OWNER_FIELDS = ("owner_path", "owner_grid", "owner_department", "owner_role", "owner_person")
DEEPEST_TREE = 20


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
    case = _Case(responsibility, category, grade, channel, urgent or grade == Grade.MAJOR, now)
    purpose = Purpose(purpose)
    if purpose is Purpose.HANDLE:
        decision = _by_rules(case)
    elif purpose is Purpose.DISPATCH:
        decision = _pool(case, purpose, [reason("dispatcher")])
    else:
        role = Role.MANAGER if purpose is Purpose.VERIFY else Role.SUPERVISOR
        decision = _by_post(case, purpose, role, avoid_user_id)
    return _with_grade(case, decision)


def store_decision(incident: Incident, decision: Decision, *, now: datetime) -> RoutingDecision:
    """Keep the decision with the case, as it was made."""
    place = decision.responsibility
    return RoutingDecision.objects.create(
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


@dataclass(frozen=True)
class _Case:
    place: Responsibility | None
    category: Category | None
    grade: str
    channel: str
    urgent: bool
    now: datetime

    @property
    def areas(self) -> tuple[Area, ...]:
        return self.place.areas if self.place else ()

    @property
    def path(self) -> tuple[int, ...]:
        return self.place.path if self.place else ()

    def down_to(self, tier: Tier | None) -> tuple[int, ...]:
        """The path, cut below the tier (None: whole)."""
        return tuple(a.grid_id for a in self.areas if tier is None or a.tier_order <= tier.order)

    def area(self, grid_id: int | None) -> Area | None:
        return next((area for area in self.areas if area.grid_id == grid_id), None)


def _by_post(case: _Case, purpose: Purpose, role: Role, avoid_user_id: int | None) -> Decision:
    holder = roster.responsible_person(case.path, role, case.now)
    reasons: list[Reason] = []
    if holder is not None and avoid_user_id is not None and holder.user_id == avoid_user_id:
        others = roster.holders(case.path, role, case.now)
        holder = next((other for other in others if other.user_id != avoid_user_id), None)
        reasons.append(reason("avoided"))
    if holder is None:
        if case.path:
            reasons.append(reason("vacant", role=role))
        return _pool(case, purpose, reasons)
    reasons.append(_why_holder(case, role, holder))
    return _owned(case, purpose, reasons, role=holder.role, grid_id=holder.grid_id, person=holder)


def _by_rules(case: _Case) -> Decision:
    """The handling owner: the heaviest rule whose target exists, else the category's system."""
    reasons: list[Reason] = []
    rules = _applying(case)
    for index, rule in enumerate(rules):
        decision = _by_rule(case, rule)
        if decision is None:
            reasons.append(reason("rule_empty", rule=bilingual(rule)))
            continue
        losers = tuple(
            {"kind": "rule", "id": other.pk, "version": other.version} | bilingual(other)
            for other in rules[index + 1 :]
        )
        return replace(
            decision,
            reasons=(decision.reasons[0], *reasons, *decision.reasons[1:]),
            alternatives=decision.alternatives + losers,
        )
    if case.category is not None:
        department = roster.department_for(case.category.system, case.path)
        if department is not None:
            reasons += [reason("no_rule"), _why_nearest(department)]
            return _to_department(case, department, reasons)
    return _pool(case, Purpose.HANDLE, [*reasons, reason("no_owner")])


def _applying(case: _Case) -> list[RoutingRule]:
    answer = case.place.answer if case.place else ""
    candidates = RoutingRule.objects.that_can_apply(
        path=case.path,
        category=case.category,
        grade=case.grade,
        answer=answer,
        channel=case.channel,
    )
    hour = timezone.localtime(case.now, timezone.get_default_timezone()).time()
    fitting = [r for r in candidates if rule_order.in_window(hour, r.time_from, r.time_to)]
    order = settings.ROUTING_ORDER
    # Rules tie only when they cannot meet; the number settles it for ever all the same.
    return sorted(fitting, key=lambda r: (rule_order.ordered(r, order), -r.pk), reverse=True)


def _by_rule(case: _Case, rule: RoutingRule) -> Decision | None:
    reasons = [reason("rule", rule=bilingual(rule), version=rule.version)]
    path = case.down_to(rule.target_tier)
    if rule.target_role:
        holder = _holder_of(rule.target_role, path, case)
        if holder is None:
            return None
        reasons.append(_why_holder(case, rule.target_role, holder))
        decision = _owned(
            case,
            Purpose.HANDLE,
            reasons,
            role=holder.role,
            grid_id=holder.grid_id,
            person=holder,
        )
    else:
        department = rule.department
        if department is None:
            department = roster.department_for(rule.target_system, path)
            if department is None:
                return None
            reasons.append(_why_nearest(department))
        elif department.active:
            reasons.append(reason("department_named", department=bilingual(department)))
        else:
            return None
        decision = _to_department(case, department, reasons)
    if rule.auto_dispatch:
        decision = replace(
            decision, auto_dispatch=True, reasons=(*decision.reasons, reason("auto_dispatch"))
        )
    return replace(decision, rule=rule, rule_version=rule.version)


def _holder_of(role: str, path: tuple[int, ...], case: _Case) -> Holder | None:
    if role in (Role.DISPATCHER, Role.DESK_OPERATOR):
        return next(iter(roster.officers(role, case.now, path)), None)
    return roster.responsible_person(path, role, case.now)


def _to_department(case: _Case, department: Department, reasons: list[Reason]) -> Decision:
    """The department owns the case; its first present handler is named."""
    handler = next(iter(roster.handlers_of(department, case.now)), None)
    return _owned(
        case,
        Purpose.HANDLE,
        reasons,
        role=Role.DEPARTMENT_HANDLER,
        grid_id=department.grid_id,
        person=handler,
        department=department,
    )


def _pool(case: _Case, purpose: Purpose, reasons: list[Reason]) -> Decision:
    """The dispatchers: the nearest one on the path is named, the area stays the whole path."""
    officers = roster.officers(Role.DISPATCHER, case.now, case.path)
    first = officers[0] if officers else None
    decision = _owned(
        case,
        purpose,
        reasons,
        role=Role.DISPATCHER,
        grid_id=first.grid_id if first else None,
        person=first,
    )
    others = tuple(
        {"kind": "person", "id": other.person_id, "role": other.role} for other in officers[1:10]
    )
    return replace(decision, alternatives=decision.alternatives + others)


def _owned(
    case: _Case,
    purpose: Purpose,
    reasons: Iterable[Reason],
    *,
    role: str,
    grid_id: int | None,
    person: Holder | None,
    department: Department | None = None,
) -> Decision:
    area = case.area(grid_id)
    if area is not None:
        path = case.path[: case.path.index(area.grid_id) + 1]
    elif grid_id is not None:
        path = _path_of(grid_id, case.now)
    else:
        path = case.path
    others = case.place.others if case.place else ()
    return Decision(
        purpose=purpose,
        responsibility=case.place,
        reasons=(_why_place(case), *reasons),
        role=role,
        path=path,
        grid_id=grid_id,
        tier_id=_tier_id(grid_id),
        department=department,
        person=person,
        alternatives=tuple(
            {"kind": "area", "id": other.grid_id, "code": other.code} | bilingual(other)
            for other in others
        ),
    )


def _with_grade(case: _Case, decision: Decision) -> Decision:
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


def _to_inform(case: _Case) -> tuple[Holder, ...]:
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


def _why_place(case: _Case) -> Reason:
    leaf = case.place.leaf if case.place else None
    if case.place is None or leaf is None:
        far = case.place is not None and case.place.distance_m is not None
        return reason("place_outside" if far else "place_none")
    return reason(
        f"place_{case.place.answer}",
        area=bilingual(leaf),
        code=leaf.code,
        distance=round(case.place.distance_m or 0, 1),
        others=[bilingual(other) for other in case.place.others],
    )


def _why_holder(case: _Case, role: str, holder: Holder) -> Reason:
    area, leaf = case.area(holder.grid_id), case.area(case.path[-1]) if case.path else None
    if area is None or leaf is None:
        return reason("dispatcher")
    return reason(holder.why, role=role, area=bilingual(area), leaf=bilingual(leaf))


def _why_nearest(department: Department) -> Reason:
    return reason("department_nearest", department=bilingual(department), system=department.system)


def _tier_id(grid_id: int | None) -> int | None:
    if grid_id is None:
        return None
    return Tier.objects.filter(grids=grid_id).values_list("pk", flat=True).first()


def _path_of(grid_id: int, moment: datetime) -> tuple[int, ...]:
    """The ancestors of an area off the case's path (a named department's), root first."""
    path = [grid_id]
    while len(path) < DEEPEST_TREE:
        parent = (
            Boundary.objects.filter(grid_id=path[0], valid__contains=moment)
            .values_list("parent_id", flat=True)
            .first()
        )
        if parent is None:
            break
        path.insert(0, parent)
    return tuple(path)
