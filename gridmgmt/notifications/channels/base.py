"""What every channel can do."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True)
class Message:
    """What is to be told, once, to whom. `recipients` are ids of users."""

    recipients: tuple[int, ...]
    kind: str
    url: str
    urgent: bool
    event_id: uuid.UUID
    at: datetime
    params: dict[str, Any] = field(default_factory=dict)


class Channel(Protocol):
    """Takes messages inside the caller's transaction and delivers them afterwards.

    `accept` only remembers in the database, so a message is told exactly when the change that
    caused it is committed. `deliver` may fail and is called again.
    """

    code: str

    def accept(self, message: Message) -> None:
        """Remember what is to be delivered. The same message again changes nothing."""
        ...

    def deliver(self, *, now: datetime, limit: int = 100) -> int:
        """Send what is due; returns how many arrived."""
        ...
