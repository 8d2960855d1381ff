"""The two guards that stand before views: a decorator for pages, a permission for the interface."""

import functools
from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import BasePermission

View = Callable[..., HttpResponseBase]


def requires(*rights: str) -> Callable[[View], View]:
    """Let in whoever holds one of `rights` somewhere; no right named: whoever is signed in.

    Others are led to the login page, or get 403 when they are signed in already. *Which* rows and
    places is the view's question to `request.access`.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if rights and not any(request.access.may(right) for right in rights):  # type: ignore[attr-defined]
                raise PermissionDenied(_("Your posts do not include this page."))
            return view(request, *args, **kwargs)

        guarded.required_rights = rights  # type: ignore[attr-defined]
        return guarded

    return decorate


class HasRight(BasePermission):
    """REST permission: the view's `required_rights` names rights, of which one must be held."""

    message = _("Your posts do not include this.")

    def has_permission(self, request: Any, view: Any) -> bool:
        rights = getattr(view, "required_rights", ())
        return bool(
            request.user
            and request.user.is_authenticated
            and any(request.access.may(right) for right in rights)
        )
