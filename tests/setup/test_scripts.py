"""The commands of script/: one clear line where they refuse, and their parts."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from script.lib import environment, serving, system
from script.lib.common import Refusal, tail
from script.lib.requirement_listing import listing
from script.lib.services import PrivateServices, short_hash
from script.lib.supervisor import Child, Supervisor

ROOT = Path(__file__).resolve().parents[2]


def run_script(name: str, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Runs script/NAME in an environment of its own."""
    return subprocess.run(
        [sys.executable, str(ROOT / "script" / name), *arguments],
        env={**os.environ, **changes},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=60,
    )


# The machine


@pytest.mark.parametrize(
    ("name", "version"), [("debian", "12"), ("debian", "13"), ("ubuntu", "24.04")]
)
def test_known_systems_may_use_apt(name: str, version: str) -> None:
    assert system.check_system({"ID": name, "VERSION_ID": version})


def test_an_unknown_system_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRIDMGMT_ANY_SYSTEM", raising=False)
    fedora = {"ID": "fedora", "VERSION_ID": "43", "PRETTY_NAME": "Fedora Linux 43"}
    with pytest.raises(Refusal) as refusal:
        system.check_system(fedora)
    line = str(refusal.value)
    assert line.startswith("Fedora Linux 43 is not Debian 12")
    assert "GRIDMGMT_ANY_SYSTEM=yes" in line
    assert "\n" not in line


def test_an_unknown_system_may_be_vouched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDMGMT_ANY_SYSTEM", "yes")
    assert not system.check_system({"ID": "fedora", "VERSION_ID": "43"})


def test_given_services_ask_for_no_server(tmp_path: Path) -> None:
    wanted = system.Wanted(database=False, redis=False, tests=False)
    names = system.missing(wanted, system.this_system(), tmp_path)
    assert not [name for name in names if "postgis" in name or "redis" in name]


def test_a_user_without_sudo_is_told_to_call_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Refusal, match=r"no sudo; run \./script/setup once as root"):
        system.as_root()


# Ports


def test_a_busy_port_is_one_clear_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = run_script("demo", "--port", str(port))
    assert result.returncode == 1
    assert result.stderr == (
        f"script/demo: port {port} on 127.0.0.1 is in use; choose another with --port N.\n"
    )


def test_an_address_of_another_machine_is_refused() -> None:
    result = run_script("demo", "--host", "192.0.2.1", "--tls")
    assert result.stderr == "script/demo: 192.0.2.1 is not an address of this machine.\n"


@pytest.mark.parametrize("word", ["0", "65536", "http"])
def test_a_port_is_a_number(word: str) -> None:
    result = run_script("demo", "--port", word)
    assert result.returncode == 2
    assert "a port is a number from 1 to 65535" in result.stderr


def test_a_certificate_needs_its_key() -> None:
    result = run_script("server", "--tls", "--cert", "/nowhere.pem", GRIDMGMT_SECRET_KEY="k" * 50)
    assert result.returncode == 2
    assert "--cert and --key belong together" in result.stderr


def test_production_needs_a_secret_before_anything_long() -> None:
    result = run_script("server", GRIDMGMT_MODE="production", GRIDMGMT_SECRET_KEY="")
    assert result.returncode == 1
    assert result.stderr.startswith("script/server: GRIDMGMT_SECRET_KEY is not set")
    assert result.stderr.count("\n") == 1


def test_check_takes_any_free_port() -> None:
    assert serving.claim_port("127.0.0.1", None, any_free=True) >= 1024


# Addresses and certificates


def options(host: str, **changes: object) -> object:
    """The options of `demo` as parsed."""
    given: dict[str, object] = {"host": host, "tls": False, "cert": None, "key": None, **changes}
    return type("Options", (), given)()


def test_tls_makes_a_certificate_that_a_browser_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cryptography import x509

    monkeypatch.setenv("GRIDMGMT_LOCAL_DIR", str(tmp_path))
    monkeypatch.setattr(serving, "tool", lambda _name: sys.executable)
    env: dict[str, str] = {}
    address = serving.make_address(options("127.0.0.1", tls=True), 8443, env)
    assert address.url == "https://127.0.0.1:8443"
    assert env["GRIDMGMT_HTTPS"] == "yes"
    assert "https://localhost:8443" in env["GRIDMGMT_TRUSTED_ORIGINS"].split(",")
    assert address.certificate is not None
    assert address.key is not None
    assert stat.S_IMODE(address.key.stat().st_mode) == 0o600
    found = x509.load_pem_x509_certificate(address.certificate.read_bytes())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "localhost" in names.get_values_for_type(x509.DNSName)
    first = address.certificate.read_bytes()
    again = serving.make_address(options("127.0.0.1", tls=True), 8443, {})
    assert again.certificate is not None
    assert again.certificate.read_bytes() == first


