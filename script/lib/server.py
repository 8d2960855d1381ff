"""`script/server`: web, worker and beat with the settings of the environment, for real use."""

import argparse
import os

from . import packages, serving
from .common import Refusal, local_dir, say, step, tool
from .environment import environment
from .setup import setup
from .supervisor import Child, Supervisor

PARTS = ("web", "worker", "beat")
START_S = 120


def main(arguments: list[str]) -> int:
    """The command line of `script/server`."""
    parser = argparse.ArgumentParser(
        prog="script/server",
        description="Run the platform with the settings of the environment (docs/operations.md).",
    )
    serving.add_address_options(parser)
    parser.add_argument(
        "--only",
        choices=PARTS,
        action="append",
        help="run this part alone, for several machines; may be given again",
    )
    options = parser.parse_args(arguments)
    serving.check_address_options(parser, options)
    wanted = options.only or list(PARTS)
    mode = os.environ.get("GRIDMGMT_MODE") or "production"
    if mode == "production" and not os.environ.get("GRIDMGMT_SECRET_KEY"):
        raise Refusal(
            "GRIDMGMT_SECRET_KEY is not set; make one with "
            "`python3 -c 'import secrets; print(secrets.token_urlsafe(48))'` and keep it."
        )
    port = serving.claim_port(options.host, options.port) if "web" in wanted else 0
    setup()
    local = local_dir()
    with environment(mode) as env:
        address = serving.make_address(options, port, env)
        manage = [tool("python"), "manage.py"]
        step("Checking the settings", [*manage, "check"], env=env)
        packages.ensure_static_files(local, env)
        step("Bringing the database up to date", [*manage, "migrate", "--no-input"], env=env)
        children = [c for c in serving.processes(address, local) if c.name in wanted]
        return _serve(children, env, address)


def _serve(children: list[Child], env: dict[str, str], address: serving.Address) -> int:
    with Supervisor(children, env, None) as supervisor:
        if any(child.name == "web" for child in children):
            if supervisor.wait_for(lambda: serving.answers(address), START_S):
                say(f"Ready: {address.url}")
            elif not supervisor.asked_to_stop and supervisor.fallen() is None:
                raise Refusal(f"the web server does not answer within {START_S} s.")
        return supervisor.watch()
