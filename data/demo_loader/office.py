"""What the simulated year asks of the office: decisions and limits, the real ones, kept once asked.

A decision depends on the path, on what any active rule mentions, and on who is away; so a year of
cases needs some hundred decisions and not ten thousand.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings

from gridmgmt.core.permissions import Role
from grids.people.models import Absence, Post
from grids.territory.services.responsibility import Responsibility
from incidents.choices import ClockKind, Grade, Purpose
from incidents.clocks import Calendar
from incidents.models import FilingRule, Incident, RoutingDecision, RoutingRule
from incidents.services import routing
from incidents.services.clocks import office_calendar
from incidents.services.decision import Decision


class Office:
    """The deployment as it stands: rules, limits, calendar, absences."""

    def __init__(self) -> None:
        self.calendar: Calendar = office_calendar()
        self.first_rules: dict[int, FilingRule] = {}
        for rule in FilingRule.objects.order_by("category_id", "order"):
            self.first_rules.setdefault(rule.category_id, rule)
        rules = list(RoutingRule.objects.filter(active=True))
        self.by_hour = any(rule.time_from for rule in rules)
        self.by_grade = any(rule.grade for rule in rules)
        self.by_channel = any(rule.channel for rule in rules)
        self.categories = {rule.category_id for rule in rules if rule.category_id}
        self.classes = {(r.category_kind, r.big_code) for r in rules if r.category_kind}
        checks = Post.objects.filter(role=Role.SUPERVISOR)
        self.checkers = frozenset(checks.values_list("person__user_id", flat=True))
        self.leave = list(Absence.objects.values_list("pk", "during"))
        self.decisions: dict[tuple[Any, ...], Decision] = {}

    def decide(
        self,
        purpose: str,
        incident: Incident,
        place: Responsibility,
        *,
        now: datetime,
        avoid_user_id: int | None = None,
    ) -> Decision:
        """The routing's decision for this case at this moment."""
        category = incident.category
        if avoid_user_id not in self.checkers:
            avoid_user_id = None  # who handled it could not be asked to check it anyway
        key: tuple[Any, ...] = (
            purpose,
            place.path,
            place.answer,
            place.others,
            round(place.distance_m or 0, 1),
            incident.grade if self.by_grade else is_major(incident),
            avoid_user_id,
            tuple(number for number, during in self.leave if during.lower <= now < during.upper),
        )
        if purpose == Purpose.HANDLE:
            key += (
                incident.urgent,
                category.system if category else None,
                incident.channel if self.by_channel else None,
                now.astimezone(self.calendar.tz).strftime("%H%M") if self.by_hour else None,
                category.pk if category and category.pk in self.categories else None,
                self._class_of(category),
            )
        if key not in self.decisions:
            self.decisions[key] = routing.decide(
                purpose,
                responsibility=place,
                category=category,
                grade=incident.grade,
                channel=incident.channel,
                urgent=incident.urgent,
                now=now,
                avoid_user_id=avoid_user_id,
            )
        return self.decisions[key]

    def _class_of(self, category: Any) -> tuple[str, str] | None:
        if category is None:
            return None
        mine = {(category.kind, category.big_code), (category.kind, "")}
        return (category.kind, category.big_code) if mine & self.classes else None

    def limit_for(self, incident: Incident, kind: str) -> tuple[int, str]:
        """As `incidents.services.clocks.limit_for`, without asking the database again."""
        if kind == ClockKind.HANDLE:
            rule = incident.filing_rule or self.first_rules.get(incident.category_id or 0)
            if rule is not None:
                return rule.limit, rule.unit
        usual, urgent = settings.CLOCK_LIMITS[kind]
        limit: tuple[int, str] = urgent if incident.urgent else usual
        return limit


def is_major(incident: Incident) -> bool:
    """Whether the leaders are told at once."""
    return incident.grade == Grade.MAJOR


def decision_row(
    incident: Incident, decision: Decision, place: Responsibility, now: datetime
) -> RoutingDecision:
    """The unsaved row that keeps a decision with its case, as routing itself stores it."""
    return RoutingDecision(
        incident=incident,
        at=now,
        purpose=decision.purpose,
        point_x=incident.point.x if incident.point else None,
        point_y=incident.point.y if incident.point else None,
        boundary_ids=list(place.boundary_ids),
        path=list(decision.path),
        answer=place.answer,
        distance_m=place.distance_m,
        rule=decision.rule,
        rule_version=decision.rule_version,
        tier_id=decision.tier_id,
        grid_id=decision.grid_id,
        department=decision.department,
        role=decision.role,
        person_id=decision.person.person_id if decision.person else None,
        reasons=list(decision.reasons),
        alternatives=list(decision.alternatives),
        inform=[
            {"person": holder.person_id, "role": holder.role, "grid": holder.grid_id}
            for holder in decision.inform
        ],
        auto_dispatch=decision.auto_dispatch,
    )
