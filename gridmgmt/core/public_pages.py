"""Who sees maps, and what stands beneath them: asked by every page and feed that is public.

Until an office has an approved base map and its review number 审图号, the public map can be
restricted or switched off; lists then serve. The row is read anew each time (one lookup by key),
so that a map that is switched off is off in every process at once.
"""

import functools
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _

from gridmgmt.core import audit
from gridmgmt.core.models import PublicPages

FIELDS = ("map_mode", "base_map", "review_number", "supervision_phone")


def current() -> PublicPages:
    """What is decided; a deployment that never did has the defaults (everyone sees maps)."""
    return PublicPages.objects.filter(pk=1).first() or PublicPages(pk=1)


def is_staff(request: Any) -> bool:
    """Whether the reader is signed in and holds a post (or is the superuser)."""
    user = getattr(request, "user", None)
    access = getattr(request, "access", None)
    return bool(user is not None and user.is_authenticated and access is not None and access.rights)


def may_see_map(request: Any) -> bool:
    """Whether this reader may see maps now."""
    return current().map_is_public or is_staff(request)


def refusal() -> str:
    """The sentence for who asks for a map that is closed."""
    return _("The map is not open to the public at present. Lists serve instead.")


View = Callable[..., HttpResponseBase]


def map_for_public(view: View) -> View:
    """Decorate a feed of a map: 403 in JSON for who may not see maps.

    While the map is restricted no shared cache may keep what staff are given.
    """

    @functools.wraps(view)
    def gated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if current().map_is_public:
            return view(request, *args, **kwargs)
        if not is_staff(request):
            response: HttpResponseBase = JsonResponse({"detail": refusal()}, status=403)
        else:
            response = view(request, *args, **kwargs)
        response.headers["Cache-Control"] = "private, no-cache"
        return response

    return gated


@transaction.atomic
def decide(*, actor: Any, now: datetime, **values: str) -> PublicPages:
    """Change what is decided; only the fields of FIELDS. Raises ValidationError."""
    PublicPages.objects.get_or_create(pk=1)
    pages = PublicPages.objects.select_for_update().get(pk=1)
    changed = sorted(name for name in values if getattr(pages, name) != values[name])
    for name in FIELDS:
        if name in values:
            setattr(pages, name, values[name])
    pages.changed_at = now
    pages.full_clean()
    pages.save()
    audit.record(
        actor=actor,
        now=now,
        action="public_pages.changed",
        target=pages,
        data={"fields": changed, "map_mode": pages.map_mode},
    )
    return pages
