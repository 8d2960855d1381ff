"""Address, certificate and processes of a running platform: shared by `demo` and `server`."""

import argparse
import errno
import ipaddress
import os
import socket
import ssl
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from .common import ROOT, Refusal, local_dir, tool
from .supervisor import Child

DEFAULT_PORT = 8000
LOOPBACK = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class Address:
    """Where the web server listens, and with which certificate (None: plain HTTP)."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None

    @property
    def url(self) -> str:
        host = LOOPBACK[0] if is_every_address(self.host) else self.host
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if self.certificate else 'http'}://{shown}:{self.port}"


def add_address_options(parser: argparse.ArgumentParser) -> None:
    """--port, --host, --tls, --cert and --key."""
    parser.add_argument("--port", type=port_number, help=f"default {DEFAULT_PORT}")
    parser.add_argument(
        "--host", default=LOOPBACK[0], help="an address or name of this machine in the intranet"
    )
    parser.add_argument(
        "--tls", action="store_true", help="serve https, which browsers demand for positions"
    )
    parser.add_argument("--cert", type=Path, help="a given certificate (PEM), with --key")
    parser.add_argument("--key", type=Path, help="its private key (PEM, without password)")


def check_address_options(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Refuses options that contradict each other, before anything long begins."""
    if bool(options.cert) != bool(options.key):
        parser.error("--cert and --key belong together")
    if options.cert and not options.tls:
        parser.error("--cert and --key need --tls")
    for path in filter(None, (options.cert, options.key)):
        if not os.access(path, os.R_OK):
            parser.error(f"{path} cannot be read")


def port_number(word: str) -> int:
    """A port from 1 to 65535."""
    if not word.isdigit() or not 1 <= int(word) <= 65535:
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to 65535, not {word!r}")
    return int(word)


def claim_port(host: str, port: int | None, *, any_free: bool = False) -> int:
    """A port that can be listened on now; says in one line why it cannot."""
    wanted = 0 if port is None and any_free else port or DEFAULT_PORT
    try:
        found = socket.getaddrinfo(host, wanted, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise Refusal(f"{host} is not an address: {error.strerror}.") from error
    with socket.socket(found[0], socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(found[4])
        except OSError as error:
            raise Refusal(_why_not(error, host, wanted)) from error
        return int(listener.getsockname()[1])


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use; choose another with --port N."
    if error.errno == errno.EACCES:
        return f"port {port} needs the rights of root; choose one from 1024 with --port N."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this machine."
    return f"port {port} on {host} cannot be used: {error.strerror}."


def is_every_address(host: str) -> bool:
    """Whether `host` means all addresses of the machine."""
    return host in ("0.0.0.0", "::")  # noqa: S104 - compared, not bound


def host_names(host: str) -> list[str]:
    """The names under which browsers may ask for the server."""
    names = [*LOOPBACK] if host in LOOPBACK else [host, *LOOPBACK]
    if is_every_address(host):
        own = socket.gethostname()
        found = {own}
        try:
            found |= {str(entry[4][0]) for entry in socket.getaddrinfo(own, None)}
        except socket.gaierror:
            found -= {""}  # a machine that cannot resolve itself still has its name
        names = [*LOOPBACK, *sorted(found)]
    return names


def make_address(options: argparse.Namespace, port: int, env: dict[str, str]) -> Address:
    """The address with its certificate made or taken, and the settings that belong to it in env."""
    names = host_names(options.host)
    given = [word for word in env.get("GRIDMGMT_ALLOWED_HOSTS", "").split(",") if word.strip()]
    hosts = [f"[{name}]" if ":" in name else name for name in names]
    env["GRIDMGMT_ALLOWED_HOSTS"] = ",".join(dict.fromkeys([*given, *hosts]))
    if not options.tls:
        return Address(options.host, port)
    folder = local_dir() / "tls"
    certificate, key = options.cert, folder / "given-key.pem"
    if certificate:
        _certificate("convert", options.key, key)
    else:
        certificate, key = folder / "cert.pem", folder / "key.pem"
        _certificate("make", certificate, key, *(n for n in names if _can_certify(n)))
    env["GRIDMGMT_HTTPS"] = "yes"
    origins = [word for word in env.get("GRIDMGMT_TRUSTED_ORIGINS", "").split(",") if word.strip()]
    origins += [f"https://{host}:{port}" for host in hosts]
    env["GRIDMGMT_TRUSTED_ORIGINS"] = ",".join(dict.fromkeys(origins))
    return Address(options.host, port, certificate.resolve(), key.resolve())


def _can_certify(name: str) -> bool:
    if is_every_address(name):
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name.isascii()
    return True


def _certificate(*arguments: str | Path) -> None:
    program = [tool("python"), str(ROOT / "script" / "lib" / "certificate.py")]
    result = subprocess.run(
        [*program, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if result.returncode:
        reason = (result.stderr.strip().splitlines() or ["unknown"])[-1]
        raise Refusal(f"the certificate or its key cannot be used: {reason}")


def processes(address: Address, local: Path) -> list[Child]:
    """Web, worker and beat."""
    web = [
        tool("granian"),
        *("--interface", "wsgi", "--host", address.host, "--port", str(address.port)),
        *("--workers", os.environ.get("GRIDMGMT_WEB_WORKERS", "2"), "--blocking-threads", "4"),
        *("--no-ws", "--respawn-failed-workers", "--workers-kill-timeout", "5s"),
    ]
    if address.certificate and address.key:
        web += ["--ssl-certificate", str(address.certificate), "--ssl-keyfile", str(address.key)]
    celery = [tool("celery"), "-A", "gridmgmt.celery"]
    tasks = os.environ.get("GRIDMGMT_WORKER_TASKS", "2")
    memory = ["--pidfile", "", "--schedule", str(local / "celerybeat-schedule")]
    return [
        Child("web", [*web, "gridmgmt.wsgi:application"]),
        Child("worker", [*celery, "worker", "--loglevel", "INFO", "--concurrency", tasks]),
        Child("beat", [*celery, "beat", "--loglevel", "INFO", *memory]),
    ]


def answers(address: Address) -> bool:
    """Whether the web server gives any answer to a request for its first page."""
    trust = ssl.create_default_context()
    # Only asks whether it is up; the certificate may be our own.
    trust.check_hostname = False
    trust.verify_mode = ssl.CERT_NONE
    try:
        # An Address is http or https, nothing else.
        with urllib.request.urlopen(f"{address.url}/", timeout=10, context=trust):  # noqa: S310
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
