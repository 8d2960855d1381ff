"""What the commands of `script/` share. Only the standard library: it runs before set-up."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - said before anything newer is met
    sys.exit("The scripts need Python 3.11 or newer; this is " + sys.version.split()[0] + ".")
