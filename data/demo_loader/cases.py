"""A simulated year of cases on the real buildings and roads, written in bulk."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import accumulate

from django.contrib.gis.geos import Point
from django.db import connection

from data.demo_loader import draws, texts
from data.demo_loader.draws import Spot
from data.demo_loader.life import Life
from data.demo_loader.office import Office
from data.demo_loader.staff import Staff
from data.demo_loader.stories import Teller
from gridmgmt.core.crypto import blind_index
from gridmgmt.core.models import User
from gridmgmt.core.search import terms
from grids.territory.models import Building, Road
from grids.territory.services.responsibility import Responsibility, responsible_areas_many
from incidents import clocks as clock_time
from incidents.choices import Channel, Light, State
from incidents.models import (
    CaseClock,
    Category,
    HistoryEntry,
    Incident,
    RoutingDecision,
    UrgentReceipt,
)
from incidents.services import numbers
from incidents.services.blur import blurred
from incidents.services.intake import MOST_TERMS

BATCH = 1000
WITH_CONTACT = {Channel.PHONE: 1.0, Channel.WALK_IN: 0.9, Channel.WEB: 0.5, Channel.SMS: 1.0}
CONFIDENTIAL = 0.01
# Open cases of each light besides those that the year leaves open by itself, for 2,500 cases.
WAITING = {Light.GREEN: 12, Light.YELLOW: 9, Light.RED: 12}
WAITING_SHARES = {Light.GREEN: (0.1, 0.6), Light.YELLOW: (0.84, 0.96), Light.RED: (1.1, 2.2)}
OF_CASES = 2500


class CaseWriter:
    """Draws cases, tells their stories, and writes all their rows."""

    def __init__(
        self,
        *,
        teller: Teller,
        staff: Staff,
        office: Office,
        street_id: int,
        now: datetime,
        rng: random.Random,
    ) -> None:
        self.teller, self.staff, self.office = teller, staff, office
        self.now, self.rng, self.street_id = now, rng, street_id
        self.spots = spots_of(street_id, now)
        self.cumulative = list(accumulate(spot.weight for spot in self.spots))
        self.categories = list(Category.objects.filter(active=True).order_by("pk"))
        self.by_month: dict[int, list[float]] = {}
        self.blurs: dict[tuple[float, float], Point] = {}

    def write(self, count: int, days: int) -> Counter[str]:
        """`count` cases of the last `days` days, oldest first; returns the open ones by light."""
        extra = {light: max(1, round(n * count / OF_CASES)) for light, n in WAITING.items()}
        plans = list(self._moments(max(1, count - sum(extra.values())), days))
        lives = []
        for (moment, channel), (spot, place) in zip(plans, self._spots(len(plans)), strict=True):
            life = self._life(self._incident(moment, channel, spot, place), place)
            self.teller.tell(life, self._reporter(life))
            lives.append(life)
        for light, number in extra.items():
            lives += [self._waiting(light) for _ in range(number)]
        lives.sort(key=lambda life: life.incident.reported_at)
        save(lives)
        return Counter(
            clock_time.light(self.now, life.incident.warn_at, life.incident.due_at)
            for life in lives
            if life.incident.closed_at is None
        )

    def _moments(self, count: int, days: int) -> Iterator[tuple[datetime, str]]:
        today = self.now.astimezone(self.office.calendar.tz)
        for day in draws.draw_days(count, today, days, self.rng):
            channel = draws.draw_channel(self.rng)
            moment = draws.draw_moment(day, channel, self.rng)
            if moment > self.now:  # today's evening has not been: the same hour yesterday
                moment -= timedelta(days=1)
            yield moment, channel

    def _spots(self, count: int) -> list[tuple[Spot, Responsibility]]:
        """Places with who answers there; one that slipped over the street's border is redrawn."""
        found: list[tuple[Spot, Responsibility]] = []
        while len(found) < count:
            drawn = [
                draws.pick_spot(self.spots, self.cumulative, self.rng)
                for _ in range(count - len(found))
            ]
            answers = responsible_areas_many([(s.lon, s.lat) for s in drawn], moment=self.now)
            found += [
                (spot, answer)
                for spot, answer in zip(drawn, answers, strict=True)
                if answer.path[:1] == (self.street_id,) and len(answer.path) > 1
            ]
        return found

    def _incident(
        self, moment: datetime, channel: str, spot: Spot, place: Responsibility
    ) -> Incident:
        rng = self.rng
        category = self._category(moment)
        text = texts.describe(category.name, spot.name, rng)
        words = spot.name if channel in (Channel.PHONE, Channel.WALK_IN, Channel.SMS) else ""
        name, phone = self._contact(channel)
        return Incident(
            number=numbers.draw(),
            channel=channel,
            category=category,
            grade=category.grade,
            urgent=category.urgent,
            description=text,
            reported_at=moment,
            updated_at=moment,
            point=Point(spot.lon, spot.lat, srid=4326),
            public_point=self._blurred(spot),
            raw_x=str(spot.lon),
            raw_y=str(spot.lat),
            raw_crs="wgs84",
            place_words=words,
            answer=place.answer,
            distance_m=place.distance_m,
            report_boundary_ids=list(place.boundary_ids),
            report_path=list(place.path),
            report_grid_id=place.leaf.grid_id if place.leaf else None,
            confidential=rng.random() < CONFIDENTIAL,
            contact_name=name,
            contact_phone=phone,
            contact_phone_index=blind_index(phone),
            simulated=True,
            terms=terms(f"{text} {words}")[:MOST_TERMS],
        )

    def _life(self, incident: Incident, place: Responsibility) -> Life:
        return Life(incident, place, self.office)

    def _waiting(self, light: Light) -> Life:
        """A case that waits with its owner since a chosen share of its limit."""
        rng = self.rng
        spot, place = self._spots(1)[0]
        incident = self._incident(self.now, draws.draw_channel(rng), spot, place)
        limit, unit = self.office.limit_for(incident, "handle")
        calendar = self.office.calendar
        total = clock_time.seconds_of(limit, unit, calendar)
        share = rng.uniform(*WAITING_SHARES[light])
        filed_at = clock_time.shift(self.now, -max(60, int(share * total)), unit, calendar)
        before = 0 if incident.urgent else rng.randint(20, 90)
        incident.reported_at = filed_at - timedelta(minutes=before)
        life = self._life(incident, place)
        self.teller.tell_until_in_hand(life, self._reporter(life), filed_at)
        return life

    def _reporter(self, life: Life) -> User | None:
        """Whose name stands on it: staff on patrol, a leader's order; residents have none."""
        case, staff = life.incident, self.staff
        if case.channel == Channel.LEADER:
            case.reporter = self.rng.choice(staff.street["leader"])
        elif case.channel == Channel.PATROL:
            grid = case.report_path[-1] if case.report_path else 0
            own = [u for u in (staff.coordinators.get(grid), staff.managers.get(grid)) if u]
            case.reporter = self.rng.choices(own, [3, 1][: len(own)])[0] if own else None
        return case.reporter

    def _category(self, moment: datetime) -> Category:
        month = moment.month
        if month not in self.by_month:
            weights = [draws.category_weight(c.name, month) for c in self.categories]
            self.by_month[month] = list(accumulate(weights))
        return self.rng.choices(self.categories, cum_weights=self.by_month[month])[0]

    def _contact(self, channel: str) -> tuple[str, str]:
        """A simulated name and a number of a range that no network has (120…)."""
        if self.rng.random() >= WITH_CONTACT.get(channel, 0.0):
            return "", ""
        title = self.rng.choice(("先生", "女士", "阿姨", "大爷"))
        surname = self.rng.choice("王李张刘陈杨赵黄周吴")
        return f"{surname}{title}（模拟）", f"1200000{self.rng.randint(0, 9999):04d}"

    def _blurred(self, spot: Spot) -> Point:
        key = (round(spot.lon, 4), round(spot.lat, 4))
        if key not in self.blurs:
            self.blurs[key] = blurred(*key)
        return self.blurs[key]


