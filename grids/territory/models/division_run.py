"""Divisions by machine: what was asked, how far it came, and what was proposed."""

from django.conf import settings
from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from grids.territory.choices import RunStatus
from grids.territory.models.edition import Edition


class DivisionRun(models.Model):
    """One run. `parameters` holds all that is needed to run it again to the same result."""

    edition = models.ForeignKey(
        Edition,
        verbose_name=_("edition"),
        on_delete=models.CASCADE,
        related_name="division_runs",
        null=True,
        blank=True,
        help_text=_("The draft that a proposal was taken over into, or is meant for."),
    )
    status = models.CharField(
        _("status"), max_length=10, choices=RunStatus.choices, default=RunStatus.WAITING
    )
    parameters = models.JSONField(_("parameters"), default=dict)
    progress = models.FloatField(_("progress"), default=0, help_text=_("From 0 to 1."))
    message = models.TextField(_("message"), blank=True)
    ground = models.JSONField(
        _("ground"),
        default=dict,
        help_text=_("What was found: newest step of the draft, outlines, households, cases."),
    )
    cancel_asked = models.BooleanField(_("cancelling was asked for"), default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("created by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    created_at = models.DateTimeField(_("created at"))
    attempts = models.PositiveSmallIntegerField(
        _("attempts"), default=0, help_text=_("How many workers have begun it.")
    )
    seen_at = models.DateTimeField(
        _("last sign of life"), null=True, blank=True, help_text=_("Of the worker that runs it.")
    )
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("division by machine")
        verbose_name_plural = _("divisions by machine")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition"],
                condition=models.Q(status__in=[RunStatus.WAITING, RunStatus.RUNNING]),
                name="division_run_one_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.get_status_display()}"


class DivisionProposal(models.Model):
    """One proposed division of a run, with its scores."""

    run = models.ForeignKey(
        DivisionRun, verbose_name=_("run"), on_delete=models.CASCADE, related_name="proposals"
    )
    number = models.PositiveSmallIntegerField(_("number"))
    label = models.CharField(_("label"), max_length=60, blank=True)
    scores = models.JSONField(_("scores"), default=dict)

    class Meta:
        verbose_name = _("proposed division")
        verbose_name_plural = _("proposed divisions")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="division_proposal_once")
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.number}"


class ProposedGrid(models.Model):
    """One grid of a proposal. `keeps` names the grid in force whose code it would keep."""

    proposal = models.ForeignKey(
        DivisionProposal,
        verbose_name=_("proposed division"),
        on_delete=models.CASCADE,
        related_name="grids",
    )
    within = models.CharField(_("within"), max_length=40)
    keeps = models.CharField(_("keeps the code"), max_length=40, blank=True)
    geometry = models.MultiPolygonField(_("geometry"), srid=4326)
    households = models.PositiveIntegerField(_("households"), default=0)
    workload = models.FloatField(_("workload"), default=0)
    notes = models.JSONField(_("notes"), default=list)

    class Meta:
        verbose_name = _("proposed grid")
        verbose_name_plural = _("proposed grids")

    def __str__(self) -> str:
        return f"{self.within} {self.households}"
