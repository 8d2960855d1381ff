"""Pages that change the roster. Each asks for the right at the very place that is changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from gridmgmt.core.guards import requires
from gridmgmt.core.permissions import Right
from grids.people.forms.changes import (
    AppointForm,
    EndForm,
    LeaveForm,
    PersonForm,
    StandInForm,
    TransferForm,
    begin_of,
    end_of,
)
from grids.people.models import Absence, Person, Post
from grids.people.services import roster, staffing
from grids.people.services.scope import Scope
from grids.people.views.details import may_keep_person, seen_person
from grids.people.views.shown import sent

form_page = require_http_methods(["GET", "HEAD", "POST"])


def take_refusal(form: Form, error: ValidationError) -> None:
    """Put a service's refusal beside the fields that it names, else on top of the form."""
    if hasattr(error, "error_dict"):
        for field, errors in error.error_dict.items():
            form.add_error(field if field in form.fields else None, errors)
    else:
        form.add_error(None, error)


def _done(form: Form, change: Callable[[], Any]) -> bool:
    """Whether the form was good and the service has not refused."""
    if not form.is_valid():
        return False
    try:
        change()
    except ValidationError as error:
        take_refusal(form, error)
        return False
    return True


def _page(request: HttpRequest, form: Form, **context: Any) -> HttpResponse:
    status = 422 if form.errors else 200
    return render(request, "roster/form.html", {"form": form, **context}, status=status)


def _kept_person(request: HttpRequest, pk: int, now: datetime) -> tuple[Scope, Person]:
    scope = Scope.at(request.access, now)  # type: ignore[attr-defined]
    person = seen_person(scope, pk)
    if not may_keep_person(scope, person):
        raise PermissionDenied(_("This person also has posts outside of your area."))
    return scope, person


def _kept_post(request: HttpRequest, pk: int, now: datetime) -> tuple[Scope, Post]:
    scope = Scope.at(request.access, now)  # type: ignore[attr-defined]
    post = get_object_or_404(
        Post.objects.select_related("person", "grid", "department").filter(valid__isempty=False),
        pk=pk,
    )
    if not scope.keeps_post(post):
        raise Http404
    return scope, post


def _person_url(person: Person) -> str:
    return reverse("roster:person", args=[person.pk])


@form_page
@requires(Right.KEEP_ROSTER)
def person_new(request: HttpRequest) -> HttpResponse:
    """A new person; a post comes next."""
    form = PersonForm(sent(request))

    def add() -> None:
        person = form.save(commit=False)
        person.phone = form.cleaned_data["new_phone"]
        staffing.add_person(person, actor=request.user, now=timezone.now())

    if request.method == "POST" and _done(form, add):
        messages.success(
            request, _("%(name)s is in the roster. Give them a post.") % vars(form.instance)
        )
        return redirect(f"{reverse('roster:appoint')}?person={form.instance.pk}")
    return _page(
        request,
        form,
        title=_("New person"),
        submit=_("Add"),
        back_url=reverse("roster:people"),
        back=_("By person"),
    )


@form_page
@requires(Right.KEEP_ROSTER)
def person_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Name, kind, phones, staff number, and leaving the service."""
    now = timezone.now()
    _scope, person = _kept_person(request, pk, now)
    name = person.name
    form = PersonForm(sent(request), instance=person)

    def change() -> None:
        changed = form.save(commit=False)
        if form.cleaned_data["new_phone"]:
            changed.phone = form.cleaned_data["new_phone"]
        staffing.change_person(changed, form.changed_fields(), actor=request.user, now=now)

    if request.method == "POST" and _done(form, change):
        messages.success(request, _("Saved."))
        return redirect(_person_url(person))
    return _page(
        request,
        form,
        title=_("Change %(name)s") % {"name": name},
        submit=_("Save"),
        back_url=_person_url(person),
        back=name,
    )


@form_page
@requires(Right.KEEP_ROSTER)
def appoint(request: HttpRequest) -> HttpResponse:
    """Give a post; `?person=&grid=&role=` fill the form in."""
    now = timezone.now()
    scope = Scope.at(request.access, now)  # type: ignore[attr-defined]
    first = {key: request.GET[key] for key in ("person", "grid", "role") if key in request.GET}
    form = AppointForm(sent(request), scope=scope, initial=first)
    given: list[Post] = []

    def give() -> None:
        data = form.cleaned_data
        given.append(
            roster.appoint(
                person=data["person"],
                role=data["role"],
                grid=data["grid"],
                department=data["department"],
                is_lead=data["is_lead"],
                start=begin_of(data["first_day"], now),
                end=end_of(data["last_day"]),
                actor=request.user,
                now=now,
            )
        )

    if request.method == "POST" and _done(form, give):
        post = given[0]
        messages.success(
            request,
            _("%(name)s is appointed: %(role)s.")
            % {"name": post.person.name, "role": post.get_role_display()},
        )
        return redirect(_person_url(post.person))
    return _page(
        request,
        form,
        title=_("Appoint"),
        submit=_("Appoint"),
        back_url=reverse("roster:grids"),
        back=_("Roster"),
    )


@form_page
@requires(Right.KEEP_ROSTER)
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a post, now or on a day."""
    now = timezone.now()
    scope, post = _kept_post(request, pk, now)
    form = EndForm(sent(request))

    def stop() -> None:
        moment = end_of(form.cleaned_data["last_day"]) or now
        roster.dismiss(post=post, actor=request.user, now=now, end=moment)

    if request.method == "POST" and _done(form, stop):
        messages.success(request, _("The post is ended."))
        return redirect(_person_url(post.person))
    return _page(
        request,
        form,
        title=_("End the post of %(name)s") % {"name": post.person.name},
        lead=_post_words(scope, post),
        submit=_("End the post"),
        danger=True,
        back_url=_person_url(post.person),
        back=post.person.name,
    )