def spots_of(street_id: int, moment: datetime) -> list[Spot]:
    """Buildings and road points within the street, weighted by who lives and passes there."""
    found = []
    for building in Building.objects.filter(grid__isnull=False).order_by("pk"):
        name = building.name or (f"{building.street}{building.number}" if building.street else "")
        weight = 1.0 + building.households**0.7
        found.append(Spot(building.point.x, building.point.y, name, weight, on_road=False))
    for road in Road.objects.order_by("pk"):
        if road.kind in {"footway", "steps", "path"} and not road.name:
            continue
        points = [road.line.interpolate_normalized(share) for share in (0.2, 0.5, 0.8)]
        found += [Spot(p.x, p.y, road.name, 1.5, on_road=True) for p in points]
    answers = responsible_areas_many([(s.lon, s.lat) for s in found], moment=moment)
    return [
        Spot(spot.lon, spot.lat, spot.name or _near(answer), spot.weight, spot.on_road)
        for spot, answer in zip(found, answers, strict=True)
        if answer.path and answer.path[0] == street_id and len(answer.path) > 1
    ]


def _near(answer: Responsibility) -> str:
    leaf = answer.leaf
    return leaf.name if leaf else ""


def save(lives: Sequence[Life]) -> None:
    """Write the cases with all their books; ids grow with the moment of the report."""
    for life, number in zip(lives, _ids(len(lives)), strict=True):
        life.incident.pk = number
    for life in lives:
        for rows in (life.history, life.decisions, life.clocks, life.receipts):
            for row in rows:
                row.incident_id = life.incident.pk
        for clock in life.clocks:
            end = clock.ended_at
            if end is not None and end > clock.warn_at:
                clock.warned_at = clock.warn_at
        _answer_receipts(life)
    Incident.objects.bulk_create([life.incident for life in lives], batch_size=BATCH)
    for model, name in (
        (HistoryEntry, "history"),
        (RoutingDecision, "decisions"),
        (CaseClock, "clocks"),
        (UrgentReceipt, "receipts"),
    ):
        rows = [row for life in lives for row in getattr(life, name)]
        model._default_manager.bulk_create(rows, batch_size=BATCH)


def _answer_receipts(life: Life) -> None:
    """Leaders have seen and acknowledged what is over."""
    if life.state in {State.CLOSED, State.CHECKED, State.HANDLED}:
        for minutes, receipt in enumerate(life.receipts, start=2):
            receipt.seen_at = receipt.sent_at + timedelta(minutes=minutes)
            receipt.acknowledged_at = receipt.sent_at + timedelta(minutes=2 * minutes)


def _ids(count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [Incident._meta.db_table, count],
        )
        return sorted(row[0] for row in cursor.fetchall())
