"""Questions to the roster."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, models
from django.utils import timezone

from gridmgmt.core.asked_once import is_kept, once


class PostQuerySet(models.QuerySet):
    """Posts and who really stands behind them."""

    def held_at(self, moment: datetime) -> "PostQuerySet":
        """Posts in force at `moment` (aware)."""
        return self.filter(valid__contains=moment)


# Who really stands behind posts at a moment: the holder, their absence, and who stands in (with
# whether that one is away too). Every report asks this once, so it is written out: building it
# with the ORM costs several times what the database needs to answer it.
_PRESENT = """
SELECT p.role, p.grid_id, p.department_id, p.is_lead, a.id,
       EXISTS (SELECT 1 FROM people_absence x
               WHERE x.person_id = a.stand_in_id AND x.during @> %(moment)s),
       h.id, h.user_id, h.name, h.duty_phone, s.id, s.user_id, s.name, s.duty_phone
FROM people_post p
JOIN people_person h ON h.id = p.person_id
LEFT JOIN people_absence a ON a.person_id = h.id AND a.during @> %(moment)s
LEFT JOIN people_person s ON s.id = a.stand_in_id
WHERE p.valid @> %(moment)s"""
_OF_ROLES = _PRESENT + " AND p.role = ANY(%(roles)s) AND "
_ON_GRIDS = _OF_ROLES + "p.grid_id = ANY(%(grids)s)"
_ABOVE = _OF_ROLES + "(p.grid_id IS NULL OR p.grid_id = ANY(%(grids)s))"
_IN_DEPARTMENT = _OF_ROLES + "p.department_id = %(department)s"
_ROLE, _GRID, _DEPARTMENT = range(3)  # columns


def posts_on_grids(
    grid_ids: Sequence[int], roles: Sequence[str], moment: datetime, *, or_anywhere: bool = False
) -> list[tuple[Any, ...]]:
    """Rows of the posts of these roles on these grids; `or_anywhere` adds those without a grid."""
    if is_kept():
        anywhere = {None} if or_anywhere else set()
        return _chosen(_GRID, {*grid_ids} | anywhere, roles, moment)
    sql = _ABOVE if or_anywhere else _ON_GRIDS
    return _rows(sql, {"grids": list(grid_ids), "roles": [*map(str, roles)], "moment": moment})


def posts_in_department(department_id: int, role: str, moment: datetime) -> list[tuple[Any, ...]]:
    """Rows of the posts of this role in one department."""
    if is_kept():
        return _chosen(_DEPARTMENT, [department_id], [role], moment)
    return _rows(
        _IN_DEPARTMENT, {"department": department_id, "roles": [str(role)], "moment": moment}
    )


def _chosen(
    column: int, wanted: Iterable[int | None], roles: Sequence[str], moment: datetime
) -> list[tuple[Any, ...]]:
    """The same rows out of all posts of the moment, which a batch holds."""

    def all_posts() -> dict[tuple[int | None, str], list[tuple[Any, ...]]]:
        found = defaultdict(list)
        for row in _rows(_PRESENT, {"moment": moment}):
            found[row[column], row[_ROLE]].append(row)
        return found

    posts = once(("posts", column, moment), all_posts)
    keys = [(key, role) for key in wanted for role in dict.fromkeys(roles)]
    return [row for key in keys for row in posts.get(key, ())]


def _rows(sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


# Every post at a moment with whether somebody really answers for it, and besides the community
# workers who hold none; those come with the grid of their last post, so that it is known whom
# the finding concerns.
_STAFFING = """
SELECT p.grid_id, p.role, h.id, h.name, h.kind,
       a.id IS NULL OR (a.stand_in_id IS NOT NULL AND NOT EXISTS (
           SELECT 1 FROM people_absence x
           WHERE x.person_id = a.stand_in_id AND x.during @> %(moment)s)),
       CASE WHEN p.id IS NULL THEN (
           SELECT l.grid_id FROM people_post l
           WHERE l.person_id = h.id AND l.grid_id IS NOT NULL AND lower(l.valid) < %(moment)s
           ORDER BY upper(l.valid) DESC NULLS FIRST LIMIT 1) END
FROM people_person h
LEFT JOIN people_post p ON p.person_id = h.id AND p.grid_id IS NOT NULL AND p.valid @> %(moment)s
LEFT JOIN people_absence a ON a.person_id = h.id AND a.during @> %(moment)s
WHERE p.id IS NOT NULL
   OR (h.kind = ANY(%(kinds)s) AND (h.left_at IS NULL OR h.left_at > %(day)s))
ORDER BY h.name, h.id
"""


def staffing(
    moment: datetime, kinds: Sequence[str]
) -> list[tuple[int | None, str | None, int, str, str, bool, int | None]]:
    """Rows of (grid, role, person, name, kind, somebody answers, last grid); one query.

    Whoever of `kinds` holds no post on a grid comes with grid and role None.
    """
    day = timezone.localtime(moment).date()
    return _rows(_STAFFING, {"moment": moment, "kinds": [*map(str, kinds)], "day": day})


_UPWARDS = """
WITH RECURSIVE up AS (
    SELECT b.grid_id, b.parent_id FROM territory_boundary b
    WHERE b.grid_id = ANY(%(grids)s) AND b.valid @> %(moment)s
    UNION
    SELECT b.grid_id, b.parent_id FROM up
    JOIN territory_boundary b ON b.grid_id = up.parent_id AND b.valid @> %(moment)s
)
SELECT grid_id, parent_id FROM up
"""


def parents_of(grid_ids: Sequence[int], moment: datetime) -> dict[int, int | None]:
    """Grid → parent for these areas and everything above them, as in force; one query."""
    return dict(_rows(_UPWARDS, {"grids": list(grid_ids), "moment": moment}))
