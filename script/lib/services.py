"""The private PostGIS cluster and the private Redis of one checkout, on Unix sockets.

They run while at least one command uses them: the first starts them, the last stops them.
"""

import contextlib
import fcntl
import hashlib
import os
import pwd
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from . import system
from .common import Refusal, locked, say, tail

ROLE = "gridmgmt"
DATABASE = "gridmgmt"
EXTENSIONS = ("postgis", "btree_gist")
# PostgreSQL refuses root; Debian's package brings this user.
SYSTEM_USER = "postgres"
SHARED_DATA = Path("/var/lib/gridmgmt")
# For a machine of two cores that also runs the web and the worker. Nothing acknowledged is lost:
# fsync and synchronous_commit stay on.
CONFIGURATION = """\
# Written by script/ at every start; changes belong into script/lib/services.py.
listen_addresses = ''
unix_socket_directories = '{run_dir}'
unix_socket_permissions = 0700
shared_buffers = 256MB
effective_cache_size = 1GB
work_mem = 16MB
maintenance_work_mem = 128MB
max_connections = 100
random_page_cost = 1.1
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
"""


def short_hash(path: Path) -> str:
    """Eight hexadecimal digits that tell one checkout from another."""
    return hashlib.sha256(str(path).encode()).hexdigest()[:8]


