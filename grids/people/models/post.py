"""Who holds which role where and when, and who stands in."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.utils.translation import gettext_lazy as _

from gridmgmt.core.permissions import GRID_ROLES, Role
from grids.people.models.department import Department
from grids.people.models.person import Person
from grids.people.querysets import PostQuerySet
from grids.territory.models import Grid


class Post(models.Model):
    """Person × role × grid (or department) × time; lead or deputy.

    Roles of `GRID_ROLES` name their grid; a department handler names the department; the others
    may name a grid to hold only below it, or none to hold for the whole deployment.
    """

    person = models.ForeignKey(
        Person, verbose_name=_("person"), on_delete=models.PROTECT, related_name="posts"
    )
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    grid = models.ForeignKey(
        Grid,
        verbose_name=_("grid"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="posts",
    )
    department = models.ForeignKey(
        Department,
        verbose_name=_("department"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="posts",
    )
    is_lead = models.BooleanField(_("lead"), default=True)
    valid = DateTimeRangeField(_("valid"))

    objects = PostQuerySet.as_manager()

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        constraints = [
            ExclusionConstraint(
                name="post_once_at_a_time",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    ("grid", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
                condition=models.Q(grid__isnull=False),
                violation_error_message=_("This person holds this post already in that time."),
            ),
            models.CheckConstraint(
                condition=~models.Q(role__in=sorted(GRID_ROLES)) | models.Q(grid__isnull=False),
                name="post_grid_role_has_grid",
                violation_error_message=_("This role is held on a grid; choose which."),
            ),
            models.CheckConstraint(
                condition=~models.Q(role=Role.DEPARTMENT_HANDLER)
                | models.Q(department__isnull=False),
                name="post_handler_has_department",
                violation_error_message=_("A department handler needs the department."),
            ),
        ]
        indexes = [models.Index(fields=["grid", "role"], name="post_grid_role")]

    def __str__(self) -> str:
        return f"{self.person} · {self.get_role_display()}"

    def clean(self) -> None:
        """The exclusion constraint tells posts apart by their grid; those without one are here."""
        super().clean()
        if self.grid_id is not None or self.person_id is None or self.valid is None:
            return
        same = Post.objects.filter(
            person_id=self.person_id,
            role=self.role,
            grid=None,
            department_id=self.department_id,
            valid__overlap=self.valid,
        )
        if same.exclude(pk=self.pk).exists():
            raise self.unique_error_message(Post, ("person", "role", "department"))


class Absence(models.Model):
    """Leave of a person, with who stands in meanwhile."""

    person = models.ForeignKey(
        Person, verbose_name=_("person"), on_delete=models.PROTECT, related_name="absences"
    )
    stand_in = models.ForeignKey(
        Person,
        verbose_name=_("stand-in"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="stands_in",
    )
    during = DateTimeRangeField(_("during"))
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        constraints = [
            ExclusionConstraint(
                name="absence_once_at_a_time",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("This person is on leave already in that time."),
            ),
            models.CheckConstraint(
                condition=models.Q(stand_in__isnull=True) | ~models.Q(stand_in=models.F("person")),
                name="absence_stand_in_is_another",
                violation_error_message=_("Nobody stands in for themselves."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.during}"
