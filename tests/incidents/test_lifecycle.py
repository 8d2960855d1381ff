"""The whole table against every state and every person: what it allows passes, the rest refuses.

The expectation is written down here a second time, on purpose and in other words, so that a
change of the table is noticed.
"""

from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction

from gridmgmt.core.models import OutboxEvent
from gridmgmt.core.permissions import Right
from grids.people.access import access_for
from incidents.choices import OPEN_STATES, Action, State
from incidents.lifecycle import BY_ACTION, MOVES, move_for
from incidents.models import HistoryEntry, Incident
from incidents.services.errors import MoveRefused, NotYours
from incidents.services.moves import available_actions, perform, perform_by_system
from tests.incidents.helpers import NOW, take, to_state

# Staff's moves: from which states, and who of the small town (for a case of area a1 whose
# department is sanitation) may make them.
OPEN = "reported verified filed dispatched in_hand handled checked suspended"
EVERY = OPEN + " closed not_filed void merged"
MANAGERS = "owner grid_head administrator"
EXPECTED = {
    "verify": ("reported", MANAGERS),
    "file": ("verified", MANAGERS),
    "not_file": ("reported verified", MANAGERS),
    "self_handle": ("reported verified", f"{MANAGERS} coordinator"),
    "confirm": ("filed dispatched in_hand handled checked suspended", MANAGERS),
    "dispatch": ("filed", "dispatcher administrator"),
    "reassign": (
        "reported verified dispatched in_hand",
        "dispatcher supervisor administrator",
    ),
    "accept": ("dispatched", "handler administrator"),
    "return": ("dispatched in_hand", "handler administrator"),
    "handle": ("in_hand", "handler administrator"),
    "extend": ("in_hand", "handler administrator"),
    "appeal": ("checked closed", "handler"),
    "reply": (OPEN, "the present owner"),
    "check": ("handled", "supervisor administrator"),
    "rework": ("handled checked", "supervisor administrator"),
    "close": ("checked", "supervisor administrator"),
    "suspend": ("filed dispatched in_hand", "supervisor leader administrator"),
    "resume": ("suspended", "supervisor leader administrator"),
    "void": ("reported verified filed", "supervisor leader administrator"),
    "merge": ("reported verified filed", MANAGERS),
    "split": ("filed dispatched", "dispatcher administrator"),
    "remind": (OPEN, "supervisor leader grid_head dispatcher administrator"),
    "supervise": (OPEN, "supervisor leader administrator"),
    "order": (OPEN, "leader administrator"),
    "classify": ("reported verified", MANAGERS),
    "note": (
        EVERY,
        "owner coordinator grid_head supervisor leader dispatcher desk administrator handler",
    ),
    "release": (EVERY, "supervisor desk administrator"),
}
NOBODY = ("rate", "reopen", "escalate", "reroute")
PEOPLE = (
    "owner",
    "teammate",
    "b1_manager",
    "coordinator",
    "grid_head",
    "supervisor",
    "leader",
    "dispatcher",
    "desk",
    "analyst",
    "administrator",
    "outsider",
    "away_supervisor",
    "handler",
    "stranger",
)


def test_the_table_and_its_twin_name_the_same_moves():
    assert {str(move.action) for move in MOVES} == {*EXPECTED, *NOBODY}
    assert len(BY_ACTION) == len(MOVES)
    assert {str(a) for a in Action} - {"report"} == {*EXPECTED, *NOBODY}
    for name, (states, _who) in EXPECTED.items():
        assert BY_ACTION[Action(name)].sources == frozenset(State(s) for s in states.split())
    for move in MOVES:
        assert (move.right is None) == (move.by_reporter or move.by_system)


@pytest.mark.req("S-01")
def test_supervision_and_command_are_different_rights():
    command = {BY_ACTION[Action.DISPATCH].right}
    supervision = {BY_ACTION[a].right for a in (Action.VERIFY, Action.CHECK, Action.CLOSE)}
    assert not command & supervision
    assert BY_ACTION[Action.CHECK].not_handler
    assert BY_ACTION[Action.CLOSE].not_handler
    assert not BY_ACTION[Action.SELF_HANDLE].not_handler


def test_every_open_state_leads_on():
    for state in OPEN_STATES:
        assert any(
            (state in move.sources and move.target not in {None, state}) or move.action == "resume"
            for move in MOVES
        )
    assert move_for(Action.VERIFY, State.CLOSED) is None


@pytest.fixture
def accesses(town):
    return {who: (town.users[who], access_for(town.users[who], NOW)) for who in PEOPLE}


def in_state(town, state: str) -> Incident:
    """A case as it would stand there: its owner, its clock, and every mark that moves ask for."""
    way = {"suspended": "in_hand", "closed": "closed"}.get(state, state)
    if state in {"not_filed", "void", "merged"}:
        way = "reported"
    incident = to_state(town, way)
    changes = {"state": state, "supervised": True, "verification_owed": True}
    if state == "suspended":
        changes |= {
            "suspended_from": "in_hand",
            "suspended_until": NOW + timedelta(days=90),
        }
    if state == "merged":
        changes |= {"merged_into": take(town)}
    Incident.objects.filter(pk=incident.pk).update(**changes)
    return Incident.objects.get(pk=incident.pk)


