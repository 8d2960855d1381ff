"""The machine: is it one that we know, which system packages are missing, getting them by apt."""

import ctypes.util
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .common import Refusal, step

SUPPORTED = {("debian", "12"), ("debian", "13"), ("ubuntu", "24.04")}
POSTGRES_HOME = Path("/usr/lib/postgresql")
FONT_PATTERNS = ("*CJK*", "*wqy*", "*SourceHan*")


@dataclass(frozen=True)
class Wanted:
    """What the machine has to bring for the run ahead."""

    database: bool
    redis: bool
    tests: bool


def check_system(os_release: dict[str, str]) -> bool:
    """Whether apt may be used. Refuses other systems unless GRIDMGMT_ANY_SYSTEM says otherwise."""
    system = (os_release.get("ID", ""), os_release.get("VERSION_ID", ""))
    if system in SUPPORTED:
        return True
    if os.environ.get("GRIDMGMT_ANY_SYSTEM", "").lower() in {"1", "yes", "true", "on"}:
        return False
    name = os_release.get("PRETTY_NAME") or " ".join(system).strip() or "this system"
    raise Refusal(
        f"{name} is not Debian 12 or 13 or Ubuntu 24.04. Install PostgreSQL with PostGIS, GDAL, "
        "Redis, gettext, Pango, a Chinese font and python3-venv yourself, then set "
        "GRIDMGMT_ANY_SYSTEM=yes."
    )


def this_system() -> dict[str, str]:
    """The lines of /etc/os-release, empty where there is none."""
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


def python_command() -> str:
    """The Python that the packages are installed for: the system's own, which apt keeps whole."""
    return "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable


def postgres_bin(major: str | None = None) -> Path | None:
    """The directory of the newest PostgreSQL that has PostGIS, or of the given major version."""
    found = [
        path
        for path in POSTGRES_HOME.glob("*/bin")
        if (path / "postgres").exists()
        and Path(f"/usr/share/postgresql/{path.parent.name}/extension/postgis.control").exists()
        and major in (None, path.parent.name)
    ]
    return max(found, key=lambda path: int(path.parent.name), default=None)


def chromium(local: Path) -> Path | None:
    """A Chromium that tests can drive; one in a snap cannot reach their files, so it is no help."""
    given = os.environ.get("GRIDMGMT_CHROMIUM", "").strip()
    if given:
        return Path(given)
    for name in ("chromium", "google-chrome-stable", "google-chrome"):
        path = shutil.which(name)
        if path and "/snap/" not in path:
            return Path(path)
    return next(iter(sorted((local / "browsers").glob("chromium-*/chrome-linux*/chrome"))), None)


def missing(wanted: Wanted, os_release: dict[str, str], local: Path) -> list[str]:
    """What is not on the machine, as patterns of apt package names."""
    has_venv = subprocess.run(
        [python_command(), "-c", "import ensurepip, venv"], capture_output=True, check=False
    )
    lacks = {
        "^python3-venv$": has_venv.returncode != 0,
        "^libgdal[0-9]+(t64)?$": ctypes.util.find_library("gdal") is None,
        "^gettext$": shutil.which("msgfmt") is None,
        "^postgresql-[0-9]+-postgis-3$": wanted.database and postgres_bin() is None,
        "^redis-server$": wanted.redis and shutil.which("redis-server") is None,
        # What boards, plans and packs are written with.
        "^libpangoft2-1.0-0$": ctypes.util.find_library("pangoft2-1.0") is None,
        "^libharfbuzz-subset0$": ctypes.util.find_library("harfbuzz-subset") is None,
        "^fonts-noto-cjk$": not _has_cjk_font(),
        # Ubuntu has Chromium as a snap alone; there packages.ensure_browser fetches one.
        "^chromium$": wanted.tests and os_release.get("ID") != "ubuntu" and chromium(local) is None,
    }
    return [pattern for pattern, is_missing in lacks.items() if is_missing]


def _has_cjk_font() -> bool:
    return any(
        next(Path("/usr/share/fonts").rglob(pattern), None) is not None for pattern in FONT_PATTERNS
    )


def ensure_system(wanted: Wanted, local: Path) -> None:
    """Installs the missing system packages, or says in one line why it cannot."""
    os_release = this_system()
    may_use_apt = check_system(os_release)
    patterns = missing(wanted, os_release, local)
    if not patterns:
        return
    if not may_use_apt:
        names = ", ".join(re.sub(r"[\^$]", "", pattern) for pattern in patterns)
        raise Refusal(f"missing on this machine (by their Debian names): {names}")
    root = as_root()
    step("Reading the list of system packages", [*root, "apt-get", "update"])
    packages = [package_name(pattern) for pattern in patterns]
    # The server belongs to its extension's major version, which differs by system.
    packages += [
        name.removesuffix("-postgis-3") for name in packages if name.endswith("-postgis-3")
    ]
    step(
        f"Installing system packages: {' '.join(packages)}",
        [*root, "sh", "-c", INSTALL, "install", *packages],
    )


def as_root() -> list[str]:
    """The words before a command that needs the rights of root."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        raise Refusal(
            "system packages are missing, and this user is not root and has no sudo; "
            "run ./script/setup once as root."
        )
    asks = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode != 0
    if asks and not sys.stdin.isatty():
        raise Refusal(
            "system packages are missing, and sudo asks for a password where nobody can type it; "
            "run ./script/setup once in a terminal."
        )
    return ["sudo"]


def package_name(pattern: str) -> str:
    """The newest apt package whose name matches `pattern`."""
    result = subprocess.run(
        ["apt-cache", "search", "--names-only", pattern],
        capture_output=True,
        text=True,
        check=False,
    )
    names = [line.split(" ", 1)[0] for line in result.stdout.splitlines()]
    if not names:
        raise Refusal(f"apt knows no package named like {pattern}; is its list of sources whole?")
    return max(names, key=lambda name: [int(part) for part in re.findall(r"\d+", name)])


# Our clusters are private: the system's own services must neither start now nor at the next boot.
INSTALL = r"""
set -e
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
apt-get install -y --no-install-recommends "$@"
if [ -d /run/systemd/system ]; then
  for package in "$@"; do
    case "$package" in
      postgresql-*-postgis-3) systemctl disable --now postgresql ;;
      redis-server) systemctl disable --now redis-server ;;
    esac
  done
fi
"""
