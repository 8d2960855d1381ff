"""A list of 200,000 cases with all that belongs to them, against a bare COPY of the same rows."""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
import tempfile
import time
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.db.models import Max
from django.utils import timezone

from gridmgmt.core.models import AuditEntry, OutboxEvent
from incidents.models import CaseClock, Category, HistoryEntry, Incident, RoutingDecision
from tests.benchmarks import division
from tests.benchmarks.bench_report import office
from tests.benchmarks.frame import Figure, database, maintenance

SIZE = (80, 50)
ROWS = 200_000
TABLES = (Incident, HistoryEntry, RoutingDecision, CaseClock, AuditEntry, OutboxEvent)
WORDS = (
    "楼道堆放杂物影响通行",
    "路灯不亮夜间行走不便",
    "垃圾桶满溢气味难闻",
    "井盖松动存在隐患",
    "共享单车占用盲道",
    "小区门口积水",
    "健身器材损坏",
    "施工噪声扰民",
)


def run() -> list[Figure]:
    with database("gridmgmt_bench_import") as name, tempfile.TemporaryDirectory() as folder:
        division.load(*SIZE)
        call_command("load_standard", verbosity=0, stdout=io.StringIO())
        office()
        source = Path(folder, "cases.csv")
        _write(source)
        bare = f"{name}_bare"
        connection.close()
        with maintenance() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{bare}" WITH (FORCE)')
            cursor.execute(f'CREATE DATABASE "{bare}" TEMPLATE "{name}"')
        try:
            before = {
                model: model.objects.aggregate(last=Max("pk"))["last"] or 0 for model in TABLES
            }
            start = time.perf_counter()
            call_command("import_incidents", source, source="bench", stdout=io.StringIO())
            ours = time.perf_counter() - start
            taken = {model: model.objects.count() for model in TABLES}
            files = _copy_out(Path(folder), before)
            yardstick = _copy_in(bare, files)
        finally:
            connection.close()
            connection.settings_dict["NAME"] = name
            with maintenance() as cursor:
                cursor.execute(f'DROP DATABASE IF EXISTS "{bare}" WITH (FORCE)')
    if taken[Incident] != ROWS or taken[CaseClock] != ROWS or taken[RoutingDecision] != ROWS:
        raise AssertionError(f"not every row became a case with decision and clock: {taken}")
    return [
        Figure(
            "import_incidents, 200,000 rows with history, decision and clock",
            ours,
            yardstick,
            "s",
            3,
            True,
            "bare COPY of the same rows into the same tables",
            f"{SIZE[0] * SIZE[1]} grids; trail and outbox are written and copied too; see "
            "decisions/2026-11-22-imports.md",
        )
    ]


def _write(path: Path) -> None:
    chance = random.Random(5)
    codes = [category.code for category in Category.objects.filter(active=True)]
    now = timezone.now()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["编号", "时间", "内容", "经度", "纬度", "类别", "电话"])
        for number, (lon, lat) in enumerate(division.points(*SIZE, ROWS)):
            at = now - dt.timedelta(minutes=chance.randrange(60 * 24 * 300))
            writer.writerow(
                [
                    f"B{number:07}",
                    f"{at:%Y-%m-%d %H:%M}",
                    f"{chance.choice(WORDS)}，{number % 97 + 1}号楼前",
                    f"{lon:.6f}",
                    f"{lat:.6f}",
                    chance.choice(codes),
                    f"139{number % 10**8:08}",
                ]
            )


def _copy_out(folder: Path, before: dict) -> dict[str, tuple[str, Path]]:
    """What the import wrote into every table, as text, with the columns."""
    files = {}
    for model in TABLES:
        table = model._meta.db_table
        columns = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)
        path = folder / f"{table}.copy"
        with connection.cursor() as cursor, path.open("w", encoding="utf-8") as file:
            cursor.copy_expert(  # names of our own tables only
                f"COPY (SELECT {columns} FROM {table} WHERE id > {before[model]}) TO STDOUT",  # noqa: S608
                file,
            )
        files[table] = (columns, path)
    return files


def _copy_in(name: str, files: dict[str, tuple[str, Path]]) -> float:
    """Seconds for all tables in one transaction of the database `name`."""
    connection.close()
    connection.settings_dict["NAME"] = name
    with connection.cursor() as cursor:
        start = time.perf_counter()
        cursor.execute("BEGIN")
        for table, (columns, path) in files.items():
            with path.open(encoding="utf-8") as file:
                cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", file)
        cursor.execute("COMMIT")
        return time.perf_counter() - start
