"""The account. Who someone is in the office is a Person with posts (grids.people)."""

from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """Someone who signs in. Rights come from posts; `is_superuser` is for the administrator."""

    full_name = models.CharField(_("full name"), max_length=100, blank=True)
    session_epoch = models.PositiveIntegerField(
        _("sessions ended so often"), default=0, editable=False
    )

    def get_full_name(self) -> str:
        return self.full_name or self.username

    def __str__(self) -> str:
        return self.get_full_name()

    def get_session_auth_hash(self) -> str:
        """What a session must match: a new password or a new epoch ends all sessions."""
        return self._session_hash(settings.SECRET_KEY)

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """The same under former secret keys, while they are being changed."""
        return (self._session_hash(secret) for secret in settings.SECRET_KEY_FALLBACKS)

    def _session_hash(self, secret: str) -> str:
        text = f"{self.session_epoch}:{self.password}"
        return salted_hmac(
            "gridmgmt.core.session", text, secret=secret, algorithm="sha256"
        ).hexdigest()
