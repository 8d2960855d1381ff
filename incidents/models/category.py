"""What can happen: the standard's events and components, local matters, and their limits."""

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from gridmgmt.core.models import BilingualName
from grids.people.choices import ManagementSystem
from incidents.choices import CategoryKind, ClockUnit, Grade


def in_language(own: str, english: str) -> str:
    """The office's own text, or the English one for English readers when it is filled."""
    return english if english and (get_language() or "").startswith("en") else own


class PublicTile(BilingualName):
    """One of the few picture tiles among which residents choose."""

    code = models.SlugField(_("code"), max_length=30, unique=True)
    icon = models.CharField(_("icon"), max_length=40)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("picture tile")
        verbose_name_plural = _("picture tiles")
        ordering = ["order", "code"]


class Category(BilingualName):
    """A small class. Its key is (standard, version, kind, big, small): editions number anew."""

    standard = models.CharField(_("standard"), max_length=30)
    version = models.CharField(_("version"), max_length=20)
    kind = models.CharField(_("kind"), max_length=10, choices=CategoryKind.choices)
    big_code = models.CharField(_("big class"), max_length=4)
    big_name = models.CharField(_("name of the big class"), max_length=60)
    big_name_en = models.CharField(
        _("English name of the big class"), max_length=60, blank=True, default=""
    )
    small_code = models.CharField(_("small class"), max_length=4)
    system = models.CharField(
        _("management system"), max_length=20, choices=ManagementSystem.choices
    )
    grade = models.CharField(
        _("usual grade"), max_length=10, choices=Grade.choices, default=Grade.GENERAL
    )
    urgent = models.BooleanField(_("urgent"), default=False)
    tile = models.ForeignKey(
        PublicTile,
        verbose_name=_("picture tile"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="categories",
    )
    is_tile_default = models.BooleanField(_("chosen when a resident picks the tile"), default=False)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["standard", "version", "kind", "big_code", "small_code"]
        constraints = [
            models.UniqueConstraint(
                fields=["standard", "version", "kind", "big_code", "small_code"],
                name="category_key_once",
            ),
            models.UniqueConstraint(
                fields=["tile"],
                condition=models.Q(is_tile_default=True),
                name="category_one_default_per_tile",
            ),
        ]

    @property
    def code(self) -> str:
        """Kind initial, big and small class: E0110."""
        return f"{self.kind[0].upper()}{self.big_code}{self.small_code}"


class FilingRule(models.Model):
    """A condition under which a category is filed, its limit, and when it counts as closed."""

    category = models.ForeignKey(
        Category, verbose_name=_("category"), on_delete=models.CASCADE, related_name="filing_rules"
    )
    condition = models.CharField(_("condition"), max_length=200, blank=True)
    condition_en = models.CharField(
        _("condition in English"), max_length=200, blank=True, default=""
    )
    closing_condition = models.CharField(_("closing condition"), max_length=200, blank=True)
    closing_condition_en = models.CharField(
        _("closing condition in English"), max_length=200, blank=True, default=""
    )
    limit = models.PositiveSmallIntegerField(_("limit"))
    unit = models.CharField(_("unit"), max_length=12, choices=ClockUnit.choices)
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        verbose_name = _("filing rule")
        verbose_name_plural = _("filing rules")
        ordering = ["category", "order"]
        constraints = [
            models.UniqueConstraint(fields=["category", "order"], name="filing_rule_order_once"),
            models.CheckConstraint(
                condition=models.Q(limit__gte=1), name="filing_rule_limit_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.limit} {self.get_unit_display()}"

    @property
    def condition_label(self) -> str:
        """The condition in the reader's language."""
        return in_language(self.condition, self.condition_en)

    @property
    def closing_label(self) -> str:
        """The closing condition in the reader's language."""
        return in_language(self.closing_condition, self.closing_condition_en)
