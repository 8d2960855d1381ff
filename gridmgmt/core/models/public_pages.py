"""What the office decides about its public pages. One row for the whole deployment."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class MapMode(models.TextChoices):
    """Who sees maps. Lists serve everybody else."""

    OPEN = "open", pgettext_lazy("public map", "everyone")
    UNTIL_REVIEWED = (
        "until_reviewed",
        pgettext_lazy(
            "public map", "staff; everyone once a base map and its review number are entered"
        ),
    )
    STAFF = "staff", pgettext_lazy("public map", "staff only")


class PublicPages(models.Model):
    """Public map on, restricted or off; the approved base map; the phone of supervision."""

    map_mode = models.CharField(
        _("who sees maps"), max_length=20, choices=MapMode.choices, default=MapMode.OPEN
    )
    base_map = models.CharField(
        _("approved base map"), max_length=200, blank=True, help_text=_("Its name and its keeper.")
    )
    review_number = models.CharField(
        _("review number of the map"),
        max_length=60,
        blank=True,
        help_text=_("Printed beneath every map, such as GS(2024)0650."),
    )
    supervision_phone = models.CharField(
        _("supervision phone"),
        max_length=30,
        blank=True,
        help_text=_("Where residents complain about the service; shown on pages and boards."),
    )
    changed_at = models.DateTimeField(_("changed at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("public pages")
        verbose_name_plural = _("public pages")
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="public_pages_one_row")
        ]

    def __str__(self) -> str:
        return str(self.get_map_mode_display())

    @property
    def map_is_public(self) -> bool:
        """Whether everyone may see maps now."""
        if self.map_mode == MapMode.UNTIL_REVIEWED:
            return bool(self.base_map.strip() and self.review_number.strip())
        return self.map_mode == MapMode.OPEN
