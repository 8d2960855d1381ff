"""Two requests at once: one case for one key, one move for one version."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from grids.people.access import access_for
from incidents.choices import Action, State
from incidents.models import CaseClock, HistoryEntry, Incident, RoutingDecision
from incidents.services.errors import CaseMoved
from incidents.services.moves import perform
from tests import town as town_module
from tests.incidents.helpers import NOW, take


@pytest.fixture
def real_town(transactional_db):
    return town_module.build()


def at_once(work, times=4):
    """Run `work` in several threads that start together; their results or exceptions."""
    gate, results = threading.Barrier(times), []

    def run(number):
        try:
            gate.wait(timeout=10)
            results.append(work(number))
        except Exception as error:  # noqa: BLE001 - the test looks at what came
            results.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.req("Z-04")
def test_one_key_sent_four_times_at_once_is_one_case(real_town):
    results = at_once(lambda _n: take(real_town, idempotency_key="same"))
    assert {result.number for result in results} == {Incident.objects.get().number}
    assert sorted(result.repeated for result in results) == [False, True, True, True]
    for model in (RoutingDecision, HistoryEntry, CaseClock):
        assert model.objects.count() == 1


@pytest.mark.req("Z-06")
def test_of_two_who_move_at_once_one_is_told(real_town):
    incident = take(real_town)
    user = real_town.users["owner"]
    access = access_for(user, NOW)
    actions = [Action.VERIFY, Action.NOT_FILE]

    def work(number):
        return perform(
            actions[number],
            incident.pk,
            actor=user,
            access=access,
            now=NOW + timedelta(minutes=1),
            version=1,
            note="理由",
        )

    results = at_once(work, times=2)
    assert {type(result) for result in results} == {Incident, CaseMoved}
    incident.refresh_from_db()
    assert incident.version == 2
    assert incident.history.count() == 2
    assert incident.state in {State.VERIFIED, State.NOT_FILED}
