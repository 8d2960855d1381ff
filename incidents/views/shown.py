"""How a case is shown on desks: tones, marks, time left, owner, lines of its history."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from gridmgmt.core.permissions import Role
from incidents.choices import Action, State
from incidents.models import HistoryEntry, Incident

_TONES = {
    State.REPORTED: "waiting",
    State.VERIFIED: "waiting",
    State.FILED: "waiting",
    State.DISPATCHED: "open",
    State.IN_HAND: "open",
    State.HANDLED: "waiting",
    State.CHECKED: "waiting",
    State.CLOSED: "done",
    State.SUSPENDED: "stopped",
    State.NOT_FILED: "stopped",
    State.VOID: "stopped",
    State.MERGED: "stopped",
}
_ALERTS = frozenset(
    {Action.RETURN, Action.REWORK, Action.ESCALATE, Action.REOPEN, Action.SUPERVISE}
)


def state_tone(state: State) -> str:
    """The tone of components/state.html."""
    return _TONES[state]


def marks_of(case: Incident) -> list[tuple[str, str]]:
    """(mark, word) of components/mark.html, the gravest first."""
    marks = (
        (case.urgent, "urgent", _("urgent")),
        (case.supervised, "urged", _("reply owed")),
        (case.urged_count, "urged", _("urged ×%d") % case.urged_count),
        (case.returned_count, "extended", _("handed back ×%d") % case.returned_count),
        (case.extended_count, "extended", _("extended ×%d") % case.extended_count),
        (case.verification_owed, "extended", _("to be verified")),
        (case.appealed, "appealed", _("appealed")),
        (case.confidential, "confidential", _("confidential")),
        (case.on_the_spot, "extended", _("on the spot")),
        (case.simulated, "simulated", _("simulated")),
    )
    return [(mark, word) for carried, mark, word in marks if carried]


def time_left(case: Incident, now: datetime) -> str:
    """The time to or past the limit by the wall clock, in two units; empty without a limit."""
    if case.due_at is None:
        return ""
    if case.due_at < now:
        return _("%s over") % _span(now - case.due_at)
    return _("%s left") % _span(case.due_at - now)


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        text = ngettext("%d day", "%d days", days) % days
        return " ".join([text, _("%d h") % hours]) if hours and days < 10 else text
    if hours:
        return " ".join([_("%d h") % hours, _("%d min") % minutes])
    return _("%d min") % minutes


def owner_of(case: Incident) -> str:
    """Who owns the case now, in one line."""
    if case.owner_department is not None:
        name = case.owner_department.label
        return f"{name} · {case.owner_person.name}" if case.owner_person else name
    if case.owner_role:
        role = str(Role(case.owner_role).label)
        return f"{role} · {case.owner_person.name}" if case.owner_person else role
    return _("Dispatchers' pool")


def alternatives_of(rows: list[dict[str, Any]], people: dict[int, str]) -> list[str]:
    """What else routing could have chosen, one sentence each; `people` are names by id."""
    english = (get_language() or "").startswith("en")
    sentences = []
    for row in rows:
        name = (row.get("name_en") if english else "") or row.get("name", "")
        if row.get("kind") == "area":
            text = _("%(area)s (%(code)s) touches the place too.")
            sentences.append(text % {"area": name, "code": row.get("code", "")})
        elif row.get("kind") == "rule":
            text = _("The rule “%(rule)s”, version %(version)s, fits too, but weighs less.")
            sentences.append(text % {"rule": name, "version": row.get("version", "")})
        elif row.get("id") in people:
            role = str(Role(row["role"]).label) if row.get("role") in Role.values else ""
            text = _("%(person)s (%(role)s) could have had it too.")
            sentences.append(text % {"person": people[row["id"]], "role": role})
    return sentences


def history_of(case: Incident) -> list[dict[str, Any]]:
    """Items of components/timeline.html, the newest first; two queries."""
    entries = list(case.history.select_related("actor"))
    return [
        _line(entry, newest=number == len(entries) - 1) for number, entry in enumerate(entries)
    ][::-1]


def _line(entry: HistoryEntry, *, newest: bool) -> dict[str, Any]:
    what = capfirst(str(entry.get_action_display()))
    if entry.to_state != entry.from_state and entry.from_state:
        what = f"{what} → {entry.get_to_state_display()}"
    tone = "alert" if entry.action in _ALERTS else "now" if newest else "done"
    role = str(Role(entry.actor_role).label) if entry.actor_role in Role.values else ""
    who = entry.actor.get_full_name() if entry.actor else _("System or reporter")
    return {
        "what": what,
        "when": entry.at,
        "who": _("%(who)s (%(role)s)") % {"who": who, "role": role} if role else who,
        "note": " ".join(dict.fromkeys(text for text in (entry.note, entry.public_note) if text)),
        "tone": tone,
    }
