"""What a user may do and where, at a moment. Posts decide; one query reads them.

Every list of rows asks `access.grids_for(right)`, every action asks `access.may(right, path)`.
A path is the ids of the areas from root to leaf, so a post on a community holds for its grids.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import FilteredRelation, Q

from gridmgmt.core.permissions import ROLE_RIGHTS, Right, Role
from grids.people.models import Absence, Person


@dataclass(frozen=True)
class Holding:
    """One post as it counts for rights. `grid_id` None: the whole deployment.

    A department handler's area is the department's, and rows are theirs by department only.
    """

    role: str
    grid_id: int | None
    department_id: int | None = None
    system: str | None = None
    standing_in_for: int | None = None

    def covers(self, path: Collection[int] | None) -> bool:
        """Whether the place with this path lies in the post's area; no path asks "anywhere"."""
        return path is None or self.grid_id is None or self.grid_id in path


@dataclass(frozen=True)
class Access:
    """The rights of one user at one moment."""

    user_id: int | None = None
    person_id: int | None = None
    holdings: tuple[Holding, ...] = ()
    everything: bool = field(default=False)

    @cached_property
    def roles(self) -> frozenset[str]:
        """The roles held, own and stood in for; all of them for the superuser."""
        if self.everything:
            return frozenset(Role.values)
        return frozenset(holding.role for holding in self.holdings)

    @cached_property
    def rights(self) -> frozenset[str]:
        """Every right held somewhere."""
        if self.everything:
            return frozenset(Right.values)
        return frozenset().union(*(_rights(holding.role) for holding in self.holdings))

    @cached_property
    def grid_ids(self) -> frozenset[int] | None:
        """The areas of all posts; None when one of them holds for the whole deployment."""
        return self._grids(self._placed())

    @cached_property
    def department_ids(self) -> frozenset[int]:
        """The departments that this user handles for."""
        return frozenset(h.department_id for h in self.holdings if h.department_id is not None)

    @cached_property
    def systems(self) -> frozenset[str]:
        """The management systems of those departments."""
        return frozenset(h.system for h in self.holdings if h.system)

    def may(self, right: str, path: Collection[int] | None = None) -> bool:
        """Whether the right is held at the place with this path (None: anywhere at all)."""
        if self.everything:
            return True
        return any(
            right in _rights(holding.role) and holding.covers(path) for holding in self.holdings
        )

    def grids_for(self, right: str) -> frozenset[int] | None:
        """Areas below which rows may be read or changed by this right.

        None: everywhere. Empty: nowhere by place (a department handler has `department_ids`).
        """
        if self.everything:
            return None
        return self._grids([h for h in self._placed() if right in _rights(h.role)])

    def _placed(self) -> list[Holding]:
        return [h for h in self.holdings if h.role != Role.DEPARTMENT_HANDLER]

    def _grids(self, holdings: list[Holding]) -> frozenset[int] | None:
        if self.everything or any(holding.grid_id is None for holding in holdings):
            return None
        return frozenset(h.grid_id for h in holdings if h.grid_id is not None)


NOTHING = Access()


def _rights(role: str) -> frozenset[Right]:
    try:
        return ROLE_RIGHTS[Role(role)]
    except ValueError:  # a role of a later version, left in the database: it gives nothing
        return frozenset()


def access_for(user: Any, moment: datetime) -> Access:
    """The access of `user` (may be anonymous or inactive: none) at `moment` (aware). One query.

    Who stands in for an absent person holds that person's posts while the absence lasts.
    """
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return NOTHING
    absent = Absence.objects.filter(during__contains=moment, stand_in__user_id=user.pk)
    rows = (
        Person.objects.annotate(
            held=FilteredRelation("posts", condition=Q(posts__valid__contains=moment))
        )
        .filter(Q(user_id=user.pk) | Q(pk__in=absent.values("person_id")))
        .values_list(
            "pk",
            "user_id",
            "held__role",
            "held__grid_id",
            "held__department_id",
            "held__department__system",
            "held__department__grid_id",
        )
    )
    person_id: int | None = None
    holdings: list[Holding] = []
    for person, owner, role, grid, department, system, area in rows:
        if owner == user.pk:
            person_id = person
        if role:
            holdings.append(
                Holding(
                    role=role,
                    grid_id=area if role == Role.DEPARTMENT_HANDLER else grid,
                    department_id=department,
                    system=system,
                    standing_in_for=None if owner == user.pk else person,
                )
            )
    return Access(
        user_id=user.pk,
        person_id=person_id,
        holdings=tuple(holdings),
        everything=user.is_superuser,
    )
