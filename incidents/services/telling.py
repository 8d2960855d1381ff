"""Whom a case concerns, as users who can be told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from gridmgmt.core.models import OutboxEvent
from gridmgmt.core.permissions import Role
from gridmgmt.notifications.services import notify
from grids.people.models import Person, Post
from grids.people.services import roster
from grids.territory.models import Boundary
from incidents.links import case_url, follow_url
from incidents.models import Incident

NOWHERE = {"zh-hans": "位置待定", "en": "place not known yet"}
NO_KIND = {"zh-hans": "未分类", "en": "no category yet"}


def owners(incident: Incident, now: datetime) -> list[int]:
    """User ids of who owns the case: the department's handlers, the person, or the dispatchers."""
    if incident.owner_department_id is not None:
        found = roster.handlers_of(incident.owner_department_id, now)
        return _users(holder.user_id for holder in found)
    if incident.owner_role == Role.DISPATCHER:
        found = roster.officers(Role.DISPATCHER, now, incident.owner_path)
        if not found and not incident.owner_path:
            # A place that nobody knows is everybody's: all dispatchers look at the pool.
            return _users(
                Post.objects.held_at(now)
                .filter(role=Role.DISPATCHER)
                .values_list("person__user_id", flat=True)
            )
        return _users(holder.user_id for holder in found)
    return users_of([incident.owner_person_id])


def users_of(person_ids: Iterable[int | None]) -> list[int]:
    """The accounts of these people; who never signs in has none."""
    wanted = [person_id for person_id in person_ids if person_id is not None]
    return _users(Person.objects.filter(pk__in=wanted).values_list("user_id", flat=True))


def reporters(incident: Incident) -> list[tuple[Incident, int]]:
    """The case and those merged into it, each with the account that reported it."""
    cases = [incident, *incident.merged_cases.all()]
    return [(case, case.reporter_id) for case in cases if case.reporter_id is not None]


def tell_staff(
    users: Iterable[int],
    kind: str,
    incident: Incident,
    event: OutboxEvent,
    now: datetime,
    *,
    urgent: bool = False,
) -> None:
    """Tell staff about the case; the message opens the case page."""
    if recipients := sorted(set(users)):
        notify(
            recipients,
            kind,
            params=params_of(incident),
            url=case_url(incident.number),
            urgent=urgent,
            event_id=event.event_id,
            now=now,
        )


def tell_reporters(incident: Incident, kind: str, event: OutboxEvent, now: datetime) -> None:
    """Tell everyone who reported the matter with an account; opens the public page."""
    for case, user_id in reporters(incident):
        notify(
            [user_id],
            kind,
            params=params_of(case),
            url=follow_url(case.number),
            event_id=event.event_id,
            now=now,
        )


def params_of(incident: Incident) -> dict[str, Any]:
    """Number, kind and area of the case, in both languages; no words of the reporter."""
    area: dict[str, str] = NOWHERE
    if incident.report_boundary_ids:
        leaf = Boundary.objects.filter(pk=incident.report_boundary_ids[-1]).first()
        if leaf is not None:
            area = {"zh-hans": leaf.name, "en": leaf.name_en or leaf.name}
    kind: dict[str, str] = NO_KIND
    if incident.category is not None:
        kind = {
            "zh-hans": incident.category.name,
            "en": incident.category.name_en or incident.category.name,
        }
    return {"number": incident.number, "kind": kind, "area": area}


def _users(ids: Iterable[int | None]) -> list[int]:
    return sorted({user_id for user_id in ids if user_id is not None})
