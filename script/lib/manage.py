"""`script/manage COMMAND …`: a management command in the same environment as everything else."""

from .common import call, tool
from .environment import environment
from .setup import setup


def main(arguments: list[str]) -> int:
    """Passes everything on to manage.py."""
    setup()
    with environment() as env:
        return call([tool("python"), "manage.py", *arguments], env)
