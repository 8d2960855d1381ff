"""Posts that a draft names for its grids, and what its publishing did to posts."""

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.utils.translation import gettext_lazy as _

from gridmgmt.core.permissions import GRID_ROLES, Role
from grids.people.models.person import Person
from grids.people.models.post import Post
from grids.territory.models import Edition, Grid


class PlannedPost(models.Model):
    """A post that begins when the draft takes effect."""

    edition = models.ForeignKey(
        Edition, verbose_name=_("edition"), on_delete=models.CASCADE, related_name="planned_posts"
    )
    grid = models.ForeignKey(
        Grid, verbose_name=_("grid"), on_delete=models.PROTECT, related_name="planned_posts"
    )
    person = models.ForeignKey(
        Person, verbose_name=_("person"), on_delete=models.PROTECT, related_name="planned_posts"
    )
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    is_lead = models.BooleanField(_("lead"), default=True)

    class Meta:
        verbose_name = _("planned post")
        verbose_name_plural = _("planned posts")
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "grid", "person", "role"],
                name="planned_post_once",
                violation_error_message=_("This post is planned for this person already."),
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=sorted(GRID_ROLES)), name="planned_post_grid_role"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.get_role_display()} · {self.grid}"


class EditionPost(models.Model):
    """A post that the publishing of an edition gave (`before` null) or ended.

    `before` is the range that the post had: calling the edition back gives it again.
    """

    edition = models.ForeignKey(
        Edition, verbose_name=_("edition"), on_delete=models.CASCADE, related_name="edition_posts"
    )
    post = models.ForeignKey(
        Post, verbose_name=_("post"), on_delete=models.CASCADE, related_name="edition_posts"
    )
    before = DateTimeRangeField(_("valid before"), null=True, blank=True)

    class Meta:
        verbose_name = _("post of an edition")
        verbose_name_plural = _("posts of editions")
        constraints = [
            models.UniqueConstraint(fields=["edition", "post"], name="edition_post_once")
        ]

    def __str__(self) -> str:
        return f"{self.edition} · {self.post_id}"
