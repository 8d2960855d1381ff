"""The case. What happened to it stands in HistoryEntry; why it went where, in RoutingDecision."""

from django.conf import settings
from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, GistIndex
from django.utils.translation import gettext_lazy as _

from gridmgmt.core.crypto import EncryptedTextField
from gridmgmt.core.permissions import Role
from grids.people.models import Department, Person
from grids.territory.choices import Answer
from grids.territory.models import Grid
from incidents.choices import OPEN_STATES, Channel, Grade, Opinion, State
from incidents.models.category import Category, FilingRule
from incidents.querysets import IncidentQuerySet


class Incident(models.Model):
    """A reported matter at a place, with exactly one owner at every moment.

    `report_*` is the division of the moment of the report and never changes; `owner_*` is the
    present owner. The owner is a department, else the holder of `owner_role` on `owner_grid`
    (`owner_person` when one is known), else the dispatchers' pool (all empty).
    """

    number = models.CharField(_("query number"), max_length=20, unique=True)
    state = models.CharField(
        _("state"), max_length=12, choices=State.choices, default=State.REPORTED
    )
    version = models.PositiveIntegerField(_("version"), default=1)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    category = models.ForeignKey(
        Category, verbose_name=_("category"), on_delete=models.PROTECT, null=True, blank=True
    )
    filing_rule = models.ForeignKey(
        FilingRule, verbose_name=_("filing rule"), on_delete=models.PROTECT, null=True, blank=True
    )
    grade = models.CharField(
        _("grade"), max_length=10, choices=Grade.choices, default=Grade.GENERAL
    )
    description = models.TextField(_("description"), max_length=5000)
    reported_at = models.DateTimeField(_("reported at"))
    updated_at = models.DateTimeField(_("updated at"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    # Where
    point = models.PointField(_("point"), srid=4326, null=True, blank=True, spatial_index=False)
    public_point = models.PointField(
        _("blurred point"), srid=4326, null=True, blank=True, spatial_index=False
    )
    raw_x = models.CharField(_("first coordinate as given"), max_length=40, blank=True)
    raw_y = models.CharField(_("second coordinate as given"), max_length=40, blank=True)
    raw_crs = models.CharField(_("coordinate system as given"), max_length=30, blank=True)
    place_words = models.CharField(_("place in words"), max_length=300, blank=True)
    place_certainty = models.CharField(_("certainty of the place"), max_length=10, blank=True)
    answer = models.CharField(
        _("how the place was found"), max_length=10, choices=Answer.choices, blank=True
    )
    distance_m = models.FloatField(_("distance to the area (m)"), null=True, blank=True)
    report_boundary_ids = ArrayField(
        models.BigIntegerField(),
        verbose_name=_("areas of the report (versions)"),
        default=list,
        blank=True,
    )
    report_path = ArrayField(
        models.BigIntegerField(), verbose_name=_("areas of the report"), default=list, blank=True
    )
    report_grid = models.ForeignKey(
        Grid,
        verbose_name=_("grid of the report"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reported_incidents",
    )

    # Whose
    owner_path = ArrayField(
        models.BigIntegerField(), verbose_name=_("areas of the owner"), default=list, blank=True
    )
    owner_grid = models.ForeignKey(
        Grid,
        verbose_name=_("owner's grid"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="owned_incidents",
    )
    owner_department = models.ForeignKey(
        Department,
        verbose_name=_("department"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="incidents",
    )
    owner_role = models.CharField(_("role"), max_length=20, choices=Role.choices, blank=True)
    owner_person = models.ForeignKey(
        Person,
        verbose_name=_("responsible person"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="incidents",
    )
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("handled by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    handled_department = models.ForeignKey(
        Department,
        verbose_name=_("handled by the department"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    returned_by_department = models.ForeignKey(
        Department,
        verbose_name=_("handed back by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    # Marks
    urgent = models.BooleanField(_("urgent"), default=False)
    urged_count = models.PositiveSmallIntegerField(_("urged"), default=0)
    extended_count = models.PositiveSmallIntegerField(_("extended"), default=0)
    returned_count = models.PositiveSmallIntegerField(_("handed back"), default=0)
    supervised = models.BooleanField(_("under supervision, a reply is owed"), default=False)
    appealed = models.BooleanField(_("appealed"), default=False)
    confidential = models.BooleanField(_("confidential"), default=False)
    on_the_spot = models.BooleanField(_("closed on the spot"), default=False)
    released = models.BooleanField(_("released to the public"), default=False)
    verification_owed = models.BooleanField(
        _("verification follows"),
        default=False,
        help_text=_("Urgent: sent on before the manager verified it."),
    )

    # Where a suspended case returns to, and when it wakes
    suspended_from = models.CharField(
        _("state before it was suspended"), max_length=12, choices=State.choices, blank=True
    )
    suspended_until = models.DateTimeField(_("suspended until"), null=True, blank=True)
    suspended_count = models.PositiveSmallIntegerField(_("times suspended"), default=0)
    merged_into = models.ForeignKey(
        "self",
        verbose_name=_("merged into"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="merged_cases",
    )
    split_from = models.ForeignKey(
        "self",
        verbose_name=_("part of"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sub_cases",
    )

    # The running clock's moments, copied here so that lists sort and filter by one index
    warn_at = models.DateTimeField(_("nearly due at"), null=True, blank=True)
    due_at = models.DateTimeField(_("due at"), null=True, blank=True)

    # From whom
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("reported by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reported_incidents",
    )
    contact_name = EncryptedTextField(_("name of the reporter"), blank=True, default="")
    contact_phone = EncryptedTextField(_("phone of the reporter"), blank=True, default="")
    contact_phone_index = models.CharField(
        _("search key of the phone"), max_length=64, blank=True, default=""
    )
    language = models.CharField(_("language of the reporter"), max_length=10, blank=True)
    idempotency_key = models.CharField(
        _("key against doubles"), max_length=64, null=True, blank=True, unique=True
    )
    idempotency_digest = models.CharField(
        _("digest of the first sending"), max_length=64, blank=True, editable=False
    )
    outside_source = models.CharField(_("outside source"), max_length=60, blank=True)
    outside_number = models.CharField(_("outside number"), max_length=60, blank=True)
    outside_due_at = models.DateTimeField(_("outside deadline"), null=True, blank=True)
    result_public = models.TextField(_("result told to the reporter"), blank=True)
    opinion = models.CharField(_("opinion"), max_length=12, choices=Opinion.choices, blank=True)
    opinion_reason = models.TextField(_("reason of the opinion"), max_length=1000, blank=True)
    rated_at = models.DateTimeField(_("rated at"), null=True, blank=True)
    public_description = models.TextField(
        _("description for the public"),
        blank=True,
        help_text=_("What everyone reads once the case is released."),
    )
    terms = ArrayField(
        models.CharField(max_length=60),
        verbose_name=_("search terms"),
        default=list,
        blank=True,
        editable=False,
        help_text=_("Of description and place, for search."),
    )
    simulated = models.BooleanField(_("simulated"), default=False)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        constraints = [
            models.UniqueConstraint(
                fields=["outside_source", "outside_number"],
                condition=~models.Q(outside_number=""),
                name="incident_outside_number_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=State.CLOSED) | models.Q(closed_at__isnull=False),
                name="incident_closed_has_moment",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=State.SUSPENDED)
                | models.Q(suspended_until__isnull=False),
                name="incident_suspended_has_end",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=State.MERGED) | models.Q(merged_into__isnull=False),
                name="incident_merged_has_target",
            ),
        ]
        indexes = [
            GistIndex(fields=["point"], name="incident_point"),
            GinIndex(fields=["report_path"], name="incident_report_path"),
            # Public maps ask for the blurred point only: a window over the exact one could be
            # narrowed until it gave the exact place away.
            GistIndex(fields=["public_point"], name="incident_public_point"),
            GinIndex(fields=["owner_path"], name="incident_owner_path"),
            # Lists and maps of open cases never touch the years of closed ones.
            GinIndex(
                fields=["report_path"],
                condition=models.Q(state__in=sorted(OPEN_STATES)),
                name="incident_open_report_path",
            ),
            GinIndex(
                fields=["owner_path"],
                condition=models.Q(state__in=sorted(OPEN_STATES)),
                name="incident_open_owner_path",
            ),
            GinIndex(fields=["terms"], name="incident_terms"),
            models.Index(fields=["-reported_at", "-id"], name="incident_newest"),
            models.Index(fields=["report_grid", "-reported_at"], name="incident_report_grid"),
            models.Index(
                fields=["due_at", "id"],
                condition=models.Q(state__in=sorted(OPEN_STATES)),
                name="incident_open_due",
            ),
            models.Index(
                fields=["owner_grid", "state"],
                condition=models.Q(state__in=sorted(OPEN_STATES)),
                name="incident_open_owner_grid",
            ),
            models.Index(
                fields=["state", "owner_role", "due_at"],
                condition=models.Q(state__in=sorted(OPEN_STATES)),
                name="incident_open_role",
            ),
            models.Index(
                fields=["owner_department", "state"],
                condition=models.Q(state__in=sorted(OPEN_STATES)),
                name="incident_open_department",
            ),
            models.Index(
                fields=["reporter", "-reported_at"],
                condition=models.Q(reporter__isnull=False),
                name="incident_reporter",
            ),
            models.Index(
                fields=["contact_phone_index"],
                condition=~models.Q(contact_phone_index=""),
                name="incident_contact_phone",
            ),
        ]

    def __str__(self) -> str:
        return self.number