@form_page
@requires(Right.KEEP_ROSTER)
def transfer(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a person to another grid or role without a gap."""
    now = timezone.now()
    scope, post = _kept_post(request, pk, now)
    first = {"grid": post.grid_id, "role": post.role, "is_lead": post.is_lead}
    form = TransferForm(sent(request), scope=scope, initial=first)

    def move() -> None:
        data = form.cleaned_data
        staffing.transfer(
            post=post,
            grid=data["grid"],
            role=data["role"],
            is_lead=data["is_lead"],
            start=begin_of(data["first_day"], now),
            actor=request.user,
            now=now,
        )

    if request.method == "POST" and _done(form, move):
        messages.success(request, _("%(name)s is transferred.") % {"name": post.person.name})
        return redirect(_person_url(post.person))
    return _page(
        request,
        form,
        title=_("Transfer %(name)s") % {"name": post.person.name},
        lead=_post_words(scope, post),
        submit=_("Transfer"),
        back_url=_person_url(post.person),
        back=post.person.name,
    )


@require_POST
@requires(Right.KEEP_ROSTER)
def lead(request: HttpRequest, pk: int) -> HttpResponse:
    """Lead ↔ deputy, from now on."""
    now = timezone.now()
    _scope, post = _kept_post(request, pk, now)
    try:
        changed = staffing.set_lead(post=post, lead=not post.is_lead, actor=request.user, now=now)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        text = _("%(name)s leads now.") if changed.is_lead else _("%(name)s is a deputy now.")
        messages.success(request, text % {"name": post.person.name})
    return redirect(_person_url(post.person))


@form_page
@requires(Right.KEEP_ROSTER)
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    """Note leave with who stands in."""
    now = timezone.now()
    scope, person = _kept_person(request, pk, now)
    form = LeaveForm(sent(request), scope=scope, person=person)

    def note() -> None:
        data = form.cleaned_data
        roster.take_leave(
            person=person,
            start=begin_of(data["first_day"], now),
            end=end_of(data["last_day"]),
            stand_in=data["stand_in"],
            note=data["note"],
            actor=request.user,
            now=now,
        )

    if request.method == "POST" and _done(form, note):
        messages.success(request, _("The leave is noted."))
        return redirect(_person_url(person))
    return _page(
        request,
        form,
        title=_("Leave of %(name)s") % {"name": person.name},
        submit=_("Note the leave"),
        back_url=_person_url(person),
        back=person.name,
    )


@form_page
@requires(Right.KEEP_ROSTER)
def stand_in(request: HttpRequest, pk: int) -> HttpResponse:
    """Name who stands in for a person who is on leave now."""
    now = timezone.now()
    scope, person = _kept_person(request, pk, now)
    absence = person.absences.filter(during__contains=now).select_related("stand_in").first()
    if absence is None:
        messages.info(request, _("%(name)s is not on leave.") % {"name": person.name})
        return redirect(_person_url(person))
    form = StandInForm(
        sent(request), scope=scope, person=person, initial={"stand_in": absence.stand_in}
    )

    def name() -> None:
        chosen = form.cleaned_data["stand_in"]
        staffing.name_stand_in(absence=absence, stand_in=chosen, actor=request.user, now=now)

    if request.method == "POST" and _done(form, name):
        messages.success(
            request,
            _("%(stand_in)s stands in for %(name)s.")
            % {"stand_in": form.cleaned_data["stand_in"].name, "name": person.name},
        )
        return redirect(_person_url(person))
    return _page(
        request,
        form,
        title=_("Who stands in for %(name)s?") % {"name": person.name},
        submit=_("Save"),
        back_url=_person_url(person),
        back=person.name,
    )


@require_POST
@requires(Right.KEEP_ROSTER)
def leave_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Back at work, from now on."""
    now = timezone.now()
    absence = get_object_or_404(Absence, pk=pk)
    _scope, person = _kept_person(request, absence.person_id, now)
    try:
        staffing.end_leave(absence=absence, actor=request.user, now=now)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("%(name)s is back.") % {"name": person.name})
    return redirect(_person_url(person))


def _post_words(scope: Scope, post: Post) -> str:
    place = scope.tree.label(post.grid_id)
    if not place and post.department is not None:
        place = post.department.label
    return f"{post.get_role_display()} · {place}" if place else str(post.get_role_display())
