"""All boards of a community or a street as one PDF: drawn by a worker, fetched when done."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.utils import translation
from django.utils.translation import gettext as _

from gridmgmt.core import paper
from grids.territory.models import Boundary
from maps.services.grid_page import below
from maps.services.sheets import Ask, board

WAITING, DONE, FAILED = "waiting", "done", "failed"
WAITS_S = 900  # a worker that never answers does not block the next try for ever
KEPT_S = 3600
MOST_BOARDS = 400


def leaves_below(boundary: Boundary, now: datetime) -> list[Boundary]:
    """The leaves at or below an area, by code."""
    return list(
        Boundary.objects.leaves_at(now)
        .filter(grid_id__in=below([boundary.grid_id], now))
        .select_related("grid__tier", "edition")
        .order_by("grid__code")
    )


def boards_html(boundary: Boundary, leaves: Sequence[Boundary], *, now: datetime, site: str) -> str:
    """One document with a page for each leaf."""
    title = _("Boards of %(name)s") % {"name": boundary.label}
    return paper.document(title, *_bodies(leaves, now, site))


def _bodies(leaves: Sequence[Boundary], now: datetime, site: str) -> Iterator[str]:
    for leaf in leaves:
        yield board(Ask(leaf, now, site))


def key_of(boundary_id: int, language: str, site: str) -> str:
    """Where a batch is remembered. A new edition has new boundaries, so a new key."""
    digest = hashlib.sha256(f"{boundary_id} {language} {site}".encode()).hexdigest()[:24]
    return f"boards:{digest}"


def state_of(key: str) -> str:
    """waiting, done, failed, or empty when nobody asked yet."""
    return cache.get(f"{key}:state", "")


def kept(key: str) -> bytes | None:
    """The finished PDF."""
    return cache.get(f"{key}:pdf")


def drawn_at(key: str) -> datetime | None:
    """As of when the finished PDF tells who is in post."""
    return cache.get(f"{key}:at")


def begin(key: str) -> bool:
    """Note that it waits; False when it does already."""
    return bool(cache.add(f"{key}:state", WAITING, WAITS_S))


def forget(key: str) -> None:
    """So that it can be drawn anew."""
    cache.delete_many([f"{key}:state", f"{key}:pdf", f"{key}:at"])


def run(*, boundary_id: int, language: str, site: str, now: datetime) -> int:
    """Draw and remember a batch; returns the number of boards. The worker's part."""
    key = key_of(boundary_id, language, site)
    boundary = Boundary.objects.select_related("grid__tier").filter(pk=boundary_id).first()
    if boundary is None:  # withdrawn meanwhile
        forget(key)
        return 0
    leaves = leaves_below(boundary, now)[:MOST_BOARDS]
    try:
        with translation.override(language):
            made: Any = paper.pdf(boards_html(boundary, leaves, now=now, site=site))
    except Exception:
        cache.set(f"{key}:state", FAILED, KEPT_S)
        raise
    cache.set(f"{key}:pdf", made, KEPT_S)
    cache.set(f"{key}:at", now, KEPT_S)
    cache.set(f"{key}:state", DONE, KEPT_S)
    return len(leaves)
