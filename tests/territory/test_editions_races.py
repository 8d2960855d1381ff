"""Many publish at once, from processes of their own, and one consistent history comes of it."""

import itertools
import subprocess
import sys
import threading

import pytest
from django.db import connection, transaction
from django.utils import timezone

from grids.territory.choices import EditionStatus
from grids.territory.errors import TerritoryError
from grids.territory.models import Boundary, Edition
from grids.territory.querysets import lock_publishing
from grids.territory.services import coverage, editions, rebasing
from grids.territory.services.responsibility import responsible_areas
from tests.territory.redraws import box, draft, publish, put
from tests.town import AREAS, START

pytestmark = [
    pytest.mark.req("G-05"),
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]

PUBLISHER = """
import sys, django
django.setup()
from django.db import connection
from django.utils import timezone
connection.settings_dict["NAME"] = sys.argv[1]
from grids.territory.errors import EditionConflict, NotADraft
from grids.territory.models import Edition
from grids.territory.services import editions
edition = Edition.objects.get(name=sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
try:
    done = editions.publish(edition, actor=None, now=timezone.now())
    print("published", done.effective_at.isoformat(), flush=True)
except (EditionConflict, NotADraft) as refusal:
    print("refused", refusal.text, flush=True)
"""


def together(names: list[str]) -> list[str]:
    """Each name is published by a process of its own, all at once; what each of them says."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PUBLISHER, connection.settings_dict["NAME"], name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in names
    ]
    try:
        for process in processes:
            assert process.stdout.readline().strip() == "ready"
        for process in processes:
            process.stdin.write("go\\n")
            process.stdin.flush()
        return [process.communicate(timeout=120)[0].strip() for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_ten_processes_leave_one_history(request) -> None:
    """Five drafts rename b1 and clash; five move the border of a1 or other grids and clash too."""
    town = request.getfixturevalue("town")
    names = []
    for number in range(5):
        one, other = draft(f"name {number}"), draft(f"border {number}")
        put(one, town, "b1", name=f"b1 of {number}")
        put(one, town, list(AREAS)[7 + number % 2], name=f"second of {number}")
        border = 116.302 + number / 1000
        put(other, town, "a1", geometry=box(116.30, 40.00, border, 40.02))
        put(other, town, "a2", geometry=box(border, 40.00, 116.32, 40.02))
        names += [one.name, other.name]
    before = responsible_areas(116.3095, 40.01, moment=START).leaf.grid_id
    answers = together(names)
    published = Edition.objects.filter(status=EditionStatus.PUBLISHED).exclude(name="town")
    assert sorted(answer.split()[0] for answer in answers) == ["published"] * 2 + ["refused"] * 8
    assert {edition.name.split()[0] for edition in published} == {"name", "border"}
    for answer in answers:
        assert answer.startswith("published") or "town" not in answer
    assert_one_history()
    assert responsible_areas(116.3095, 40.01, moment=START).leaf.grid_id == before
    # Whoever lost rebases, one after the other, and nothing of anybody's is lost on the way.
    for edition in Edition.objects.filter(status=EditionStatus.DRAFT).order_by("name"):
        keep = {clash.grid.pk: "mine" for clash in rebasing.conflicts(edition)}
        assert keep
        assert rebasing.rebase(edition, keep=keep, actor=None, now=timezone.now()) == []
        publish(edition)
    assert_one_history()
    assert published.all().count() == 10


def assert_one_history() -> None:
    """Versions of a grid follow each other without a gap in time, and each moment keeps the law."""
    by_grid: dict[int, list[Boundary]] = {}
    for boundary in Boundary.objects.filter(valid__isnull=False).order_by("valid"):
        by_grid.setdefault(boundary.grid_id, []).append(boundary)
    for versions in by_grid.values():
        for old, new in itertools.pairwise(versions):
            assert old.valid.upper == new.valid.lower == new.edition.effective_at
            assert new.replaces_id == old.pk
        assert versions[-1].valid.upper is None
    for edition in Edition.objects.filter(status=EditionStatus.PUBLISHED):
        findings = coverage.examine(edition.effective_at).findings
        assert [f for f in findings if f.kind in {"gap", "overlap", "missing_parent"}] == []


def test_the_same_draft_published_twice_at_once_is_published_once(request) -> None:
    town = request.getfixturevalue("town")
    put(draft("once"), town, "a1", name="x")
    answers = together(["once"] * 3)
    assert sorted(answer.split()[0] for answer in answers) == ["published", "refused", "refused"]
    assert Boundary.objects.filter(grid=town.grids["a1"]).count() == 2


def test_who_began_first_and_ends_second_is_in_order(request) -> None:
    """A transaction that began before another publisher's, and gets its turn after it."""
    town = request.getfixturevalue("town")
    early, late = draft("began first"), draft("ends first")
    put(early, town, "a1", name="by the early one")
    put(late, town, "b1", name="by the late one")
    began, may_go_on = threading.Event(), threading.Event()
    outcome: list[Edition] = []

    def slow() -> None:
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SELECT now()")  # its transaction's clock stands from here on
                began.set()
                assert may_go_on.wait(30)
                outcome.append(publish(early))
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert began.wait(30)
    first = publish(late)
    between = timezone.now()
    name = responsible_areas(*town.point_in("a1"), moment=between).leaf.name
    may_go_on.set()
    thread.join(60)
    assert outcome[0].effective_at > between > first.effective_at
    assert responsible_areas(*town.point_in("a1"), moment=between).leaf.name == name == "区a1"
    assert_one_history()


