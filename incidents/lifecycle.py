"""The life of a case as one table: from which states, by which action, to which, who may.

`services/moves.py` is the only code that moves a case, and it asks here. Every move that is not
in the table is refused. The conditions beside the right:

- `owner`: only the present owner (its department, or the holder of its role on its grid).
- `not_handler`: whoever handled a case neither checks nor closes it. On-the-spot closing is the
  one exception; the supervisor samples those and may send them back.
- `was_handler`: only whoever handled the case, or their department.
- `mark`: the case must carry this mark (a reply is owed, the verification is owed).
- `reason`: a reason is owed; it is kept in the history, and told to whom it concerns.
- `by_reporter`: the reporter does it with the query number; no right is asked.
- `by_system`: only the platform itself does it.
"""

from dataclasses import dataclass

from gridmgmt.core.permissions import Right
from incidents.choices import OPEN_STATES, Action, State


@dataclass(frozen=True)
class Move:
    """One row. `target` None: the state stays, or (resume) is the one remembered."""

    action: Action
    sources: frozenset[State]
    target: State | None
    right: Right | None
    owner: bool = False
    not_handler: bool = False
    was_handler: bool = False
    mark: str = ""
    reason: bool = False
    by_reporter: bool = False
    by_system: bool = False


def _states(*states: State) -> frozenset[State]:
    return frozenset(states)


_REACHED_STAFF = frozenset(OPEN_STATES)
_WITH_OWNER = _states(State.DISPATCHED, State.IN_HAND)

MOVES: tuple[Move, ...] = (
    # Supervision side: verify and file
    Move(Action.VERIFY, _states(State.REPORTED), State.VERIFIED, Right.VERIFY),
    Move(Action.FILE, _states(State.VERIFIED), State.FILED, Right.FILE),
    Move(
        Action.NOT_FILE,
        _states(State.REPORTED, State.VERIFIED),
        State.NOT_FILED,
        Right.FILE,
        reason=True,
    ),
    Move(
        Action.SELF_HANDLE,
        _states(State.REPORTED, State.VERIFIED),
        State.CLOSED,
        Right.SELF_HANDLE,
        reason=True,
    ),
    # Urgent cases are sent on at once; the manager's verification follows.
    Move(
        Action.CONFIRM,
        frozenset(OPEN_STATES - {State.REPORTED, State.VERIFIED}),
        None,
        Right.VERIFY,
        mark="verification_owed",
    ),
    # Command side: dispatch
    Move(Action.DISPATCH, _states(State.FILED), State.DISPATCHED, Right.DISPATCH),
    Move(
        Action.REASSIGN,
        _states(State.REPORTED, State.VERIFIED, State.DISPATCHED, State.IN_HAND),
        None,
        Right.REASSIGN,
        reason=True,
    ),
    # The owner's work
    Move(Action.ACCEPT, _states(State.DISPATCHED), State.IN_HAND, Right.HANDLE, owner=True),
    Move(Action.RETURN, _WITH_OWNER, State.FILED, Right.HANDLE, owner=True, reason=True),
    Move(
        Action.HANDLE, _states(State.IN_HAND), State.HANDLED, Right.HANDLE, owner=True, reason=True
    ),
    Move(Action.EXTEND, _states(State.IN_HAND), None, Right.HANDLE, owner=True, reason=True),
    Move(
        Action.APPEAL,
        _states(State.CHECKED, State.CLOSED),
        None,
        Right.HANDLE,
        was_handler=True,
        reason=True,
    ),
    Move(
        Action.REPLY,
        _REACHED_STAFF,
        None,
        Right.HANDLE,
        owner=True,
        mark="supervised",
        reason=True,
    ),
    # Supervision side: check and close
    Move(Action.CHECK, _states(State.HANDLED), State.CHECKED, Right.CHECK, not_handler=True),
    Move(
        Action.REWORK,
        _states(State.HANDLED, State.CHECKED),
        State.IN_HAND,
        Right.CHECK,
        not_handler=True,
        reason=True,
    ),
    Move(Action.CLOSE, _states(State.CHECKED), State.CLOSED, Right.CLOSE, not_handler=True),
    # Besides the straight way
    Move(
        Action.SUSPEND,
        _states(State.FILED, State.DISPATCHED, State.IN_HAND),
        State.SUSPENDED,
        Right.SUPERVISE,
        reason=True,
    ),
    Move(Action.RESUME, _states(State.SUSPENDED), None, Right.SUPERVISE),
    Move(
        Action.VOID,
        _states(State.REPORTED, State.VERIFIED, State.FILED),
        State.VOID,
        Right.SUPERVISE,
        reason=True,
    ),
    Move(
        Action.MERGE,
        _states(State.REPORTED, State.VERIFIED, State.FILED),
        State.MERGED,
        Right.FILE,
        reason=True,
    ),
    Move(Action.SPLIT, _states(State.FILED, State.DISPATCHED), None, Right.DISPATCH, reason=True),
    Move(Action.REMIND, _REACHED_STAFF, None, Right.URGE),
    Move(Action.SUPERVISE, _REACHED_STAFF, None, Right.SUPERVISE, reason=True),
    Move(Action.ORDER, _REACHED_STAFF, None, Right.ORDER, reason=True),
    Move(Action.CLASSIFY, _states(State.REPORTED, State.VERIFIED), None, Right.VERIFY),
    Move(Action.NOTE, frozenset(State), None, Right.SEE_CASES, reason=True),
    Move(Action.RELEASE, frozenset(State), None, Right.RELEASE),
    # The reporter
    Move(Action.RATE, _states(State.CLOSED), None, None, by_reporter=True),
    Move(Action.REOPEN, _states(State.CLOSED), State.FILED, None, by_reporter=True, reason=True),
    # The platform itself
    Move(Action.ESCALATE, _REACHED_STAFF, None, None, by_system=True),
    Move(Action.REROUTE, _REACHED_STAFF, None, None, by_system=True),
)

BY_ACTION: dict[Action, Move] = {move.action: move for move in MOVES}


def move_for(action: Action, state: State) -> Move | None:
    """The row that allows `action` in `state`, or None."""
    move = BY_ACTION.get(action)
    return move if move is not None and state in move.sources else None
