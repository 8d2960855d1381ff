"""One move while it is being made: what the effect functions read and write."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from grids.people.access import Access
from incidents.lifecycle import Move
from incidents.models import HistoryEntry, Incident


@dataclass
class Step:
    """`data` is what the actor gave; `details` is what the history line will keep (codes, ids).

    Effects that take a case on at once (filed and dispatched in one go) add `more_lines`.
    """

    move: Move
    incident: Incident
    actor: Any
    access: Access
    now: datetime
    note: str
    public_note: str
    data: dict[str, Any]
    before: str = ""  # the state before the move
    details: dict[str, Any] = field(default_factory=dict)
    more_lines: list[HistoryEntry] = field(default_factory=list)
