"""Finding the owner of a case: by a post of its path, by rules, or the dispatchers' pool."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.utils import timezone

from gridmgmt.core.asked_once import is_kept, once
from gridmgmt.core.permissions import Role
from grids.people.models import Department
from grids.people.services import roster
from grids.people.services.roster import Holder
from grids.territory.models import Boundary, Grid, Tier
from grids.territory.services.responsibility import Area, Responsibility
from incidents import rule_order
from incidents.choices import Purpose
from incidents.models import Category, RoutingRule
from incidents.services.decision import Decision, Reason
from incidents.services.routing_reasons import bilingual, reason

DEEPEST_TREE = 20


@dataclass(frozen=True)
class Case:
    """What routing knows of a case."""

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


def by_post(case: Case, purpose: Purpose, role: Role, avoid_user_id: int | None) -> Decision:
    """The best holder of the role on the path, else the pool."""
    reasons: list[Reason] = []
    found = _holders(case, role, case.path)
    others = [holder for holder in found if holder.user_id != avoid_user_id]
    if avoid_user_id is not None and found and found[0] not in others:
        reasons.append(reason("avoided"))
        found = others
    if not found:
        if case.path:
            reasons.append(reason("vacant", role=role))
        return pool(case, purpose, reasons)
    reasons.append(_why_holder(case, role, found[0]))
    return _to_person(case, purpose, reasons, found[0])


def _holders(case: Case, role: str, path: tuple[int, ...]) -> list[Holder]:
    """Who holds the role, the best first. A manager's vacancy is climbed over to the tier above:
    the manager there, else the head of that tier, who holds the same rights."""
    if role in (Role.DISPATCHER, Role.DESK_OPERATOR):
        return roster.officers(role, case.now, path)
    if role != Role.MANAGER or not path:
        found = roster.holders(path, role, case.now)
    else:
        level = {grid_id: index for index, grid_id in enumerate(path)}
        found = [
            holder
            for holder in roster.staff(path, (role, Role.GRID_HEAD), case.now)
            if holder.role == role or holder.grid_id != case.path[-1]
        ]
        # Stable: within an area and a role the roster's own order stays.
        found.sort(key=lambda holder: (-level[holder.grid_id or 0], holder.role != role))
    return [
        holder if holder.grid_id == case.path[-1] else replace(holder, why=roster.PARENT_TIER)
        for holder in found
    ]


def by_rules(case: Case) -> Decision:
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
    return pool(case, Purpose.HANDLE, [*reasons, reason("no_owner")])


def _applying(case: Case) -> list[RoutingRule]:
    answer = case.place.answer if case.place else ""
    path = _that_rules_name(case.path) if is_kept() else case.path
    candidates = once(
        ("rules", path, case.category and case.category.pk, case.grade, answer, case.channel),
        lambda: list(
            RoutingRule.objects.that_can_apply(
                path=path,
                category=case.category,
                grade=case.grade,
                answer=answer,
                channel=case.channel,
            )
        ),
    )
    hour = timezone.localtime(case.now, timezone.get_default_timezone()).time()
    fitting = [r for r in candidates if rule_order.in_window(hour, r.time_from, r.time_to)]
    order = settings.ROUTING_ORDER
    # Rules tie only when they cannot meet; the number settles it for ever all the same.
    return sorted(fitting, key=lambda r: (rule_order.ordered(r, order), -r.pk), reverse=True)


def _that_rules_name(path: tuple[int, ...]) -> tuple[int, ...]:
    """The path's areas that some rule asks for: no rule can tell others apart. The root stays,
    because a place without any area is none."""
    named = once(
        "grids of rules",
        lambda: {*RoutingRule.objects.filter(active=True).values_list("grid_id", flat=True)},
    )
    return path[:1] + tuple(grid_id for grid_id in path[1:] if grid_id in named)


def _by_rule(case: Case, rule: RoutingRule) -> Decision | None:
    reasons = [reason("rule", rule=bilingual(rule), version=rule.version)]
    path = case.down_to(rule.target_tier)
    if rule.target_role:
        found = _holders(case, rule.target_role, path)
        if not found:
            return None
        reasons.append(_why_holder(case, rule.target_role, found[0]))
        decision = _to_person(case, Purpose.HANDLE, reasons, found[0])
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


def _to_person(case: Case, purpose: Purpose, reasons: list[Reason], holder: Holder) -> Decision:
    return _owned(case, purpose, reasons, role=holder.role, grid_id=holder.grid_id, person=holder)


def _to_department(case: Case, department: Department, reasons: list[Reason]) -> Decision:
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


def pool(case: Case, purpose: Purpose, reasons: list[Reason]) -> Decision:
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
    case: Case,
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
        path = once(("path", grid_id, case.now), lambda: _path_of(grid_id, case.now))
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


def _why_place(case: Case) -> Reason:
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


def _why_holder(case: Case, role: str, holder: Holder) -> Reason:
    area, leaf = case.area(holder.grid_id), case.area(case.path[-1]) if case.path else None
    if area is None or leaf is None:
        return reason("dispatcher")
    # Supervisors sit at the street office by design; a manager above means a vacancy below.
    above = holder.why == roster.PARENT_TIER and role != Role.MANAGER
    code = "above" if above else holder.why
    return reason(code, role=role, area=bilingual(area), leaf=bilingual(leaf))


def _why_nearest(department: Department) -> Reason:
    return reason("department_nearest", department=bilingual(department), system=department.system)


def _tier_id(grid_id: int | None) -> int | None:
    if grid_id is None:
        return None
    if is_kept():
        return once("tiers", lambda: dict(Grid.objects.values_list("pk", "tier_id")))[grid_id]
    return _tier_of(connection.settings_dict["NAME"], grid_id)


@functools.lru_cache(maxsize=100_000)
def _tier_of(_database: str, grid_id: int) -> int:
    """A grid's tier never changes, so it is asked once a process."""
    return Grid.objects.values_list("tier_id", flat=True).get(pk=grid_id)


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
