"""The page of one case, and the address that every move of the desks is sent to."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from gridmgmt.core.guards import requires
from gridmgmt.core.permissions import Right
from incidents.forms.moves import MoveForm, asks_for_category, move_form
from incidents.forms.work import ContactForm
from incidents.lifecycle import BY_ACTION, Move
from incidents.models import Incident
from incidents.services.contacts import open_contact
from incidents.services.errors import CaseMoved, MoveRefused
from incidents.services.moves import perform
from incidents.services.verifying import classify_and
from incidents.views.case_context import Refusal, case_context

RELATED = ("category", "report_grid", "owner_department", "owner_person", "owner_grid")
# A service names its own fields; these are the form's.
FIELD_OF = {
    "department_id": "target",
    "grid_id": "target",
    "person_id": "target",
    "parts": "departments",
}


def visible_case(request: HttpRequest, number: str) -> Incident:
    """The case if the reader may see it; else 404, as for a number that does not exist."""
    visible = Incident.objects.visible_to(request.access)  # type: ignore[attr-defined]
    return get_object_or_404(
        visible.select_related(*RELATED, "filing_rule", "merged_into", "split_from"), number=number
    )


@require_GET
@requires(Right.SEE_CASES)
@never_cache
def case_page(request: HttpRequest, number: str) -> HttpResponse:
    """Everything about one case."""
    case = visible_case(request, number)
    return render(request, "incidents/desk/case.html", case_context(request, case))


@require_GET
@requires(Right.SEE_CASES)
@never_cache
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
    form = move_form(move, case, data=request.POST, files=request.FILES)
    moved: CaseMoved | None = None
    if form.is_valid():
        try:
            _perform(request, case, move, form)
        except CaseMoved as error:
            moved = error
            form.add_error(None, error)
        except ValidationError as error:
            _take_errors(form, error)
        else:
            return _done(request, case, move)
    case = visible_case(request, number)
    refusal = Refusal(move, form.with_version(case.version), moved)
    return _answer(request, case, status=409 if moved else 400, refusal=refusal)


def _perform(request: HttpRequest, case: Incident, move: Move, form: MoveForm) -> None:
    details = form.details()
    together = asks_for_category(move.action, case) and details.get("category_id")
    make = classify_and if together else perform
    make(
        move.action,
        case.pk,
        actor=request.user,
        access=request.access,  # type: ignore[attr-defined]
        now=timezone.now(),
        **details,
    )


def _take_errors(form: MoveForm, error: ValidationError) -> None:
    # What is not a refusal of the move is said of its photos.
    rest = "" if isinstance(error, MoveRefused) else "photos"
    by_field = error.message_dict if hasattr(error, "error_dict") else {rest: error.messages}
    for name, texts in by_field.items():
        field = FIELD_OF.get(name, name)
        form.add_error(field if field in form.fields else None, list(texts))


def _done(request: HttpRequest, case: Incident, move: Move) -> HttpResponse:
    said = _("%(number)s: done: %(action)s.") % {
        "number": case.number,
        "action": move.action.label,
    }
    if _is_fetch(request):
        visible = Incident.objects.visible_to(request.access).filter(pk=case.pk)  # type: ignore[attr-defined]
        if not visible.exists():
            return HttpResponse(status=204)
        return _answer(request, visible_case(request, case.number), status=200, said=said)
    messages.success(request, said)
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        target = reverse("incidents:case", args=[case.number])
    return HttpResponseRedirect(target)


def _answer(
    request: HttpRequest,
    case: Incident,
    *,
    status: int,
    refusal: Refusal | None = None,
    said: str = "",
) -> HttpResponse:
    template = "case_panel" if _is_fetch(request) else "case"
    context = case_context(request, case, refusal=refusal) | {"said": said}
    return render(request, f"incidents/desk/{template}.html", context, status=status)


def _is_fetch(request: HttpRequest) -> bool:
    return request.headers.get("X-Requested-With") == "fetch"


@require_POST
@requires(Right.OPEN_CONTACTS)
@never_cache
def contact(request: HttpRequest, number: str) -> HttpResponse:
    """Open the reporter's name and phone: a reason is asked and the opening is logged."""
    case = visible_case(request, number)
    form = ContactForm(request.POST)
    opened = None
    if form.is_valid():
        try:
            opened = open_contact(
                case,
                actor=request.user,
                access=request.access,  # type: ignore[attr-defined]
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
            )
        except MoveRefused as error:
            form.add_error("reason", error.messages)
    context = case_context(request, case, contact_form=form, opened=opened)
    status = 200 if opened is not None else 400
    return render(request, "incidents/desk/case.html", context, status=status)
