"""Fixed words of the data room."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CaseField(models.TextChoices):
    """What a column of an incident list can mean. The values name the mapping's fields."""

    OUTSIDE_NUMBER = "outside_number", _("outside number")
    REPORTED_AT = "reported_at", _("reported at")
    DESCRIPTION = "description", _("description")
    ADDRESS = "address", _("address")
    LON = "lon", _("longitude")
    LAT = "lat", _("latitude")
    CATEGORY = "category", _("category")
    CONTACT_NAME = "contact_name", _("name of the reporter")
    CONTACT_PHONE = "contact_phone", _("phone of the reporter")
    OUTSIDE_DUE_AT = "outside_due_at", _("outside deadline")
    CHANNEL = "channel", _("channel")
