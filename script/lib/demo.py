"""`script/demo`: the whole platform with the demo street office, on this machine."""

import argparse
import json
from pathlib import Path

from . import check_demo, packages, serving
from .common import Refusal, local_dir, say, step, tail, tool
from .environment import environment
from .setup import setup
from .supervisor import Supervisor

START_S = 120


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options, checked before anything long begins."""
    parser = argparse.ArgumentParser(
        prog="script/demo",
        description="Set up and run the platform with the simulated demo street office.",
    )
    serving.add_address_options(parser)
    parser.add_argument(
        "--check",
        action="store_true",
        help="start, try every main page and one report from end to end, stop; exit 0 or 1",
    )
    options = parser.parse_args(arguments)
    serving.check_address_options(parser, options)
    return options


def main(arguments: list[str]) -> int:
    """The command line of `script/demo`."""
    options = parse(arguments)
    port = serving.claim_port(options.host, options.port, any_free=options.check)
    setup()
    local = local_dir()
    with environment("demo") as env:
        address = serving.make_address(options, port, env)
        manage = [tool("python"), "manage.py"]
        packages.ensure_static_files(local, env)
        step("Bringing the database up to date", [*manage, "migrate", "--no-input"], env=env)
        step("Loading the demo data, if they are not there", [*manage, "load_demo"], env=env)
        accounts = read_accounts(local)
        say("· Starting web, worker and beat")
        with Supervisor(serving.processes(address, local), env, local / "log") as supervisor:
            if not supervisor.wait_for(lambda: serving.answers(address), START_S):
                supervisor.report_fall()
                if supervisor.asked_to_stop:
                    return 0
                raise Refusal(f"the web server does not answer; see {local / 'log' / 'web.log'}")
            if options.check:
                code = check_demo.run(address.url, accounts)
                if code:
                    show_errors(local / "log" / "web.log")
                return code
            show(address, accounts, local)
            code = supervisor.watch()
            say("Stopping …")
    return code


def read_accounts(local: Path) -> dict[str, dict[str, str]]:
    """The demo accounts by role, as load_demo has drawn them."""
    path = local / "demo-accounts.json"
    try:
        accounts: dict[str, dict[str, str]] = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise Refusal(f"{path} cannot be read: {error}") from error
    return accounts


def show_errors(log: Path) -> None:
    """The newest error in the web's log, for whoever reads the output of a check alone."""
    lines = tail(log, 200)
    starts = [number for number, line in enumerate(lines) if " ERROR " in line]
    for line in lines[starts[-1] :][:40] if starts else []:
        say(f"    {line}")


def show(address: serving.Address, accounts: dict[str, dict[str, str]], local: Path) -> None:
    """The accounts and, last, where to open the browser."""
    say(f"\nDemo accounts (also in {local / 'demo-accounts.json'}):")
    width = max((len(role) for role in accounts), default=0)
    for role, account in accounts.items():
        say(f"  {role:<{width}}  {account['username']:<20}  {account['password']}")
    if address.certificate is None and address.host not in serving.LOOPBACK:
        say("\nWithout --tls browsers give no position away at this address.")
    say(f"\nStop with Ctrl-C. Logs: {local / 'log'}")
    say(f"Ready: {address.url}")
