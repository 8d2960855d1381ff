"""A report becomes a case with an owner, a reason, a clock and a line in every book.

Everything is written in one transaction. Plain reports go to the verifier of their place. A
leader's order is filed directly. Urgent ones are sent to whoever handles them at once; the
manager's verification follows. A place that nobody can find ends in the dispatchers' pool.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.gis.geos import Point
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from gridmgmt.core import audit, outbox
from gridmgmt.core.crypto import blind_index
from gridmgmt.core.models import AuditEntry, OutboxEvent
from gridmgmt.core.permissions import Right
from gridmgmt.core.search import terms
from grids.people.access import access_for
from grids.territory.choices import Answer
from grids.territory.services.places import place_from_words
from grids.territory.services.responsibility import Responsibility
from incidents.choices import Action, AttachmentStage, Channel, Grade, State
from incidents.models import HistoryEntry, Incident
from incidents.services import numbers, sending
from incidents.services.blur import blurred
from incidents.services.desk import AT_ONCE, Desk
from incidents.services.errors import KeyConflict
from incidents.services.intake_checks import Checked, Report, check
from incidents.services.moves import perform
from incidents.services.photos import stored
from incidents.services.routing import locate

MOST_TERMS = 120
NUMBER_ATTEMPTS = 3
# A road of kilometres names no grid: such words go to the dispatcher, who asks.
WIDEST_GUESS_M = 500
# Whose name stands on the report: the one who wrote it, or someone whom staff wrote it for.
OWN_CHANNELS = frozenset({Channel.WEB, Channel.PATROL, Channel.LEADER})

__all__ = ["Report", "report"]


@dataclass(frozen=True)
class Place:
    """Where it belongs: the point (lon, lat), how sure that is, the areas (None: no place)."""

    point: tuple[float, float] | None
    certainty: str
    responsibility: Responsibility | None


def report(report: Report, *, actor: Any, now: datetime) -> Incident:
    """Take the report and return its case; `actor` is None for residents without an account.

    Raises ValidationError with messages by field, and KeyConflict when the idempotency key was
    used for another report. The same report with the same key gives the same case again, also
    when both arrive at once: `incident.repeated` is then True. `incident.responsibility` tells
    how the place was found.
    """
    if report.channel == Channel.LEADER and not access_for(actor, now).may(Right.ORDER):
        raise PermissionDenied(_("Only leaders file an order directly."))
    checked = check(report, reporter_id=actor.pk if actor else None)
    for attempt in range(1, NUMBER_ATTEMPTS + 1):
        try:
            return _take(report, checked, actor, now)
        except IntegrityError as error:
            if (earlier := earlier_case(report, checked)) is not None:
                return earlier
            _refuse_doubled(error)
            if "number" not in str(error) or attempt == NUMBER_ATTEMPTS:
                raise
    raise AssertionError  # the loop returns or raises


@transaction.atomic
def _take(report: Report, checked: Checked, actor: Any, now: datetime) -> Incident:
    place = place_of(checked, now)
    incident = draw_up(_next_id(), report, checked, place, actor, now, AT_ONCE)
    outbox.wake_after_commit()
    with stored(incident, checked.photos, stage=AttachmentStage.REPORT, actor=actor, now=now):
        if report.on_the_spot:
            incident = perform(
                Action.SELF_HANDLE,
                incident.pk,
                actor=actor,
                access=access_for(actor, now),
                now=now,
                note=report.result,
            )
    incident.responsibility = place.responsibility  # type: ignore[attr-defined]
    incident.repeated = False  # type: ignore[attr-defined]
    return incident


def place_of(checked: Checked, now: datetime, found: Responsibility | None = None) -> Place:
    """Where the report belongs; `found` when its point has been looked up already.

    Raises ValidationError for a point outside that lies inside with its axes exchanged.
    """
    if checked.point is not None:
        found = found or locate(*checked.point, moment=now)
        if found.answer == Answer.OUTSIDE:
            _hint_at_swapped_axes(checked.point, now)
        return Place(checked.point, "", found)
    return place_in_words(checked.place_words, now)


def place_in_words(words: str, now: datetime) -> Place:
    """Where the words lead to; an empty place when they name none, or one too wide."""
    guess = place_from_words(words)
    if guess is None or guess.extent_m > WIDEST_GUESS_M:
        return Place(None, "", None)
    point = (guess.lon, guess.lat)
    return Place(point, guess.certainty, locate(*point, moment=now))


def _hint_at_swapped_axes(point: tuple[float, float], now: datetime) -> None:
    """Outside, but inside when read the other way round: surely a slip, so it is sent back."""
    lat, lon = point
    if abs(lat) > 90:
        return
    if locate(lon, lat, moment=now).answer in {Answer.INSIDE, Answer.BOUNDARY}:
        raise ValidationError(
            {
                "point": [
                    _(
                        "The place lies outside the territory, but inside it with longitude and "
                        "latitude exchanged. Give the longitude first."
                    )
                ]
            }
        )


def draw_up(
    number: int,
    report: Report,
    checked: Checked,
    place: Place,
    actor: Any,
    now: datetime,
    desk: Desk,
    *,
    reported_at: datetime | None = None,
) -> Incident:
    """Make the case with the id `number`, give it its first owner, and keep all its rows.

    `reported_at` is for cases that lay elsewhere before; their clocks run from `now` all the same.
    """
    incident = _new(number, report, checked, place, actor, now)
    incident.reported_at = reported_at or now
    told = sending.line(incident, Action.REPORT, "", State.REPORTED, actor=actor, now=now)
    lines = [told, *_send(incident, place.responsibility, actor, now, desk)]
    desk.keep(incident)
    desk.keep(*lines, *_traces(incident, actor, now))
    return incident


def _new(
    number: int, report: Report, checked: Checked, place: Place, actor: Any, now: datetime
) -> Incident:
    """The case before its first move, with its id drawn, so that all rows are written once."""
    where = place.responsibility
    category = checked.category
    grade = report.grade or (category.grade if category else Grade.GENERAL)
    point = public_point = None
    if place.point is not None:
        point, public_point = Point(*place.point, srid=4326), blurred(*place.point)
    words = terms(f"{checked.description[:600]} {checked.place_words}")
    return Incident(
        pk=number,
        number=numbers.draw(),
        channel=report.channel,
        category=category,
        grade=grade,
        urgent=report.urgent or grade == Grade.MAJOR or bool(category and category.urgent),
        description=checked.description,
        reported_at=now,
        updated_at=now,
        point=point,
        public_point=public_point,
        raw_x=checked.raw[0],
        raw_y=checked.raw[1],
        raw_crs=checked.raw[2],
        place_words=checked.place_words,
        place_certainty=place.certainty,
        answer=where.answer if where else "",
        distance_m=where.distance_m if where else None,
        report_boundary_ids=list(where.boundary_ids) if where else [],
        report_path=list(where.path) if where else [],
        report_grid_id=where.leaf.grid_id if where and where.leaf else None,
        confidential=report.confidential,
        reporter=actor if report.channel in OWN_CHANNELS else None,
        contact_name=checked.contact_name,
        contact_phone=checked.contact_phone,
        contact_phone_index=blind_index(checked.contact_phone),
        language=report.language[:10],
        idempotency_key=checked.key,
        idempotency_digest=checked.digest,
        outside_source=report.outside_source,
        outside_number=report.outside_number,
        outside_due_at=report.outside_due_at,
        simulated=report.simulated,
        terms=words[:MOST_TERMS],
    )


def _send(
    incident: Incident, place: Responsibility | None, actor: Any, now: datetime, desk: Desk
) -> list[HistoryEntry]:
    """Give the new case its first owner; the history lines of the steps that were skipped over."""
    if incident.channel == Channel.LEADER:
        incident.state = State.FILED
        filed = sending.line(
            incident, Action.FILE, State.REPORTED, State.FILED, actor=actor, now=now
        )
        return [filed, *sending.send_on(incident, place, now=now, desk=desk)]
    if incident.urgent:
        incident.verification_owed = True
        incident.state = State.FILED
        filed = sending.line(
            incident,
            Action.FILE,
            State.REPORTED,
            State.FILED,
            actor=None,
            now=now,
            data={"urgent": True},
        )
        return [filed, *sending.send_on(incident, place, now=now, desk=desk)]
    sending.to_verifier(incident, place, now=now, desk=desk)
    return []


def _traces(incident: Incident, actor: Any, now: datetime) -> tuple[AuditEntry, OutboxEvent]:
    """What the trail and the outbox keep of a new case, unsaved."""
    entry = audit.entry(
        actor=actor,
        now=now,
        action="incident.reported",
        target=incident,
        data={
            "number": incident.number,
            "channel": incident.channel,
            "state": incident.state,
            "answer": incident.answer,
            "urgent": incident.urgent,
        },
    )
    event = outbox.event(
        "incident_reported",
        {
            "incident": incident.pk,
            "number": incident.number,
            "state": incident.state,
            "urgent": incident.urgent,
            "grade": incident.grade,
        },
        now=now,
    )
    return entry, event


def earlier_case(report: Report, checked: Checked) -> Incident | None:
    """The case that this key made already; KeyConflict when it was another report."""
    if checked.key is None:
        return None
    earlier = Incident.objects.filter(idempotency_key=checked.key).first()
    if earlier is None:
        return None
    if earlier.idempotency_digest != checked.digest:
        raise KeyConflict
    earlier.repeated = True  # type: ignore[attr-defined]
    earlier.responsibility = None  # type: ignore[attr-defined]
    return earlier


def _refuse_doubled(error: IntegrityError) -> None:
    if "incident_outside_number_once" in str(error):
        raise ValidationError(
            {"outside_number": [_("This outside number has been taken in already.")]}
        ) from None


def _next_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [Incident._meta.db_table]
        )
        return cursor.fetchone()[0]
