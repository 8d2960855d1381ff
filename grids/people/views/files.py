"""The roster as files: a list to take in, its template, a list to take out."""

from __future__ import annotations

import base64
import io
import secrets
import tempfile
from pathlib import Path

from django.contrib import messages
from django.core.cache import cache
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from gridmgmt.core.crypto import decrypt, encrypt
from gridmgmt.core.guards import requires
from gridmgmt.core.permissions import Right
from gridmgmt.core.tables.errors import ListError
from gridmgmt.core.tables.reading import read_table
from gridmgmt.core.tables.writing import write_sheets
from grids.people.forms.changes import UploadForm
from grids.people.services import roster_export
from grids.people.services.roster_import import Result, import_roster
from grids.people.services.roster_list import COLUMNS, MEANINGS
from grids.people.services.scope import Scope
from grids.people.views.shown import sent

MOST_BYTES = 5 * 1024 * 1024
KEPT_S = 3600  # an uploaded list waits this long for its confirmation, encrypted
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN_ROWS = 300


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Right.KEEP_ROSTER)
def upload(request: HttpRequest) -> HttpResponse:
    """Upload → preview with every row → confirm. Nothing is written before that."""
    if request.method == "POST" and request.POST.get("confirm"):
        return _confirm(request)
    form = UploadForm(sent(request), request.FILES or None)
    context: dict = {"form": form, "columns": _columns()}
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        if file.size > MOST_BYTES:
            form.add_error("file", _("The file is larger than 5 MB. Split the list."))
        else:
            raw = file.read()
            try:
                context |= _preview(request, raw, file.name)
            except ListError as error:
                form.add_error("file", str(error))
    status = 422 if form.errors else 200
    response = render(request, "roster/import.html", context, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _preview(request: HttpRequest, raw: bytes, name: str) -> dict:
    result = _run(request, raw, name, dry_run=True)
    token = ""
    if not result.refused:
        token = secrets.token_urlsafe(18)
        kept = encrypt(f"{Path(name).suffix.lower()}:{base64.b64encode(raw).decode()}")
        cache.set(_key(request, token), kept, KEPT_S)
    return {
        "result": result,
        "token": token,
        "file_name": name,
        "shown": result.outcomes[:SHOWN_ROWS],
        "hidden": max(0, len(result.outcomes) - SHOWN_ROWS),
        "used": [
            (roster_export.headings(chinese=_chinese())[list(COLUMNS).index(field)], header)
            for field, header in result.columns.items()
        ],
    }


def _confirm(request: HttpRequest) -> HttpResponse:
    key = _key(request, request.POST["confirm"][:64])
    kept = cache.get(key)
    if kept is None:
        messages.error(request, _("The preview is too old. Upload the list again."))
        return redirect("roster:import")
    ending, _colon, text = decrypt(kept).partition(":")
    try:
        result = _run(request, base64.b64decode(text), f"list{ending}", dry_run=False)
    except ListError as error:
        messages.error(request, str(error))
        return redirect("roster:import")
    cache.delete(key)
    if result.refused:
        first = result.refused[0]
        messages.error(
            request,
            _(
                "The roster has changed since the preview, so nothing was written. "
                "Line %(line)s: %(why)s"
            )
            % {"line": first.line, "why": first.reason},
        )
        return redirect("roster:import")
    messages.success(
        request,
        _(
            "The list is taken in. New people: %(people)d, new posts: %(posts)d, "
            "changes: %(changes)d."
        )
        % {"people": result.people, "posts": result.posts, "changes": result.changes},
    )
    return redirect("roster:people")


def _run(request: HttpRequest, raw: bytes, name: str, *, dry_run: bool) -> Result:
    now = timezone.now()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"list{Path(name).suffix.lower()[:8]}"
        path.write_bytes(raw)
        table = read_table(path)
    scope = Scope.at(request.access, now)  # type: ignore[attr-defined]
    return import_roster(table, scope=scope, actor=request.user, now=now, dry_run=dry_run)


def _key(request: HttpRequest, token: str) -> str:
    return f"roster-import:{request.user.pk}:{token}"


def _chinese() -> bool:
    return (get_language() or "").startswith("zh")


def _columns() -> list[tuple[str, str]]:
    names = roster_export.headings(chinese=_chinese())
    return [(name, str(MEANINGS[field])) for name, field in zip(names, COLUMNS, strict=True)]


@require_safe
@requires(Right.KEEP_ROSTER)
def template(request: HttpRequest) -> HttpResponseBase:
    """An empty list with its columns and the words that are allowed."""
    book = io.BytesIO()
    write_sheets(roster_export.template_sheets(chinese=_chinese()), book)
    book.seek(0)
    return FileResponse(
        book, as_attachment=True, filename="roster-template.xlsx", content_type=XLSX
    )


@require_safe
@requires(Right.SEE_ROSTER, Right.KEEP_ROSTER)
def export(request: HttpRequest, ending: str) -> HttpResponseBase:
    """The roster of the reader's area as .xlsx or .csv, masked; the taking out is on record."""
    if ending not in {"csv", "xlsx"}:
        raise Http404
    now = timezone.now()
    rows = list(roster_export.export_rows(Scope.at(request.access, now), now))  # type: ignore[attr-defined]
    notes = roster_export.origin(str(request.user), now)
    roster_export.note_export(actor=request.user, now=now, ending=ending, rows=len(rows))
    name = f"roster-{timezone.localdate(now):%Y-%m-%d}.{ending}"
    if ending == "csv":
        lines = roster_export.csv_lines(iter(rows), chinese=_chinese(), notes=notes)
        response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    book = io.BytesIO()
    heads = roster_export.headings(chinese=_chinese())
    write_sheets([(_("Roster"), heads, rows), (_("About"), [_("About"), ""], notes)], book)
    book.seek(0)
    return FileResponse(book, as_attachment=True, filename=name, content_type=XLSX)
