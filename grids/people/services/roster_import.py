"""Take a list of the roster in: people, posts, ends. All good rows or none; again adds nothing.

A preview is the same import, rolled back: what it shows is what will happen.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _

from gridmgmt.core import audit
from gridmgmt.core.permissions import Role
from gridmgmt.core.tables.errors import CellError
from gridmgmt.core.tables.headers import plain
from gridmgmt.core.tables.reading import Table
from grids.people.access import Access
from grids.people.choices import PersonKind
from grids.people.models import Department, Person, Post
from grids.people.services import roster, staffing
from grids.people.services.roster_list import Entry, Words, needs_grid, read_entry, settle
from grids.people.services.scope import Scope
from grids.territory.models import Grid


@dataclass(frozen=True)
class Outcome:
    """What one row does. `done` is empty when all of it is known already."""

    line: int
    name: str
    place: str
    done: tuple[str, ...]
    warning: str = ""


@dataclass(frozen=True)
class Refusal:
    """A row that cannot go in, with its line in the file and why."""

    line: int
    name: str
    reason: str


@dataclass
class Result:
    """What an import did, or would do."""

    columns: dict[str, str]
    outcomes: list[Outcome] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    people: int = 0
    posts: int = 0
    changes: int = 0
    written: bool = False

    @property
    def known(self) -> int:
        """Rows that changed nothing."""
        return sum(not outcome.done for outcome in self.outcomes)


def import_roster(
    table: Table, *, scope: Scope, actor: Any, now: datetime, dry_run: bool = False
) -> Result:
    """Write what the list says, if every row is good and it is no `dry_run`; else only tell.

    `scope` is that of who imports: posts and people outside of it are refused row by row.
    Raises ListError when the list as a whole cannot be used.
    """
    result = Result(settle(table))
    words = Words()
    with transaction.atomic():
        run = _Run(scope, actor, now, result)
        for row in table.rows:
            name = str(row.values.get(result.columns["name"]) or "")[:60]
            try:
                entry = read_entry(row, result.columns, words)
                with transaction.atomic():
                    result.outcomes.append(run.take(entry))
            except CellError as error:
                result.refused.append(Refusal(row.line, name, str(error)))
            except ValidationError as error:
                result.refused.append(Refusal(row.line, name, " ".join(error.messages)))
        if dry_run or result.refused:
            transaction.set_rollback(True)
            return result
        result.written = True
        _note(result, actor, now)
    return result


def _note(result: Result, actor: Any, now: datetime) -> None:
    """One entry for the whole list, beside those of each change; without a target of its own."""
    someone = Person.objects.order_by("pk").first()
    if someone is not None:
        figures = {"people": result.people, "posts": result.posts, "changes": result.changes}
        audit.record(actor=actor, now=now, action="roster.imported", target=someone, data=figures)


class _Run:
    """One import: who and what is known, kept up to date while rows go in."""

    def __init__(self, scope: Scope, actor: Any, now: datetime, result: Result) -> None:
        self.scope, self.actor, self.now, self.result = scope, actor, now, result
        self.by_number: dict[str, Person] = {}
        self.by_name: dict[str, list[Person]] = defaultdict(list)
        for person in Person.objects.defer("phone").order_by("pk"):
            self._remember(person)
        self.kept = set(scope.kept_people().values_list("pk", flat=True))
        self.by_code: dict[str, list[int]] = defaultdict(list)
        self.by_place: dict[str, set[int]] = defaultdict(set)
        for node in scope.tree.areas.values():
            self.by_code[node.code].append(node.grid_id)
            for name in (node.name, node.name_en):
                if name:
                    self.by_place[plain(name)].add(node.grid_id)
        self.grids: dict[int, Grid] = {}
        self.departments: dict[str, list[Department]] = defaultdict(list)
        for department in Department.objects.filter(active=True):
            for name in {department.code, department.name, department.name_en} - {""}:
                self.departments[plain(name)].append(department)

    def _remember(self, person: Person) -> None:
        if person.staff_number:
            self.by_number[person.staff_number] = person
        self.by_name[person.name].append(person)

    def take(self, entry: Entry) -> Outcome:
        """Write one row. Raises CellError or ValidationError."""
        people, posts, changes = self.result.people, self.result.posts, self.result.changes
        try:
            return self._take(entry)
        except (CellError, ValidationError):
            self.result.people, self.result.posts, self.result.changes = people, posts, changes
            raise

    def _take(self, entry: Entry) -> Outcome:
        grid_id = self._grid(entry)
        department = self._department(entry)
        if entry.role:
            area = grid_id if department is None else department.grid_id
            if not self.scope.keeps(area):
                raise CellError(_("This post lies outside of the area whose roster you keep."))
        person, warning = self._find(entry)
        done = []
        added = None
        if person is None:
            person = added = self._add(entry)
            done.append(_("new person"))
        elif changed := self._changes(person, entry):
            self._refuse_stranger(person)
            staffing.change_person(person, changed, actor=self.actor, now=self.now)
            self.result.changes += 1
            done.append(_("details changed"))
        if entry.role:
            done += self._post(person, entry, grid_id, department)
        if added is not None:
            self._remember(added)
            self.kept.add(added.pk)
        place = self.scope.tree.label(grid_id) or (department.label if department else "")
        return Outcome(entry.line, entry.name, place, tuple(done), warning)

    def _find(self, entry: Entry) -> tuple[Person | None, str]:
        """The person of a row, and what to be careful about."""
        if entry.staff_number and (found := self.by_number.get(entry.staff_number)):
            if found.name != entry.name:
                raise CellError(
                    _("The staff number %(number)s belongs to %(name)s.")
                    % {"number": entry.staff_number, "name": found.name}
                )
            return found, ""
        namesakes = self.by_name.get(entry.name, [])
        if entry.staff_number:
            namesakes = [person for person in namesakes if not person.staff_number]
        same = [p for p in namesakes if p.duty_phone == entry.duty_phone] or (
            namesakes if not entry.duty_phone else []
        )
        if len(same) > 1:
            raise CellError(
                _("%(count)s people are called %(name)s. Give the staff number or duty phone.")
                % {"count": len(same), "name": entry.name}
            )
        if same:
            return same[0], ""
        if namesakes:
            return None, _("Somebody else is called %(name)s, with another duty phone.") % {
                "name": entry.name
            }
        return None, ""

    def _add(self, entry: Entry) -> Person:
        person = Person(
            name=entry.name,
            kind=entry.kind or PersonKind.SOCIAL_WORKER,
            staff_number=entry.staff_number,
            duty_phone=entry.duty_phone,
            phone=entry.phone,
        )
        staffing.add_person(person, actor=self.actor, now=self.now)
        self.result.people += 1
        return person

    def _changes(self, person: Person, entry: Entry) -> list[str]:
        """Fields that the row says differently; set on the person."""
        said = {"kind": entry.kind, "phone": entry.phone, "staff_number": entry.staff_number}
        if entry.staff_number and person.staff_number == entry.staff_number:
            said["duty_phone"] = entry.duty_phone
        changed = [name for name, value in said.items() if value and value != getattr(person, name)]
        for name in changed:
            setattr(person, name, said[name])
        return changed

    def _refuse_stranger(self, person: Person) -> None:
        if person.pk not in self.kept:
            raise CellError(
                _("%(name)s also has posts outside of your area.") % {"name": person.name}
            )

    def _grid(self, entry: Entry) -> int | None:
        if entry.grid_code:
            found = self.by_code.get(entry.grid_code, [])
            if not found:
                raise CellError(
                    _("No area in force has the code %(code)s.") % {"code": entry.grid_code}
                )
            return found[-1]
        if entry.grid_name:
            named = self.by_place.get(plain(entry.grid_name), set())
            if len(named) > 1:
                raise CellError(
                    _("Several areas are called %(name)s; give the code.")
                    % {"name": entry.grid_name}
                )
            if not named:
                raise CellError(
                    _("No area in force is called %(name)s.") % {"name": entry.grid_name}
                )
            return next(iter(named))
        if needs_grid(entry.role):
            raise CellError(_("This role is held on a grid; name its code."))
        return None

    def _grid_row(self, grid_id: int | None) -> Grid | None:
        if grid_id is not None and grid_id not in self.grids:
            self.grids[grid_id] = Grid.objects.get(pk=grid_id)
        return self.grids[grid_id] if grid_id is not None else None

    def _department(self, entry: Entry) -> Department | None:
        if entry.role != Role.DEPARTMENT_HANDLER:
            return None
        found = self.departments.get(plain(entry.department), []) if entry.department else []
        distinct = {department.pk: department for department in found}
        if len(distinct) != 1:
            raise CellError(
                _("No department is called “%(name)s”.") % {"name": entry.department}
                if not distinct
                else _("Several departments are called “%(name)s”; give the code.")
                % {"name": entry.department}
            )
        return next(iter(distinct.values()))

    def _post(
        self, person: Person, entry: Entry, grid_id: int | None, department: Department | None
    ) -> list[str]:
        """Give, end or change the row's post; nothing when it is known."""
        if department is not None:
            grid_id = None
        same = Post.objects.filter(
            person=person, role=entry.role, grid_id=grid_id, department=department
        ).filter(valid__isempty=False)
        if entry.start is None and entry.end is not None and entry.end <= self.now:
            # Over since: nothing to do when its end is known, else there is nothing to end.
            if same.filter(valid__endswith__lte=entry.end).exists():
                return []
            running = same.filter(valid__contains=self.now).first()
            if running is None:
                raise CellError(_("The post has ended already; give its first day too."))
            roster.dismiss(post=running, actor=self.actor, now=self.now, end=entry.end)
            self.result.changes += 1
            return [_("post ended: %(role)s") % {"role": running.get_role_display()}]
        during = DateTimeTZRange(entry.start or self.now, entry.end)
        known = same.filter(valid__overlap=during).order_by("-valid").first()
        if known is None:
            return [self._appoint(person, entry, grid_id, department)]
        done = []
        upper = known.valid.upper
        if entry.end is not None and (upper is None or upper > entry.end):
            known = roster.dismiss(post=known, actor=self.actor, now=self.now, end=entry.end)
            self.result.changes += 1
            done.append(_("post ends: %(role)s") % {"role": known.get_role_display()})
        if entry.is_lead is not None and entry.is_lead != known.is_lead and self.now in known.valid:
            staffing.set_lead(
                post=known, lead=entry.is_lead, actor=self.actor, now=self.now, alone=False
            )
            self.result.changes += 1
            done.append(_("leads now") if entry.is_lead else _("deputy now"))
        return done

    def _appoint(
        self, person: Person, entry: Entry, grid_id: int | None, department: Department | None
    ) -> str:
        post = roster.appoint(
            person=person,
            role=entry.role,
            grid=self._grid_row(grid_id),
            department=department,
            is_lead=entry.is_lead is not False,
            start=entry.start or self.now,
            end=entry.end,
            actor=self.actor,
            now=self.now,
        )
        self.result.posts += 1
        return _("new post: %(role)s") % {"role": post.get_role_display()}


def everything(now: datetime) -> Scope:
    """The scope of the command line: all of the roster."""
    return Scope.at(Access(everything=True), now)
