"""Pages of desks and the map at 1,000,000 cases: no plan reads the whole table of cases.

The pages themselves are asked, as the people of tests/town.py; every statement they send is
explained. The figure is the page that grows most against the same page, with the same answer,
when the table holds its town's 20,000 cases only.
"""

from __future__ import annotations

import json
import time

from tests.benchmarks.frame import Figure, database, say

SMALL, LARGE = 20_000, 1_000_000
ROUNDS = 5
PAGES = (
    ("owner", "/work/"),
    ("owner", "/work/?tab=open"),
    ("supervisor", "/work/?tab=open&light=red"),
    ("supervisor", "/work/?tab=all"),
    ("supervisor", "/work/?tab=all&q=路7"),
    ("dispatcher", "/work/"),
    ("handler", "/work/"),
    ("coordinator", "/field/list/"),
    ("supervisor", "/map/cases.geojson"),
    ("supervisor", "/map/areas.geojson"),
    ("leader", "/today/"),
    ("owner", "/inbox/unread.json"),
)
# Static files by their names: nothing of them is measured.
PLAIN_FILES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# One case in forty is still open; paths, dates and words are spread as over some years.
COPY = """
INSERT INTO incidents_incident ({names})
SELECT {chosen} FROM (SELECT * FROM incidents_incident ORDER BY id LIMIT 1) AS first,
     generate_series({start}, {end}) AS n
"""


def run() -> list[Figure]:
    from django.contrib.gis.geos import Point
    from django.core.management import call_command
    from django.test import override_settings
    from django.utils import timezone

    from incidents.choices import Channel
    from incidents.services.intake import Report, report
    from tests import town as town_module

    with override_settings(STORAGES=PLAIN_FILES), database("gridmgmt_bench_pages"):
        town = town_module.build()
        call_command("load_standard", verbosity=0)
        lon, lat = town.point_in("a1")
        point = Point(lon, lat)
        report(
            Report(channel=Channel.WEB, description="路灯不亮", lon=point.x, lat=point.y),
            actor=None,
            now=timezone.now(),
        )
        _fill(town, 1, SMALL)
        small = _times(town)
        _fill(town, SMALL + 1, LARGE)
        large = _times(town)
        _refuse_scans(town)
    for name, seconds in large.items():
        say(f"{name}: {seconds * 1000:.0f} ms, with {SMALL:,} cases {small[name] * 1000:.0f} ms")
    page = max(large, key=lambda name: large[name] / small[name])
    return [
        Figure(
            "pages of desks and map at 1,000,000 cases",
            large[page] * 1000,
            small[page] * 1000,
            "ms",
            5,
            True,
            f"{SMALL:,} cases",
            f"grows most: {page}; no sequential scan of cases in any of {len(PAGES)} pages",
        )
    ]


def _fill(town, start: int, end: int) -> None:
    from django.db import connection

    from incidents.models import Incident

    columns = [f.column for f in Incident._meta.concrete_fields if f.column != "id"]
    leaves = [town.path(name) for name in ("a1", "a2", "b1", "b2", "f1", "f2")]
    # The first cases are the town's; all others lie in other street offices of the deployment.
    own = "CASE n % 6 " + " ".join(
        f"WHEN {number} THEN ARRAY{path}::bigint[]" for number, path in enumerate(leaves)
    )
    others = "ARRAY[900000000000 + n % 997, 910000000000 + n % 9973]::bigint[]"
    path = f"CASE WHEN n <= {SMALL} THEN {own} END ELSE {others} END"
    open_case = "n % 40 = 0"
    changed = {
        "number": "'QH-' || n",
        "idempotency_key": "NULL",
        "reported_at": "reported_at - n * interval '2 minutes'",
        "due_at": f"CASE WHEN {open_case} THEN due_at - n * interval '2 minutes' END",
        "warn_at": f"CASE WHEN {open_case} THEN warn_at - n * interval '2 minutes' END",
        "state": f"CASE WHEN {open_case} THEN 'reported' ELSE 'closed' END",
        "closed_at": f"CASE WHEN {open_case} THEN NULL ELSE reported_at END",
        "terms": "ARRAY['词' || n % 5000, '路' || n % 300]",
        "report_path": path,
        "owner_path": path,
        "owner_person_id": "NULL",
        "owner_grid_id": "NULL",
        "report_grid_id": "NULL",
        "point": "ST_SetSRID(ST_MakePoint(116.3 + (n % 600) / 10000.0, 40 + n / 6e7), 4326)",
    }
    statement = COPY.format(
        names=", ".join(f'"{column}"' for column in columns),
        chosen=", ".join(changed.get(column, f'"{column}"') for column in columns),
        start=start,
        end=end,
    )
    say(f"writing {end - start + 1:,} cases")
    with connection.cursor() as cursor:
        cursor.execute(statement)
        cursor.execute("VACUUM ANALYZE incidents_incident")


def _client(town, who: str):
    from django.test import Client

    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(town.users[who], backend="django.contrib.auth.backends.ModelBackend")
    return client


def _times(town) -> dict[str, float]:
    """Seconds of each page, the best of some rounds, in this process."""
    found = {}
    for who, address in PAGES:
        client = _client(town, who)
        rounds = []
        for _turn in range(ROUNDS):
            start = time.perf_counter()
            answer = client.get(address)
            rounds.append(time.perf_counter() - start)
            if answer.status_code != 200:
                raise RuntimeError(f"{who} {address} answers {answer.status_code}")
        found[f"{who} {address}"] = min(rounds)
    return found


def _refuse_scans(town) -> None:
    """Explain every statement that the pages send; a sequential scan of the cases is an error."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    scans = []
    for who, address in PAGES:
        client = _client(town, who)
        with CaptureQueriesContext(connection) as sent:
            client.get(address)
        for query in sent.captured_queries:
            text = query["sql"]
            if "incidents_incident" not in text or not text.lstrip().startswith("SELECT"):
                continue
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN (FORMAT JSON) " + text.replace("%", "%%"))
                plan = cursor.fetchone()[0]
            plan = json.loads(plan) if isinstance(plan, str) else plan
            if _scans(plan[0]["Plan"]):
                scans.append(f"{who} {address}: {text[:400]}")
    if scans:
        raise RuntimeError("the whole table of cases is read:\n" + "\n".join(scans))


def _scans(node: dict) -> bool:
    mine = node["Node Type"] == "Seq Scan" and node.get("Relation Name") == "incidents_incident"
    return mine or any(_scans(part) for part in node.get("Plans", []))
