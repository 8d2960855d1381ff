"""What happened to a case, line by line. Append-only."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from incidents.choices import Action, State
from incidents.models.incident import Incident


class HistoryEntry(models.Model):
    """One move: who, when, from, to, why. `note` is for the office, `public_note` for all."""

    incident = models.ForeignKey(
        Incident, verbose_name=_("case"), on_delete=models.PROTECT, related_name="history"
    )
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("actor"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Empty: the system or the reporter."),
    )
    actor_role = models.CharField(_("as"), max_length=20, blank=True)
    action = models.CharField(_("action"), max_length=12, choices=Action.choices)
    from_state = models.CharField(_("from"), max_length=12, choices=State.choices, blank=True)
    to_state = models.CharField(_("to"), max_length=12, choices=State.choices)
    note = models.TextField(_("note"), blank=True)
    public_note = models.TextField(_("note for the reporter"), blank=True)
    data = models.JSONField(_("details"), default=dict, blank=True)

    class Meta:
        verbose_name = _("history entry")
        verbose_name_plural = _("history")
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["incident", "at", "id"], name="history_incident_at")]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.action}"
