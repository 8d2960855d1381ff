"""The phone desk: a call, visit or letter is taken down with the keyboard alone."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from gridmgmt.core.crypto import blind_index
from gridmgmt.core.guards import requires
from gridmgmt.core.permissions import Right
from incidents.choices import Channel, Grade
from incidents.forms.categories import CategoryField, category_words
from incidents.forms.reports import FIELD_OF, fresh_key
from incidents.forms.work import DESK_CHANNELS
from incidents.models import Incident
from incidents.services.errors import KeyConflict
from incidents.services.intake import Report, report
from incidents.services.intake_checks import normal_phone
from incidents.views.case import visible_case
from incidents.views.parts import map_view
from incidents.views.shown import owner_of

MOST_EARLIER = 5
# The service's names of fields; this form's.
CALL_FIELD_OF = {**FIELD_OF, "category": "category_id", "tile": "category_id"}


class CallForm(forms.Form):
    """Carries what was typed; the intake service judges it."""

    contact_phone = forms.CharField(
        label=_("Caller's phone"),
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off", "autofocus": True}),
    )
    contact_name = forms.CharField(
        label=_("Caller's name"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    description = forms.CharField(
        label=_("What is the matter?"),
        error_messages={"required": _("Say in a few words what is the matter.")},
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    address = forms.CharField(label=_("Where is it?"), required=False)
    lon = forms.CharField(required=False, widget=forms.HiddenInput)
    lat = forms.CharField(required=False, widget=forms.HiddenInput)
    category_id = CategoryField(
        label=_("Category"),
        required=False,
        help_text=_("Type a few characters. Left empty, the grid's manager chooses it."),
    )
    channel = forms.ChoiceField(
        label=_("Came by"),
        choices=[(channel.value, channel.label) for channel in DESK_CHANNELS],
        initial=Channel.PHONE,
    )
    urgent = forms.BooleanField(label=_("Urgent: life or property in danger"), required=False)
    major = forms.BooleanField(label=_("Major emergency: tell the leaders at once"), required=False)
    confidential = forms.BooleanField(label=_("The reporter asks to stay unnamed"), required=False)
    key = forms.CharField(required=False, widget=forms.HiddenInput)

    # The browser leaves the words alone: the page says itself what is missing.
    use_required_attribute = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["address"].widget.attrs["id"] = "address"

    def report(self) -> Report:
        """What the intake service is told."""
        given = self.cleaned_data
        return Report(
            channel=given["channel"],
            description=given["description"],
            lon=given["lon"] or None,
            lat=given["lat"] or None,
            place_words=given["address"],
            category_id=given["category_id"],
            grade=Grade.MAJOR if given["major"] else "",
            urgent=given["urgent"] or given["major"],
            contact_phone=given["contact_phone"],
            contact_name=given["contact_name"],
            confidential=given["confidential"],
            idempotency_key=given["key"],
            language=get_language() or "",
        )

    def take_errors(self, error: ValidationError) -> None:
        """The intake's words beside the fields they speak of."""
        by_field = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        for name, texts in by_field.items():
            field = CALL_FIELD_OF.get(name, name)
            self.add_error(field if field in self.fields else None, list(texts))


@require_http_methods(["GET", "POST"])
@requires(Right.TAKE_CALLS)
def take_call(request: HttpRequest) -> HttpResponse:
    """The entry form; after sending, the same form empty again with the number to read out."""
    if request.method != "POST":
        taken = _taken(request)
        form = CallForm(initial={"key": fresh_key()})
        return render(request, "incidents/desk/call.html", _context(form, taken))
    form = CallForm(request.POST)
    if form.is_valid():
        try:
            case = report(form.report(), actor=request.user, now=timezone.now())
        except KeyConflict as error:
            form.data = form.data.copy()
            form.data["key"] = fresh_key()
            form.add_error(None, error)
        except ValidationError as error:
            form.take_errors(error)
        else:
            return HttpResponseRedirect(f"{reverse('incidents:call')}?taken={case.number}")
    return render(request, "incidents/desk/call.html", _context(form, None), status=400)


@require_POST
@requires(Right.TAKE_CALLS)
def earlier_calls(request: HttpRequest) -> HttpResponse:
    """The newest cases of the same phone, shown under its field while the caller speaks.

    Asked by POST, so that no address and no log carries a telephone number. Confidential ones
    are left out: a number must not tell who reported them.
    """
    digest = blind_index(normal_phone(request.POST.get("phone", "")))
    cases = Incident.objects.none()
    if digest:
        cases = Incident.objects.visible_to(request.access).filter(  # type: ignore[attr-defined]
            contact_phone_index=digest, confidential=False
        )
    rows = cases.select_related("category").order_by("-reported_at")[:MOST_EARLIER]
    return render(request, "incidents/desk/earlier.html", {"cases": rows})


def _taken(request: HttpRequest) -> dict[str, Any] | None:
    number = request.GET.get("taken", "")
    if not number:
        return None
    case = visible_case(request, number)
    return {"case": case, "owner": owner_of(case)}


def _context(form: CallForm, taken: dict[str, Any] | None) -> dict[str, Any]:
    return {"form": form, "taken": taken, "categories": category_words(), **map_view()}
