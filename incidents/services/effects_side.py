"""What the side ways do: reassign, suspend, merge, split, supervise, classify, release, reroute."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from gridmgmt.core import audit, outbox
from gridmgmt.core.search import terms
from incidents.choices import OPEN_STATES, Action, ClockKind, Grade, Purpose, State
from incidents.models import Attachment, Category, FilingRule, HistoryEntry, Incident, UrgentReceipt
from incidents.services import clocks, numbers, owners, sending
from incidents.services.desk import AT_ONCE
from incidents.services.errors import MoveRefused
from incidents.services.routing import OWNER_FIELDS
from incidents.services.step import Step

LONGEST_SUSPENSION = timedelta(days=366)
MOST_PARTS = 10
_BEFORE_FILING = frozenset({State.REPORTED, State.VERIFIED})
PURPOSE_IN = {
    State.REPORTED: Purpose.VERIFY,
    State.VERIFIED: Purpose.VERIFY,
    State.FILED: Purpose.DISPATCH,
    State.DISPATCHED: Purpose.HANDLE,
    State.IN_HAND: Purpose.HANDLE,
    State.HANDLED: Purpose.CHECK,
    State.CHECKED: Purpose.CHECK,
}


def reassign(step: Step) -> None:
    """To `department_id`, `grid_id` or `person_id`; the state and the clock stay."""
    if not owners.target_given(step.data):
        raise MoveRefused(
            _("Name exactly one: a department, a grid or a person."), code="no_target"
        )
    incident = step.incident
    before = sending.owner_data(incident)
    owners.by_hand(step, PURPOSE_IN[State(incident.state)])
    step.details.update({"from": before, "to": sending.owner_data(incident)})


def extend(step: Step) -> None:
    """One more original limit."""
    clocks.extend_clock(step.incident, now=step.now)
    step.incident.extended_count += 1


def suspend(step: Step) -> None:
    """`until` (aware): the clock stands until then, and the case wakes by itself."""
    incident, until = step.incident, step.data.get("until")
    if not isinstance(until, datetime) or until <= step.now:
        raise MoveRefused({"until": [_("Give a moment in the future.")]})
    if until > step.now + LONGEST_SUSPENSION:
        raise MoveRefused({"until": [_("A case is suspended for a year at most.")]})
    incident.suspended_from = step.before
    incident.suspended_until = until
    incident.suspended_count += 1
    clocks.pause_clock(incident, now=step.now)
    step.details["until"] = until.isoformat()


def resume(step: Step) -> None:
    """Back to where it was; the clock runs on."""
    incident = step.incident
    incident.state = State(incident.suspended_from)
    incident.suspended_from = ""
    incident.suspended_until = None
    clocks.resume_clock(incident, now=step.now)


def merge(step: Step) -> None:
    """`into`: id of the case that stays. All reporters are told how that one goes on."""
    into = step.data.get("into")
    target = None
    if isinstance(into, int) and into != step.incident.pk:
        target = Incident.objects.visible_to(step.access).filter(pk=into).first()
    if target is None:
        raise MoveRefused({"into": [_("Name the other case, one that you can see.")]})
    if target.state not in OPEN_STATES:
        raise MoveRefused({"into": [_("The other case is not open (any more).")]})
    step.incident.merged_into = target
    clocks.stop_clock(step.incident, now=step.now)
    # Cases merged into this one follow it, so that nobody climbs a chain.
    Incident.objects.filter(merged_into=step.incident).update(merged_into=target)
    step.details["into"] = target.pk
    step.more_lines.append(
        HistoryEntry(
            incident=target,
            at=step.now,
            actor=step.actor,
            action=Action.NOTE,
            from_state=target.state,
            to_state=target.state,
            data={"merged": step.incident.pk, "number": step.incident.number},
        )
    )


def split(step: Step) -> None:
    """`parts`: one {department_id, description} for each sub-case, dispatched at once."""
    parts = step.data.get("parts")
    if not isinstance(parts, list) or not 1 <= len(parts) <= MOST_PARTS:
        raise MoveRefused({"parts": [_("Name one to ten sub-cases with their departments.")]})
    created = [_sub_case(step, part) for part in parts]
    step.details["parts"] = [case.pk for case in created]


def remind(step: Step) -> None:
    """Urged: counted and told to the owner."""
    step.incident.urged_count += 1


def supervise(step: Step) -> None:
    """Formal supervision: a reply is owed."""
    step.incident.supervised = True


def reply(step: Step) -> None:
    """The reply to a formal supervision."""
    step.incident.supervised = False


def appeal(step: Step) -> None:
    """Whoever handled the case contests how it was judged."""
    step.incident.appealed = True


def order(step: Step) -> None:
    """A leader's order on a case; noted on the leader's receipt where there is one."""
    UrgentReceipt.objects.filter(
        incident=step.incident, person_id=step.access.person_id, ordered_at__isnull=True
    ).update(ordered_at=step.now)


def classify(step: Step) -> None:
    """`category_id`, `filing_rule_id`, `grade`, `urgent`: corrected, and routed anew."""
    incident, data = step.incident, step.data
    before = {"category": incident.category_id, "grade": incident.grade}
    if data.get("category_id") is not None:
        category = Category.objects.filter(pk=data["category_id"], active=True).first()
        if category is None:
            raise MoveRefused({"category_id": [_("This category does not exist (any more).")]})
        incident.category, incident.filing_rule = category, None
        incident.grade = category.grade
        incident.urgent = incident.urgent or category.urgent
    if data.get("filing_rule_id") is not None:
        incident.filing_rule = FilingRule.objects.filter(
            pk=data["filing_rule_id"], category_id=incident.category_id
        ).first()
        if incident.filing_rule is None:
            raise MoveRefused(
                {"filing_rule_id": [_("This condition does not belong to the case's category.")]}
            )
    if data.get("grade"):
        if data["grade"] not in Grade.values:
            raise MoveRefused({"grade": [_("Unknown grade “%s”.") % data["grade"]]})
        incident.grade = data["grade"]
    if data.get("urgent") is not None:
        incident.urgent = bool(data["urgent"])
    incident.urgent = incident.urgent or incident.grade == Grade.MAJOR
    place = sending.place_of(incident, step.now)
    sending.give(
        incident, AT_ONCE.decide(Purpose.VERIFY, incident, place, now=step.now), now=step.now
    )
    step.details.update(
        {"from": before, "to": {"category": incident.category_id, "grade": incident.grade}}
    )


def release(step: Step) -> None:
    """`withdraw`: take it back; else `description` (default: as reported) and `photo_ids` (all)."""
    incident, data = step.incident, step.data
    photos = Attachment.objects.filter(incident=incident)
    if data.get("withdraw"):
        incident.released = False
        photos.update(public=False)
        step.details["withdraw"] = True
        return
    text = str(data.get("description") or incident.description).strip()
    if len(text) > 5000:
        raise MoveRefused({"description": [_("At most 5000 characters are possible.")]})
    incident.released = True
    incident.public_description = text
    chosen = data.get("photo_ids")
    photos.update(public=False)
    if chosen is None:
        photos.update(public=True)
    else:
        photos.filter(pk__in=list(chosen)).update(public=True)


def reroute(step: Step) -> None:
    """`decision`: the routing's new answer after the division has changed."""
    before = sending.owner_data(step.incident)
    sending.give(step.incident, step.data["decision"], now=step.now)
    step.details.update(
        {
            "edition": step.data.get("edition"),
            "from": before,
            "to": sending.owner_data(step.incident),
        }
    )


