"""What each move of the straight way does besides changing the state. See effects_side, _reporter.

Every function changes `step.incident` in memory; `moves` saves it. Refusals are MoveRefused.
"""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _

from incidents.choices import OPEN_STATES, Action, ClockKind, Purpose
from incidents.models import FilingRule, Incident
from incidents.services import clocks, effects_reporter, effects_side, owners, sending
from incidents.services.desk import AT_ONCE
from incidents.services.errors import MoveRefused
from incidents.services.step import Step

Effect = Callable[[Step], None]


def file(step: Step) -> None:
    """`filing_rule_id`: which condition applies (its limit counts). Then on to the handler."""
    incident = step.incident
    rule_id = step.data.get("filing_rule_id")
    if rule_id is not None:
        incident.filing_rule = _filing_rule(incident, rule_id)
        step.details["filing_rule"] = incident.filing_rule.pk
    step.more_lines += sending.send_on(incident, sending.place_of(incident, step.now), now=step.now)


def end(step: Step) -> None:
    """Not filed, void: the clock ends. Why a report is not taken up is owed to its reporter."""
    if step.move.action == Action.NOT_FILE:
        step.incident.result_public = step.public_note or step.note
    else:
        step.incident.result_public = step.public_note
    clocks.stop_clock(step.incident, now=step.now)


def self_handle(step: Step) -> None:
    """Closed on the spot: the note is the result, told to the reporter."""
    incident = step.incident
    incident.on_the_spot = True
    incident.handled_by = step.actor
    incident.closed_at = step.now
    incident.result_public = step.public_note or step.note
    clocks.stop_clock(incident, now=step.now)


def dispatch(step: Step) -> None:
    """To `department_id`, to `grid_id` (its manager), to `person_id`, or where routing says.

    A department that has just handed the case back gets it again only with `order` and a reason.
    """
    incident = step.incident
    owners.refuse_ping_pong(step)
    if owners.target_given(step.data):
        owners.by_hand(step, Purpose.HANDLE)
    else:
        place = sending.place_of(incident, step.now)
        decision = AT_ONCE.decide(Purpose.HANDLE, incident, place, now=step.now)
        if not sending.has_handler(decision):
            raise MoveRefused(
                _("The rules name nobody for this case. Choose a department or a grid."),
                code="no_target",
            )
        department = decision.department
        if department is not None and department.pk == incident.returned_by_department_id:
            owners.refuse_without_order(step)
        sending.give(incident, decision, now=step.now)
    sending.start(incident, ClockKind.HANDLE, now=step.now)
    step.details.update(sending.owner_data(incident))


def accept(step: Step) -> None:
    """Whoever takes a department's case in hand becomes its person."""
    if step.access.person_id is not None:
        step.incident.owner_person_id = step.access.person_id


def hand_back(step: Step) -> None:
    """Back to the dispatcher, who may not simply send it to the same department again."""
    incident = step.incident
    step.details.update(sending.owner_data(incident))
    incident.returned_by_department_id = incident.owner_department_id
    incident.returned_count += 1
    sending.to_dispatcher(incident, sending.place_of(incident, step.now), now=step.now)


def handle(step: Step) -> None:
    """Handled: the result is told to the reporter, and the supervision side takes over."""
    incident = step.incident
    step.details.update(sending.owner_data(incident))
    incident.handled_by = step.actor
    incident.handled_department_id = incident.owner_department_id
    incident.returned_by_department = None
    incident.result_public = step.public_note or step.note
    sending.to_checker(incident, sending.place_of(incident, step.now), now=step.now)


def rework(step: Step) -> None:
    """Back to whoever handled it, with a new limit."""
    incident = step.incident
    last = incident.history.filter(action=Action.HANDLE).last()
    if last is not None:
        owners.restore(incident, last.data)
    sending.start(incident, ClockKind.HANDLE, now=step.now)
    step.details.update(sending.owner_data(incident))


def close(step: Step) -> None:
    """The end of the straight way. Sub-cases must have ended before."""
    incident = step.incident
    open_parts = Incident.objects.filter(split_from=incident, state__in=sorted(OPEN_STATES))
    if open_parts.exists():
        raise MoveRefused(
            _("Sub-cases of this case are still open. Close them first."), code="open_parts"
        )
    incident.closed_at = step.now
    incident.result_public = step.public_note or incident.result_public
    clocks.stop_clock(incident, now=step.now)


def confirm(step: Step) -> None:
    """The manager's verification of an urgent case, made afterwards."""
    step.incident.verification_owed = False


def _filing_rule(incident: Incident, rule_id: int) -> FilingRule:
    rule = FilingRule.objects.filter(pk=rule_id, category_id=incident.category_id).first()
    if rule is None:
        raise MoveRefused(
            {"filing_rule_id": [_("This condition does not belong to the case's category.")]}
        )
    return rule


EFFECTS: dict[str, Effect] = {
    Action.FILE: file,
    Action.NOT_FILE: end,
    Action.SELF_HANDLE: self_handle,
    Action.CONFIRM: confirm,
    Action.DISPATCH: dispatch,
    Action.ACCEPT: accept,
    Action.RETURN: hand_back,
    Action.HANDLE: handle,
    Action.REWORK: rework,
    Action.CLOSE: close,
    Action.VOID: end,
    **effects_side.EFFECTS,
    **effects_reporter.EFFECTS,
}
