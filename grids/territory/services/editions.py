"""Drafts of the division, and the moment they take effect."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth.models import AbstractBaseUser
from django.contrib.gis.geos import MultiPolygon, Polygon
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _

from gridmgmt.core import audit, outbox
from grids.territory import ports
from grids.territory.choices import EditionStatus, GridKind
from grids.territory.errors import EditionConflict, FindingsRefused, TerritoryError
from grids.territory.models import Boundary, Edition, Grid
from grids.territory.querysets import database_clock, lock_publishing
from grids.territory.services import coverage
from grids.territory.services.lineage import record_lineage

TOOK_EFFECT = "edition_took_effect"
WITHDRAWN = "edition_withdrawn"


@transaction.atomic
def draft(
    name: str, *, actor: AbstractBaseUser | None, now: dt.datetime, note: str = ""
) -> Edition:
    """Open a draft on top of the newest published edition."""
    if Edition.objects.filter(name=name).exists():
        raise TerritoryError(_("There is an edition named %(name)s already.") % {"name": name})
    base = Edition.objects.filter(status=EditionStatus.PUBLISHED).order_by("-effective_at").first()
    edition = Edition.objects.create(name=name, base=base, note=note, created_by=actor)
    audit.record(actor=actor, now=now, action="edition_drafted", target=edition)
    return edition


@transaction.atomic
def put(
    edition: Edition,
    grid: Grid,
    *,
    geometry: Polygon | MultiPolygon,
    name: str,
    parent: Grid | None = None,
    name_en: str = "",
    kind: str = GridKind.BASIC,
    households: int | None = None,
    population: int | None = None,
    source: str = "",
    source_crs: str = "",
) -> Boundary:
    """Set what the draft wants this grid to be; it remembers the version it started from."""
    lock_draft(edition)
    if isinstance(geometry, Polygon):
        geometry = MultiPolygon(geometry, srid=4326)
    wanted = {
        "geometry": geometry,
        "name": name,
        "name_en": name_en,
        "parent": parent,
        "kind": kind,
        "households": households,
        "population": population,
        "source": source,
        "source_crs": source_crs,
    }
    boundary, _created = Boundary.objects.update_or_create(
        edition=edition,
        grid=grid,
        defaults=wanted,
        create_defaults={**wanted, "replaces": open_versions([grid.pk]).get(grid.pk)},
    )
    return boundary


@transaction.atomic
def remove(edition: Edition, grid: Grid) -> Boundary:
    """Set a tombstone: the draft ends this grid. Its code is never used again."""
    lock_draft(edition)
    current = open_versions([grid.pk]).get(grid.pk)
    if current is None:
        raise TerritoryError(_("%(code)s is not in force.") % {"code": grid.code})
    boundary, _created = Boundary.objects.update_or_create(
        edition=edition,
        grid=grid,
        defaults={"geometry": None, "name": current.name, "name_en": current.name_en},
        create_defaults={
            "geometry": None,
            "name": current.name,
            "name_en": current.name_en,
            "parent": current.parent,
            "replaces": current,
        },
    )
    return boundary


def open_versions(grid_ids: list[int]) -> dict[int, Boundary]:
    """The version of each grid that has no end yet (in force, or scheduled to be)."""
    found = Boundary.objects.filter(grid_id__in=grid_ids, valid__upper_inf=True)
    return {boundary.grid_id: boundary for boundary in found.select_related("edition", "parent")}


@transaction.atomic
def rebase(edition: Edition, *, actor: AbstractBaseUser | None, now: dt.datetime) -> list[Boundary]:
    """Start the draft's conflicting changes from what is in force now; returns those changes.

    Whoever rebases has seen the difference: the drafted form wins when it is published.
    """
    lock_draft(edition)
    moved = []
    current = open_versions(list(edition.boundaries.values_list("grid_id", flat=True)))
    for boundary in edition.boundaries.select_related("grid").defer("geometry"):
        newest = current.get(boundary.grid_id)
        if boundary.replaces_id != (newest.pk if newest else None):
            boundary.replaces = newest
            moved.append(boundary)
    Boundary.objects.bulk_update(moved, ["replaces"], batch_size=1000)
    audit.record(
        actor=actor, now=now, action="edition_rebased", target=edition, data={"moved": len(moved)}
    )
    return moved


@transaction.atomic
def publish(
    edition: Edition,
    *,
    actor: AbstractBaseUser | None,
    now: dt.datetime,
    effective_at: dt.datetime | None = None,
    accept_findings: str | None = None,
) -> Edition:
    """Let a draft take effect, now or at a future moment, in one transaction.

    A past moment is allowed only for areas that never existed before (the first division of an
    archive), because history is never rewritten. `accept_findings` is the reason for which
    geometry findings are accepted; None refuses them. Structural faults always refuse.

    Raises EditionConflict, FindingsRefused or TerritoryError; then nothing has changed.
    """
    lock_publishing()
    edition = Edition.objects.select_for_update().get(pk=edition.pk)
    _must_be_draft(edition)
    drafted = list(
        edition.boundaries.select_related("grid").defer("geometry").order_by("grid__code")
    )
    if not drafted:
        raise TerritoryError(_("The edition %(name)s holds no change.") % {"name": edition.name})
    clock = database_clock()
    moment = effective_at or clock
    current = open_versions([boundary.grid_id for boundary in drafted])
    _refuse_conflicts(drafted, current, moment)
    _refuse_reused(drafted)
    if moment < clock:
        _refuse_rewriting(drafted, moment)
    report = coverage.examine(moment, edition)
    if any(map(coverage.is_structural, report.findings)):
        raise FindingsRefused(
            _("The division has structural faults; mend them before publishing."), report.findings
        )
    if report.findings and accept_findings is None:
        raise FindingsRefused(
            _("The division has gaps, overlaps or other findings that nobody has accepted."),
            report.findings,
        )
    stored = coverage.store(edition, report.findings)
    if stored:
        edition.findings.update(accepted_by=actor, accepted_reason=accept_findings or "")
    record_lineage(edition)
    _swap_ranges(drafted, current, moment)
    ports.run_publish_steps(edition, moment, actor)
    edition.status = EditionStatus.PUBLISHED
    edition.published_by = actor
    edition.effective_at = moment
    edition.save(update_fields=["status", "published_by", "effective_at"])
    audit.record(
        actor=actor,
        now=now,
        action="edition_published",
        target=edition,
        data={
            "effective_at": moment.isoformat(),
            "changes": len(drafted),
            "findings": len(stored),
        },
    )
    outbox.emit(
        TOOK_EFFECT,
        {"edition_id": edition.pk, "effective_at": moment.isoformat()},
        now=now,
        due_at=max(moment, now),
    )
    return edition


@transaction.atomic
def withdraw(edition: Edition, *, actor: AbstractBaseUser | None, now: dt.datetime) -> Edition:
    """Give up a draft, or call back a published edition before it takes effect."""
    lock_publishing()
    edition = Edition.objects.select_for_update().get(pk=edition.pk)
    if edition.status == EditionStatus.PUBLISHED:
        if edition.effective_at is None or edition.effective_at <= database_clock():
            raise TerritoryError(
                _("%(name)s has taken effect; publish another edition to change it.")
                % {"name": edition.name}
            )
        _reopen(edition)
        ports.run_withdraw_steps(edition, edition.effective_at, actor)
    elif edition.status == EditionStatus.WITHDRAWN:
        raise TerritoryError(_("%(name)s is withdrawn already.") % {"name": edition.name})
    edition.status = EditionStatus.WITHDRAWN
    edition.save(update_fields=["status"])
    audit.record(actor=actor, now=now, action=WITHDRAWN, target=edition)
    outbox.emit(WITHDRAWN, {"edition_id": edition.pk}, now=now)
    return edition


def lock_draft(edition: Edition) -> None:
    """Refuse what is no draft; a draft stays one until the caller's transaction ends.

    What is in memory may be old: somebody may have published the edition since it was read, and
    drawing into a published edition would rewrite history.
    """
    _must_be_draft(Edition.objects.select_for_update(no_key=True).get(pk=edition.pk))


def _must_be_draft(edition: Edition) -> None:
    if edition.status != EditionStatus.DRAFT:
        raise TerritoryError(
            _("The edition %(name)s is %(status)s, not a draft.")
            % {"name": edition.name, "status": edition.get_status_display()}
        )


def _refuse_conflicts(
    drafted: list[Boundary], current: dict[int, Boundary], moment: dt.datetime
) -> None:
    """Each drafted change must start from the version that is open now."""
    changed = [
        boundary
        for boundary in drafted
        if boundary.replaces_id != getattr(current.get(boundary.grid_id), "pk", None)
    ]
    if changed:
        by = sorted({current[b.grid_id].edition.name for b in changed if b.grid_id in current})
        raise EditionConflict(
            _(
                "Changed meanwhile by %(editions)s: %(codes)s. Look at the difference, rebase the "
                "draft on it, then publish."
            )
            % {
                "editions": ", ".join(by) or "—",
                "codes": ", ".join(boundary.grid.code for boundary in changed[:10]),
            }
        )
    later = [
        boundary.grid.code
        for boundary in drafted
        if boundary.grid_id in current and current[boundary.grid_id].valid.lower >= moment
    ]
    if later:
        raise EditionConflict(
            _(
                "A change of %(codes)s takes effect later than this moment; publish after it, or "
                "withdraw it first."
            )
            % {"codes": ", ".join(later[:10])}
        )


def _refuse_reused(drafted: list[Boundary]) -> None:
    """A code whose area was abolished is never used again."""
    fresh = [boundary.grid_id for boundary in drafted if boundary.replaces_id is None]
    reused = (
        Boundary.objects.filter(grid_id__in=fresh, valid__isnull=False)
        .order_by("grid__code")
        .values_list("grid__code", flat=True)
        .distinct()
    )
    if codes := list(reused[:10]):
        raise TerritoryError(
            _("Codes of abolished areas are never used again: %(codes)s.")
            % {"codes": ", ".join(codes)}
        )


def _refuse_rewriting(drafted: list[Boundary], moment: dt.datetime) -> None:
    grids = [boundary.grid_id for boundary in drafted]
    known = Boundary.objects.filter(grid_id__in=grids, valid__isnull=False)
    parents = {b.parent_id for b in drafted if b.parent_id} - set(grids)
    started = set(
        Boundary.objects.filter(grid_id__in=parents)
        .valid_at(moment)
        .values_list("grid_id", flat=True)
    )
    if known.exists() or parents - started:
        raise TerritoryError(
            _("A past moment would rewrite history; only areas that are new may begin in the past.")
        )


def _swap_ranges(
    drafted: list[Boundary], current: dict[int, Boundary], moment: dt.datetime
) -> None:
    closing = list(current.values())
    for boundary in closing:
        boundary.valid = DateTimeTZRange(boundary.valid.lower, moment)
    Boundary.objects.bulk_update(closing, ["valid"], batch_size=1000)
    Boundary.objects.filter(
        pk__in=[boundary.pk for boundary in drafted], geometry__isnull=False
    ).update(valid=DateTimeTZRange(moment, None))


def _reopen(edition: Edition) -> None:
    """Undo the swap of an edition that has not taken effect."""
    later = Boundary.objects.filter(
        replaces__edition=edition, edition__status=EditionStatus.PUBLISHED
    )
    if codes := list(later.order_by("grid__code").values_list("grid__code", flat=True)[:10]):
        raise EditionConflict(
            _(
                "A change of %(codes)s takes effect later than this moment; publish after it, or "
                "withdraw it first."
            )
            % {"codes": ", ".join(codes)}
        )
    edition.boundaries.update(valid=None)
    reopened = list(
        Boundary.objects.filter(successors__edition=edition)
        .select_related("grid")
        .defer("geometry")
    )
    for boundary in reopened:
        boundary.valid = DateTimeTZRange(boundary.valid.lower, None)
    Boundary.objects.bulk_update(reopened, ["valid"], batch_size=1000)
