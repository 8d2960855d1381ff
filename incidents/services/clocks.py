"""Start, stop, pause, resume and extend the clock of a case.

A case has at most one running clock. `Incident.warn_at` and `due_at` always tell its moments
(None without one and while it is paused), so lists sort by one index. These verbs belong inside
a move: the caller holds the case's row locked, writes the history and the audit entry.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from gridmgmt.core import outbox
from incidents import clocks
from incidents.choices import ClockKind, DayKind
from incidents.clocks import Calendar
from incidents.models import CaseClock, Incident, SpecialDay

QUIET_PART = 100 - clocks.WARN_PERCENT


def office_calendar() -> Calendar:
    """The deployment's calendar with its holidays and make-up days; one small query."""
    days = SpecialDay.objects.values_list("date", "kind")
    return Calendar(
        timezone.get_default_timezone(), {day: kind == DayKind.MAKE_UP for day, kind in days}
    )


def limit_for(incident: Incident, kind: str) -> tuple[int, str]:
    """The limit (amount, unit) that a clock of this kind has for the case.

    Handling: of the case's filing rule, else the first one of its category, else the setting.
    """
    if kind == ClockKind.HANDLE:
        rule = incident.filing_rule
        if rule is None and incident.category is not None:
            rule = incident.category.filing_rules.first()
        if rule is not None:
            return rule.limit, rule.unit
    usual, urgent = settings.CLOCK_LIMITS[kind]
    return urgent if incident.urgent else usual


@transaction.atomic(savepoint=False)
def start_clock(
    incident: Incident, kind: str, limit: int, unit: str, *, now: datetime
) -> CaseClock:
    """Start a limit of `limit` units at `now`; a clock that still runs ends first."""
    stop_clock(incident, now=now)
    clock = first_clock(incident, kind, limit, unit, office_calendar(), now=now)
    clock.save(force_insert=True)
    return clock


def first_clock(
    incident: Incident, kind: str, limit: int, unit: str, calendar: Calendar, *, now: datetime
) -> CaseClock:
    """The unsaved clock of a case that has none running; the case tells its moments already."""
    clock = CaseClock(incident=incident, kind=kind, limit=limit, unit=unit, started_at=now)
    _set_moments(clock, _total(clock, calendar), calendar, now)
    _mirror(incident, clock)
    return clock


@transaction.atomic
def stop_clock(incident: Incident, *, now: datetime) -> CaseClock | None:
    """End the running clock and note whether it was in time; None when none runs."""
    clock = _running(incident)
    if clock is not None:
        clock.ended_at = now
        clock.in_time = (
            (clock.remaining_seconds or 0) >= 0 if clock.paused_at else now <= clock.due_at
        )
        clock.paused_at = clock.remaining_seconds = clock.next_step_at = None
        clock.save()
    _mirror(incident, None)
    return clock


@transaction.atomic
def pause_clock(incident: Incident, *, now: datetime) -> CaseClock | None:
    """Let the clock stand from `now` on; a case with `suspended_until` wakes by itself.

    The waking is the event `suspension_ended` {incident, until}, held back until that moment;
    whoever hears it checks that the case is still suspended until then, and resumes it.
    """
    clock = _running(incident)
    if clock is not None and clock.paused_at is None:
        clock.remaining_seconds = clocks.remaining(now, clock.due_at, clock.unit, office_calendar())
        clock.paused_at = now
        clock.next_step_at = None
        clock.save()
    _mirror(incident, None)
    if incident.suspended_until is not None:
        outbox.emit(
            "suspension_ended",
            {"incident": incident.pk, "until": incident.suspended_until.isoformat()},
            now=now,
            due_at=incident.suspended_until,
        )
    return clock


@transaction.atomic
def resume_clock(incident: Incident, *, now: datetime) -> CaseClock | None:
    """Let the clock go on with what remained of it; None when none is paused."""
    clock = _running(incident)
    if clock is None or clock.paused_at is None:
        return None
    left = clock.remaining_seconds or 0
    clock.paused_at = clock.remaining_seconds = None
    _set_moments(clock, left, office_calendar(), now)
    clock.save()
    _mirror(incident, clock)
    return clock


@transaction.atomic
def extend_clock(incident: Incident, *, now: datetime) -> CaseClock:
    """Give the running clock its original limit once more, and a new warning.

    Raises ValidationError when no clock runs, it has run out, or it was extended as often as
    the setting allows.
    """
    clock = _running(incident)
    if clock is None or clock.paused_at is not None:
        raise ValidationError(_("No limit is running that could be extended."), code="no_clock")
    if now > clock.due_at:
        raise ValidationError(
            _("The limit has passed already. It can be extended only before."), code="overdue"
        )
    if clock.extensions >= settings.EXTENSIONS_MAX:
        raise ValidationError(
            _("This limit was extended %(times)d times already; more is not possible."),
            code="extended_enough",
            params={"times": clock.extensions},
        )
    calendar = office_calendar()
    left = clocks.remaining(now, clock.due_at, clock.unit, calendar)
    clock.extensions += 1
    clock.warned_at = None
    more = clocks.seconds_of(clock.limit, clock.unit, calendar)
    _set_moments(clock, left + more, calendar, now)
    clock.save()
    _mirror(incident, clock)
    return clock


def next_step(clock: CaseClock, calendar: Calendar, *, urgent: bool) -> datetime:
    """When the clock's next word is due: the warning, the limit, then one tier after another."""
    if clock.escalation_step == 0:
        return clock.due_at if clock.warned_at else clock.warn_at
    amount, unit = settings.ESCALATE_EVERY_URGENT if urgent else settings.ESCALATE_EVERY
    pause = clocks.seconds_of(amount, unit, calendar) * clock.escalation_step
    return clocks.shift(clock.due_at, pause, unit, calendar)


def _set_moments(clock: CaseClock, left: int, calendar: Calendar, now: datetime) -> None:
    """Place warning, limit and next step so that `left` seconds of clock time remain at `now`."""
    quiet = _total(clock, calendar) * QUIET_PART // 100
    clock.due_at = clocks.shift(now, left, clock.unit, calendar)
    clock.warn_at = clocks.shift(now, left - quiet, clock.unit, calendar)
    clock.next_step_at = next_step(clock, calendar, urgent=clock.incident.urgent)


def _total(clock: CaseClock, calendar: Calendar) -> int:
    return clocks.seconds_of(clock.limit, clock.unit, calendar) * (1 + clock.extensions)


def _running(incident: Incident) -> CaseClock | None:
    clock = CaseClock.objects.running().select_for_update().filter(incident=incident).first()
    if clock is not None:
        clock.incident = incident
    return clock


def _mirror(incident: Incident, clock: CaseClock | None) -> None:
    warn_at, due_at = (clock.warn_at, clock.due_at) if clock is not None else (None, None)
    if (incident.warn_at, incident.due_at) != (warn_at, due_at):
        incident.warn_at, incident.due_at = warn_at, due_at
        if incident._state.adding:  # intake writes the case itself last, with these moments
            return
        Incident.objects.filter(pk=incident.pk).update(warn_at=warn_at, due_at=due_at)
