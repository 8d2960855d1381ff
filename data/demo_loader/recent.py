"""The newest cases, taken in and moved by the services themselves, so that all books have them."""

from __future__ import annotations

import random
from collections.abc import Sequence
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
SPREAD = timedelta(hours=7)


def report_recent(
    count: int,
    *,
    spots: Sequence[Spot],
    categories: Sequence[Category],
    staff: Staff,
    now: datetime,
    rng: random.Random,
) -> list[Incident]:
    """`count` cases of the last hours; some verified and filed, a few with a drawn picture."""
    moments = sorted(now - SPREAD * rng.random() - timedelta(minutes=2) for _ in range(count))
    cases = []
    weights = [draws.category_weight(c.name, now.month) for c in categories]
    for number, moment in enumerate(moments):
        spot = rng.choices(spots, [s.weight for s in spots])[0]
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
            actor=_patrol(staff, spot, rng) if channel == Channel.PATROL else None,
            now=moment,
        )
        cases.append(_go_on(case, staff, moment, now, rng))
    return cases


def _patrol(staff: Staff, spot: Spot, rng: random.Random) -> User:
    return rng.choice(list(staff.coordinators.values()))


def _go_on(
    case: Incident, staff: Staff, moment: datetime, now: datetime, rng: random.Random
) -> Incident:
    """Every second one is verified and filed by its manager within the time that has passed."""
    manager = staff.managers.get(case.report_grid_id or 0)
    if case.state != State.REPORTED or manager is None or rng.random() < 0.5:
        return case
    if case.owner_role != Role.MANAGER:
        return case
    at = moment + (now - moment) * rng.uniform(0.2, 0.6)
    for action in (Action.VERIFY, Action.FILE):
        note = rng.choice(texts.PLACES_VERIFIED) if action == Action.VERIFY else ""
        case = perform(
            action, case.pk, actor=manager, access=access_for(manager, at), now=at, note=note
        )
        at += timedelta(minutes=1)
    return case
