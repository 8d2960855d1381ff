"""Pages of residents: report, thank-you, follow, rate. Nobody signs in here."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from gridmgmt.core.throttles import Verdict, client_address, hit
from incidents.choices import Opinion, PublicState
from incidents.forms.follow import NumberForm, RatingForm, ReopenForm
from incidents.forms.reports import ReportForm, fresh_key
from incidents.models import Incident
from incidents.services import feedback, numbers
from incidents.services.errors import KeyConflict
from incidents.services.feedback import PublicCase
from incidents.services.intake import report as take_report
from incidents.views.parts import area_list, map_view, public_nav, who_answers

STEPS = (PublicState.RECEIVED, PublicState.IN_PROGRESS, PublicState.DONE)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """The report form. A report that is refused comes back as it was typed, with the reasons."""
    if request.method != "POST":
        form = ReportForm(initial={"key": fresh_key(), **_place_of(request)})
        return _draw_report(request, form)
    form = ReportForm(request.POST, request.FILES)
    if not (verdict := hit("public_report", client_address(request))).allowed:
        form.is_valid()
        form.add_error(None, _too_many(verdict))
        response = _draw_report(request, form, status=429)
        response.headers["Retry-After"] = str(verdict.wait_s)
        return response
    if not form.is_valid():
        return _draw_report(request, form, status=400)
    actor = request.user if request.user.is_authenticated else None
    try:
        incident = take_report(form.report(), actor=actor, now=timezone.now())
    except KeyConflict:
        form.with_fresh_key()
        form.is_valid()
        form.add_error(
            None,
            _(
                "A report from this page has arrived already. If this is another matter, "
                "send it once more."
            ),
        )
        return _draw_report(request, form, status=409)
    except ValidationError as error:
        form.take_errors(error)
        return _draw_report(request, form, status=400)
    return redirect("incidents:sent", number=incident.number)


@never_cache
@require_safe
def sent(request: HttpRequest, number: str) -> HttpResponse:
    """Thank you: the number, and who looks after it."""
    if not (verdict := hit("public_read", client_address(request))).allowed:
        return _refuse_number(request, number, _too_many(verdict), 429)
    incident = Incident.objects.filter(number=numbers.normalise(number)).first()
    if incident is None:
        raise Http404
    return render(
        request,
        "incidents/public/sent.html",
        {
            "public_nav": public_nav(request, "report"),
            "incident": incident,
            "answers": who_answers(incident, timezone.now()),
            "follow_url": request.build_absolute_uri(
                reverse("incidents:follow_case", args=[incident.number])
            ),
        },
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def follow(request: HttpRequest) -> HttpResponse:
    """Ask for the query number; leads to the page of the report."""
    given = request.POST if request.method == "POST" else request.GET
    form = NumberForm(given) if "number" in given else NumberForm()
    status = 200
    if form.is_bound:
        status = 404
        if not (verdict := hit("public_read", client_address(request))).allowed:
            form.is_valid()
            form.add_error("number", _too_many(verdict))
            status = 429
        elif form.is_valid():
            number = numbers.normalise(form.cleaned_data["number"])
            if number and Incident.objects.filter(number=number).exists():
                return redirect("incidents:follow_case", number=number)
            form.add_error("number", wrong_number(number))
        else:
            status = 400
    return _draw_follow(request, form, status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def follow_case(request: HttpRequest, number: str) -> HttpResponse:
    """Where one report stands, in plain words; opinion and a second look are sent from here."""
    if not (verdict := hit("public_read", client_address(request))).allowed:
        return _refuse_number(request, number, _too_many(verdict), 429)
    normal = numbers.normalise(number)
    case = feedback.public_case(normal) if normal else None
    if case is None:
        return _refuse_number(request, number, wrong_number(normal), 404)
    if normal != number:
        return redirect("incidents:follow_case", number=normal)
    if request.method == "POST":
        return _answer(request, case)
    return _draw_case(request, case)


def wrong_number(number: str | None) -> str:
    """Why the number leads nowhere; a slip is told from a number that nobody has."""
    if number is None:
        return _(
            "This number cannot be right: a character is missing or mistyped. Compare it with "
            "your note; it has three groups of four after the letters in front."
        )
    return _("There is no report with this number. Compare it with your note.")


def _answer(request: HttpRequest, case: PublicCase) -> HttpResponse:
    """An opinion, or a second look."""
    actor = request.user if request.user.is_authenticated else None
    forms = {"rate": RatingForm, "reopen": ReopenForm}
    form_class = forms.get(request.POST.get("do", ""))
    if form_class is None:
        return redirect("incidents:follow_case", number=case.number)
    form = form_class(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        try:
            if form_class is RatingForm:
                feedback.rate(
                    case.number,
                    opinion=given["opinion"],
                    reason=given["reason"],
                    actor=actor,
                    now=timezone.now(),
                )
            else:
                feedback.reopen(
                    case.number, reason=given["reason"], actor=actor, now=timezone.now()
                )
        except ValidationError as error:
            _take(form, error)
        else:
            return redirect("incidents:follow_case", number=case.number)
    name = "rating" if form_class is RatingForm else "reopening"
    return _draw_case(request, case, status=400, **{name: form})


def _take(form: Any, error: ValidationError) -> None:
    by_field = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    for name, messages in by_field.items():
        form.add_error(name if name in form.fields else None, list(messages))


def _draw_report(request: HttpRequest, form: ReportForm, status: int = 200) -> HttpResponse:
    context = {
        "public_nav": public_nav(request, "report"),
        "form": form,
        "map": map_view(),
        "area_list": area_list,
        "nearby_url": reverse("incidents:nearby"),
    }
    return render(request, "incidents/public/report.html", context, status=status)


def _refuse_number(request: HttpRequest, number: str, why: str, status: int) -> HttpResponse:
    """The form that asks for a number, with the one that was in the address and why it failed."""
    form = NumberForm({"number": number[:60]})
    form.is_valid()
    form.add_error("number", why)
    return _draw_follow(request, form, status)


def _draw_follow(request: HttpRequest, form: NumberForm, status: int) -> HttpResponse:
    context = {"public_nav": public_nav(request, "follow"), "form": form}
    return render(request, "incidents/public/follow.html", context, status=status)


def _draw_case(
    request: HttpRequest, case: PublicCase, status: int = 200, **forms: Any
) -> HttpResponse:
    context = {
        "public_nav": public_nav(request, "follow"),
        "case": case,
        "sentence": _sentence(case),
        "steps": _steps(case),
        "events": _events(case),
        "photos": [
            {
                "url": reverse("incidents:photo", args=[pk]),
                "thumb": reverse("incidents:photo_sized", args=[pk, "small"]),
            }
            for pk in case.photo_ids
        ],
        "opinion_label": Opinion(case.opinion).label if case.opinion else "",
        "rating": forms.get("rating") or RatingForm(initial={"opinion": case.opinion}),
        "reopening": forms.get("reopening") or ReopenForm(),
    }
    return render(request, "incidents/public/case.html", context, status=status)


def _sentence(case: PublicCase) -> str:
    """Where it stands, as one would say it at the door."""
    if case.merged_into:
        return _("Others reported the same matter, so both are handled together.")
    if case.state == PublicState.NOT_TAKEN and not case.result:
        return _("We do not take it up.")
    return {
        PublicState.RECEIVED: _("We have your report. Somebody goes and looks at it."),
        PublicState.IN_PROGRESS: _("Somebody has been told to solve it and is at it."),
        PublicState.DONE: _("The matter is closed."),
        PublicState.NOT_TAKEN: _("We could not take it up. Below you read why."),
    }[PublicState(case.state)]


def _events(case: PublicCase) -> list[dict[str, Any]]:
    """The steps as the time line shows them, the newest first."""
    last = len(case.steps) - 1
    return [
        {
            "what": step.words,
            "when": timezone.localtime(step.at),
            "note": step.note,
            "tone": "now" if index == last else "done",
        }
        for index, step in reversed(list(enumerate(case.steps)))
    ]


def _steps(case: PublicCase) -> list[dict[str, Any]]:
    """The line of progress: each step with `passed` and `now`. One not taken up ends at once."""
    labels = [str(step.label) for step in STEPS]
    at = STEPS.index(PublicState(case.state)) if case.state in STEPS else 1
    if case.state == PublicState.NOT_TAKEN:
        labels = [_("It has arrived"), str(PublicState.NOT_TAKEN.label)]
    return [
        {"label": label, "passed": index < at, "now": index == at}
        for index, label in enumerate(labels)
    ]


def _place_of(request: HttpRequest) -> dict[str, str]:
    """A place that a link brings along: a point of the home map, or an area in words."""
    given = {name: request.GET.get(name, "")[:40] for name in ("lon", "lat")}
    return given | {"address": request.GET.get("address", "")[:200]}


def _too_many(verdict: Verdict) -> str:
    minutes = max(1, round(verdict.wait_s / 60))
    return _(
        "Too much has come from this connection in a short time. Please try again in about "
        "%(minutes)s minutes. In an emergency ring 110, 119 or 120."
    ) % {"minutes": minutes}
