"""The journal of a draft: each step of drawing with what it changed, so that it can be undone."""

from django.conf import settings
from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from grids.territory.choices import StepVerb
from grids.territory.models.edition import Edition


class DraftStep(models.Model):
    """One step of drawing. Steps of a draft are numbered from 1; an undone one may be redone.

    `before` and `after` are lists of boundary states, one per grid that the step touched, as
    services/drawing/journal.py writes them: WKB in hexadecimal, EPSG:4326, and the other columns;
    `None` in place of a state means that the draft held no change of that grid.
    """

    edition = models.ForeignKey(
        Edition, verbose_name=_("edition"), on_delete=models.CASCADE, related_name="steps"
    )
    number = models.PositiveIntegerField(_("number"))
    verb = models.CharField(_("step"), max_length=12, choices=StepVerb.choices)
    codes = models.JSONField(_("codes"), default=list)
    before = models.JSONField(_("before"))
    after = models.JSONField(_("after"))
    undone = models.BooleanField(_("undone"), default=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("step of drawing")
        verbose_name_plural = _("steps of drawing")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "number"], name="draft_step_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.get_verb_display()}"
