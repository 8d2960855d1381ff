"""The roster as a table to take out: private phones masked, with who took it and when."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from gridmgmt.core import audit
from gridmgmt.core.crypto import mask_phone
from gridmgmt.core.permissions import Role
from gridmgmt.core.tables.writing import BOM, Echo, excel_code, safe_text
from grids.people.choices import PersonKind
from grids.people.models import Department, Person, Post
from grids.people.presentation import day
from grids.people.services.roster_list import COLUMNS, MEANINGS
from grids.people.services.scope import Scope

CODES = frozenset({"staff_number", "duty_phone", "grid_code"})


def headings(*, chinese: bool) -> list[str]:
    """The columns' names as the import reads them."""
    return [words[0 if chinese else 1] for words in COLUMNS.values()]


def export_rows(scope: Scope, moment: datetime) -> Iterator[list[str]]:
    """A row a post held at `moment`, and one for each person without; in the template's columns."""
    people = scope.people().order_by("name", "pk")
    held: dict[int, list[Post]] = {}
    posts = Post.objects.held_at(moment).select_related("grid", "department")
    for post in posts.order_by("role", "grid__code"):
        held.setdefault(post.person_id, []).append(post)
    for person in people.exclude(left_at__lte=timezone.localdate(moment)).iterator(1000):
        shown = [
            post for post in held.get(person.pk, []) if scope.seen is None or _seen(scope, post)
        ]
        for post in shown or [None]:
            yield _row(scope, person, post)


def _seen(scope: Scope, post: Post) -> bool:
    if scope.seen is None:
        return True
    area = post.grid_id or (post.department.grid_id if post.department else None)
    return scope.sees(area)


def _row(scope: Scope, person: Person, post: Post | None) -> list[str]:
    cells = {
        "name": person.name,
        "staff_number": person.staff_number,
        "kind": str(person.get_kind_display()),
        "duty_phone": person.duty_phone,
        "phone": mask_phone(person.phone),
    }
    if post is not None:
        cells |= {
            "role": str(post.get_role_display()),
            "grid_code": post.grid.code if post.grid else "",
            "grid_name": scope.tree.label(post.grid_id),
            "is_lead": _("yes") if post.is_lead else _("no"),
            "start": day(post.valid.lower),
            "end": day(post.valid.upper, last=True),
            "department": post.department.label if post.department else "",
        }
    return [cells.get(name, "") for name in COLUMNS]


def origin(who: str, now: datetime) -> list[list[str]]:
    """Who took the list out, when, and what to know about it."""
    return [
        [_("Exported by"), who],
        [_("Exported at"), date_format(timezone.localtime(now), "Y-m-d H:i")],
        [_("Note"), _("Private phones are masked. Personal data: pass on to nobody without need.")],
    ]


def csv_lines(rows: Iterator[list[str]], *, chinese: bool, notes: list[list[str]]) -> Iterator[str]:
    """The list as CSV for Excel; codes stay texts, nothing is a formula."""
    write = csv.writer(Echo(), lineterminator="\r\n").writerow
    codes = {number for number, name in enumerate(COLUMNS) if name in CODES}
    yield BOM
    yield write(headings(chinese=chinese))
    for row in rows:
        yield write([excel_code(v) if n in codes else safe_text(v) for n, v in enumerate(row)])
    yield write([])
    for name, value in notes:
        yield write([safe_text(name), safe_text(value)])


def template_sheets(*, chinese: bool) -> list[tuple[str, list[str], list[list[Any]]]]:
    """An empty list with its columns, two example rows apart from it, and the words allowed."""
    names = headings(chinese=chinese)
    explained = [[name, str(MEANINGS[field])] for name, field in zip(names, COLUMNS, strict=True)]
    words = [[str(role.label), _("role")] for role in Role]
    words += [[str(kind.label), _("kind")] for kind in PersonKind]
    departments = Department.objects.filter(active=True).order_by("code")[:500]
    words += [[department.label, _("department")] for department in departments]
    return [
        (_("Roster"), names, []),
        (_("Columns"), [_("Column"), _("Meaning")], explained),
        (_("Words"), [_("Word"), _("Column")], words),
    ]


def note_export(*, actor: Any, now: datetime, ending: str, rows: int) -> None:
    """The taking out is on record."""
    audit.record(
        actor=actor,
        now=now,
        action="roster.exported",
        target=actor,
        data={"as": ending, "rows": rows},
    )
