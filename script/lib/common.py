"""Where things lie, how progress is said, how a step is run, how a command ends."""

import contextlib
import fcntl
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent.parent
VENV = ROOT / ".venv"
PATIENCE_S = 15


def tool(name: str) -> str:
    """A program of `.venv`."""
    return str(VENV / "bin" / name)


class Refusal(Exception):  # noqa: N818 - it is said to a person, not to a programmer
    """Why a command stops, in one line that tells the operator what to do."""


def local_dir() -> Path:
    """The directory of everything that this checkout makes and does not commit."""
    given = os.environ.get("GRIDMGMT_LOCAL_DIR", "").strip()
    local = Path(given).expanduser().resolve() if given else ROOT / ".local"
    try:
        (local / "log").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refusal(f"{local} cannot be written ({error.strerror}).") from error
    if not os.access(local / "log", os.W_OK):
        raise Refusal(f"{local} belongs to {local.owner()}; run this as that user.")
    return local


def say(line: str) -> None:
    """One line of progress, at once."""
    print(line, flush=True)


def step(
    what: str,
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    log_name: str = "setup.log",
) -> None:
    """Runs a long command quietly: its output goes to a log whose end is shown when it fails."""
    say(f"· {what}")
    log_path = local_dir() / "log" / log_name
    with log_path.open("ab") as log:
        log.write(f"\n$ {shlex.join(map(str, command))}\n".encode())
        log.flush()
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL if not sys.stdin or not sys.stdin.isatty() else None,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env=dict(env) if env is not None else None,
        )
        try:
            code = _wait_aloud(process, log_path)
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if code:
        for line in tail(log_path, 15):
            say(f"    {line}")
        raise Refusal(f"{what}: failed with code {code}; the whole output is in {log_path}")


def _wait_aloud(process: "subprocess.Popen[bytes]", log_path: Path) -> int:
    started = time.monotonic()
    while True:
        try:
            return process.wait(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            last = (tail(log_path, 1) or [""])[0][:90]
            say(f"    {time.monotonic() - started:.0f} s  {last}")


def tail(path: Path, count: int) -> list[str]:
    """The last `count` lines of a text file that are not empty."""
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - 20_000))
        lines = file.read().decode(errors="replace").replace("\r", "\n").splitlines()
    return [line for line in lines if line.strip()][-count:]


@contextlib.contextmanager
def locked(path: Path, waiting: str) -> Iterator[None]:
    """Holds a file lock, saying `waiting` when another process has it."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(waiting)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def call(command: Sequence[str | Path], env: Mapping[str, str]) -> int:
    """Runs a command in the foreground and returns its exit code; Ctrl-C is the command's."""
    process = subprocess.Popen([str(part) for part in command], cwd=ROOT, env=dict(env))
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # the terminal has told the command too; it decides how to end
        except SystemExit:
            process.terminate()
            process.wait()
            raise


def _terminated(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def entry(main: Callable[[list[str]], int]) -> None:
    """Runs a command of `script/`: a refusal is one line, a signal still cleans up."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _terminated)
    try:
        sys.exit(main(sys.argv[1:]))
    except Refusal as refusal:
        print(f"script/{Path(sys.argv[0]).name}: {refusal}", file=sys.stderr, flush=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
