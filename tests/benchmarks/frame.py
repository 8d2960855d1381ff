"""What every bench needs: a figure and its table, a database of its own, a server, a load.

A figure is always a pair: ours and a yardstick, measured in turns in the same run, so that a busy
machine slows both. The ratio is what counts, not the milliseconds.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import platform
import re
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"


@dataclass(frozen=True)
class Figure:
    """One measured pair. `at_most`: whether the ratio ours/yardstick must not exceed the target,
    or (False) must reach it."""

    name: str
    ours: float
    yardstick: float
    unit: str
    target: float
    at_most: bool
    against: str  # what the yardstick is
    note: str = ""

    @property
    def ratio(self) -> float:
        return self.ours / self.yardstick

    @property
    def met(self) -> bool:
        return self.ratio <= self.target if self.at_most else self.ratio >= self.target

    def cells(self) -> list[str]:
        """The row of the table."""
        sign = "≤" if self.at_most else "≥"
        return [
            self.name,
            f"{self.ours:.4g} {self.unit}",
            f"{self.yardstick:.4g} {self.unit} ({self.against})",
            f"{self.ratio:.2f}",
            f"{sign} {self.target:g}",
            "yes" if self.met else "NO",
            self.note or "–",
        ]

    def line(self) -> str:
        return " | ".join(self.cells())


HEADER = ["work", "ours", "yardstick", "ratio", "target", "met", "note"]


def say(text: str) -> None:
    """To the terminal, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def table(figures: Sequence[Figure]) -> str:
    rows = [HEADER, ["---"] * len(HEADER), *(figure.cells() for figure in figures)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def machine() -> str:
    """Processor, cores, memory and versions, for whoever reads the figures."""
    model = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())
    from django.db import connection  # the settings stand only now

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), postgis_lib_version()")
        postgres, postgis = cursor.fetchone()
    return (
        f"{model[1] if model else platform.processor()}, {os.cpu_count()} cores, "
        f"{int(memory[1]) / 1048576:.0f} GB; Python {platform.python_version()}, "
        f"PostgreSQL {postgres.split()[0]}, PostGIS {postgis}"
    )


def write(figures: Sequence[Figure]) -> None:
    """Put the rows into docs/benchmarks.md; rows of benches that did not run stay."""
    today = dt.datetime.now(dt.UTC).date().isoformat()
    rows: dict[str, str] = {}
    if PAGE.exists():
        for line in PAGE.read_text(encoding="utf-8").splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if line.startswith("| ") and cells[0] not in {"work", "---"}:
                rows[cells[0]] = line
    for figure in figures:
        rows[figure.name] = "| " + " | ".join([*figure.cells(), f"{today}, {machine()}"]) + " |"
    header = [*HEADER, "measured"]
    PAGE.write_text(
        "# Benchmarks\n\n"
        "Each figure stands beside its yardstick, measured in turns in the same run by\n"
        "`./script/bench`; `./script/bench --write` updates this page. Ratio is ours divided by\n"
        "the yardstick: for times smaller is better, for rates (1/s) larger.\n\n"
        f"| {' | '.join(header)} |\n|{'---|' * len(header)}\n" + "\n".join(rows.values()) + "\n",
        encoding="utf-8",
    )


def prepare() -> None:
    """Start Django, with limits that no bench can reach."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.settings"
    import django

    django.setup()


@contextlib.contextmanager
def database(name: str) -> Iterator[str]:
    """A migrated database of that name, current for this process and its children; dropped after.

    The server must allow it; it is the one that DATABASE_URL names.
    """
    from django.core.management import call_command
    from django.db import connection

    previous = connection.settings_dict["NAME"], os.environ.get("GRIDMGMT_DATABASE")
    connection.close()
    with maintenance() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}"')
    connection.settings_dict["NAME"] = name
    os.environ["GRIDMGMT_DATABASE"] = name
    try:
        call_command("migrate", verbosity=0)
        yield name
    finally:
        connection.close()
        connection.settings_dict["NAME"] = previous[0]
        if previous[1] is None:
            del os.environ["GRIDMGMT_DATABASE"]
        else:
            os.environ["GRIDMGMT_DATABASE"] = previous[1]
        with maintenance() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextlib.contextmanager
def maintenance() -> Iterator:
    """A cursor outside any transaction, in the server's own database."""
    import psycopg2
    from django.db import connection

    parameters = connection.get_connection_params() | {"dbname": "postgres"}
    parameters.pop("cursor_factory", None)
    link = psycopg2.connect(**parameters)
    link.autocommit = True
    try:
        with link.cursor() as cursor:
            yield cursor
    finally:
        link.close()


