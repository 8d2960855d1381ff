"""Paper: HTML to PDF with WeasyPrint, and QR codes. Nothing is fetched from anywhere.

docs/decisions/2026-11-22-paper.md says why this engine.
"""

import functools
import hashlib
import logging
import threading
from pathlib import Path
from typing import Any

import redis
import segno
from django.conf import settings
from django.core.cache import cache
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from weasyprint import CSS, HTML
from weasyprint.urls import URLFetcher

logger = logging.getLogger(__name__)
STYLE = Path("gridmgmt") / "static" / "css" / "paper.css"
KEPT_S = 86_400
# Pango's and fontconfig's state is one for the process, and a sheet takes memory: one at a time.
_one_at_a_time = threading.Lock()


class Nothing(URLFetcher):
    """A sheet that names a picture or a style elsewhere is refused, not fetched."""

    def fetch(self, url: str, headers: Any = None) -> Any:
        raise ValueError(f"Paper takes nothing from elsewhere: {url[:80]}")


@functools.cache
def style() -> str:
    """The style of all sheets, as it lies in the checkout."""
    return (settings.BASE_DIR / STYLE).read_text(encoding="utf-8")


def fingerprint(html: str) -> str:
    """The same for the same sheet in the same style."""
    return hashlib.sha256(f"{html}\n{style()}".encode()).hexdigest()


def pdf(html: str) -> bytes:
    """A whole HTML document as PDF; its pages and fonts are set by css/paper.css."""
    with _one_at_a_time:
        document = HTML(string=html, url_fetcher=Nothing())
        return document.write_pdf(stylesheets=[CSS(string=style())])


def kept_pdf(html: str) -> bytes:
    """The same, remembered for a day: the second reader of a board waits for nothing."""
    key = f"paper:{fingerprint(html)}"
    try:
        known = cache.get(key)
        if known is not None:
            return known
        made = pdf(html)
        cache.set(key, made, KEPT_S)
    except redis.RedisError:
        logger.warning("Redis is not reachable; a sheet is drawn anew.")
        return pdf(html)
    return made


def qr_svg(text: str, label: str = "") -> str:
    """A QR code as SVG without a size of its own, with the quiet zone that readers need."""
    matrix = [[bool(module) for module in row] for row in segno.make_qr(text, error="m").matrix]
    edge = 3
    side = len(matrix) + 2 * edge
    runs = []
    for y, row in enumerate(matrix):
        x = 0
        while x < len(row):
            start = x
            while x < len(row) and row[x]:
                x += 1
            if x > start:
                runs.append(f"M{start + edge} {y + edge}h{x - start}v1h-{x - start}z")
            x += 1
    named = f' role="img" aria-label="{label}"' if label else ' aria-hidden="true"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="qr" viewBox="0 0 {side} {side}"{named} '
        f'shape-rendering="crispEdges"><rect width="{side}" height="{side}" fill="#ffffff"/>'
        f'<path d="{"".join(runs)}" fill="#000000"/></svg>'
    )


def document(title: str, *bodies: str) -> str:
    """Sheets (rendered templates) as one HTML document for the PDF."""
    context = {
        "title": title,
        "bodies": [mark_safe(body) for body in bodies],  # noqa: S308 - rendered by us
        "language": get_language(),
    }
    return render_to_string("paper/document.html", context)
