"""Who gets what: rules an officer edits, and the decision kept with each case."""

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from gridmgmt.core.models import BilingualName
from gridmgmt.core.permissions import Role
from grids.people.choices import ManagementSystem
from grids.people.models import Department, Person
from grids.territory.choices import Answer
from grids.territory.models import Grid, Tier
from incidents.choices import CategoryKind, Channel, Grade, Purpose
from incidents.models.category import Category
from incidents.models.incident import Incident
from incidents.querysets_rules import RoutingRuleQuerySet


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

    objects = RoutingRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("routing rule")
        verbose_name_plural = _("routing rules")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(big_code="") | ~models.Q(category_kind=""),
                name="rule_big_class_has_kind",
                violation_error_message=_("A big class needs its kind: both number from 01."),
            ),
            models.CheckConstraint(
                condition=models.Q(time_from__isnull=True, time_to__isnull=True)
                | models.Q(time_from__isnull=False, time_to__isnull=False),
                name="rule_time_has_both_ends",
                violation_error_message=_("Give both ends of the time of day, or none."),
            ),
            models.CheckConstraint(
                condition=models.Q(department__isnull=False, target_system="", target_role="")
                | (models.Q(department__isnull=True, target_role="") & ~models.Q(target_system=""))
                | (models.Q(department__isnull=True, target_system="") & ~models.Q(target_role="")),
                name="rule_has_one_target",
                violation_error_message=_(
                    "Name exactly one target: a department, or the nearest department of a "
                    "system, or a role."
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["grid"], condition=models.Q(active=True), name="rule_active_grid")
        ]

    def clean(self) -> None:
        """Refuse a rule that would tie with another one; names it."""
        super().clean()
        if (
            self.time_from is not None
            and self.time_to is not None
            and self.time_from == self.time_to
        ):
            raise ValidationError({"time_to": _("The time of day begins and ends together.")})
        if self.active:
            rival = RoutingRule.objects.rival_of(self)
            if rival is not None:
                raise ValidationError(
                    _(
                        "The rule “%(rival)s” has the same conditions in weight, and both can "
                        "apply to one case. Make one of them narrower, or switch one off."
                    ),
                    code="rival",
                    params={"rival": rival.label},
                )


class RoutingDecision(models.Model):
    """Where a case was sent, by which rule in which version, why, and what else was possible."""

    incident = models.ForeignKey(
        Incident, verbose_name=_("case"), on_delete=models.PROTECT, related_name="decisions"
    )
    at = models.DateTimeField(_("at"))
    purpose = models.CharField(
        _("purpose"), max_length=10, choices=Purpose.choices, default=Purpose.HANDLE
    )
    point_x = models.FloatField(_("longitude"), null=True)
    point_y = models.FloatField(_("latitude"), null=True)
    boundary_ids = ArrayField(
        models.BigIntegerField(), verbose_name=_("areas of the place (versions)"), default=list
    )
    path = ArrayField(models.BigIntegerField(), verbose_name=_("areas of the place"), default=list)
    answer = models.CharField(_("how the place was found"), max_length=10, choices=Answer.choices)
    distance_m = models.FloatField(_("distance to the area (m)"), null=True, blank=True)
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
    inform = models.JSONField(
        _("told at once"), default=list, help_text=_("Person, role and area of each.")
    )
    auto_dispatch = models.BooleanField(
        _("dispatched without waiting for the dispatcher"), default=False
    )

    class Meta:
        verbose_name = _("routing decision")
        verbose_name_plural = _("routing decisions")
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["incident", "at"], name="decision_incident_at")]

    def __str__(self) -> str:
        return f"{self.incident_id} → {self.department_id or self.role}"
