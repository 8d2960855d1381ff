"""`script/lock`: compiles requirements/*.in and package.json into their locked forms."""

import argparse
import os

from . import packages
from .common import ROOT, call, local_dir

# base first: dev must name the same versions.
NAMES = ("base", "dev", "uv", "node")


def main(arguments: list[str]) -> int:
    """The command line of `script/lock`."""
    parser = argparse.ArgumentParser(prog="script/lock", description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    upgrade = parser.parse_args(arguments).upgrade
    local = local_dir()
    uv = packages.ensure_uv(local, packages.python_version())
    for name in NAMES:
        command = [str(uv), "pip", "compile", "--universal", "--python-version", "3.11"]
        command += ["--quiet", "--generate-hashes", "--no-emit-index-url"]
        command += ["--custom-compile-command", "script/lock"]
        command += ["-c", "requirements/base.txt"] if name == "dev" else []
        command += ["--upgrade"] if upgrade else []
        command += [f"requirements/{name}.in", "-o", f"requirements/{name}.txt"]
        if code := call(command, os.environ):
            return code
    program, env = packages.npm(local)
    verb = "update" if upgrade else "install"
    return call([str(program), "--prefix", str(ROOT), verb, "--package-lock-only"], env)