def test_a_key_that_is_none_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDMGMT_LOCAL_DIR", str(tmp_path))
    monkeypatch.setattr(serving, "tool", lambda _name: sys.executable)
    bad = tmp_path / "key.pem"
    bad.write_text("no key")
    with pytest.raises(Refusal, match="cannot be used") as refusal:
        serving.make_address(options("127.0.0.1", tls=True, cert=bad, key=bad), 8443, {})
    assert "\n" not in str(refusal.value)


def test_an_intranet_address_is_allowed_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDMGMT_LOCAL_DIR", str(tmp_path))
    env = {"GRIDMGMT_ALLOWED_HOSTS": "grid.example"}
    address = serving.make_address(options("10.1.2.3"), 8000, env)
    assert address.url == "http://10.1.2.3:8000"
    assert env["GRIDMGMT_ALLOWED_HOSTS"] == "grid.example,10.1.2.3,127.0.0.1,localhost"


# Services


def test_two_checkouts_have_sockets_of_their_own(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 200)
    first = PrivateServices(tmp_path / "a", database=True, redis=True)
    second = PrivateServices(deep, database=True, redis=True)
    assert first.run_dir != second.run_dir
    assert short_hash(deep) in str(second.run_dir)
    assert len(str(second.run_dir / ".s.PGSQL.5432.lock")) < 100


def test_a_redis_of_our_own_starts_keeps_and_stops(tmp_path: Path) -> None:
    import redis

    services = PrivateServices(tmp_path, database=False, redis=True)
    (tmp_path / "log").mkdir()
    for _ in range(2):
        with services.running(), redis.Redis.from_url(services.redis_url) as client:
            count = client.incr("seen")
            assert client.config_get("appendonly") == {"appendonly": "yes"}
            with services.running():  # a second command beside the first
                client.ping()
            client.ping()  # and still there when the second has ended
    assert count == 2
    assert not services.redis_socket.exists()


def test_the_demo_secret_is_drawn_once_and_marked(tmp_path: Path) -> None:
    first = environment.demo_secret(tmp_path)
    assert first.startswith("demo-")
    assert len(first) > 60
    assert environment.demo_secret(tmp_path) == first
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


# Supervisor


@pytest.fixture
def signals() -> object:
    """Puts the handlers of signals back that a supervisor has taken."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("signals")
def test_a_fallen_process_is_named_and_the_others_stop(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    children = [
        Child("lasting", ["sleep", "300"]),
        Child("falling", ["sh", "-c", "echo the reason; exit 3"]),
    ]
    with Supervisor(children, dict(os.environ), tmp_path) as supervisor:
        assert supervisor.watch() == 1
    assert all(process.poll() is not None for process in supervisor.processes.values())
    said = capsys.readouterr().out
    assert "“falling” ended by itself (code 3)" in said
    assert "the reason" in said


@pytest.mark.usefixtures("signals")
def test_a_signal_stops_all_with_their_own_children(tmp_path: Path) -> None:
    children = [Child("parent", ["sh", "-c", "sleep 301 & echo $!; wait"])]
    with Supervisor(children, dict(os.environ), tmp_path) as supervisor:
        assert supervisor.wait_for(lambda: bool(tail(tmp_path / "parent.log", 1)), 10)
        grandchild = int(tail(tmp_path / "parent.log", 1)[0])
        os.kill(os.getpid(), signal.SIGTERM)
        assert supervisor.watch() == 0
    for _ in range(50):
        if not Path(f"/proc/{grandchild}/fd").exists() or _is_zombie(grandchild):
            return
        time.sleep(0.1)
    pytest.fail("a process was left behind")


def _is_zombie(pid: int) -> bool:
    try:
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


# Requirements


def test_the_listing_names_each_test_once_under_its_numbers() -> None:
    items = [("t.py::a[1]", ["G-02"]), ("t.py::a[2]", ["G-02"]), ("t.py::b", ["G-01", "G-02"])]
    assert listing(items) == ["G-01", "    t.py::b", "G-02", "    t.py::a", "    t.py::b"]
