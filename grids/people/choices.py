"""Fixed words of the people room."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ManagementSystem(models.TextChoices):
    """The five management systems that sit on the grids."""

    PUBLIC_SECURITY = "public_security", _("Public-security governance")
    SANITATION = "sanitation", _("Environmental sanitation")
    COMMUNITY_SERVICE = "community_service", _("Community service")
    HEALTH_CARE = "health_care", _("Health care")
    CIVIC_CULTURE = "civic_culture", _("Civic culture")


class PersonKind(models.TextChoices):
    SOCIAL_WORKER = "social_worker", _("full-time social worker")
    STREET_OFFICE = "street_office", _("street office staff")
    POLICE = "police", _("community police")
    PROPERTY = "property", _("property staff")
    OWNERS_COMMITTEE = "owners_committee", _("owners' committee")
    BUILDING_HEAD = "building_head", _("building head")
    VOLUNTEER = "volunteer", _("volunteer")
    CENTRE_HOUSEHOLD = "centre_household", _("centre household")


class NoticeKind(models.TextChoices):
    """What a notice of an area is about."""

    WORK = "work", _("what we do")
    PROMISE = "promise", _("what we promise")
    POLICY = "policy", _("policies and rules")
