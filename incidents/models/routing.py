"""Who gets what: rules an officer edits, and the decision kept with each case."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from gridmgmt.core.models import BilingualName
from gridmgmt.core.permissions import Role
from grids.people.choices import ManagementSystem
from grids.people.models import Department, Person
from grids.territory.choices import Answer
from grids.territory.models import Grid, Tier
from incidents.choices import CategoryKind, Channel, Grade
from incidents.models.category import Category
from incidents.models.incident import Incident


class RoutingRule(BilingualName):
    """When all its filled conditions apply, the case goes to its target.

    Empty conditions apply always. Which of several applying rules wins is lexicographic over
    (place depth, category depth, grade, answer, channel, time). The target is a department of
    the system (`department` named, or the nearest of `target_system`), else a role at a tier.
    """

    active = models.BooleanField(_("active"), default=True)
    version = models.PositiveIntegerField(_("version"), default=1)
    # Conditions
    grid = models.ForeignKey(
        Grid, verbose_name=_("area"), on_delete=models.PROTECT, null=True, blank=True
    )
    system = models.CharField(
        _("management system"), max_length=20, choices=ManagementSystem.choices, blank=True
    )
    category_kind = models.CharField(
        _("kind of category"), max_length=10, choices=CategoryKind.choices, blank=True
    )
    big_code = models.CharField(_("big class"), max_length=4, blank=True)
    category = models.ForeignKey(
        Category, verbose_name=_("category"), on_delete=models.PROTECT, null=True, blank=True
    )
    grade = models.CharField(_("grade"), max_length=10, choices=Grade.choices, blank=True)
    answer = models.CharField(
        _("how the place was found"), max_length=10, choices=Answer.choices, blank=True
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices, blank=True)
    time_from = models.TimeField(_("from (time of day)"), null=True, blank=True)
    time_to = models.TimeField(_("until (time of day)"), null=True, blank=True)
    # Target
    department = models.ForeignKey(
        Department, verbose_name=_("department"), on_delete=models.PROTECT, null=True, blank=True
    )
    target_system = models.CharField(
        _("nearest department of"), max_length=20, choices=ManagementSystem.choices, blank=True
    )
    target_tier = models.ForeignKey(
        Tier, verbose_name=_("tier"), on_delete=models.PROTECT, null=True, blank=True
    )
    target_role = models.CharField(_("role"), max_length=20, choices=Role.choices, blank=True)
    auto_dispatch = models.BooleanField(
        _("dispatch without waiting for the dispatcher"), default=False
    )

    class Meta:
        verbose_name = _("routing rule")
        verbose_name_plural = _("routing rules")


class RoutingDecision(models.Model):
    """Where a case was sent, by which rule in which version, why, and what else was possible."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="decisions")
    at = models.DateTimeField(_("at"))
    point_x = models.FloatField(null=True)
    point_y = models.FloatField(null=True)
    boundary_ids = ArrayField(models.BigIntegerField(), default=list)
    path = ArrayField(models.BigIntegerField(), default=list)
    answer = models.CharField(_("how the place was found"), max_length=10, choices=Answer.choices)
    distance_m = models.FloatField(null=True, blank=True)
    rule = models.ForeignKey(
        RoutingRule, verbose_name=_("rule"), on_delete=models.PROTECT, null=True, blank=True
    )
    rule_version = models.PositiveIntegerField(_("version of the rule"), null=True, blank=True)
    tier = models.ForeignKey(
        Tier, verbose_name=_("tier"), on_delete=models.PROTECT, null=True, blank=True
    )
    grid = models.ForeignKey(
        Grid, verbose_name=_("grid"), on_delete=models.PROTECT, null=True, blank=True
    )
    department = models.ForeignKey(
        Department, verbose_name=_("department"), on_delete=models.PROTECT, null=True, blank=True
    )
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, blank=True)
    person = models.ForeignKey(
        Person, verbose_name=_("person"), on_delete=models.PROTECT, null=True, blank=True
    )
    reasons = models.JSONField(
        _("reasons"), default=list, help_text=_("Codes with parameters, shown as sentences.")
    )
    alternatives = models.JSONField(_("what else was possible"), default=list)

    class Meta:
        verbose_name = _("routing decision")
        verbose_name_plural = _("routing decisions")
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["incident", "at"], name="decision_incident_at")]

    def __str__(self) -> str:
        return f"{self.incident_id} → {self.department_id or self.role}"
