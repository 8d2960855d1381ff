"""Verbs of the roster beside appointing: new people, transfer, lead and deputy, return, phones."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone
from django.utils.translation import gettext as _

from gridmgmt.core import audit, outbox
from grids.people.models import Absence, Person, Post
from grids.people.services import roster
from grids.territory.models import Grid


@transaction.atomic
def add_person(person: Person, *, actor: Any, now: datetime) -> Person:
    """Write a new person. Raises ValidationError for what the model refuses."""
    person.full_clean()
    person.save()
    _tell(person, "person.added", [], actor, now)
    return person


@transaction.atomic
def change_person(person: Person, fields: list[str], *, actor: Any, now: datetime) -> Person:
    """Write the changed fields of a person. Somebody who leaves may hold no post afterwards."""
    person.full_clean()
    if person.left_at is not None:
        moment = timezone.make_aware(datetime.combine(person.left_at, datetime.min.time()))
        if person.posts.filter(valid__overlap=DateTimeTZRange(moment, None)).exists():
            raise ValidationError(
                {"left_at": _("%(name)s still holds posts then. End them first.") % vars(person)}
            )
    person.save(update_fields=fields)
    _tell(person, "person.changed", sorted(fields), actor, now)
    return person


@transaction.atomic
def transfer(
    *,
    post: Post,
    grid: Grid,
    role: str,
    is_lead: bool,
    start: datetime,
    actor: Any,
    now: datetime,
) -> Post:
    """End a post and give the same person another one from the same moment on."""
    if post.grid_id == grid.pk and post.role == role:
        raise ValidationError(_("This is the post that the person holds already."))
    roster.dismiss(post=post, actor=actor, now=now, end=start)
    return roster.appoint(
        person=post.person,
        role=role,
        grid=grid,
        is_lead=is_lead,
        start=start,
        actor=actor,
        now=now,
    )


@transaction.atomic
def set_lead(*, post: Post, lead: bool, actor: Any, now: datetime, alone: bool = True) -> Post:
    """Make a post that of a lead or of a deputy from `now` on; its past stays what it was.

    `alone`: a new lead takes the place of the present ones, who become deputies. Returns the post
    in force.
    """
    post = Post.objects.select_for_update().get(pk=post.pk)
    if post.valid.isempty or now not in post.valid:
        raise ValidationError(_("Only a post in force can change between lead and deputy."))
    if post.is_lead == lead:
        raise ValidationError(
            _("This post is the lead already.") if lead else _("This post is a deputy already.")
        )
    if lead and alone:
        same = Post.objects.held_at(now).filter(
            role=post.role, grid_id=post.grid_id, department_id=post.department_id, is_lead=True
        )
        for other in same.select_for_update().exclude(pk=post.pk):
            _flip(other, now, actor)
    return _flip(post, now, actor)


def _flip(post: Post, now: datetime, actor: Any) -> Post:
    begin, end = post.valid.lower, post.valid.upper
    if begin is None or begin < now:
        post.valid = DateTimeTZRange(begin, now)
        post.save(update_fields=["valid"])
        post = Post(
            person_id=post.person_id,
            role=post.role,
            grid_id=post.grid_id,
            department_id=post.department_id,
            is_lead=not post.is_lead,
            valid=DateTimeTZRange(now, end),
        )
        post.save()
    else:
        post.is_lead = not post.is_lead
        post.save(update_fields=["is_lead"])
    audit.record(
        actor=actor,
        now=now,
        action="post.made_lead" if post.is_lead else "post.made_deputy",
        target=post,
        data={"person": post.person_id, "role": post.role, "grid": post.grid_id},
    )
    outbox.emit("roster_changed", {"person": post.person_id, "post": post.pk}, now=now)
    return post


@transaction.atomic
def end_leave(*, absence: Absence, actor: Any, now: datetime) -> Absence:
    """Back at work: the absence ends now; one that has not begun is emptied."""
    absence = Absence.objects.select_for_update().get(pk=absence.pk)
    during = absence.during
    if during.isempty or (during.upper is not None and during.upper <= now):
        raise ValidationError(_("This absence has ended already."))
    begun = during.lower is None or during.lower < now
    absence.during = DateTimeTZRange(during.lower, now) if begun else DateTimeTZRange(empty=True)
    absence.save(update_fields=["during"])
    audit.record(
        actor=actor,
        now=now,
        action="absence.ended",
        target=absence,
        data={"person": absence.person_id},
    )
    outbox.emit("roster_changed", {"person": absence.person_id}, now=now)
    return absence


@transaction.atomic
def name_stand_in(
    *, absence: Absence, stand_in: Person | None, actor: Any, now: datetime
) -> Absence:
    """Name who stands in during an absence that was noted before (None: nobody)."""
    absence = Absence.objects.select_for_update().get(pk=absence.pk)
    absence.stand_in = stand_in
    absence.full_clean()
    absence.save(update_fields=["stand_in"])
    audit.record(
        actor=actor,
        now=now,
        action="absence.stand_in_named",
        target=absence,
        data={"person": absence.person_id, "stand_in": stand_in.pk if stand_in else None},
    )
    outbox.emit("roster_changed", {"person": absence.person_id}, now=now)
    return absence


@transaction.atomic
def open_phone(person: Person, *, may: bool, reason: str, actor: Any, now: datetime) -> str:
    """The private phone in clear; who, when and why goes to the trail, the number does not."""
    if not may:
        raise PermissionDenied(_("Your posts do not include this person's private phone."))
    reason = reason.strip()
    if not reason:
        raise ValidationError({"reason": _("Say what you need the phone for.")})
    audit.record(
        actor=actor,
        now=now,
        action="person.phone_opened",
        target=person,
        data={"reason": reason[:200]},
    )
    return person.phone


def _tell(person: Person, action: str, fields: list[str], actor: Any, now: datetime) -> None:
    """Which fields were written, never what stands in them."""
    audit.record(actor=actor, now=now, action=action, target=person, data={"fields": fields})
    outbox.emit("roster_changed", {"person": person.pk}, now=now)
