"""Questions to the roster."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, models


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
WHERE p.valid @> %(moment)s AND p.role = ANY(%(roles)s) AND """
_ON_GRIDS = _PRESENT + "p.grid_id = ANY(%(grids)s)"
_ABOVE = _PRESENT + "(p.grid_id IS NULL OR p.grid_id = ANY(%(grids)s))"
_IN_DEPARTMENT = _PRESENT + "p.department_id = %(department)s"


def posts_on_grids(
    grid_ids: Sequence[int], roles: Sequence[str], moment: datetime, *, or_anywhere: bool = False
) -> list[tuple[Any, ...]]:
    """Rows of the posts of these roles on these grids; `or_anywhere` adds those without a grid."""
    sql = _ABOVE if or_anywhere else _ON_GRIDS
    return _rows(sql, {"grids": list(grid_ids), "roles": [*map(str, roles)], "moment": moment})


def posts_in_department(department_id: int, role: str, moment: datetime) -> list[tuple[Any, ...]]:
    """Rows of the posts of this role in one department."""
    return _rows(
        _IN_DEPARTMENT, {"department": department_id, "roles": [str(role)], "moment": moment}
    )


def _rows(sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()