def in_turns(
    works: Sequence[Callable[[int], object]], *, rounds: int, calls: int
) -> list[list[float]]:
    """Seconds per call of each work: `rounds` turns of `calls` calls each, after a warm-up turn."""
    found: list[list[float]] = [[] for _ in works]
    for turn in range(rounds + 1):
        for number, work in enumerate(works):
            start = time.perf_counter()
            for call in range(calls):
                work(turn * calls + call)
            if turn:
                found[number].append((time.perf_counter() - start) / calls)
    return found


def best(rounds: Sequence[float]) -> float:
    """The mean of the three fastest rounds: whatever else the machine does can only slow one."""
    return statistics.fmean(sorted(rounds)[:3])


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def server(
    application: str, *, environment: dict[str, str], granian: Path, probe: str
) -> Iterator[int]:
    """One process that serves a WSGI application; gives the port once `probe` answers 200."""
    port = free_port()
    process = subprocess.Popen(
        [
            str(granian),
            "--interface",
            "wsgi",
            "--workers",
            "1",
            "--blocking-threads",
            "2",
            "--port",
            str(port),
            "--log-level",
            "warning",
            application,
        ],
        cwd=ROOT,
        env=environment,
    )
    try:
        _wait_for(port, probe, process)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(port: int, probe: str, process: subprocess.Popen) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            status, _body = get(HTTPConnection("127.0.0.1", port, timeout=10), probe)
        except OSError:
            time.sleep(0.2)
            continue
        if status == 200:
            return
        raise RuntimeError(f"{probe} answers {status}")
    raise RuntimeError(f"the server for {probe} did not start")


def get(link: HTTPConnection, address: str) -> tuple[int, bytes]:
    """One request on a kept connection."""
    link.request("GET", address, headers={"Accept": "application/json", "Accept-Language": "en"})
    answer = link.getresponse()
    return answer.status, answer.read()


def rates(
    ports: Sequence[int],
    addresses: Sequence[Callable[[int], str]],
    *,
    rounds: int = 15,
    seconds: float = 1.0,
    clients: int = 2,
) -> list[float]:
    """Requests per second of each server, in many short turns. The mean of the best three rounds
    counts: whatever else the machine does can only slow a round. Every answer must be 200."""
    found: list[list[float]] = [[] for _ in ports]
    for turn in range(rounds + 1):
        for number, (port, address) in enumerate(zip(ports, addresses, strict=True)):
            rate = _load(port, address, seconds, clients)
            if turn:
                found[number].append(rate)
    return [statistics.fmean(sorted(rounds_of_one)[-3:]) for rounds_of_one in found]


class Caller:
    """One kept connection that reads answers and nothing more: a full HTTP client would take as
    much of a small machine's processor as the server that is to be measured."""

    def __init__(self, port: int) -> None:
        self.link = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *_error: object) -> None:
        self.link.close()

    def get(self, address: str) -> int:
        """The status of one request; its body is read to the end."""
        self.link.sendall(
            f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Language: en\r\n\r\n".encode()
        )
        received = self._more()
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._more()
        head = received[:end].lower()
        body = len(received) - end - 4
        if b"transfer-encoding: chunked" in head:
            while not received.endswith(b"0\r\n\r\n"):
                received += self._more()
        else:
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            while body < length:
                body += len(self._more())
        return int(head[9:12])

    def _more(self) -> bytes:
        part = self.link.recv(65536)
        if not part:
            raise ConnectionError("the server closed the connection")
        return part


def _load(port: int, address: Callable[[int], str], seconds: float, clients: int) -> float:
    counts = [0] * clients
    bad: list[int] = []
    until = time.perf_counter() + seconds

    def client(number: int) -> None:
        with Caller(port) as caller:
            while time.perf_counter() < until:
                status = caller.get(address(number * 1_000_003 + counts[number]))
                if status != 200:
                    bad.append(status)
                counts[number] += 1

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if bad:
        raise RuntimeError(f"answers other than 200: {sorted(set(bad))}")
    return sum(counts) / (time.perf_counter() - start)
