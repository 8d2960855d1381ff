"""The leader's page: five figures, the urgent cases with their receipts, and an order."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Min, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from gridmgmt.core.guards import requires
from gridmgmt.core.permissions import Right
from incidents.choices import Channel, State
from incidents.clocks import light
from incidents.forms.reports import FIELD_OF, fresh_key
from incidents.models import Incident, UrgentReceipt
from incidents.services.errors import KeyConflict
from incidents.services.intake import Report, report
from incidents.services.receipts import acknowledge, mark_seen
from incidents.views.case import visible_case
from incidents.views.shown import marks_of, owner_of, state_tone, time_left
from incidents.views.work import midnight

MOST_URGENT = 8


class OrderForm(forms.Form):
    """A leader's order: words and a place, nothing else. It is filed directly."""

    description = forms.CharField(
        label=gettext_lazy("What shall be done?"),
        error_messages={"required": gettext_lazy("Say in a few words what shall be done.")},
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    address = forms.CharField(label=gettext_lazy("Where is it?"), required=False)
    lon = forms.CharField(required=False, widget=forms.HiddenInput)
    lat = forms.CharField(required=False, widget=forms.HiddenInput)
    urgent = forms.BooleanField(label=gettext_lazy("Urgent"), required=False)
    key = forms.CharField(required=False, widget=forms.HiddenInput)

    use_required_attribute = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["address"].widget.attrs["id"] = "address"

    def report(self) -> Report:
        """What the intake service is told."""
        given = self.cleaned_data
        return Report(
            channel=Channel.LEADER,
            description=given["description"],
            lon=given["lon"] or None,
            lat=given["lat"] or None,
            place_words=given["address"],
            urgent=given["urgent"],
            idempotency_key=given["key"],
            language=get_language() or "",
        )


@require_http_methods(["GET", "POST"])
@requires(Right.ORDER)
def today(request: HttpRequest) -> HttpResponse:
    """The page; a POST is an order."""
    form = OrderForm(request.POST or None, initial={"key": fresh_key()})
    if request.method == "POST" and form.is_valid():
        try:
            case = report(form.report(), actor=request.user, now=timezone.now())
        except KeyConflict:
            form.data = form.data.copy()
            form.data["key"] = fresh_key()
            form.add_error(
                None,
                _(
                    "A report from this page has arrived already. If this is another matter, "
                    "send it once more."
                ),
            )
        except ValidationError as error:
            by_field = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
            for name, texts in by_field.items():
                field = FIELD_OF.get(name, name)
                form.add_error(field if field in form.fields else None, list(texts))
        else:
            messages.success(
                request,
                _("Your order %(number)s went to: %(owner)s.")
                % {"number": case.number, "owner": owner_of(case)},
            )
            return HttpResponseRedirect(reverse("incidents:today"))
    status = 400 if form.is_bound else 200
    return render(request, "incidents/desk/today.html", _context(request, form), status=status)


@require_POST
@requires(Right.ORDER)
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """Acknowledge an urgent case that was sent to this leader."""
    case = visible_case(request, number)
    person_id = request.access.person_id  # type: ignore[attr-defined]
    if not acknowledge(case, person_id=person_id, actor=request.user, now=timezone.now()):
        raise Http404
    return HttpResponseRedirect(reverse("incidents:today"))


def _context(request: HttpRequest, form: OrderForm) -> dict[str, Any]:
    access, now = request.access, timezone.now()  # type: ignore[attr-defined]
    visible = Incident.objects.visible_to(access)
    urgent = list(
        visible.open()
        .filter(urgent=True)
        .select_related("category", "report_grid", "owner_department", "owner_person")
        .order_by("-reported_at")[:MOST_URGENT]
    )
    mark_seen(urgent, person_id=access.person_id, now=now)
    receipts = {
        row.incident_id: row
        for row in UrgentReceipt.objects.filter(
            incident__in=urgent, person_id=access.person_id or 0
        )
    }
    return {
        "form": form,
        "figures": _figures(visible, now),
        "urgent": [
            {
                "case": case,
                "light": light(now, case.warn_at, case.due_at),
                "left": time_left(case, now),
                "tone": state_tone(State(case.state)),
                "marks": marks_of(case),
                "owner": owner_of(case),
                "receipt": receipts.get(case.pk),
            }
            for case in urgent
        ],
        "date": timezone.localtime(now),
    }


def _figures(visible: Any, now: datetime) -> list[dict[str, Any]]:
    """Five figures with one sentence each; every one opens to its list. Two queries."""
    still = visible.open().aggregate(
        open=Count("pk"),
        urgent=Count("pk", filter=Q(urgent=True)),
        red=Count("pk", filter=Q(due_at__lt=now)),
        oldest=Min("reported_at"),
    )
    day = visible.filter(reported_at__gte=midnight(now)).aggregate(
        reported=Count("pk"), closed=Count("pk", filter=Q(state=State.CLOSED))
    )
    work = reverse("incidents:work")
    days = (now - still["oldest"]).days if still["oldest"] else None
    return [
        {
            "label": _("Reported today"),
            "value": day["reported"],
            "text": ngettext("%d of them is closed.", "%d of them are closed.", day["closed"])
            % day["closed"],
            "url": f"{work}?tab=all&reported=today",
            "tone": "accent",
        },
        {
            "label": _("Urgent now"),
            "value": still["urgent"],
            "text": _("Open and urgent; the newest stand below."),
            "url": f"{work}?tab=open&urgent=on",
            "tone": "red" if still["urgent"] else "green",
        },
        {
            "label": _("Overdue"),
            "value": still["red"],
            "text": _("Open and past their limit."),
            "url": f"{work}?tab=open&light=red",
            "tone": "red" if still["red"] else "green",
        },
        {
            "label": _("Open cases"),
            "value": still["open"],
            "text": _("Not closed yet, all together."),
            "url": f"{work}?tab=open",
            "tone": "",
        },
        {
            "label": _("Oldest open case"),
            "value": days,
            "unit": ngettext("day", "days", days or 0),
            "text": _("So long it has waited; it stands first."),
            "url": f"{work}?tab=open&sort=oldest",
            "tone": "yellow" if days and days > 30 else "",
        },
    ]