def escalate(step: Step) -> None:
    """A limit has passed: which step of the climb this is."""
    step.details.update({k: v for k, v in step.data.items() if isinstance(v, int | str | list)})


def _sub_case(step: Step, part: Any) -> Incident:
    """One part for one department: place, reporter and marks of the whole, a number of its own."""
    if not isinstance(part, dict) or part.get("department_id") is None:
        raise MoveRefused({"parts": [_("Each sub-case needs its department.")]})
    whole = step.incident
    text = str(part.get("description") or whole.description).strip()[:5000]
    sub = Incident(
        number=numbers.draw(),
        state=State.DISPATCHED,
        channel=whole.channel,
        category=whole.category,
        filing_rule=whole.filing_rule,
        grade=whole.grade,
        urgent=whole.urgent,
        confidential=whole.confidential,
        description=text,
        reported_at=whole.reported_at,
        updated_at=step.now,
        point=whole.point,
        public_point=whole.public_point,
        raw_x=whole.raw_x,
        raw_y=whole.raw_y,
        raw_crs=whole.raw_crs,
        place_words=whole.place_words,
        place_certainty=whole.place_certainty,
        answer=whole.answer,
        distance_m=whole.distance_m,
        report_boundary_ids=whole.report_boundary_ids,
        report_path=whole.report_path,
        report_grid_id=whole.report_grid_id,
        split_from=whole,
        simulated=whole.simulated,
        terms=terms(f"{text} {whole.place_words}")[:120],
    )
    sub.save(force_insert=True)
    part_step = Step(step.move, sub, step.actor, step.access, step.now, step.note, "", dict(part))
    owners.by_hand(part_step, Purpose.HANDLE)
    sending.start(sub, ClockKind.HANDLE, now=step.now)
    sub.save(update_fields=OWNER_FIELDS)
    _announce_sub_case(step, sub)
    step.more_lines.append(
        HistoryEntry(
            incident=sub,
            at=step.now,
            actor=step.actor,
            action=Action.SPLIT,
            from_state="",
            to_state=State.DISPATCHED,
            note=step.note,
            data={"whole": whole.pk, **sending.owner_data(sub)},
        )
    )
    return sub


def _announce_sub_case(step: Step, sub: Incident) -> None:
    """A part is dispatched like any other case: its department hears of it, the audit notes it."""
    moved = {"from": "", "to": sub.state, "version": sub.version}
    audit.record(
        actor=step.actor,
        now=step.now,
        action="incident.split",
        target=sub,
        data={"number": sub.number, "whole": step.incident.pk, **moved},
    )
    outbox.emit(
        "incident_moved",
        {
            "incident": sub.pk,
            "number": sub.number,
            "action": str(Action.DISPATCH),
            "actor": getattr(step.actor, "pk", None),
            "urgent": sub.urgent,
            **moved,
        },
        now=step.now,
    )


EFFECTS: dict[str, Callable[[Step], None]] = {
    Action.REASSIGN: reassign,
    Action.EXTEND: extend,
    Action.SUSPEND: suspend,
    Action.RESUME: resume,
    Action.MERGE: merge,
    Action.SPLIT: split,
    Action.REMIND: remind,
    Action.SUPERVISE: supervise,
    Action.REPLY: reply,
    Action.APPEAL: appeal,
    Action.ORDER: order,
    Action.CLASSIFY: classify,
    Action.RELEASE: release,
    Action.REROUTE: reroute,
    Action.ESCALATE: escalate,
}