def data_for(town, action: str, incident: Incident) -> dict:
    other = {
        "reassign": {"grid_id": town.grids["a2"].pk},
        "suspend": {"until": incident.updated_at + timedelta(days=2)},
        "split": {"parts": [{"department_id": town.departments["civic_culture"].pk}]},
    }
    return other.get(action, {})


def owns(who: str, state: str) -> bool:
    """Who owns the case in each state of the straight way."""
    if who == "administrator":
        return True
    owner = {
        "reported": "owner",
        "verified": "owner",
        "dispatched": "handler",
        "in_hand": "handler",
        "suspended": "handler",
    }
    return owner.get(state) == who


def expected(action: str, state: str, who: str) -> bool:
    if action in NOBODY or action not in EXPECTED:
        return False
    states, people = EXPECTED[action]
    if state not in states.split():
        return False
    if action == "reply":
        return owns(who, state)
    if who == "handler" and action == "note":
        # A department sees what it has or had; before, the case is none of its business.
        return state in {"dispatched", "in_hand", "handled", "checked", "closed", "suspended"}
    return who in people.split()


@pytest.mark.req("I-07")
@pytest.mark.req("Z-01")
@pytest.mark.parametrize("state", State.values)
def test_every_action_by_everyone(town, accesses, state):
    """Each pair is tried in a transaction of its own that is rolled back afterwards."""
    incident = in_state(town, state)
    other = take(town)
    wrong = []
    for action in Action.values:
        if action == "report":
            continue
        for who, (user, access) in accesses.items():
            data = data_for(town, action, incident)
            if action == "merge":
                data = {"into": other.pk}
            outcome = "done"
            try:
                with transaction.atomic():
                    now = incident.updated_at + timedelta(minutes=1)
                    perform(
                        action,
                        incident.pk,
                        actor=user,
                        access=access,
                        now=now,
                        version=incident.version,
                        note="理由",
                        **data,
                    )
                    transaction.set_rollback(True)
            except (MoveRefused, NotYours) as error:
                outcome = str(error.messages)
            should = expected(action, state, who)
            if (outcome == "done") != should:
                wrong.append((action, who, outcome))
            offered = action in {str(m.action) for m in available_actions(incident, access, user)}
            # Pages look at the clock of today, by which the town's limits have passed long ago.
            if offered != should and action != "extend":
                wrong.append((action, who, f"offered: {offered}"))
    assert wrong == []
    assert Incident.objects.get(pk=incident.pk).version == incident.version


@pytest.mark.req("I-07")
@pytest.mark.parametrize("move", MOVES, ids=lambda move: str(move.action))
def test_reasons_are_owed_where_the_table_says_so(town, accesses, move):
    if move.by_reporter or move.by_system:
        return
    state = sorted(move.sources & {*OPEN_STATES, State.CLOSED})[0]
    incident = in_state(town, state)
    who = next((w for w in PEOPLE if expected(str(move.action), str(state), w)), None)
    assert who is not None
    user, access = accesses[who]
    lines = HistoryEntry.objects.count()
    data = data_for(town, move.action, incident)
    if move.action == "merge":
        data = {"into": take(town).pk}
        lines += 1
    call = partial(
        perform, move.action, incident.pk, actor=user, access=access, now=NOW_LATER, **data
    )
    if not move.reason:
        call()
        return
    with pytest.raises(MoveRefused) as excinfo:
        call()
    assert HistoryEntry.objects.count() == lines
    assert "note" in excinfo.value.message_dict


NOW_LATER = NOW + timedelta(minutes=30)


def test_only_the_platform_escalates_and_routes_anew(town):
    incident = to_state(town, State.IN_HAND)
    events = OutboxEvent.objects.count()
    perform_by_system(Action.ESCALATE, incident.pk, now=NOW_LATER, step=1)
    assert incident.history.last().action == Action.ESCALATE
    assert OutboxEvent.objects.count() == events + 1
    closed = to_state(town, State.CLOSED)
    with pytest.raises(MoveRefused):
        perform_by_system(Action.ESCALATE, closed.pk, now=NOW_LATER, step=1)


def test_rights_of_the_matrix_are_used():
    """Each right of the work on cases moves something; a right without a use is a promise."""
    used = {move.right for move in MOVES if move.right}
    elsewhere = {
        Right.REPORT,
        Right.TAKE_CALLS,
        Right.OPEN_CONTACTS,
        Right.SCORE,
        Right.SEE_MAP,
        Right.SEE_STATISTICS,
        Right.EXPORT,
        Right.DRAW,
        Right.PUBLISH,
        Right.SEE_ROSTER,
        Right.KEEP_ROSTER,
        Right.ADMINISTER,
    }
    assert used | elsewhere == set(Right)
