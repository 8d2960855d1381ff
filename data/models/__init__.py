"""What the data room remembers: how lists are read, and what was read."""

from data.models.imports import ImportBatch, ImportMapping

__all__ = ["ImportBatch", "ImportMapping"]
