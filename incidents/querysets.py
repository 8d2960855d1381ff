"""Questions to the cases."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib.gis.geos import Polygon
from django.db import models
from django.db.models import F, Q

from gridmgmt.core.crypto import blind_index
from gridmgmt.core.permissions import Right, Role
from gridmgmt.core.search import query_terms
from incidents.choices import OPEN_STATES, Light, State

if TYPE_CHECKING:
    from grids.people.access import Access

_OPEN = sorted(OPEN_STATES)
_TO_VERIFY = (State.REPORTED, State.VERIFIED)
_OWN_WORK = sorted(OPEN_STATES - {State.SUSPENDED})


class IncidentQuerySet(models.QuerySet):
    """Cases as someone may see them."""

    def visible_to(self, access: Access) -> IncidentQuerySet:
        """Cases whose report path or owner path lies below the user's posts, or of their office.

        A case of an abolished grid stays visible through the path of its report, a handled one to
        the department that handled it; one without any place is every dispatcher's.
        """
        if not access.may(Right.SEE_CASES):
            return self.none()
        grid_ids = access.grids_for(Right.SEE_CASES)
        if grid_ids is None:
            return self
        grids = sorted(grid_ids)
        mine = Q(report_path__overlap=grids) | Q(owner_path__overlap=grids)
        if access.department_ids:
            departments = sorted(access.department_ids)
            mine |= Q(owner_department__in=departments) | Q(handled_department__in=departments)
        if Role.DISPATCHER in access.roles:
            mine |= _without_place()
        return self.filter(mine)

    def work_for(self, access: Access) -> IncidentQuerySet:
        """Open cases that wait for this user: owned by the person, a post or a department of
        theirs, and verifications that are still owed on their grids."""
        if not access.holdings:
            return self.none()
        mine = Q(pk__in=[])
        if access.person_id is not None:
            mine |= Q(owner_person=access.person_id)
        for holding in access.holdings:
            mine |= _owned_by(holding.role, holding.grid_id, holding.department_id)
        return self.filter(mine, state__in=_OWN_WORK)

    def in_pool(self) -> IncidentQuerySet:
        """Open cases that wait for a dispatcher."""
        return self.open().filter(owner_role=Role.DISPATCHER)

    def open(self) -> IncidentQuerySet:
        """Cases that still owe something."""
        return self.filter(state__in=_OPEN)

    def overdue(self, now: datetime) -> IncidentQuerySet:
        """Open cases whose running clock has passed its limit."""
        return self.open().filter(due_at__lt=now)

    def nearly_due(self, now: datetime) -> IncidentQuerySet:
        """Open cases past 80 % of their limit, not yet overdue."""
        return self.open().filter(warn_at__lt=now, due_at__gte=now)

    def with_light(self, light: str, now: datetime) -> IncidentQuerySet:
        """Open cases that show this light at `now`; an unknown word finds nothing."""
        if light == Light.RED:
            return self.overdue(now)
        if light == Light.YELLOW:
            return self.nearly_due(now)
        if light == Light.GREEN:
            return self.open().filter(warn_at__gte=now)
        return self.open().filter(due_at__isnull=True) if light == Light.NONE else self.none()

    def by_urgency(self) -> IncidentQuerySet:
        """Urgent ones first, then what is due soonest, then the oldest."""
        return self.order_by("-urgent", F("due_at").asc(nulls_last=True), "reported_at", "id")

    def newest_first(self) -> IncidentQuerySet:
        """In the order of the index that pages run along."""
        return self.order_by("-reported_at", "-id")

    def search(self, text: str, *, phones: bool = False) -> IncidentQuerySet:
        """By query number, outside number or words of description and place; all words must fit.

        `phones`: a telephone number finds its reporter's cases (for who may open contact data).
        Never the confidential ones: who reported those is opened with a reason, on record.
        """
        text = (text or "").strip()
        if not text:
            return self
        number = Q(number=text.upper()) | Q(outside_number=text)
        digits = "".join(c for c in text if c.isdigit())
        if phones and len(digits) >= 7 and len(digits) >= len(text) - 4:
            number |= Q(
                contact_phone_index__in=[blind_index(digits), blind_index(f"+{digits}")],
                confidential=False,
            )
        if (words := query_terms(text)) and not (text.isascii() and "-" in text):
            number |= Q(terms__contains=words)
        return self.filter(number)

    def within(self, west: float, south: float, east: float, north: float) -> IncidentQuerySet:
        """Cases whose exact point lies in the window (degrees). For staff only: see below."""
        return self.filter(point__bboverlaps=_window(west, south, east, north))

    def within_public(
        self, west: float, south: float, east: float, north: float
    ) -> IncidentQuerySet:
        """Cases whose blurred point lies in the window: asking again and again with smaller
        windows tells nothing but the blurred point."""
        return self.filter(public_point__bboverlaps=_window(west, south, east, north))

    def released(self) -> IncidentQuerySet:
        """Cases whose words and photos everyone may read."""
        return self.filter(released=True, confidential=False)

    def for_list(self) -> IncidentQuerySet:
        """With what a row of a list shows, without what it does not (no contact data)."""
        return self.select_related(
            "category", "report_grid", "owner_grid", "owner_department", "owner_person"
        ).defer(
            "terms",
            "contact_name",
            "contact_phone",
            "contact_phone_index",
            "idempotency_digest",
            "opinion_reason",
        )


def _without_place() -> Q:
    """Cases that no area claims."""
    return Q(report_path=[], owner_path=[], state__in=_OPEN)


def _owned_by(role: str, grid_id: int | None, department_id: int | None) -> Q:
    """What one post has to do."""
    if department_id is not None:
        return Q(owner_department=department_id, state__in=_OWN_WORK)
    if role == Role.DISPATCHER:
        pool = Q(owner_role=Role.DISPATCHER, state__in=_OWN_WORK)
        if grid_id is None:
            return pool
        return pool & (Q(owner_path__contains=[grid_id]) | Q(owner_path=[]))
    owned = Q(owner_grid=grid_id, owner_role=role, state__in=_OWN_WORK)
    if role == Role.COORDINATOR:
        owned |= Q(owner_grid=grid_id, state__in=_TO_VERIFY)
    if role == Role.MANAGER:
        owned |= Q(report_grid=grid_id, verification_owed=True, state__in=_OWN_WORK)
    return owned


def _window(west: float, south: float, east: float, north: float) -> Polygon:
    window = Polygon.from_bbox((west, south, east, north))
    window.srid = 4326
    return window
