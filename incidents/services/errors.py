"""What the incidents room refuses, in words for the person who asked."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


class MoveRefused(ValidationError):  # noqa: N818 - named for what it is, as ValidationError's kin
    """The case does not allow this move now, or what was given with it is wrong."""


class NotYours(MoveRefused):
    """The move exists, but not for this user at this case."""


class CaseMoved(MoveRefused):
    """Someone else has moved the case since the page was opened. Nothing was changed.

    `who` is a shown name (empty: the system or the reporter), `at` when, `state` where it stands.
    """

    def __init__(self, *, number: str, who: str, at: datetime, state: str, version: int) -> None:
        self.who, self.at, self.state, self.version = who, at, state, version
        super().__init__(
            _(
                "%(who)s has just moved the case %(number)s; it is now “%(state)s”. "
                "Nothing was changed. Look at it again before you go on."
            )
            % {"who": who or _("The system or the reporter"), "number": number, "state": state},
            code="case_moved",
        )


class KeyConflict(ValidationError):  # noqa: N818
    """The same idempotency key came with a different report."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "This key was used for another report already. Send the report again with a "
                "new key."
            ),
            code="key_conflict",
        )
