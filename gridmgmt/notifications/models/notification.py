"""The inbox: one row per reader and event."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from gridmgmt.notifications import kinds


class NotificationQuerySet(models.QuerySet):
    """Questions to the inbox."""

    def of(self, user_id: int | None) -> "NotificationQuerySet":
        """What this user was told; nobody's without one."""
        return self.filter(recipient_id=user_id)

    def unread(self) -> "NotificationQuerySet":
        return self.filter(read_at__isnull=True)


class Notification(models.Model):
    """A message to one user. Words are drawn when it is shown, in the reader's language.

    `params` fill the kind's sentence; they hold codes, names of areas and figures, never phone
    numbers or free text of a resident.
    """

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("recipient"),
        on_delete=models.CASCADE,
        related_name="notifications",
    )
    kind = models.CharField(_("kind"), max_length=60)
    params = models.JSONField(_("details"), default=dict)
    url = models.CharField(_("address"), max_length=300, blank=True)
    urgent = models.BooleanField(_("urgent"), default=False)
    event_id = models.UUIDField(_("event"))
    created_at = models.DateTimeField(_("created at"))
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "event_id", "kind"], name="notification_once"
            )
        ]
        indexes = [
            models.Index(fields=["recipient", "-created_at"], name="notification_inbox"),
            models.Index(
                fields=["recipient"],
                name="notification_unread",
                condition=models.Q(read_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """One line in the reader's language."""
        return kinds.render(self.kind, self.params).title

    @property
    def body(self) -> str:
        """What to do about it; may be empty."""
        return kinds.render(self.kind, self.params).body
