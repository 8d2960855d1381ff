"""The only code that moves a case.

Every move is one transaction: the case is locked, the version compared (someone else may have
been quicker), the table in `incidents/lifecycle.py` asked, right, place and owner checked, the
effect applied, and then a history line, an audit entry and an event written.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from gridmgmt.core import audit, outbox
from gridmgmt.core.permissions import ROLE_RIGHTS
from grids.people.access import NOTHING, Access
from incidents.choices import Action, AttachmentStage, State
from incidents.lifecycle import BY_ACTION, MOVES, Move, move_for
from incidents.models import HistoryEntry, Incident
from incidents.services import guards, sending
from incidents.services.effects import EFFECTS
from incidents.services.errors import CaseMoved, MoveRefused, NotYours
from incidents.services.photos import ReadyPhoto, read_photos, stored
from incidents.services.step import Step

_AFTER = frozenset({Action.HANDLE, Action.SELF_HANDLE})


def perform(
    action: str,
    incident_id: int,
    *,
    actor: Any,
    access: Access,
    now: datetime,
    version: int | None = None,
    note: str = "",
    public_note: str = "",
    photos: Sequence[Any] = (),
    **data: Any,
) -> Incident:
    """Make one move of one case as `actor` with the rights of `access`.

    `version` is the case's version that the actor saw; None skips that check. `data` are the
    move's own details (see `effects*`). Raises CaseMoved, NotYours, MoveRefused, or
    Incident.DoesNotExist for a case that is not there; then nothing was changed.
    """
    move = _row(action)
    ready = read_photos(photos)
    with transaction.atomic():
        incident = _locked(incident_id, data.get("into"))
        _check_version(incident, version)
        _check_state(move, incident)
        refusal = guards.not_allowed(move, incident, access, getattr(actor, "pk", None))
        if refusal:
            raise NotYours(refusal, code="not_yours")
        step = Step(move, incident, actor, access, now, note.strip(), public_note.strip(), data)
        return _make(step, ready)


def perform_by_reporter(
    action: str,
    incident_id: int,
    *,
    actor: Any,
    now: datetime,
    note: str = "",
    **data: Any,
) -> Incident:
    """A move of whoever holds the query number (rate, reopen); `actor` None without an account."""
    move = _row(action)
    if not move.by_reporter:
        raise NotYours(_("Only the office makes this move."), code="not_yours")
    with transaction.atomic():
        incident = _locked(incident_id)
        _check_state(move, incident)
        step = Step(move, incident, actor, NOTHING, now, note.strip(), "", data)
        return _make(step, ())


def perform_by_system(
    action: str, incident_id: int, *, now: datetime, note: str = "", **data: Any
) -> Incident:
    """A move of the platform itself: waking up, escalating, routing anew."""
    move = _row(action)
    with transaction.atomic():
        incident = _locked(incident_id)
        _check_state(move, incident)
        return _make(Step(move, incident, None, NOTHING, now, note, "", data), ())


def available_actions(
    incident: Incident, access: Access, user: Any, now: datetime | None = None
) -> list[Move]:
    """The moves that pages offer this user on this case, in the table's order. No query."""
    now = now or timezone.now()
    user_id = getattr(user, "pk", None)
    return [
        move
        for move in MOVES
        if incident.state in move.sources
        and guards.not_allowed(move, incident, access, user_id) is None
        and guards.not_now(move, incident, now) is None
    ]


def _row(action: str) -> Move:
    move = BY_ACTION.get(action)  # type: ignore[call-overload]
    if move is None:
        raise MoveRefused(_("There is no such action."), code="unknown_action")
    return move


def _locked(incident_id: int, other: Any = None) -> Incident:
    """The case, locked; with the case it is merged into, both in the order of their ids."""
    ids = [incident_id, other] if isinstance(other, int) else [incident_id]
    cases = (
        Incident.objects.select_for_update(of=("self",))
        .select_related("category", "filing_rule")
        .filter(pk__in=ids)
        .order_by("pk")
    )
    for case in cases:
        if case.pk == incident_id:
            return case
    raise Incident.DoesNotExist


def _check_version(incident: Incident, version: int | None) -> None:
    if version is None or version == incident.version:
        return
    last = incident.history.select_related("actor").last()
    raise CaseMoved(
        number=incident.number,
        who=last.actor.get_full_name() if last and last.actor else "",
        at=last.at if last else incident.updated_at,
        state=incident.get_state_display(),
        version=incident.version,
    )


def _check_state(move: Move, incident: Incident) -> None:
    if move_for(move.action, State(incident.state)) is None:
        raise MoveRefused(
            _("A case that is “%(state)s” does not allow the action “%(action)s”.")
            % {"state": incident.get_state_display(), "action": move.action.label},
            code="wrong_state",
        )


def _make(step: Step, photos: Sequence[ReadyPhoto]) -> Incident:
    incident, move = step.incident, step.move
    if (refusal := guards.not_now(move, incident, step.now)) is not None:
        raise MoveRefused(refusal, code="not_now")
    if move.reason and not (step.note or step.public_note):
        raise MoveRefused({"note": [_("A reason is owed. Write it in a sentence.")]})
    before = step.before = incident.state
    fields = _snapshot(incident)
    if move.target is not None:
        incident.state = move.target
    effect = EFFECTS.get(move.action)
    stage = AttachmentStage.AFTER if move.action in _AFTER else AttachmentStage.BEFORE
    with stored(incident, photos, stage=stage, actor=step.actor, now=step.now):
        if effect is not None:
            effect(step)
        incident.version += 1
        incident.updated_at = step.now
        _save_changes(incident, fields)
        # The state after this step itself: a dispatch that follows at once has its own line.
        after = move.target or incident.state
        HistoryEntry.objects.bulk_create(
            [
                sending.line(
                    incident,
                    move.action,
                    before,
                    after,
                    actor=step.actor,
                    now=step.now,
                    role=_role(step),
                    note=step.note,
                    public_note=step.public_note,
                    data=step.details,
                ),
                *step.more_lines,
            ]
        )
        _announce(step, before)
    return incident


def _role(step: Step) -> str:
    """As what the actor acted: the first post that gives the right there."""
    incident = step.incident
    for holding in step.access.holdings:
        if step.move.right in ROLE_RIGHTS.get(holding.role, ()) and (  # type: ignore[call-overload]
            holding.covers(incident.report_path)
            or holding.covers(incident.owner_path)
            or holding.department_id is not None
        ):
            return holding.role
    return ""


def _snapshot(incident: Incident) -> dict[str, Any]:
    return {
        field.attname: _plain(getattr(incident, field.attname))
        for field in Incident._meta.concrete_fields
    }


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _save_changes(incident: Incident, before: dict[str, Any]) -> None:
    """Write only what changed, so that indexes and encrypted fields rest."""
    changed = [
        field.name
        for field in Incident._meta.concrete_fields
        if _plain(getattr(incident, field.attname)) != before[field.attname]
    ]
    incident.save(update_fields=changed)


def _announce(step: Step, before: str) -> None:
    incident, action = step.incident, step.move.action
    moved = {"from": before, "to": incident.state, "version": incident.version}
    audit.record(
        actor=step.actor,
        now=step.now,
        action=f"incident.{action}",
        target=incident,
        data={"number": incident.number, **moved},
    )
    outbox.emit(
        "incident_moved",
        {
            "incident": incident.pk,
            "number": incident.number,
            "action": str(action),
            "actor": getattr(step.actor, "pk", None),
            "urgent": incident.urgent,
            **moved,
        },
        now=step.now,
    )
