"""What everyone may know of a case by its query number, and what its reporter may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from grids.territory.models import Boundary
from incidents.choices import PUBLIC_STATE, Action, Opinion, PublicState, State
from incidents.models import HistoryEntry, Incident
from incidents.services import guards, numbers
from incidents.services.moves import perform_by_reporter

MOST_STEPS = 100


@dataclass(frozen=True)
class PublicStep:
    """One step in plain words; `note` is what the office told the reporter."""

    at: datetime
    words: str
    note: str = ""


@dataclass(frozen=True)
class PublicCase:
    """A case as everyone may see it who knows the number. No words of the reporter unless
    released, no names, no exact place.

    `opinion` is the one given so far. `area` is the label of the responsible area.
    """

    number: str
    state: str
    state_label: str
    reported_at: datetime
    kind: str
    area: str
    result: str
    description: str
    steps: tuple[PublicStep, ...]
    photo_ids: tuple[int, ...] = ()
    opinion: str = ""
    may_rate: bool = False
    may_reopen: bool = False
    merged_into: str = ""


def public_case(number: str, *, now: datetime | None = None) -> PublicCase | None:
    """The public side of a case; None for a number that is none, is mistyped, or was never given.

    A merged case tells how the case goes on that it was merged into.
    """
    incident = find(number)
    if incident is None:
        return None
    now = now or timezone.now()
    main = incident.merged_into or incident
    state = PUBLIC_STATE[State(main.state)]
    photos = (
        tuple(main.attachments.filter(public=True).order_by("pk").values_list("pk", flat=True))
        if main.released
        else ()
    )
    closed = incident.state == State.CLOSED
    return PublicCase(
        number=incident.number,
        state=str(state),
        state_label=str(state.label),
        reported_at=incident.reported_at,
        kind=incident.category.label if incident.category else "",
        area=area_label(incident),
        result=main.result_public if state in _ENDED else "",
        description=main.public_description if main.released and not main.confidential else "",
        steps=_steps(incident, main),
        photo_ids=photos,
        opinion=incident.opinion,
        may_rate=closed and guards.rating_refusal(incident, now) is None,
        may_reopen=closed and guards.reopening_refusal(incident, now) is None,
        merged_into=main.number if main is not incident else "",
    )


_ENDED = frozenset({PublicState.DONE, PublicState.NOT_TAKEN})


def find(number: str) -> Incident | None:
    """The case with this query number as someone typed it."""
    known = numbers.normalise(number)
    if known is None:
        return None
    return Incident.objects.select_related("category", "merged_into").filter(number=known).first()


@transaction.atomic
def rate(
    number: str, *, opinion: str, reason: str = "", actor: Any = None, now: datetime
) -> Incident | None:
    """Take the reporter's opinion; None for an unknown number. Raises MoveRefused."""
    incident = find(number)
    if incident is None:
        return None
    return perform_by_reporter(
        Action.RATE, incident.pk, actor=actor, now=now, note=reason, opinion=opinion
    )


@transaction.atomic
def reopen(number: str, *, reason: str, actor: Any = None, now: datetime) -> Incident | None:
    """Take the matter up again after a dissatisfied opinion; None for an unknown number."""
    incident = find(number)
    if incident is None:
        return None
    return perform_by_reporter(Action.REOPEN, incident.pk, actor=actor, now=now, note=reason)


def area_label(incident: Incident) -> str:
    """The name of the area that answered when the case was reported, in the reader's language."""
    if not incident.report_boundary_ids:
        return ""
    leaf = Boundary.objects.filter(pk=incident.report_boundary_ids[-1]).first()
    return leaf.label if leaf else ""


def _steps(incident: Incident, main: Incident) -> tuple[PublicStep, ...]:
    """The history in plain words; steps that say the same again are told once."""
    entries = (
        HistoryEntry.objects.filter(incident__in={incident.pk, main.pk})
        .order_by("at", "id")
        .only("at", "action", "to_state", "public_note", "incident_id", "data")[:MOST_STEPS]
    )
    steps: list[PublicStep] = []
    last = ""
    for entry in entries:
        if entry.incident_id == main.pk and main is not incident and entry.action == Action.REPORT:
            continue
        words = _words(entry)
        if not entry.public_note and (not words or words == last):
            continue
        steps.append(PublicStep(entry.at, words or _("Message from the office"), entry.public_note))
        last = words or last
    return tuple(steps)


def _words(entry: HistoryEntry) -> str:
    words = _WORDS.get(entry.action)
    return str(words(entry)) if words else ""


_WORDS = {
    Action.REPORT: lambda entry: _("We have received your report."),
    Action.VERIFY: lambda entry: _("Somebody has looked at it on the spot."),
    Action.FILE: lambda entry: _("It is being handled."),
    Action.NOT_FILE: lambda entry: _("We do not take it up."),
    Action.DISPATCH: lambda entry: _("The office in charge has been told to handle it."),
    Action.ACCEPT: lambda entry: _("Somebody is working on it."),
    Action.REWORK: lambda entry: _("It was not good enough; somebody is working on it again."),
    Action.SUSPEND: lambda entry: _("It takes longer; we go on as soon as we can."),
    Action.RESUME: lambda entry: _("We go on with it."),
    Action.CLOSE: lambda entry: _("It is done."),
    Action.SELF_HANDLE: lambda entry: _("It was dealt with on the spot."),
    Action.VOID: lambda entry: _("We do not take it up."),
    Action.MERGE: lambda entry: _("Others reported the same; both are handled together."),
    Action.RATE: lambda entry: _("Your opinion: %s") % _opinion(entry),
    Action.REOPEN: lambda entry: _("It is taken up again."),
}


def _opinion(entry: HistoryEntry) -> str:
    given = entry.data.get("opinion")
    return str(Opinion(given).label) if given in Opinion.values else ""
