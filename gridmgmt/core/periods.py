"""A span of time in words, as lists of the administration show it."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext


def period_text(period: Any) -> str:
    """From and until of a range of moments in local time; an open end is said; empty without one.

    >>> period_text(None)
    ''
    """
    if period is None or period.isempty:
        return ""
    begin, end = _moment(period.lower), _moment(period.upper)
    if begin and end:
        return _("%(begin)s to %(end)s") % {"begin": begin, "end": end}
    if begin:
        return _("since %(begin)s") % {"begin": begin}
    return _("until %(end)s") % {"end": end} if end else pgettext("period", "always")


def _moment(moment: datetime | None) -> str:
    return date_format(timezone.localtime(moment), "Y-m-d H:i") if moment else ""


class ValidInWords:
    """For administration classes of models with `valid`: the column `valid_text`."""

    @admin.display(description=gettext_lazy("valid"), ordering="valid")
    def valid_text(self, row: Any) -> str:
        """When the row holds."""
        return period_text(row.valid)
