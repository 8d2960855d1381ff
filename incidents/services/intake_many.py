"""Many reports at once: the same checks, places, owners, clocks and traces as one by one.

Questions that many rows share are asked once, rows of a table are written in one go.
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from gridmgmt.core import outbox
from grids.territory.services.leaf_index import Places
from incidents.choices import Channel
from incidents.models import Category, Incident
from incidents.services import intake
from incidents.services.desk import Batch
from incidents.services.errors import KeyConflict
from incidents.services.intake_checks import Checked, Report, check

CHUNK = 2000


@dataclass(frozen=True)
class Entry:
    """A report, and when it was made where that is not now (statistics ask for it; clocks run
    from when this office got it)."""

    report: Report
    reported_at: datetime | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of an entry: its case, new or `repeated`, or the refusal."""

    incident: Incident | None = None
    repeated: bool = False
    refusal: ValidationError | None = None


@dataclass(frozen=True)
class _Good:
    """An entry that can be taken: its place in the chunk, the entry, what the check found."""

    position: int
    entry: Entry
    checked: Checked


def report_many(entries: Iterable[Entry], *, actor: Any, now: datetime) -> Iterator[Outcome]:
    """Take the reports in their order and tell of each what became of it.

    The caller's transaction holds all of it. Photos, handling on the spot and leaders' orders
    are for `intake.report`: such entries go through it one by one.
    """
    source = iter(entries)
    categories = Category.objects.filter(active=True).in_bulk()
    # Lists without coordinates name the same few hundred places again and again.
    find = functools.lru_cache(maxsize=10_000)(functools.partial(intake.place_in_words, now=now))
    batch = Batch()
    places = Places(now)
    while chunk := list(islice(source, CHUNK)):
        with _collector_paused():
            outcomes = _take_chunk(chunk, batch, categories, places, find, actor, now)
        yield from outcomes


@contextmanager
def _collector_paused() -> Iterator[None]:
    """The rows of a chunk hold no cycles, but looking for some again and again among 100,000 young
    objects took a third of the time. Between chunks the collector does its work."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _take_chunk(
    chunk: Sequence[Entry],
    batch: Batch,
    categories: dict[int, Category],
    places: Places,
    find: Callable[[str], intake.Place],
    actor: Any,
    now: datetime,
) -> list[Outcome]:
    outcomes: list[Outcome | None] = [None] * len(chunk)
    good: list[_Good] = []
    for position, entry in enumerate(chunk):
        if _needs_itself(entry.report):
            outcomes[position] = _one(entry, actor, now)
            continue
        try:
            checked = check(
                entry.report, reporter_id=actor.pk if actor else None, categories=categories
            )
        except ValidationError as error:
            outcomes[position] = Outcome(refusal=error)
        else:
            good.append(_Good(position, entry, checked))
    good = _without_known(good, outcomes)
    try:
        with transaction.atomic():
            made = _draw_up(good, batch, places, find, actor, now)
            batch.write()
            outbox.wake_after_commit()
    except IntegrityError:
        # Somebody else took one of them in meanwhile: one by one tells which.
        batch.forget()
        made = {item.position: _one(item.entry, actor, now) for item in good}
    for position, outcome in made.items():
        outcomes[position] = outcome
    return [outcome or Outcome() for outcome in outcomes]


def _needs_itself(report: Report) -> bool:
    return bool(report.photos) or report.on_the_spot or report.channel == Channel.LEADER


def _one(entry: Entry, actor: Any, now: datetime) -> Outcome:
    try:
        incident = intake.report(entry.report, actor=actor, now=now)
    except ValidationError as error:
        return Outcome(refusal=error)
    if not incident.repeated and entry.reported_at is not None:  # type: ignore[attr-defined]
        Incident.objects.filter(pk=incident.pk).update(reported_at=entry.reported_at)
    return Outcome(incident, incident.repeated)  # type: ignore[attr-defined]


def _without_known(good: list[_Good], outcomes: list[Outcome | None]) -> list[_Good]:
    """The entries whose key is new, here and in the database; the others are settled."""
    keys = [item.checked.key for item in good if item.checked.key]
    if not keys:
        return good
    known = {
        case.idempotency_key: case
        for case in Incident.objects.filter(idempotency_key__in=keys).only(
            "idempotency_key", "idempotency_digest", "number"
        )
    }
    fresh: list[_Good] = []
    first: dict[str, _Good] = {}
    for item in good:
        key = item.checked.key
        if key and (case := known.get(key)) is not None:
            same = case.idempotency_digest == item.checked.digest
            outcomes[item.position] = (
                Outcome(case, repeated=True) if same else Outcome(refusal=KeyConflict())
            )
        elif key and (earlier := first.setdefault(key, item)) is not item:
            same = earlier.checked.digest == item.checked.digest
            outcomes[item.position] = (
                Outcome(repeated=True) if same else Outcome(refusal=KeyConflict())
            )
        else:
            fresh.append(item)
    return fresh


def _draw_up(
    good: list[_Good],
    batch: Batch,
    places: Places,
    find: Callable[[str], intake.Place],
    actor: Any,
    now: datetime,
) -> dict[int, Outcome]:
    points = [item.checked.point for item in good if item.checked.point is not None]
    answers = iter(places.of(points))
    numbers = _ids(len(good))
    made: dict[int, Outcome] = {}
    for item, number in zip(good, numbers, strict=True):
        try:
            if item.checked.point is not None:
                place = intake.place_of(item.checked, now, next(answers))
            else:
                place = find(item.checked.place_words)
            incident = intake.draw_up(
                number,
                item.entry.report,
                item.checked,
                place,
                actor,
                now,
                batch,
                reported_at=item.entry.reported_at,
            )
        except ValidationError as error:
            made[item.position] = Outcome(refusal=error)
        else:
            made[item.position] = Outcome(incident)
    return made


def _ids(count: int) -> list[int]:
    """As many new ids of cases."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [Incident._meta.db_table, count],
        )
        return [row[0] for row in cursor.fetchall()]
