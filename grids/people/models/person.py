"""People who carry posts. Not all of them sign in."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from gridmgmt.core.crypto import EncryptedTextField
from grids.people.choices import PersonKind


class Person(models.Model):
    """A member of staff, volunteer or contact; linked to a user when they sign in.

    `duty_phone` is the office's number and shown; `phone` is private and encrypted.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="person",
    )
    name = models.CharField(pgettext_lazy("person", "name"), max_length=100)
    kind = models.CharField(
        _("kind"), max_length=20, choices=PersonKind.choices, default=PersonKind.SOCIAL_WORKER
    )
    phone = EncryptedTextField(_("private phone"), blank=True, default="")
    staff_number = models.CharField(
        _("staff number"),
        max_length=40,
        blank=True,
        help_text=_("The office's own number of this person; lists find people again by it."),
    )
    duty_phone = models.CharField(_("duty phone"), max_length=30, blank=True)
    left_at = models.DateField(
        _("left the service on"),
        null=True,
        blank=True,
        help_text=_("Whoever has left is no longer missed when they hold no post."),
    )
    simulated = models.BooleanField(_("simulated"), default=False)

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.UniqueConstraint(
                fields=["staff_number"],
                condition=~models.Q(staff_number=""),
                name="person_staff_number_once",
                violation_error_message=_("Somebody else has this staff number."),
            )
        ]

    def __str__(self) -> str:
        return self.name
