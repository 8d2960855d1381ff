"""Owners that a person chose instead of the routing, and what stands against a choice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from gridmgmt.core.permissions import GRID_ROLES, Role
from grids.people.models import Department, Person, Post
from grids.people.services import roster
from grids.territory.models import Boundary, Grid
from incidents.choices import Purpose
from incidents.models import Incident
from incidents.services import sending
from incidents.services.decision import Decision
from incidents.services.errors import MoveRefused
from incidents.services.routing_reasons import reason
from incidents.services.step import Step

TARGETS = ("department_id", "grid_id", "person_id")
_DEEPEST_TREE = 20


def target_given(data: Mapping[str, Any]) -> bool:
    """Whether the actor named who shall have the case."""
    return any(data.get(name) is not None for name in TARGETS)


def by_hand(step: Step, purpose: Purpose) -> None:
    """Give the case to the department, the grid's manager or the person that was named."""
    named = [name for name in TARGETS if step.data.get(name) is not None]
    if len(named) != 1:
        raise MoveRefused(
            _("Name exactly one: a department, a grid or a person."), code="no_target"
        )
    choose = {"department_id": _department, "grid_id": _grid, "person_id": _person}[named[0]]
    decision = choose(step, purpose, step.data[named[0]])
    sending.give(step.incident, decision, now=step.now)


def refuse_ping_pong(step: Step) -> None:
    """The department that has just handed the case back is not named again without an order."""
    returned_by = step.incident.returned_by_department_id
    if returned_by is not None and step.data.get("department_id") == returned_by:
        refuse_without_order(step)


def refuse_without_order(step: Step) -> None:
    if not (step.data.get("order") and step.note):
        raise MoveRefused(
            _(
                "This department has just handed the case back. Choose another one, or order it "
                "with a reason."
            ),
            code="ping_pong",
        )
    step.details["order"] = True


def restore(incident: Incident, owner: Mapping[str, Any]) -> None:
    """Set the owner that a history line remembers (`sending.owner_data`)."""
    incident.owner_department_id = owner.get("department")
    incident.owner_role = owner.get("role", "")
    incident.owner_grid_id = owner.get("grid")
    incident.owner_person_id = owner.get("person")
    incident.owner_path = list(owner.get("path", []))


def path_of(grid_id: int, moment: datetime) -> tuple[int, ...]:
    """The area and its ancestors at `moment`, root first; empty for an area not in force."""
    path: list[int] = []
    current: int | None = grid_id
    while current is not None and len(path) < _DEEPEST_TREE:
        row = (
            Boundary.objects.valid_at(moment)
            .filter(grid_id=current)
            .values_list("parent_id", flat=True)
        )
        parents = list(row[:1])
        if not parents:
            break
        path.insert(0, current)
        current = parents[0]
    return tuple(path)


def _department(step: Step, purpose: Purpose, department_id: int) -> Decision:
    if purpose is not Purpose.HANDLE:
        raise MoveRefused(
            {
                "department_id": [
                    _("Before it is filed, a case belongs to a grid, not to an office.")
                ]
            }
        )
    department = Department.objects.filter(pk=department_id, active=True).first()
    if department is None:
        raise MoveRefused({"department_id": [_("This department does not exist (any more).")]})
    handler = next(iter(roster.handlers_of(department, step.now)), None)
    return decision_for(
        step.incident,
        purpose,
        role=Role.DEPARTMENT_HANDLER,
        grid_id=department.grid_id,
        department=department,
        person=handler,
        now=step.now,
    )


def _grid(step: Step, purpose: Purpose, grid_id: int) -> Decision:
    path = path_of(grid_id, step.now)
    if not path:
        raise MoveRefused({"grid_id": [_("This grid does not exist (any more).")]})
    holder = roster.responsible_person(path, Role.MANAGER, step.now)
    if holder is None or holder.grid_id is None:
        raise MoveRefused({"grid_id": [_("Nobody manages this grid, nor an area above it.")]})
    return decision_for(
        step.incident,
        purpose,
        role=holder.role,
        grid_id=grid_id,
        department=None,
        person=holder,
        now=step.now,
    )


def _person(step: Step, purpose: Purpose, person_id: int) -> Decision:
    person = Person.objects.filter(pk=person_id).first()
    posts = Post.objects.held_at(step.now).filter(
        person_id=person_id, role__in=[*GRID_ROLES, Role.DEPARTMENT_HANDLER]
    )
    post = posts.select_related("department").order_by("-is_lead", "pk").first()
    if person is None or post is None:
        raise MoveRefused({"person_id": [_("This person holds no post now.")]})
    if post.department is not None and purpose is not Purpose.HANDLE:
        raise MoveRefused(
            {"person_id": [_("Before it is filed, a case belongs to a grid, not to an office.")]}
        )
    return decision_for(
        step.incident,
        purpose,
        role=post.role,
        grid_id=post.department.grid_id if post.department else post.grid_id,
        department=post.department,
        person=holder_of(person),
        now=step.now,
    )


def decision_for(
    incident: Incident,
    purpose: Purpose,
    *,
    role: str,
    grid_id: int,
    department: Department | None,
    person: roster.Holder | None,
    now: datetime,
) -> Decision:
    """A decision for an owner that is known already, at the area as it lies now."""
    tier_id = Grid.objects.filter(pk=grid_id).values_list("tier_id", flat=True).first()
    return Decision(
        purpose=purpose,
        responsibility=sending.place_of(incident, now),
        reasons=(reason("by_hand"),),
        role=role,
        path=path_of(grid_id, now),
        grid_id=grid_id,
        tier_id=tier_id,
        department=department,
        person=person,
    )


def holder_of(person: Person | None) -> roster.Holder | None:
    """The person as routing names people."""
    if person is None:
        return None
    return roster.Holder(
        person_id=person.pk,
        user_id=person.user_id,
        name=person.name,
        duty_phone=person.duty_phone,
        role="",
        grid_id=None,
        department_id=None,
        why=roster.LEAD,
    )
