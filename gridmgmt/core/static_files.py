"""Static files under names that carry their content, so that browsers may keep them for ever."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):
    """Imports between our own ES modules are renamed too.

    Otherwise a module that a page loads and another module imports would be two modules in the
    browser, and after an update a new page would run with an old import. Only below js/: the
    modules of packages import what their packages do not ship.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        (
            "js/*.js",
            (
                (r"""(?P<matched>\bfrom\s*"(?P<url>\.[^"]+)")""", 'from "%(url)s"'),
                (r"""(?P<matched>\bimport\s*"(?P<url>\.[^"]+)")""", 'import "%(url)s"'),
            ),
        ),
    )
