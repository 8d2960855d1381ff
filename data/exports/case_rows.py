"""Cases as rows of a file: masked, without the reporter's words and without the query number.

The query number opens a case to whoever holds it, and free text tells of persons; so neither
leaves with a list. Positions are the blurred ones that the public map shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grids.territory.models import Grid, Tier
from incidents.models import Incident
from incidents.services.contacts import masked_contact

CHUNK = 1000
HEADINGS = (
    ("id", gettext_lazy("Case"), gettext_lazy("Running number of the case, for counting only.")),
    ("reported_at", gettext_lazy("Reported at"), gettext_lazy("Local time of the report.")),
    ("closed_at", gettext_lazy("Closed at"), gettext_lazy("Local time of the close.")),
    ("state", gettext_lazy("State"), gettext_lazy("Where the case stands now.")),
    ("channel", gettext_lazy("Channel"), gettext_lazy("How the report came in.")),
    ("system", gettext_lazy("Management system"), gettext_lazy("System of the category.")),
    ("category_code", gettext_lazy("Category code"), gettext_lazy("Kind, big and small class.")),
    ("category", gettext_lazy("Category"), gettext_lazy("Name of the small class.")),
    ("grade", gettext_lazy("Grade"), gettext_lazy("Simple to major.")),
    ("urgent", gettext_lazy("Urgent"), gettext_lazy("1: marked urgent.")),
    ("on_the_spot", gettext_lazy("On the spot"), gettext_lazy("1: closed on the spot.")),
    ("opinion", gettext_lazy("Opinion"), gettext_lazy("What the reporter thought of it.")),
    ("contact_name", gettext_lazy("Reporter"), gettext_lazy("Masked name of the reporter.")),
    ("contact_phone", gettext_lazy("Phone"), gettext_lazy("Masked phone of the reporter.")),
    ("blurred_lon", gettext_lazy("Longitude"), gettext_lazy("Blurred position, WGS84.")),
    ("blurred_lat", gettext_lazy("Latitude"), gettext_lazy("Blurred position, WGS84.")),
    ("simulated", gettext_lazy("Simulated"), gettext_lazy("1: made up for a demonstration.")),
)


class CaseTable:
    """The rows of a file of cases; areas of the report's path come as one code for each tier."""

    def __init__(self, cases: QuerySet[Incident]) -> None:
        self.cases = cases
        self.tiers = list(Tier.objects.order_by("order"))

    @property
    def keys(self) -> list[str]:
        """Column keys."""
        return [*(key for key, _h, _m in HEADINGS), *(f"{t.code}_code" for t in self.tiers)]

    @property
    def headings(self) -> list[str]:
        """Headings in the reader's language."""
        areas = [_("Code: %(tier)s") % {"tier": tier.label} for tier in self.tiers]
        return [*(str(heading) for _k, heading, _m in HEADINGS), *areas]

    @property
    def words(self) -> list[tuple[str, str]]:
        """The dictionary: heading and meaning."""
        area = _("Area of the report in this tier.")
        meanings = [str(meaning) for _k, _h, meaning in HEADINGS]
        return list(zip(self.headings, [*meanings, *(area for _t in self.tiers)], strict=True))

    @property
    def code_columns(self) -> frozenset[int]:
        """Which columns hold codes."""
        first = len(HEADINGS)
        return frozenset({6, *range(first, first + len(self.tiers))})

    def rows(self) -> Iterator[list[Any]]:
        """Read in chunks; nothing is held but the codes of areas."""
        codes = dict(Grid.objects.values_list("pk", "code"))
        tier_of = dict(Grid.objects.values_list("pk", "tier_id"))
        cases = self.cases.select_related("category").defer(
            "description", "public_description", "result_public", "terms"
        )
        for case in cases.iterator(chunk_size=CHUNK):
            by_tier = {tier_of.get(grid): codes.get(grid, "") for grid in case.report_path}
            yield [*_values(case), *(by_tier.get(tier.pk, "") for tier in self.tiers)]


def _values(case: Incident) -> list[Any]:
    category, point, contact = case.category, case.public_point, masked_contact(case)
    return [
        case.pk,
        case.reported_at,
        case.closed_at,
        str(case.get_state_display()),
        str(case.get_channel_display()),
        str(category.get_system_display()) if category else "",
        category.code if category else "",
        category.label if category else "",
        str(case.get_grade_display()),
        int(case.urgent),
        int(case.on_the_spot),
        str(case.get_opinion_display()) if case.opinion else "",
        contact.name,
        contact.phone,
        round(point.x, 6) if point else None,
        round(point.y, 6) if point else None,
        int(case.simulated),
    ]
