"""Load the demonstration, whole or not at all."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.contrib.gis.geos import Point
from django.db import transaction
from django.utils.translation import gettext as _

from data.demo_loader.accounts import FILE_NAME, Accounts, give_passwords, write_accounts
from data.demo_loader.cases import CaseWriter
from data.demo_loader.draft import draw_draft
from data.demo_loader.draws import Spot
from data.demo_loader.ground import DEMO_FILE, EDITION, Division, division_of, load_division
from data.demo_loader.office import Office
from data.demo_loader.public_texts import write_public_texts
from data.demo_loader.recent import Home, report_recent
from data.demo_loader.staff import Staff, make_staff
from data.demo_loader.stories import Ground, Teller, neighbours_of
from gridmgmt.core import audit
from gridmgmt.core.models import User
from gridmgmt.core.permissions import Role
from grids.territory.models import Boundary, Edition, Grid, Tier
from grids.territory.services.ground import load_ground
from grids.territory.services.places import rebuild_places
from incidents.models import Incident
from incidents.services.standard import load_standard

STREET_CODE = "110108014"
SEED = 20260601
DAYS = 365
IN_FORCE_DAYS = 400  # the division is older than the oldest case
RECENT = 30
Say = Callable[[str], None]


@dataclass
class Loaded:
    """What was written."""

    areas: int = 0
    people: int = 0
    cases: int = 0
    lights: Counter[str] = field(default_factory=Counter)
    accounts: Accounts = field(default_factory=dict)


def is_loaded() -> bool:
    """Whether this database holds the demonstration already."""
    return Edition.objects.filter(name=EDITION).exists()


def load_demo(*, cases: int, now: datetime, local_dir: Path, say: Say) -> Loaded:
    """Load everything in one transaction, then write the accounts' file."""
    loaded = Loaded()
    with transaction.atomic():
        since = now - timedelta(days=IN_FORCE_DAYS)
        rng = random.Random(SEED)  # noqa: S311 - simulated data, not secrets
        say(_("Standard: categories, limits, rules, holidays"))
        load_standard(actor=None, now=now)
        say(_("Division and ground of Qinghuayuan (derived outlines)"))
        edition = load_division(actor=None, now=now, since=since)
        load_ground(DEMO_FILE, actor=None, now=now, source="OpenStreetMap contributors, ODbL 1.0")
        rebuild_places(now=now)
        division = division_of(STREET_CODE, now)
        loaded.areas = edition.boundaries.count()
        say(_("Departments and simulated staff"))
        staff = make_staff(division, now=now, since=since, rng=rng)
        loaded.people = len(staff.by_person)
        write_public_texts(Grid.objects.get(tier__order=1, code=STREET_CODE), now=now)
        loaded.accounts = give_passwords(account_users(staff, division))
        say(_("A simulated year of %(count)s cases") % {"count": cases})
        loaded.lights = _write_cases(cases, division, staff, now, rng)
        say(_("A draft that redraws two communities"))
        draw_draft(division, actor=staff.street[Role.ADMINISTRATOR][0], now=now)
        loaded.cases = Incident.objects.filter(simulated=True).count()
        audit.record(
            actor=None,
            now=now,
            action="demo.loaded",
            target=edition,
            data={"cases": loaded.cases, "people": loaded.people},
        )
    write_accounts(loaded.accounts, local_dir / FILE_NAME)
    return loaded


def renew_accounts(local_dir: Path) -> Accounts:
    """New passwords for the accounts of a loaded demonstration whose file is gone."""
    found = {user.username: user for user in User.objects.filter(username__in=usernames())}
    accounts = give_passwords({role: found[n] for role, n in by_role(found).items()})
    write_accounts(accounts, local_dir / FILE_NAME)
    return accounts


def usernames() -> list[str]:
    """The names of the accounts, one of each role."""
    return [role.replace("_", "-") for role in Role.values]


def by_role(found: dict[str, User]) -> dict[str, str]:
    """Role → user name for those that are there."""
    pairs = zip(Role.values, usernames(), strict=True)
    return {role: name for role, name in pairs if name in found}


def account_users(staff: Staff, division: Division) -> dict[str, User]:
    """One of each role; the grid's people are those of the grid with most households, its head
    is of the same community, and the handler is of the sanitation office, which has most work."""
    busiest = _busiest(division)
    sanitation = staff.departments[("sanitation", division.street_id)]
    users = {
        Role.COORDINATOR: staff.coordinators[busiest.grid_id],
        Role.MANAGER: staff.managers[busiest.grid_id],
        Role.GRID_HEAD: staff.heads[busiest.parent_id or 0],
        Role.DEPARTMENT_HANDLER: staff.handlers[sanitation.pk][0],
    }
    users |= {Role(role): people[0] for role, people in staff.street.items()}
    for role, user in users.items():
        user.username = role.replace("_", "-")
    User.objects.bulk_update(list(users.values()), ["username"])
    return {str(role): users[Role(role)] for role in Role.values}


def _busiest(division: Division) -> Boundary:
    return max(division.leaves, key=lambda area: area.households or 0)


def _home(division: Division, spots: Sequence[Spot]) -> Home:
    """The grid of the accounts with the places in it."""
    grid_id = _busiest(division).grid_id
    outline = _busiest(division).geometry.prepared
    inside = [spot for spot in spots if outline.contains(Point(spot.lon, spot.lat))]
    return Home(grid_id, inside or spots)


def _write_cases(
    cases: int, division: Division, staff: Staff, now: datetime, rng: random.Random
) -> Counter[str]:
    office = Office()
    paths = {
        leaf.grid_id: (division.street_id, leaf.parent_id or 0, leaf.grid_id)
        for leaf in division.leaves
    }
    ground = Ground(
        tier_ids=dict(Tier.objects.values_list("code", "pk")),
        neighbours=neighbours_of(list(staff.managers), paths),
    )
    writer = CaseWriter(
        teller=Teller(staff, office, ground, now, rng),
        staff=staff,
        office=office,
        street_id=division.street_id,
        now=now,
        rng=rng,
    )
    recent = min(RECENT, cases // 4)
    lights = writer.write(cases - recent, DAYS)
    report_recent(
        recent,
        home=_home(division, writer.spots),
        spots=writer.spots,
        categories=writer.categories,
        staff=staff,
        now=now,
        rng=rng,
    )
    return lights
