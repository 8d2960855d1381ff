"""A report by POST without photo, durable in all its books: against a view that only inserts."""

from __future__ import annotations

import json
import os
import statistics
import sys
import threading
import time
from http.client import HTTPConnection
from pathlib import Path

from tests.benchmarks import division
from tests.benchmarks.frame import Figure, database, server

SIZE = (80, 50)
GRANIAN = Path(sys.executable).with_name("granian")
ROUNDS, SECONDS, CLIENTS = 5, 4.0, 2


def run() -> list[Figure]:
    with database("gridmgmt_bench_report"):
        division.load(*SIZE)
        category, staff = office()
        places = division.points(*SIZE, 5000)
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings"}

        def body(n: int) -> bytes:
            lon, lat = places[n % len(places)]
            report = {
                "description": f"垃圾桶满了,已经溢到路上,请尽快清理({n})",
                "lon": lon,
                "lat": lat,
                "category_id": category,
                "contact_phone": "13800001999",
            }
            return json.dumps(report).encode()

        with server(
            "gridmgmt.wsgi:application",
            environment=environment,
            granian=GRANIAN,
            probe="/api/v1/report-kinds/",
        ) as port:
            _load(port, "/api/v1/incidents/", body, 0.5)  # the pattern of the bare view
            found: dict[str, list[float]] = {"/api/v1/incidents/": [], "/bare/report/": []}
            for turn in range(ROUNDS + 1):
                for address, rates in found.items():
                    rate = _load(port, address, body, SECONDS if turn else 1.0)
                    if turn:
                        rates.append(rate)
        ours, bare = (statistics.median(rates) for rates in found.values())
    return [
        Figure(
            "a report by POST without photo",
            ours,
            bare,
            "1/s",
            0.5,
            False,
            "a bare Django view inserting the same rows",
            f"{SIZE[0] * SIZE[1]} grids, {staff} managers in post, {_durability()}",
        )
    ]


def office() -> tuple[int, int]:
    """A category with its rule, and a manager on every tenth grid, else on its street."""
    from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

    from gridmgmt.core.permissions import Role
    from grids.people.models import Person, Post
    from grids.territory.models import Grid
    from incidents.choices import CategoryKind
    from incidents.models import Category, FilingRule

    category = Category.objects.create(
        standard="bench",
        version="1",
        kind=CategoryKind.EVENT,
        big_code="01",
        big_name="市容环境",
        small_code="001",
        name="暴露垃圾",
        system="sanitation",
    )
    FilingRule.objects.create(category=category, limit=4, unit="work_hour")
    grids = list(Grid.objects.values_list("pk", flat=True))
    people = Person.objects.bulk_create(Person(name=f"经理{n}") for n in range(len(grids)))
    always = DateTimeTZRange(division.SINCE, None)
    Post.objects.bulk_create(
        Post(person=person, role=Role.MANAGER, grid_id=grid, valid=always)
        for person, grid in zip(people, grids, strict=True)
    )
    return category.pk, len(grids)


def _durability() -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('fsync'), current_setting('synchronous_commit')")
        fsync, commit = cursor.fetchone()
    return f"fsync {fsync}, synchronous_commit {commit}"


def _load(port: int, address: str, body, seconds: float) -> float:
    counts = [0] * CLIENTS
    bad: list[tuple[int, bytes]] = []
    until = time.perf_counter() + seconds
    headers = {"Content-Type": "application/json", "Accept-Language": "en"}

    def client(number: int) -> None:
        link = HTTPConnection("127.0.0.1", port, timeout=20)
        while time.perf_counter() < until:
            link.request("POST", address, body(number * 1_000_003 + counts[number]), headers)
            answer = link.getresponse()
            text = answer.read()
            if answer.status != 201:
                bad.append((answer.status, text[:300]))
            counts[number] += 1
        link.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if bad:
        raise RuntimeError(f"{address} answers {bad[0]}")
    return sum(counts) / (time.perf_counter() - start)
