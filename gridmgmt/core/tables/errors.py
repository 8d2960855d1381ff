"""Refusals of the list readers, with messages that say what to do."""


class ListError(Exception):
    """The file as a whole cannot be read; nothing was written."""


class CellError(Exception):
    """One cell cannot be understood; the row is refused."""
