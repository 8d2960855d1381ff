"""Short ways to make cases and move them, as the people of the small town."""

from datetime import UTC, datetime, timedelta
from typing import Any

from grids.people.access import access_for
from incidents.choices import Action, CategoryKind, Channel, Grade
from incidents.models import Category, FilingRule, Incident
from incidents.services.intake import Report, report
from incidents.services.moves import perform
from tests.town import Town

# A Monday morning in Beijing, inside working hours.
NOW = datetime(2025, 6, 2, 1, 0, tzinfo=UTC)


def category(system: str = "sanitation", small_code: str = "901", **fields: Any) -> Category:
    """A category of a system with one filing rule of four work hours."""
    values = {
        "standard": "test",
        "version": "1",
        "kind": CategoryKind.EVENT,
        "big_code": "01",
        "big_name": "市容环境",
        "small_code": small_code,
        "name": f"类{small_code}",
        "system": system,
    }
    made = Category.objects.create(**(values | fields))
    FilingRule.objects.create(category=made, limit=4, unit="work_hour")
    return made


def take(town: Town, *, area: str = "a1", actor: str | None = None, **fields: Any) -> Incident:
    """Report something in the middle of an area."""
    lon, lat = town.point_in(area)
    values: dict[str, Any] = {"description": "垃圾满溢", "lon": lon, "lat": lat}
    now = fields.pop("now", NOW)
    return report(Report(**(values | fields)), actor=town.users[actor] if actor else None, now=now)


def move(
    town: Town, who: str, action: str, incident: Incident, *, after: int = 1, **data: Any
) -> Incident:
    """`who` makes the move `after` minutes later than the case's last change."""
    incident = Incident.objects.get(pk=incident.pk)
    now = data.pop("now", incident.updated_at + timedelta(minutes=after))
    user = town.users[who]
    return perform(action, incident.pk, actor=user, access=access_for(user, now), now=now, **data)


def to_state(town: Town, state: str, **fields: Any) -> Incident:
    """A sanitation case of area a1 that has come as far as `state` on the straight way."""
    fields.setdefault("category_id", None)
    if fields["category_id"] is None:
        fields["category_id"] = _sanitation().pk
    incident = take(town, **fields)
    for name, who, action, data in WAY:
        if incident.state == state:
            return incident
        if name == incident.state:
            incident = move(town, who, action, incident, **data)
    return incident


def _sanitation() -> Category:
    found = Category.objects.filter(standard="test", small_code="900").first()
    return found or category(small_code="900")


WAY = (
    ("reported", "owner", Action.VERIFY, {}),
    ("verified", "owner", Action.FILE, {}),
    ("filed", "dispatcher", Action.DISPATCH, {}),
    ("dispatched", "handler", Action.ACCEPT, {}),
    ("in_hand", "handler", Action.HANDLE, {"note": "已清理", "public_note": "垃圾已清运"}),
    ("handled", "supervisor", Action.CHECK, {}),
    ("checked", "supervisor", Action.CLOSE, {}),
)
__all__ = ["NOW", "Channel", "Grade", "category", "move", "take", "to_state"]
