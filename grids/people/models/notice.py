"""What an office tells about an area: work, promises, policies. Shown on its page and its board."""

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from grids.people.choices import NoticeKind
from grids.territory.models import Grid


class GridNotice(models.Model):
    """One short text. It holds for its area and all below; without an area for everywhere."""

    grid = models.ForeignKey(
        Grid,
        verbose_name=_("area"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="notices",
        help_text=_("Empty: everywhere."),
    )
    kind = models.CharField(_("kind"), max_length=10, choices=NoticeKind.choices)
    text = models.CharField(_("text"), max_length=300)
    text_en = models.CharField(_("English text"), max_length=300, blank=True, default="")
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    shown = models.BooleanField(_("shown"), default=True)

    class Meta:
        verbose_name = _("notice of an area")
        verbose_name_plural = _("notices of areas")
        ordering = ["kind", "order", "id"]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def label(self) -> str:
        """The text in the reader's language."""
        if self.text_en and (get_language() or "").startswith("en"):
            return self.text_en
        return self.text
