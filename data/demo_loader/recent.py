"""The newest cases, taken in and moved by the services themselves, so that all books have them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from data.demo_loader import draws, texts
from data.demo_loader.draws import Spot
from data.demo_loader.photos import draw_photo
from data.demo_loader.staff import Staff
from gridmgmt.core.models import User
from gridmgmt.core.permissions import Role
from grids.people.access import access_for
from incidents.choices import Action, Channel, State
from incidents.models import Category, Incident
from incidents.services.intake import Report, report
from incidents.services.moves import perform

WITH_PHOTO = 6
AT_HOME = 3  # every third of them
FRESH, FRESH_SPREAD = 0.4, timedelta(hours=7)
OLDER_SPREAD = timedelta(days=3)


@dataclass(frozen=True)
class Home:
    """The grid of the accounts that visitors try, and its places: something waits there."""

    grid_id: int
    spots: Sequence[Spot]


def report_recent(
    count: int,
    *,
    home: Home,
    spots: Sequence[Spot],
    categories: Sequence[Category],
    staff: Staff,
    now: datetime,
    rng: random.Random,
) -> list[Incident]:
    """`count` cases of the last hours; some verified and filed, a few with a drawn picture."""
    moments = sorted(_moment(now, rng) for _ in range(count))
    cases = []
    weights = [draws.category_weight(c.name, now.month) for c in categories]
    for number, moment in enumerate(moments):
        at_home = number % AT_HOME == 0
        near = home.spots if at_home else spots
        spot = rng.choices(near, [s.weight for s in near])[0]
        category = rng.choices(categories, weights)[0]
        channel = rng.choice((Channel.WEB, Channel.PHONE, Channel.PATROL, Channel.WEB))
        # Some residents choose no picture tile: then the manager finds the category.
        known = channel != Channel.WEB or rng.random() > 0.25
        case = report(
            Report(
                description=texts.describe(category.name, spot.name, rng),
                channel=channel,
                lon=spot.lon,
                lat=spot.lat,
                category_id=category.pk if known else None,
                photos=(draw_photo(number),) if number % 5 == 0 and number < 5 * WITH_PHOTO else (),
                simulated=True,
            ),
            actor=_patrol(staff, home if at_home else None, rng)
            if channel == Channel.PATROL
            else None,
            now=moment,
        )
        cases.append(_go_on(case, staff, moment, now, rng))
    return cases


def _patrol(staff: Staff, home: Home | None, rng: random.Random) -> User:
    if home is not None:
        return staff.coordinators[home.grid_id]
    return rng.choice(list(staff.coordinators.values()))


def _moment(now: datetime, rng: random.Random) -> datetime:
    """Some hours ago, or on one of the last days."""
    if rng.random() < FRESH:
        return now - FRESH_SPREAD * rng.random() - timedelta(minutes=2)
    return now - FRESH_SPREAD - OLDER_SPREAD * rng.random()


def _go_on(
    case: Incident, staff: Staff, moment: datetime, now: datetime, rng: random.Random
) -> Incident:
    """Older ones are in hand by now; every second fresh one is verified and filed."""
    manager = staff.managers.get(case.report_grid_id or 0)
    older = now - moment > FRESH_SPREAD
    if case.state != State.REPORTED or manager is None or case.owner_role != Role.MANAGER:
        return case
    if not older and rng.random() < 0.5:
        return case
    step = (now - moment) * rng.uniform(0.04, 0.1)
    at = moment + step
    note = rng.choice(texts.PLACES_VERIFIED)
    case = _perform(Action.VERIFY, case, manager, at, note)
    case = _perform(Action.FILE, case, manager, at + timedelta(minutes=1))
    if older and case.state == State.FILED:
        at += step
        department = staff.departments[("community_service", staff.street_id)]
        target = {} if case.category_id else {"department_id": department.pk}
        dispatcher = staff.street[Role.DISPATCHER][0]
        case = _perform(Action.DISPATCH, case, dispatcher, at, **target)
    owner = staff.by_person.get(case.owner_person_id or 0)
    if older and case.state == State.DISPATCHED and owner is not None:
        case = _perform(Action.ACCEPT, case, owner, at + step)
    return case


def _perform(
    action: Action, case: Incident, actor: User, at: datetime, note: str = "", **data: int
) -> Incident:
    access = access_for(actor, at)
    return perform(action, case.pk, actor=actor, access=access, now=at, note=note, **data)
