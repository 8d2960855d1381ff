"""What must hold before an edition takes effect or is called back; each check refuses in words."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.db.models import Max
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from grids.territory.choices import Degree, EditionStatus, degree_of
from grids.territory.errors import EditionConflict, FindingsRefused, NotADraft, TerritoryError
from grids.territory.geometry.coverage import CoverageFinding
from grids.territory.models import Boundary, Edition
from grids.territory.services import coverage


@dataclass
class Assessment:
    """What publishing would find: at its own moment, and together with each later edition.

    `later` holds only what its moment adds to the findings before it.
    """

    findings: list[CoverageFinding] = field(default_factory=list)
    later: list[tuple[Edition, list[CoverageFinding]]] = field(default_factory=list)

    @property
    def all(self) -> list[CoverageFinding]:
        """The findings of all moments, each once."""
        return [*self.findings, *(f for _edition, found in self.later for f in found)]

    def of(self, degree: Degree) -> list[CoverageFinding]:
        """Those that weigh so much."""
        return [finding for finding in self.all if degree_of(finding.kind) == degree]


def assess(edition: Edition, moment: dt.datetime) -> Assessment:
    """Check the draft as if it took effect at `moment`, and again at each later change.

    An edition that is scheduled for later was proven without this draft; the two together must
    keep the law of coverage as well, at every moment that is still to come. Advice is told for the
    draft's own moment.
    """
    found = Assessment(list(coverage.examine(moment, edition, advice=True).findings))
    known = {_key(finding) for finding in found.findings}
    for scheduled in scheduled_after(moment):
        both = coverage.examine(scheduled.effective_at, edition).findings
        fresh = [finding for finding in both if _key(finding) not in known]
        known |= {_key(finding) for finding in fresh}
        if fresh:
            found.later.append((scheduled, fresh))
    return found


def scheduled_after(moment: dt.datetime) -> list[Edition]:
    """Published editions that take effect after `moment`, one for each of their moments."""
    later = Edition.objects.filter(status=EditionStatus.PUBLISHED, effective_at__gt=moment)
    return list(later.order_by("effective_at", "pk").distinct("effective_at"))


def must_be_draft(edition: Edition) -> None:
    if edition.status == EditionStatus.DRAFT:
        return
    if edition.status == EditionStatus.PUBLISHED and edition.effective_at is not None:
        raise NotADraft(
            _(
                "%(name)s was published by %(who)s and takes effect %(moment)s; it is no draft any "
                "more. Open a new draft for further changes."
            )
            % {
                "name": edition.name,
                "who": edition.published_by or "—",
                "moment": date_format(timezone.localtime(edition.effective_at), "DATETIME_FORMAT"),
            }
        )
    raise NotADraft(
        _("The edition %(name)s is %(status)s, not a draft.")
        % {"name": edition.name, "status": edition.get_status_display()}
    )


def refuse_unseen(edition: Edition, expect: int | None) -> None:
    """The publisher has looked at a state of the draft; another one is not what they decided on."""
    newest = edition.steps.filter(undone=False).aggregate(number=Max("number"))["number"] or 0
    if expect is not None and expect != newest:
        raise EditionConflict(
            _("Somebody has drawn in %(name)s since you opened this page. Look at it again.")
            % {"name": edition.name}
        )


def refuse_findings(found: Assessment, reason: str) -> None:
    if found.of(Degree.STRUCTURAL):
        raise FindingsRefused(
            _("The division has structural faults; mend them before publishing."), found.all
        )
    if not found.of(Degree.LAW) or reason:
        return
    message = _("The division has gaps, overlaps or other findings that nobody has accepted.")
    breaking = [
        edition.name
        for edition, findings in found.later
        if any(degree_of(finding.kind) == Degree.LAW for finding in findings)
    ]
    if breaking:
        message += " " + _("Some arise only together with what is scheduled: %(editions)s.") % {
            "editions": ", ".join(breaking)
        }
    raise FindingsRefused(message, found.all)


def _key(finding: CoverageFinding) -> tuple[object, ...]:
    """The same fault at two moments has the same key."""
    place = finding.place
    where = (round(place[0], 6), round(place[1], 6)) if place else None
    return (finding.kind, finding.codes, round(finding.area_m2 or 0.0, 1), where)


def keys_at(moment: dt.datetime) -> set[tuple[object, ...]]:
    return {
        _key(finding)
        for finding in coverage.examine(moment).findings
        if degree_of(finding.kind) != Degree.ADVICE
    }


def refuse_breaking(
    edition: Edition, later: list[Edition], before: list[set[tuple[object, ...]]]
) -> None:
    """What is scheduled after a withdrawn edition was proven together with it."""
    broken = [
        other.name
        for other, known in zip(later, before, strict=True)
        if keys_at(other.effective_at) - known
    ]
    if broken:
        raise EditionConflict(
            _(
                "Without %(name)s the division that is scheduled would have gaps or overlaps. "
                "Withdraw these first: %(editions)s."
            )
            % {"name": edition.name, "editions": ", ".join(broken)}
        )


def refuse_conflicts(
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


def refuse_reused(drafted: list[Boundary]) -> None:
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


def refuse_rewriting(drafted: list[Boundary], moment: dt.datetime) -> None:
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
