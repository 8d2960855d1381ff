"""Drafts of the division, and the moment they take effect.

An edition is a long transaction: many draft at once, each holding only what it changes. Publishing
is short and one at a time. It refuses what others have changed meanwhile (services/rebasing.py)
and what breaks the law of coverage, at its own moment or together with what is scheduled later.
"""

from __future__ import annotations

import datetime as dt

from django.contrib.auth.models import AbstractBaseUser
from django.contrib.gis.geos import MultiPolygon, Polygon
from django.contrib.postgres.fields import DateTimeRangeField
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import DateTimeField, F, Func, Value
from django.utils.translation import gettext as _

from gridmgmt.core import audit, outbox
from gridmgmt.core.models import OutboxEvent
from grids.territory import ports
from grids.territory.choices import ADVICE, EditionStatus, GridKind
from grids.territory.errors import EditionConflict, NotADraft, TerritoryError
from grids.territory.models import Boundary, Edition, Grid
from grids.territory.querysets import database_clock, lock_publishing
from grids.territory.services import coverage
from grids.territory.services.edition_checks import (
    assess,
    keys_at,
    must_be_draft,
    refuse_breaking,
    refuse_conflicts,
    refuse_findings,
    refuse_reused,
    refuse_rewriting,
    refuse_unseen,
    scheduled_after,
)
from grids.territory.services.lineage import record_lineage

TOOK_EFFECT = "edition_took_effect"
WITHDRAWN = "edition_withdrawn"
LONGEST_NAME = 100


@transaction.atomic
def draft(
    name: str, *, actor: AbstractBaseUser | None, now: dt.datetime, note: str = ""
) -> Edition:
    """Open a draft on top of the newest published edition. A name is given once."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or "\0" in name + note:
        raise TerritoryError(
            _("Give the draft a name of 1 to %(most)s characters.") % {"most": LONGEST_NAME}
        )
    taken = _("There is an edition named %(name)s already.") % {"name": name}
    if Edition.objects.filter(name=name).exists():
        raise TerritoryError(taken)
    try:
        with transaction.atomic():
            edition = Edition.objects.create(
                name=name, base=newest_published(), note=note, created_by=actor
            )
    except IntegrityError as error:  # somebody else was quicker by a moment
        raise TerritoryError(taken) from error
    audit.record(actor=actor, now=now, action="edition_drafted", target=edition)
    return edition


def newest_published() -> Edition | None:
    """The edition that takes effect last of all that are published."""
    published = Edition.objects.filter(status=EditionStatus.PUBLISHED)
    return published.order_by("-effective_at", "-pk").first()


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


def open_versions(grid_ids: list[int], *, outlines: bool = True) -> dict[int, Boundary]:
    """The version of each grid that has no end yet (in force, or scheduled to be).

    Without `outlines` the geometry is not read.
    """
    found = Boundary.objects.filter(grid_id__in=grid_ids, valid__upper_inf=True)
    if not outlines:
        found = found.defer("geometry")
    related = found.select_related("edition__published_by", "parent")
    return {boundary.grid_id: boundary for boundary in related}


@transaction.atomic
def publish(
    edition: Edition,
    *,
    actor: AbstractBaseUser | None,
    now: dt.datetime,
    effective_at: dt.datetime | None = None,
    accept_findings: str | None = None,
    expect: int | None = None,
) -> Edition:
    """Let a draft take effect, now or at a future moment, in one transaction.

    A past moment is allowed only for areas that never existed before (the first division of an
    archive), because history is never rewritten. `accept_findings` is the reason for which
    findings against the law of coverage are accepted; None or blank refuses them. Structural
    faults always refuse, advice never does. `expect` is the number of the last step of drawing
    that the publisher has seen.

    Raises EditionConflict, NotADraft, FindingsRefused or TerritoryError; then nothing has changed.
    """
    lock_publishing()
    edition = Edition.objects.select_for_update().get(pk=edition.pk)
    must_be_draft(edition)
    refuse_unseen(edition, expect)
    drafted = list(
        edition.boundaries.select_related("grid").defer("geometry").order_by("grid__code")
    )
    if not drafted:
        raise TerritoryError(_("The edition %(name)s holds no change.") % {"name": edition.name})
    clock = database_clock()
    wanted = effective_at or clock
    current = open_versions([boundary.grid_id for boundary in drafted], outlines=False)
    refuse_conflicts(drafted, current, wanted)
    refuse_reused(drafted)
    if wanted < clock:
        refuse_rewriting(drafted, wanted)
    reason = (accept_findings or "").strip()
    found = assess(edition, wanted)
    refuse_findings(found, reason)
    stored = coverage.store(edition, found.all)
    accepted = edition.findings.exclude(kind__in=[kind.value for kind in ADVICE]).update(
        accepted_by=actor, accepted_reason=reason
    )
    record_lineage(edition)
    # As late as can be: between this moment and the commit others still read the old division.
    moment = wanted if wanted < clock else max(wanted, database_clock())
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
            "accepted": accepted,
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
def withdraw(
    edition: Edition,
    *,
    actor: AbstractBaseUser | None,
    now: dt.datetime,
    only_draft: bool = False,
) -> Edition:
    """Give up a draft, or call back a published edition before it takes effect.

    With `only_draft` an edition that somebody has published meanwhile is refused: calling it back
    takes another right than giving up a draft.

    Raises EditionConflict where a later edition stands on it, and TerritoryError when it has taken
    effect or is withdrawn already; then nothing has changed.
    """
    lock_publishing()
    edition = Edition.objects.select_for_update().get(pk=edition.pk)
    if only_draft:
        must_be_draft(edition)
    if edition.status == EditionStatus.PUBLISHED:
        moment = edition.effective_at
        if moment is None or moment <= database_clock():
            raise TerritoryError(
                _("%(name)s has taken effect; publish another edition to change it.")
                % {"name": edition.name}
            )
        later = scheduled_after(moment)
        before = [keys_at(other.effective_at) for other in later]
        _reopen(edition)
        edition.lineages.all().delete()
        refuse_breaking(edition, later, before)
        ports.run_withdraw_steps(edition, moment, actor)
        OutboxEvent.objects.filter(
            name=TOOK_EFFECT, delivered_at__isnull=True, payload__edition_id=edition.pk
        ).delete()
    elif edition.status == EditionStatus.WITHDRAWN:
        raise NotADraft(_("%(name)s is withdrawn already.") % {"name": edition.name})
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
    must_be_draft(Edition.objects.select_for_update(no_key=True).get(pk=edition.pk))


class _Range(Func):
    function = "tstzrange"
    output_field = DateTimeRangeField()


def _ending(moment: dt.datetime | None) -> _Range:
    """A version's own range with this end, for an update of many rows at once."""
    return _Range(
        Func(F("valid"), function="lower"), Value(moment, output_field=DateTimeField(null=True))
    )


def _swap_ranges(
    drafted: list[Boundary], current: dict[int, Boundary], moment: dt.datetime
) -> None:
    closing = [boundary.pk for boundary in current.values()]
    Boundary.objects.filter(pk__in=closing).update(valid=_ending(moment))
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
    Boundary.objects.filter(successors__edition=edition).update(valid=_ending(None))
