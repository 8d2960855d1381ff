"""Runs several processes as one: all live, or all stop.

Started children lead sessions of their own, so that Ctrl-C reaches the supervisor alone and it can
ask each child in turn to finish. They also die with the supervisor, should it be killed.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from .common import ROOT, say, tail

GRACE_S = 20
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


@dataclass(frozen=True)
class Child:
    """One process: its name in messages and in its log, and its command."""

    name: str
    command: Sequence[str]


class Supervisor:
    """Starts children, watches them, stops them.

    log_dir: each child's output goes to NAME.log there; None leaves it on our own output.
    """

    def __init__(
        self, children: Sequence[Child], env: Mapping[str, str], log_dir: Path | None
    ) -> None:
        self.children = children
        self.env = dict(env)
        self.log_dir = log_dir
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.asked_to_stop = False

    def __enter__(self) -> "Supervisor":
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        for child in self.children:
            self.processes[child.name] = self._start(child)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.asked_to_stop = True

    def _start(self, child: Child) -> "subprocess.Popen[bytes]":
        log = None
        if self.log_dir is not None:
            path = self.log_dir / f"{child.name}.log"
            if path.exists():
                path.replace(path.with_suffix(".log.1"))
            log = path.open("wb")
        try:
            return subprocess.Popen(
                list(child.command),
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT if log else None,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        finally:
            if log:
                log.close()

    def fallen(self) -> str | None:
        """The name of a child that has ended by itself."""
        return next(
            (name for name, process in self.processes.items() if process.poll() is not None), None
        )

    def wait_for(self, is_ready: Callable[[], bool], seconds: float) -> bool:
        """Waits until `is_ready`; False when a child fell, the time passed or a signal came."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.asked_to_stop and self.fallen() is None:
            if is_ready():
                return True
            time.sleep(0.2)
        return False

    def watch(self) -> int:
        """Blocks until a signal (0) or until a child falls (1, and says which)."""
        while not self.asked_to_stop:
            if self.fallen() is not None:
                self.report_fall()
                return 1
            time.sleep(0.2)
        return 0

    def report_fall(self) -> None:
        """Says which child ended by itself, with the end of its log."""
        name = self.fallen()
        if name is None:
            return
        code = self.processes[name].returncode
        say(f"The process “{name}” ended by itself (code {code}); stopping the others.")
        if self.log_dir is not None:
            for line in tail(self.log_dir / f"{name}.log", 15):
                say(f"    {line}")

    def stop(self) -> None:
        """Asks all to finish, waits, and ends what has not."""
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        end = time.monotonic() + GRACE_S
        for process in self.processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=max(0.1, end - time.monotonic()))
        for process in self.processes.values():
            # Also what a child may have left behind in its session.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
