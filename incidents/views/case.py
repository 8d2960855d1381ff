"""The page of one case, and the address that every move of the desks is sent to."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from gridmgmt.core.crypto import mask_phone
from gridmgmt.core.permissions import Right
from grids.people.guards import requires
from grids.territory.models import Boundary
from incidents.clocks import light
from incidents.forms.moves import FORWARD, QUICK, MoveForm, move_form
from incidents.forms.work import ContactForm
from incidents.lifecycle import BY_ACTION, Move
from incidents.models import Incident
from incidents.services.contacts import open_contact
from incidents.services.errors import CaseMoved, MoveRefused
from incidents.services.guards import holds_right
from incidents.services.moves import available_actions, perform
from incidents.services.routing_reasons import explain
from incidents.views.shown import history_of, marks_of, owner_of, state_tone, time_left
from incidents.views.work import RELATED


def visible_case(request: HttpRequest, number: str) -> Incident:
    """The case if the reader may see it; else 404, as for a number that does not exist."""
    visible = Incident.objects.visible_to(request.access)  # type: ignore[attr-defined]
    return get_object_or_404(
        visible.select_related(*RELATED, "filing_rule", "merged_into", "split_from"), number=number
    )


@require_GET
@requires(Right.SEE_CASES)
def case_page(request: HttpRequest, number: str) -> HttpResponse:
    """Everything about one case."""
    case = visible_case(request, number)
    return render(request, "incidents/desk/case.html", case_context(request, case))


@require_GET
@requires(Right.SEE_CASES)
def case_panel(request: HttpRequest, number: str) -> HttpResponse:
    """The same in short, for the panel beside the map."""
    case = visible_case(request, number)
    return render(request, "incidents/desk/case_panel.html", case_context(request, case))


@require_POST
@requires(Right.SEE_CASES)
def act(request: HttpRequest, number: str, action: str) -> HttpResponse:
    """Make a move. Refusals are shown where the form stands; nothing typed is lost.

    A request with `X-Requested-With: fetch` (the map) gets the panel back instead of a page.
    """
    case = visible_case(request, number)
    move = BY_ACTION.get(action)  # type: ignore[call-overload]
    if move is None or move.by_reporter or move.by_system:
        raise Http404
    form = move_form(move, case, request.access, data=request.POST, files=request.FILES)  # type: ignore[attr-defined]
    status = 400
    if form.is_valid():
        try:
            _perform(request, case, move, form)
        except CaseMoved as error:
            form.add_error(None, error)
            status = 409
        except MoveRefused as error:
            _take_errors(form, error)
        else:
            return _done(request, case, move)
    case = visible_case(request, number)
    return _answer(request, case, status=status, refused={move.action: form})


def _perform(request: HttpRequest, case: Incident, move: Move, form: MoveForm) -> None:
    details = form.details()
    perform(
        move.action,
        case.pk,
        actor=request.user,
        access=request.access,  # type: ignore[attr-defined]
        now=timezone.now(),
        version=details.pop("version", None),
        note=details.pop("note", ""),
        public_note=details.pop("public_note", ""),
        photos=details.pop("photos", ()),
        **details,
    )


def _take_errors(form: MoveForm, error: ValidationError) -> None:
    by_field = error.message_dict if hasattr(error, "error_dict") else {None: error.messages}
    for name, texts in by_field.items():
        form.add_error(name if name in form.fields else None, texts)


def _done(request: HttpRequest, case: Incident, move: Move) -> HttpResponse:
    if _is_fetch(request):
        visible = Incident.objects.visible_to(request.access).filter(pk=case.pk)  # type: ignore[attr-defined]
        if not visible.exists():
            return HttpResponse(status=204)
        return _answer(request, visible_case(request, case.number), status=200, refused={})
    messages.success(
        request,
        _("%(number)s: %(action)s — done.") % {"number": case.number, "action": move.action.label},
    )
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        target = reverse("incidents:case", args=[case.number])
    return HttpResponseRedirect(target)


def _answer(
    request: HttpRequest, case: Incident, *, status: int, refused: dict[str, MoveForm]
) -> HttpResponse:
    template = "case_panel" if _is_fetch(request) else "case"
    context = case_context(request, case, refused=refused)
    return render(request, f"incidents/desk/{template}.html", context, status=status)


def _is_fetch(request: HttpRequest) -> bool:
    return request.headers.get("X-Requested-With") == "fetch"


@require_POST
@requires(Right.OPEN_CONTACTS)
def contact(request: HttpRequest, number: str) -> HttpResponse:
    """Open the reporter's name and phone: a reason is asked and the opening is logged."""
    case = visible_case(request, number)
    form = ContactForm(request.POST)
    opened = None
    if form.is_valid():
        opened = open_contact(
            case,
            actor=request.user,
            access=request.access,  # type: ignore[attr-defined]
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        )
    context = case_context(request, case, contact_form=form, opened=opened)
    return render(
        request, "incidents/desk/case.html", context, status=200 if opened is not None else 400
    )


def case_context(
    request: HttpRequest,
    case: Incident,
    *,
    refused: dict[str, MoveForm] | None = None,
    contact_form: ContactForm | None = None,
    opened: Any = None,
) -> dict[str, Any]:
    """What the page and the panel show."""
    access, now = request.access, timezone.now()  # type: ignore[attr-defined]
    refused = refused or {}
    moves = available_actions(case, access, request.user, now)
    forward, other = _forms(case, access, moves, refused)
    decisions = list(
        case.decisions.select_related("department", "person", "grid", "tier").order_by("-at", "-id")
    )
    return {
        "case": case,
        "light": light(now, case.warn_at, case.due_at),
        "left": time_left(case, now),
        "tone": state_tone(case.state),  # type: ignore[arg-type]
        "marks": marks_of(case),
        "owner": owner_of(case),
        "areas": _areas(case),
        "history": history_of(case),
        "reasons": explain(decisions[0].reasons) if decisions else [],
        "alternatives": decisions[0].alternatives if decisions else [],
        "decided_at": decisions[0].at if decisions else None,
        "photos": list(case.attachments.order_by("added_at", "pk")),
        "forward": forward,
        "other": other,
        "refusals": [text for form in refused.values() for text in _all_errors(form)],
        "may_open_contact": holds_right(case, access, Right.OPEN_CONTACTS),
        "has_contact": bool(case.contact_phone or case.contact_name),
        "phone": mask_phone(case.contact_phone),
        "contact_form": contact_form or ContactForm(),
        "opened": opened,
    }


def _all_errors(form: MoveForm) -> list[str]:
    texts = [str(text) for text in form.errors.get(NON_FIELD_ERRORS, [])]
    return texts + [
        f"{form.fields[name].label}: {text}"
        for name, errors in form.errors.items()
        if name in form.fields
        for text in errors
    ]


def _forms(
    case: Incident, access: Any, moves: list[Move], refused: dict[str, MoveForm]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The next steps, and what else is possible; each with its form."""
    rows = []
    for move in moves:
        form = refused.get(move.action) or move_form(move, case, access)
        rows.append(
            {
                "action": move.action,
                "label": move.action.label,
                "form": form,
                "open": move.action in refused,
                "one_click": move.action in QUICK and not move.reason,
                "forward": move.action in FORWARD,
            }
        )
    return [row for row in rows if row["forward"]], [row for row in rows if not row["forward"]]


def _areas(case: Incident) -> list[Boundary]:
    """The areas of the moment of the report, root first."""
    rows = Boundary.objects.in_bulk(case.report_boundary_ids)
    return [rows[pk] for pk in case.report_boundary_ids if pk in rows]
