"""`script/test`: lint, import contract, types, migrations, then every test.

script/test                  everything
script/test tests/setup -x   only pytest, with these arguments
script/test --requirements   each requirement with the tests that prove it
"""

from . import lint
from .common import call, say, tool
from .environment import environment
from .setup import setup

# Without the terminal's own plugin, which would list all tests besides, its options are unknown.
LISTING = ["--collect-only", "-o", "addopts=--strict-markers", "-p", "no:terminal"]
LISTING += ["-p", "script.lib.requirement_listing"]


def main(arguments: list[str]) -> int:
    """The command line above."""
    if arguments in (["-h"], ["--help"]):
        say(__doc__ or "")
        return 0
    setup(tests=True)
    with environment("test") as env:
        pytest = [tool("python"), "-m", "pytest"]
        if arguments[:1] == ["--requirements"]:
            return call([*pytest, *LISTING, *arguments[1:]], env)
        if arguments:
            return call([*pytest, *arguments], env)
        failed = lint.run(env)
        say("· tests")
        code = call([*pytest, "-n", "2"], env)
    if failed:
        say(f"Failed before the tests: {', '.join(failed)}")
    return code or (1 if failed else 0)
