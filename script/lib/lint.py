"""`script/lint`: everything that is said about the code without running the tests."""

from .common import call, say, tool
from .environment import environment
from .setup import setup

CHECKS: dict[str, list[str]] = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "import contract": ["lint-imports", "--no-cache"],
    "types": ["mypy"],
    "migrations": ["python", "manage.py", "makemigrations", "--check", "--dry-run"],
}


def run(env: dict[str, str]) -> list[str]:
    """Runs every check and returns the names of those that failed."""
    failed = []
    for name, (program, *arguments) in CHECKS.items():
        say(f"· {name}")
        if call([tool(program), *arguments], env) != 0:
            failed.append(name)
    return failed


def main(_arguments: list[str]) -> int:
    """The command line of `script/lint`."""
    setup(tests=True)
    with environment("test") as env:
        failed = run(env)
    say(f"Failed: {', '.join(failed)}" if failed else "All clean.")
    return 1 if failed else 0
