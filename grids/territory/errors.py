"""What the territory refuses, in words for the person who asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grids.territory.geometry.coverage import CoverageFinding


class TerritoryError(ValidationError):
    """A request that the territory refuses; `messages` are sentences in the reader's language."""

    @property
    def text(self) -> str:
        """All sentences as one text."""
        return " ".join(str(message) for message in self.messages)


class InvalidPoint(TerritoryError):  # noqa: N818 - named for what it is, as ValidationError's kin
    """Coordinates that are no place on earth."""


class EditionConflict(TerritoryError):  # noqa: N818 - as above
    """Something the draft started from has changed meanwhile."""


class NotADraft(TerritoryError):  # noqa: N818 - as above
    """The edition was published or withdrawn; nothing can be changed in it any more."""


class OutOfReach(TerritoryError):  # noqa: N818 - as above
    """The change lies outside of what the asker's posts cover."""


class FindingsRefused(TerritoryError):  # noqa: N818 - as above
    """The division has faults that nobody has accepted (or that nobody may accept)."""

    def __init__(self, message: object, findings: Sequence[CoverageFinding]) -> None:
        super().__init__(message)
        self.findings = tuple(findings)
