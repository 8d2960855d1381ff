"""What the page of a case and its panel beside the map show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from gridmgmt.core.permissions import Right
from grids.people.models import Person
from grids.territory.models import Boundary
from incidents.choices import Action, State
from incidents.clocks import light
from incidents.forms.categories import category_words
from incidents.forms.moves import FORWARD, QUICK, MoveForm, asks_for_category, move_form
from incidents.forms.work import ContactForm
from incidents.lifecycle import Move
from incidents.models import Incident, RoutingDecision
from incidents.services.contacts import Contact, masked_contact
from incidents.services.errors import CaseMoved
from incidents.services.guards import holds_right
from incidents.services.moves import available_actions
from incidents.services.routing_reasons import explain
from incidents.views.shown import (
    alternatives_of,
    history_of,
    marks_of,
    owner_of,
    state_tone,
    time_left,
)

# Besides the next step these stand open to the eye; the rest is folded under "More".
NEAR = (Action.REMIND, Action.REASSIGN, Action.RETURN, Action.REWORK, Action.SELF_HANDLE)


@dataclass(frozen=True)
class Refusal:
    """A refused move with its form as it was filled in; `moved` when someone else was first."""

    move: Move
    form: MoveForm
    moved: CaseMoved | None = None


def case_context(
    request: HttpRequest,
    case: Incident,
    *,
    refusal: Refusal | None = None,
    contact_form: ContactForm | None = None,
    opened: Contact | None = None,
) -> dict[str, Any]:
    """Everything that the templates name. The number of queries does not grow with the history."""
    access, now = request.access, timezone.now()  # type: ignore[attr-defined]
    steps = _steps(case, available_actions(case, access, request.user, now), refusal)
    decision = (
        case.decisions.select_related("department", "person")  # type: ignore[attr-defined]
        .order_by("-at", "-id")
        .first()
    )
    other = [step for step in steps if not step["forward"] and not step["near"]]
    return {
        "case": case,
        "light": light(now, case.warn_at, case.due_at),
        "left": time_left(case, now),
        "tone": state_tone(State(case.state)),
        "marks": marks_of(case),
        "owner": owner_of(case),
        "areas": _areas(case),
        "history": history_of(case),
        "decision": decision,
        "reasons": explain(decision.reasons) if decision else [],
        "alternatives": _alternatives(decision),
        "photos": _photos(case),
        "forward": [step for step in steps if step["forward"]],
        "near": [step for step in steps if step["near"]],
        "other": other,
        "other_open": any(step["open"] for step in other),
        "categories": category_words() if any(s["asks_category"] for s in steps) else [],
        **_refused(steps, refusal),
        "may_open_contact": holds_right(case, access, Right.OPEN_CONTACTS),
        "has_contact": bool(case.contact_phone or case.contact_name),
        "masked": masked_contact(case),
        "contact_form": contact_form or ContactForm(),
        "opened": opened,
    }


def _steps(case: Incident, moves: list[Move], refusal: Refusal | None) -> list[dict[str, Any]]:
    """The moves that are possible now, each with its form; a refused one as it was filled in."""
    steps = []
    for move in moves:
        refused = refusal is not None and refusal.move.action == move.action
        form = refusal.form if refusal is not None and refused else move_form(move, case)
        quick = move.action in QUICK and not move.reason
        steps.append(
            {
                "action": move.action,
                "label": move.action.label,
                "form": form,
                "open": refused,
                # Drawn as one button; what else could be said stands in the form under it.
                "one_click": quick and not asks_for_category(move.action, case) and not refused,
                "bare": set(form.fields) <= {"version", "note"},
                "forward": move.action in FORWARD,
                "near": move.action in NEAR,
                "asks_category": "category_id" in form.fields,
            }
        )
    return steps


def _refused(steps: list[dict[str, Any]], refusal: Refusal | None) -> dict[str, Any]:
    """Why the last move was refused, and words that have no form any more to stand in."""
    if refusal is None:
        return {"refusals": [], "moved": None, "kept_words": []}
    still_possible = any(step["open"] for step in steps)
    return {
        "refusals": _all_errors(refusal.form),
        "moved": refusal.moved,
        "kept_words": [] if still_possible else refusal.form.typed_words(),
    }


def _all_errors(form: MoveForm) -> list[str]:
    texts = [str(text) for text in form.errors.get(NON_FIELD_ERRORS, [])]
    return texts + [
        _("%(field)s: %(error)s")
        % {"field": form.fields[name].label or _("Version"), "error": text}
        for name, errors in form.errors.items()
        if name in form.fields
        for text in errors
    ]


def _areas(case: Incident) -> list[Boundary]:
    """The areas of the moment of the report, root first."""
    rows = Boundary.objects.defer("geometry").in_bulk(case.report_boundary_ids)
    return [rows[pk] for pk in case.report_boundary_ids if pk in rows]


def _alternatives(decision: RoutingDecision | None) -> list[str]:
    """What else was possible, as sentences."""
    rows = decision.alternatives if decision else []
    people = [row["id"] for row in rows if row.get("kind") == "person"]
    names = dict(Person.objects.filter(pk__in=people).values_list("pk", "name")) if people else {}
    return alternatives_of(rows, names)


def _photos(case: Incident) -> list[dict[str, str]]:
    """For components/photos.html."""
    rows = []
    for photo in case.attachments.order_by("added_at", "pk"):  # type: ignore[attr-defined]
        caption = str(photo.get_stage_display())
        if photo.position_offset_m is not None:
            metres = {"metres": round(photo.position_offset_m)}
            caption += " · " + _("taken %(metres)s m away") % metres
        rows.append(
            {
                "url": reverse("incidents:photo", args=[photo.pk]),
                "thumb": reverse("incidents:photo_sized", args=[photo.pk, "small"]),
                "caption": caption,
            }
        )
    return rows