def test_withdrawing_and_publishing_at_once_leaves_one_of_them(request) -> None:
    town = request.getfixturevalue("town")
    edition = draft("both")
    put(edition, town, "a1", name="x")
    said: list[str] = []
    start = threading.Barrier(2)

    def run(verb) -> None:
        start.wait()
        try:
            said.append(verb(edition, actor=None, now=timezone.now()).status)
        except TerritoryError:
            said.append("refused")
        finally:
            connection.close()

    threads = [
        threading.Thread(target=run, args=(verb,)) for verb in (editions.publish, editions.withdraw)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    edition.refresh_from_db()
    assert sorted(said) == sorted([edition.status, "refused"])


def test_an_import_that_publishes_waits_before_it_locks_its_draft(request, tmp_path) -> None:
    """Else a publisher of the same draft and the import would wait for each other."""
    town = request.getfixturevalue("town")
    file = tmp_path / "a2.geojson"
    geometry = town.boundaries["a2"].geometry.geojson
    file.write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":'
        f'{{"c":"110108999001002","n":"by file","p":"110108999001"}},"geometry":{geometry}}}]}}'
    )
    put(draft("shared"), town, "a1", name="x")
    with transaction.atomic():
        lock_publishing()
        command = [
            sys.executable, "manage.py", "import_boundaries", str(file), "--tier", "grid",
            "--code", "c", "--name", "n", "--parent", "p", "--edition", "shared", "--publish",
        ]  # fmt: skip
        importer = subprocess.Popen(
            [sys.executable, "-c", AS_TEST, connection.settings_dict["NAME"], *command[2:]],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert importer.stdout.readline().strip() == "ready"
        # The draft's row is free: the importer waits for its turn to publish, not we for the row.
        edition = Edition.objects.get(name="shared")
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '20s'; SELECT pg_sleep(1.5)")
        editions.publish(edition, actor=None, now=timezone.now())
    told = importer.communicate(timeout=60)[0]
    assert importer.returncode != 0
    assert "shared" in told


AS_TEST = """
import sys, django
django.setup()
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
print("ready", flush=True)
try:
    call_command(*sys.argv[2:])
except CommandError as error:
    sys.exit(str(error))
"""
