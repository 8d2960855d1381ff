"""Static files under names that carry their content, so that browsers may keep them for ever."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):
    """Imports between our ES modules are renamed too.

    Otherwise a module loaded by a page and imported by another would be two modules in the
    browser, and after an update a new page would run with an old import.
    """

    support_js_module_import_aggregation = True
