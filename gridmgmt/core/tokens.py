"""Tokens of the REST interface: `Authorization: Token gm_…`, with scopes, revocable at any time.

Only a digest is stored. A token gives at most what its user may do; a scope narrows it further:
`read` reads, `report` reports, `act` moves cases, `export` takes files out.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission

from gridmgmt.core import audit
from gridmgmt.core.models import ApiToken

SCOPES = ("read", "report", "act", "export")
KEYWORD = "Token"
NOTE_USE_EVERY = timedelta(minutes=1)


def digest_of(token: str) -> str:
    """What is stored of a token. Tokens are long and random, so one plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def make_token(
    *,
    user: AbstractBaseUser,
    name: str,
    scopes: list[str],
    actor: AbstractBaseUser | None,
    now: datetime,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """A new token and its text, which cannot be read again. Raises ValueError on other scopes."""
    unknown = set(scopes) - set(SCOPES)
    if unknown or not scopes:
        raise ValueError(f"Scopes are {', '.join(SCOPES)}; not {', '.join(sorted(unknown))!r}.")
    text = f"gm_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(
        user=user,
        name=name,
        digest=digest_of(text),
        scopes=sorted(set(scopes)),
        created_at=now,
        expires_at=expires_at,
    )
    audit.record(
        actor=actor,
        now=now,
        action="token.made",
        target=token,
        data={"user": user.pk, "scopes": token.scopes},
    )
    return token, text


@transaction.atomic
def revoke(*, token: ApiToken, actor: AbstractBaseUser | None, now: datetime) -> None:
    """Make a token worthless from its next use on. Revoking twice keeps the first moment."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=now):
        audit.record(actor=actor, now=now, action="token.revoked", target=token)


class TokenAuthentication(BaseAuthentication):
    """Reads the header; a missing one leaves the field to the session."""

    def authenticate(self, request: Any) -> tuple[AbstractBaseUser, ApiToken] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != KEYWORD.lower().encode():
            return None
        if len(words) != 2:
            raise AuthenticationFailed(_("The header must read: Authorization: Token gm_…"))
        now = timezone.now()
        token = (
            ApiToken.objects.select_related("user")
            .filter(digest=hashlib.sha256(words[1]).hexdigest(), revoked_at__isnull=True)
            .first()
        )
        if token is None or not token.user.is_active:
            raise AuthenticationFailed(_("This token is unknown or was revoked."))
        if token.expires_at is not None and token.expires_at <= now:
            raise AuthenticationFailed(_("This token has expired."))
        if token.last_used_at is None or now - token.last_used_at >= NOTE_USE_EVERY:
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        return token.user, token

    def authenticate_header(self, request: Any) -> str:
        return KEYWORD


class HasScope(BasePermission):
    """Whether the token carries the scope that the view needs; a session carries all of them.

    A view names it in `required_scope`; without, reading needs `read` and the rest `act`.
    """

    message = _("The token lacks the scope that this needs.")

    def has_permission(self, request: Any, view: Any) -> bool:
        if not isinstance(request.auth, ApiToken):
            return True
        needed = getattr(view, "required_scope", None)
        if needed is None:
            needed = "read" if request.method in SAFE_METHODS else "act"
        return needed in request.auth.scopes


class TokenScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI description names the header."""

    target_class = "gridmgmt.core.tokens.TokenAuthentication"
    name = "tokenAuth"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token gm_…`",
        }
