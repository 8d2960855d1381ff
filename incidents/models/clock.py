"""Clocks of cases, and the days that are not what the week says."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from incidents.choices import ClockKind, ClockUnit, DayKind
from incidents.models.incident import Incident
from incidents.querysets_clocks import CaseClockQuerySet


class CaseClock(models.Model):
    """One running or ended limit. Its moments are computed once and found by index."""

    incident = models.ForeignKey(
        Incident, verbose_name=_("case"), on_delete=models.PROTECT, related_name="clocks"
    )
    kind = models.CharField(_("kind"), max_length=10, choices=ClockKind.choices)
    limit = models.PositiveSmallIntegerField(_("limit"))
    unit = models.CharField(_("unit"), max_length=12, choices=ClockUnit.choices)
    started_at = models.DateTimeField(_("started at"))
    warn_at = models.DateTimeField(_("nearly due at"))
    due_at = models.DateTimeField(_("due at"))
    paused_at = models.DateTimeField(_("paused at"), null=True, blank=True)
    remaining_seconds = models.IntegerField(
        _("remaining (seconds)"),
        null=True,
        blank=True,
        help_text=_("Of clock time, while paused; below zero when the limit had passed."),
    )
    extensions = models.PositiveSmallIntegerField(
        _("extensions"), default=0, help_text=_("Each gives the original limit once more.")
    )
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    in_time = models.BooleanField(pgettext_lazy("clock", "in time"), null=True, blank=True)
    warned_at = models.DateTimeField(_("warned at"), null=True, blank=True)
    escalation_step = models.PositiveSmallIntegerField(_("escalation step"), default=0)
    next_step_at = models.DateTimeField(
        _("next step"), null=True, blank=True, help_text=_("When the warning or escalation is due.")
    )

    objects = CaseClockQuerySet.as_manager()

    class Meta:
        verbose_name = _("clock")
        verbose_name_plural = _("clocks")
        constraints = [
            models.UniqueConstraint(
                fields=["incident"],
                condition=models.Q(ended_at__isnull=True),
                name="clock_one_running",
            )
        ]
        indexes = [
            models.Index(
                fields=["next_step_at"],
                condition=models.Q(ended_at__isnull=True, next_step_at__isnull=False),
                name="clock_next_step",
            )
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.kind} {self.due_at:%Y-%m-%d %H:%M}"


class SpecialDay(models.Model):
    """A holiday, or a weekend day on which work is made up 调休."""

    date = models.DateField(_("date"), unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=DayKind.choices)
    name = models.CharField(_("name"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("special day")
        verbose_name_plural = _("special days")
        ordering = ["date"]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"
