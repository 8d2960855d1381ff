"""Files to take out: figures of areas and lists of cases. Each leaves an audit entry."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import BadRequest
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from data.exports import csv_files, excel_files, geo_files
from data.exports.case_rows import CaseTable
from data.exports.frame import Frame, make_frame, origin
from data.forms import QuestionForm
from data.services.grid_statistics import Question, grid_statistics
from gridmgmt.core import audit
from gridmgmt.core.guards import requires
from gridmgmt.core.permissions import Right
from incidents.models import Incident

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
YES = frozenset({"1", "true", "yes"})


@require_safe
@requires(Right.EXPORT)
def figures_file(request: HttpRequest, ending: str) -> HttpResponseBase:
    """Figures of the page's areas. `?public=1`: for publication; `?for=programs`: plain CSV."""
    if ending not in FIGURE_WRITERS:
        raise Http404
    now, question = timezone.now(), _question(request)
    access = request.access  # type: ignore[attr-defined]
    public = request.GET.get("public", "").lower() in YES
    figures = grid_statistics(question, access, now=now, right=Right.EXPORT)
    frame = make_frame(figures, who=str(request.user), now=now, public=public)
    _record(request, "statistics.exported", ending, question, now, public=public)
    name = f"statistics-{question.tier.code}-{question.period.first}-{question.period.last}"
    return FIGURE_WRITERS[ending](request, frame, f"{name}{'-public' if public else ''}.{ending}")


@require_safe
@requires(Right.EXPORT)
def cases_file(request: HttpRequest, ending: str) -> HttpResponseBase:
    """The cases behind the figures: masked, streamed."""
    if ending not in {"csv", "xlsx"}:
        raise Http404
    now, question = timezone.now(), _question(request)
    table = CaseTable(_cases(request, question))
    notes = origin(str(request.user), now)
    _record(request, "cases.exported", ending, question, now, public=False)
    name = f"cases-{question.period.first}-{question.period.last}.{ending}"
    if ending == "csv":
        plain = _for_programs(request)
        lines = csv_files.table_lines(
            table.keys if plain else table.headings,
            (_as_text(row) for row in table.rows()),
            codes=table.code_columns,
            notes=notes,
            for_programs=plain,
        )
        return _stream(lines, CSV, name)

    def write(path: Path) -> None:
        excel_files.write_table(
            table.headings,
            table.rows(),
            words=table.words,
            notes=notes,
            title=_("Cases"),
            path=path,
        )

    return _file(write, XLSX, name)


def _question(request: HttpRequest) -> Question:
    form = QuestionForm(
        request.GET,
        access=request.access,  # type: ignore[attr-defined]
        now=timezone.now(),
    )
    if not form.is_valid():
        raise BadRequest(" ".join(m for messages in form.errors.values() for m in messages))
    return form.question()


def _cases(request: HttpRequest, question: Question) -> Any:
    below = request.access.grids_for(Right.EXPORT)  # type: ignore[attr-defined]
    cases = Incident.objects.filter(
        reported_at__gte=question.period.start, reported_at__lt=question.period.end
    )
    if below is not None:
        cases = cases.filter(report_path__overlap=sorted(below))
    if question.area_id is not None:
        cases = cases.filter(report_path__contains=[question.area_id])
    if question.system == "none":
        cases = cases.filter(category__isnull=True)
    elif question.system:
        cases = cases.filter(category__system=question.system)
    return cases.order_by("reported_at", "pk")


def _record(
    request: HttpRequest,
    action: str,
    ending: str,
    question: Question,
    now: datetime,
    *,
    public: bool,
) -> None:
    audit.record(
        actor=request.user,  # type: ignore[arg-type]
        now=now,
        action=action,
        target=request.user,  # type: ignore[arg-type]
        data={
            "format": ending,
            "tier": question.tier.code,
            "first": str(question.period.first),
            "last": str(question.period.last),
            "system": question.system,
            "area": question.area_id,
            "public": public,
        },
    )


def _for_programs(request: HttpRequest) -> bool:
    return request.GET.get("for") == "programs"


def _as_text(row: list[Any]) -> list[Any]:
    """Moments as local ISO texts; nothing as nothing."""
    zone = timezone.get_default_timezone()
    return [
        f"{value.astimezone(zone):%Y-%m-%d %H:%M:%S}"
        if isinstance(value, datetime)
        else ("" if value is None else value)
        for value in row
    ]


def _csv(request: HttpRequest, frame: Frame, name: str) -> HttpResponseBase:
    lines = csv_files.frame_lines(frame, for_programs=_for_programs(request))
    return _stream(lines, CSV, name)


def _xlsx(request: HttpRequest, frame: Frame, name: str) -> HttpResponseBase:
    return _file(lambda path: excel_files.write_frame(frame, path), XLSX, name)


def _geojson(request: HttpRequest, frame: Frame, name: str) -> HttpResponseBase:
    return _stream(geo_files.geojson_parts(frame), "application/geo+json", name)


def _gpkg(request: HttpRequest, frame: Frame, name: str) -> HttpResponseBase:
    return _file(
        lambda path: geo_files.write_geopackage(frame, path),
        "application/geopackage+sqlite3",
        name,
    )


FIGURE_WRITERS: dict[str, Callable[[HttpRequest, Frame, str], HttpResponseBase]] = {
    "csv": _csv,
    "xlsx": _xlsx,
    "geojson": _geojson,
    "gpkg": _gpkg,
}


def _stream(parts: Any, kind: str, name: str) -> HttpResponseBase:
    response = StreamingHttpResponse(parts, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _file(write: Callable[[Path], None], kind: str, name: str) -> HttpResponseBase:
    """Write into a directory of its own, which is gone once the file is open."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / name
        write(path)
        opened = path.open("rb")  # stays readable without its name; the response closes it
    return FileResponse(opened, as_attachment=True, filename=name, content_type=kind)