class PrivateServices:
    """Starts and stops what a checkout runs for itself.

    local: the checkout's directory of uncommitted things.
    database, redis: which of the two is private (the other one is given by its URL).
    """

    def __init__(self, local: Path, *, database: bool, redis: bool) -> None:
        self.local = local
        self.database = database
        self.redis = redis
        # A socket's path may have 107 bytes, and a checkout may lie deep: so not below `local`.
        self.run_dir = Path("/tmp") / f"gridmgmt-{short_hash(local)}"  # noqa: S108 - owner checked
        self.as_user = SYSTEM_USER if os.geteuid() == 0 else None
        self.redis_socket = self.run_dir / "redis.sock"

    @property
    def redis_url(self) -> str:
        return f"unix://{self.redis_socket}?db=0"

    @property
    def database_url(self) -> str:
        return f"postgis://{ROLE}@{quote(str(self.run_dir), safe='')}/{DATABASE}"

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """The services run inside the block, whoever else uses them besides."""
        if not (self.database or self.redis):
            yield
            return
        gate = self.local / "services.lock"
        with (self.local / "services.users").open("w") as users:
            with locked(gate, "Another command starts or stops the services; waiting …"):
                fcntl.flock(users, fcntl.LOCK_SH)
                try:
                    self._start()
                except BaseException:
                    self._leave(users.fileno())
                    raise
            try:
                yield
            finally:
                with locked(gate, "Another command starts or stops the services; waiting …"):
                    self._leave(users.fileno())

    def _leave(self, users: int) -> None:
        """Gives up the share in the services; the last user stops them."""
        fcntl.flock(users, fcntl.LOCK_UN)
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        self._stop()
        fcntl.flock(users, fcntl.LOCK_UN)

    def _start(self) -> None:
        self._make_run_dir()
        if self.database:
            self._start_postgres()
        if self.redis:
            self._start_redis()

    def _stop(self) -> None:
        if self.redis and self._redis_says("PING"):
            self._redis_says("SHUTDOWN")
            _wait_until(lambda: not self._redis_says("PING"), "Redis does not stop")
        data = self.data_dir()
        if self.database and (data / "postmaster.pid").exists():
            self._postgres("pg_ctl", "-D", data, "-s", "-w", "-m", "fast", "stop", ok=(0, 1))
        with contextlib.suppress(OSError):
            self.run_dir.rmdir()

    def _make_run_dir(self) -> None:
        self.run_dir.mkdir(mode=0o711, exist_ok=True)
        uids = {os.geteuid(), pwd.getpwnam(self.as_user).pw_uid if self.as_user else os.geteuid()}
        status = self.run_dir.lstat()
        if self.run_dir.is_symlink() or status.st_uid not in uids:
            raise Refusal(f"{self.run_dir} belongs to somebody else; remove it and try again.")
        if self.as_user:
            shutil.chown(self.run_dir, self.as_user)
        self.run_dir.chmod(0o711 if self.as_user else 0o700)

    # PostgreSQL

    def data_dir(self) -> Path:
        """Where the cluster's files lie: below `local`, or where its user may enter."""
        if self.as_user is None or self._may_enter(self.local):
            return self.local / "postgres" / "data"
        return SHARED_DATA / short_hash(self.local) / "data"

    def _may_enter(self, folder: Path) -> bool:
        test = ["test", "-x", str(folder)]
        return subprocess.run(test, user=self.as_user, cwd="/", check=False).returncode == 0

    def _start_postgres(self) -> None:
        data = self.data_dir()
        if not (data / "PG_VERSION").exists():
            self._create_cluster(data)
        if not self._is_ready():
            (data / "gridmgmt.conf").write_text(CONFIGURATION.format(run_dir=self.run_dir))
            log = data.parent / "postgres.log"
            if self._postgres("pg_ctl", "-D", data, "status", ok=(0, 3, 4)) == 0:
                # It runs, but its socket has gone (somebody swept /tmp): start it anew.
                self._postgres("pg_ctl", "-D", data, "-s", "-w", "-m", "fast", "stop")
            start = ("pg_ctl", "-D", data, "-s", "-w", "-t", "90", "-l", log, "start")
            if self._postgres(*start, ok=(0, 1)) != 0:
                for line in tail(log, 8) if log.exists() else []:
                    say(f"    {line}")
                raise Refusal(f"the private database does not start; its log is {log}")
        self._create_database(os.environ.get("GRIDMGMT_DATABASE", "").strip() or DATABASE)

    def _create_cluster(self, data: Path) -> None:
        say("· Making the private database cluster")
        if SHARED_DATA in data.parents:
            SHARED_DATA.mkdir(mode=0o755, parents=True, exist_ok=True)
            SHARED_DATA.chmod(0o755)
            (self.local / "postgres-is-in").write_text(f"{data}\n")
        data.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.as_user:
            shutil.chown(data.parent, self.as_user, pwd.getpwnam(self.as_user).pw_gid)
        options = ("-U", ROLE, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
        self._postgres("initdb", "-D", data, *options)
        with (data / "postgresql.conf").open("a") as file:
            file.write("include = 'gridmgmt.conf'\n")

    def _create_database(self, name: str) -> None:
        if not re.fullmatch(r"[a-z_][a-z0-9_]{0,50}", name):
            raise Refusal(
                f"GRIDMGMT_DATABASE must be lower-case letters, digits and _, not {name!r}."
            )
        # Checked above: nothing but letters, digits and _ comes into the statement.
        if self._sql("postgres", f"SELECT 1 FROM pg_database WHERE datname = '{name}'") == "1":  # noqa: S608
            return
        say(f"· Making the database {name}")
        self._sql("postgres", f'CREATE DATABASE "{name}"')
        for extension in EXTENSIONS:
            self._sql(name, f"CREATE EXTENSION IF NOT EXISTS {extension}")

    def _sql(self, database: str, statement: str) -> str:
        # The script's statements only; names have been checked by the caller.
        program = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", str(self.run_dir)]
        result = subprocess.run(
            [*program, "-U", ROLE, "-d", database, "-c", statement],
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            raise Refusal(f"the private database refused {statement!r}: {result.stderr.strip()}")
        return result.stdout.strip()

    def _is_ready(self) -> bool:
        ask = ["pg_isready", "-q", "-h", str(self.run_dir), "-t", "2"]
        return subprocess.run(ask, check=False).returncode == 0

    def _postgres(self, program: str, *arguments: str | Path, ok: Sequence[int] = (0,)) -> int:
        """Runs a program of the right PostgreSQL as its user; returns its exit code."""
        version = self.data_dir() / "PG_VERSION"
        major = version.read_text().strip() if version.exists() else None
        folder = system.postgres_bin(major)
        if folder is None:
            raise Refusal(
                f"the private database in {version.parent} was made by PostgreSQL {major}, which "
                "is no longer installed with PostGIS: install that version, dump, and start anew "
                "(docs/operations.md)."
            )
        result = subprocess.run(
            [str(folder / program), *map(str, arguments)],
            stdout=subprocess.PIPE if program != "pg_ctl" else subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            cwd="/",
            user=self.as_user,
            group=pwd.getpwnam(self.as_user).pw_gid if self.as_user else None,
            extra_groups=[] if self.as_user else None,
            umask=0o077,
            # Ctrl-C at the terminal is for the command, not for the database below it.
            start_new_session=True,
            check=False,
        )
        if result.returncode not in ok:
            detail = (result.stdout or b"").decode(errors="replace").strip()[-500:]
            raise Refusal(f"{program} failed with code {result.returncode}. {detail}".strip())
        return result.returncode

    # Redis

    def _start_redis(self) -> None:
        if self._redis_says("PING"):
            return
        folder = self.local / "redis"
        folder.mkdir(mode=0o700, exist_ok=True)
        options = {
            "port": "0",
            "unixsocket": str(self.redis_socket),
            "unixsocketperm": "700",
            "dir": str(folder),
            "appendonly": "yes",
            "save": "",
            "daemonize": "yes",
            "logfile": str(self.local / "log" / "redis.log"),
            "pidfile": str(folder / "redis.pid"),
        }
        command = ["redis-server"]
        for name, value in options.items():
            command += [f"--{name}", value]
        result = subprocess.run(command, stdout=subprocess.DEVNULL, cwd=folder, check=False)
        if result.returncode:
            raise Refusal(f"the private Redis does not start; see {options['logfile']}")
        _wait_until(lambda: self._redis_says("PING"), f"Redis is silent; see {options['logfile']}")

    def _redis_says(self, word: str) -> bool:
        """Whether Redis answers (a SHUTDOWN is answered by silence)."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(10)
            try:
                connection.connect(str(self.redis_socket))
                connection.sendall(f"{word}\r\n".encode())
                return connection.recv(64).startswith(b"+PONG")
            except OSError:
                return False


def _wait_until(is_so: Callable[[], bool], otherwise: str, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            raise Refusal(otherwise)
        time.sleep(0.05)
