"""Whose roster a reader may see and keep: the areas of their posts and everything below."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from gridmgmt.core.permissions import Right
from grids.people.access import Access
from grids.people.models import Department, Person, Post
from grids.people.services.tree import AreaNode, Tree


@dataclass
class Scope:
    """The rights of one reader on the roster, with the division at the moment asked for."""

    access: Access
    tree: Tree

    @classmethod
    def at(cls, access: Access, moment: datetime) -> Scope:
        """One query, for the division."""
        return cls(access, Tree.at(moment))

    @cached_property
    def seen(self) -> set[int] | None:
        """Ids of the areas whose people may be looked at; None: all."""
        return self._areas((Right.SEE_ROSTER, Right.KEEP_ROSTER))

    @cached_property
    def kept(self) -> set[int] | None:
        """Ids of the areas whose people may be changed; None: all."""
        return self._areas((Right.KEEP_ROSTER,))

    def _areas(self, rights: Collection[str]) -> set[int] | None:
        roots: set[int] = set()
        for right in rights:
            grids = self.access.grids_for(right)
            if grids is None:
                return None
            roots |= grids
        return self.tree.below(roots)

    def sees(self, grid_id: int | None) -> bool:
        """Whether the people of this area may be looked at (None: those without an area)."""
        return self.seen is None or grid_id in self.seen

    def keeps(self, grid_id: int | None) -> bool:
        """Whether posts on this area may be given and ended (None: posts for the whole office)."""
        return self.kept is None or grid_id in self.kept

    @property
    def nodes(self) -> list[AreaNode]:
        """The areas that are shown, parents before children."""
        return [node for node in self.tree.areas.values() if self.sees(node.grid_id)]

    @property
    def kept_nodes(self) -> list[AreaNode]:
        """The areas on which posts may be given."""
        return [node for node in self.tree.areas.values() if self.keeps(node.grid_id)]

    @property
    def keeps_something(self) -> bool:
        """Whether there is anything here that the reader may change."""
        return self.access.may(Right.KEEP_ROSTER)

    def people(self) -> QuerySet[Person]:
        """People with a post, now or once, in a seen area; whoever keeps sees the unplaced too."""
        if self.seen is None:
            return Person.objects.all()
        areas = list(self.seen)
        posts = Post.objects.filter(person=OuterRef("pk"))
        shown = Exists(posts.filter(Q(grid_id__in=areas) | Q(department__grid_id__in=areas)))
        if self.keeps_something:
            shown = shown | ~Exists(posts)
        return Person.objects.filter(shown)

    def kept_people(self) -> QuerySet[Person]:
        """People all of whose posts (that have not ended) lie in kept areas, and the unplaced."""
        if self.kept is None:
            return Person.objects.all()
        areas = list(self.kept)
        posts = Post.objects.filter(person=OuterRef("pk")).annotate(
            area=Coalesce("grid_id", "department__grid_id")
        )
        open_posts = posts.filter(valid__isempty=False).filter(
            Q(valid__upper_inf=True) | Q(valid__endswith__gt=timezone.now())
        )
        elsewhere = open_posts.filter(Q(area__isnull=True) | ~Q(area__in=areas))
        return self.people().exclude(Exists(elsewhere))

    def departments(self) -> QuerySet[Department]:
        """Active departments whose handlers may be appointed."""
        found = Department.objects.filter(active=True)
        return found if self.kept is None else found.filter(grid_id__in=list(self.kept))

    def keeps_post(self, post: Post) -> bool:
        """Whether this post may be ended or changed."""
        area = post.grid_id
        if area is None and post.department is not None:
            area = post.department.grid_id
        return self.keeps(area)
