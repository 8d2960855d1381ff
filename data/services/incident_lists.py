"""Cases from lists: read every row, refuse what is damaged, take in the rest, remember how.

Nothing is written unless every row is good, or the caller asks to skip the bad ones. Each row goes
through the same intake as any other report, so it gets its place, its owner and its clock.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from data.choices import CaseField
from data.lists.channels import channel_of
from data.lists.columns import settle
from data.models import ImportBatch, ImportMapping
from gridmgmt.core import audit
from gridmgmt.core.crs import UnknownCrsError, parse_crs
from gridmgmt.core.tables import cells
from gridmgmt.core.tables.errors import CellError, ListError
from gridmgmt.core.tables.reading import Row, Table, read_table
from incidents.models import Category, Incident
from incidents.services.intake import Report
from incidents.services.intake_many import Entry, report_many

DEFAULT_SOURCE = "import"
LONGEST_PLACE = 300
LONGEST_OUTSIDE_NUMBER = 60
CHUNK = 1000


@dataclass(frozen=True)
class Refusal:
    """A row that was not taken, with its line in the file and why."""

    line: int
    reason: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class _Entry:
    """A row that was understood."""

    row: Row
    report: Report
    reported_at: datetime | None


@dataclass
class ImportOutcome:
    """What an import did, or with `dry_run` would do."""

    table: Table
    columns: dict[str, str]
    created: int = 0
    known: int = 0
    refused: list[Refusal] = field(default_factory=list)
    written: bool = False


class _UndoError(Exception):
    """Rolls the transaction back when nothing may stay."""


def import_list(
    path: Path,
    *,
    actor: Any,
    now: datetime,
    said: Mapping[str, str],
    mapping_name: str = "",
    source: str = "",
    crs: str = "",
    dry_run: bool = False,
    skip_bad: bool = False,
) -> ImportOutcome:
    """Take the cases of a file in. Raises ListError when the file or its mapping cannot be used.

    Rows known already (same source and outside number, else the same content) add nothing.
    `crs` "" means the remembered one, else wgs84.
    """
    remembered = ImportMapping.objects.filter(name=mapping_name).first() if mapping_name else None
    crs = crs or (remembered.crs if remembered else "") or "wgs84"
    try:
        parse_crs(crs)
    except UnknownCrsError as error:
        raise ListError(
            _("Unknown coordinate system “%(crs)s”. Use wgs84, cgcs2000, gcj02, bd09 or EPSG:n.")
            % {"crs": crs}
        ) from error
    table = read_table(path)
    columns = settle(
        table.headers, said=said, remembered=remembered.columns if remembered else None
    )
    outcome = ImportOutcome(table, columns)
    entries = _understand(outcome, source or mapping_name or DEFAULT_SOURCE, crs, now)
    try:
        with transaction.atomic():
            _take(outcome, entries, actor, now)
            if dry_run or (outcome.refused and not skip_bad):
                raise _UndoError
            mapping = _remember(mapping_name, columns, crs, now)
            _note(outcome, path, mapping, actor, now)
            outcome.written = True
    except _UndoError:
        pass
    outcome.refused.sort(key=lambda refusal: refusal.line)
    return outcome


def _understand(outcome: ImportOutcome, source: str, crs: str, now: datetime) -> list[_Entry]:
    reader = _Reader(outcome.table, outcome.columns, source, crs, now)
    entries, numbers = [], {}
    for row in outcome.table.rows:
        try:
            entry = reader.entry(row)
            first = numbers.setdefault(entry.report.outside_number or row.line, entry)
            if first is not entry and first.report != entry.report:
                raise CellError(
                    _("The outside number %(number)s stands in line %(line)s already, otherwise.")
                    % {"number": entry.report.outside_number, "line": first.row.line}
                )
        except CellError as error:
            outcome.refused.append(Refusal(row.line, str(error), row.values))
        else:
            entries.append(entry)
    return entries


def _take(outcome: ImportOutcome, entries: Sequence[_Entry], actor: Any, now: datetime) -> None:
    known = _known_numbers(entries)
    fresh: list[_Entry] = []
    for entry in entries:
        number = entry.report.outside_number
        if number and number in known:
            outcome.known += 1
        else:
            known.add(number)
            fresh.append(entry)
    taken = report_many(
        (Entry(entry.report, entry.reported_at) for entry in fresh), actor=actor, now=now
    )
    for entry, result in zip(fresh, taken, strict=True):
        if result.refusal is not None:
            reason = _in_words(result.refusal)
            outcome.refused.append(Refusal(entry.row.line, reason, entry.row.values))
        elif result.repeated:
            outcome.known += 1
        else:
            outcome.created += 1


def _known_numbers(entries: Sequence[_Entry]) -> set[str]:
    numbers = [entry.report.outside_number for entry in entries if entry.report.outside_number]
    if not numbers:
        return set()
    source = entries[0].report.outside_source
    found: set[str] = set()
    for start in range(0, len(numbers), CHUNK):
        chunk = numbers[start : start + CHUNK]
        rows = Incident.objects.filter(outside_source=source, outside_number__in=chunk)
        found.update(rows.values_list("outside_number", flat=True))
    return found


def _in_words(error: ValidationError) -> str:
    if hasattr(error, "error_dict"):
        return " ".join(
            f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items()
        )
    return " ".join(error.messages)


def _remember(
    name: str, columns: Mapping[str, str], crs: str, now: datetime
) -> ImportMapping | None:
    if not name:
        return None
    mapping, _created = ImportMapping.objects.update_or_create(
        name=name,
        defaults={"columns": dict(columns), "crs": crs, "updated_at": now},
        create_defaults={
            "columns": dict(columns),
            "crs": crs,
            "updated_at": now,
            "created_at": now,
        },
    )
    return mapping


def _note(
    outcome: ImportOutcome, path: Path, mapping: ImportMapping | None, actor: Any, now: datetime
) -> None:
    batch = ImportBatch.objects.create(
        file_name=path.name[:200],
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        mapping=mapping,
        encoding=outcome.table.encoding,
        actor=actor,
        at=now,
        row_count=len(outcome.table.rows),
        created_count=outcome.created,
        known_count=outcome.known,
        refused_count=len(outcome.refused),
    )
    audit.record(
        actor=actor,
        now=now,
        action="incidents.imported",
        target=batch,
        data={
            "rows": batch.row_count,
            "created": batch.created_count,
            "known": batch.known_count,
            "refused": batch.refused_count,
        },
    )


class _Reader:
    """Turns rows into reports. Holds what all rows share."""

    def __init__(
        self, table: Table, columns: Mapping[str, str], source: str, crs: str, now: datetime
    ) -> None:
        self.columns, self.source, self.crs, self.now = columns, source, crs, now
        self.zone = timezone.get_default_timezone()
        self.categories = _categories() if CaseField.CATEGORY in columns else {}
        self.number_length = cells.usual_length(self._codes(table.rows))

    def _codes(self, rows: Iterable[Row]) -> Iterable[str]:
        column = self.columns.get(CaseField.OUTSIDE_NUMBER)
        return [cells.text_of(row.values.get(column)) for row in rows] if column else []

    def value(self, row: Row, name: str) -> Any:
        column = self.columns.get(name)
        return row.values.get(column) if column else None

    def entry(self, row: Row) -> _Entry:
        """The row as a report. Raises CellError that names the column."""
        number = self._read(row, CaseField.OUTSIDE_NUMBER, self._number)
        reported_at = self._read(row, CaseField.REPORTED_AT, self._reported_at)
        due_at = self._read(
            row,
            CaseField.OUTSIDE_DUE_AT,
            lambda value: cells.moment_of(value, self.zone, end_of_day=True),
        )
        description = cells.text_of(self.value(row, CaseField.DESCRIPTION))
        lon = cells.text_of(self.value(row, CaseField.LON))
        lat = cells.text_of(self.value(row, CaseField.LAT))
        address = cells.text_of(self.value(row, CaseField.ADDRESS))
        report_ = Report(
            description=description,
            channel=channel_of(self.value(row, CaseField.CHANNEL)),
            lon=lon or None,
            lat=lat or None,
            crs=self.crs,
            # Hotline lists without an address tell the place in the text: its beginning is tried.
            place_words=(address or ("" if lon else description))[:LONGEST_PLACE],
            category_id=self._read(row, CaseField.CATEGORY, self._category),
            contact_name=cells.text_of(self.value(row, CaseField.CONTACT_NAME)),
            contact_phone=self._read(row, CaseField.CONTACT_PHONE, cells.code_of),
            outside_source=self.source if number else "",
            outside_number=number,
            outside_due_at=due_at,
        )
        if not number:
            report_ = _with_key(report_, self.source, reported_at)
        return _Entry(row, report_, reported_at)

    def _read(self, row: Row, name: str, read: Any) -> Any:
        try:
            return read(self.value(row, name))
        except CellError as error:
            raise CellError(f"{self.columns[name]}: {error}") from None

    def _number(self, value: Any) -> str:
        number = cells.code_of(value)
        cells.refuse_lost_zeros(number, self.number_length)
        if len(number) > LONGEST_OUTSIDE_NUMBER:
            raise CellError(_("An outside number has at most 60 characters."))
        return number

    def _reported_at(self, value: Any) -> datetime | None:
        moment = cells.moment_of(value, self.zone)
        if moment is not None and moment > self.now + timedelta(days=1):
            raise CellError(_("This moment lies in the future."))
        return moment

    def _category(self, value: Any) -> int | None:
        text = cells.code_of(value)
        if not text:
            return None
        found = self.categories.get(text.casefold())
        if found is None and text.isdigit() and len(text) < 4:
            cells.refuse_lost_zeros(text, 4)
        if found is None:
            raise CellError(
                _(
                    "There is no category “%(text)s”. Use its code or its name, or leave the "
                    "column out with --map category="
                )
                % {"text": text[:60]}
            )
        return found


def _with_key(report_: Report, source: str, reported_at: datetime | None) -> Report:
    """Rows without an outside number are known again by their whole content."""
    from_row = [
        source,
        reported_at.isoformat() if reported_at else "",
        report_.description,
        report_.place_words,
        str(report_.lon),
        str(report_.lat),
        report_.contact_phone,
    ]
    digest = hashlib.sha256(json.dumps(from_row, ensure_ascii=False).encode()).hexdigest()
    return Report(**{**report_.__dict__, "idempotency_key": f"row:{digest}"})


def _categories() -> dict[str, int]:
    """Categories by code and by both names; a name that two share is found by its code only."""
    found: dict[str, int] = {}
    doubled: set[str] = set()
    for category in Category.objects.filter(active=True):
        for word in {category.name.casefold(), category.name_en.casefold()} - {""}:
            if word in found:
                doubled.add(word)
            found[word] = category.pk
    for word in doubled:
        del found[word]
    for category in Category.objects.filter(active=True):
        found[category.code.casefold()] = category.pk
    return found
