"""A small town that tests share: two street offices, named people, the five departments.

      116.30    116.31    116.32    116.33    116.34    116.36
 40.02  +---------+---------+---------+---------+---------+
        |   a1    |   a2    |   b1    |   b2    |    c    |   street `home` (c is undivided)
 40.00  +---------+---------+---------+---------+---------+
        |   f1              |   f2                        |   street `away`
 39.98  +-----------------------------------------------+-+

People of `home`: `owner` manages a1, `teammate` manages a2, `coordinator` works on a1, and so on.
`outsider` manages f1 in the other street; `stranger` signs in and has no post at all.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.contrib.gis.geos import MultiPolygon, Polygon
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from gridmgmt.core.models import User
from gridmgmt.core.permissions import Role
from grids.people.choices import ManagementSystem
from grids.people.models import Department, Person, Post
from grids.territory.choices import EditionStatus
from grids.territory.models import Boundary, Edition, Grid, Tier

START = datetime(2025, 1, 1, tzinfo=UTC)
ALWAYS = DateTimeTZRange(START, None)

# Each name with its tier, code, parent, and west, south, east, north in degrees.
AREAS = {
    "home": ("street", "110108999", None, 116.30, 40.00, 116.36, 40.02),
    "a": ("community", "110108999001", "home", 116.30, 40.00, 116.32, 40.02),
    "b": ("community", "110108999002", "home", 116.32, 40.00, 116.34, 40.02),
    "c": ("community", "110108999003", "home", 116.34, 40.00, 116.36, 40.02),
    "a1": ("grid", "110108999001001", "a", 116.30, 40.00, 116.31, 40.02),
    "a2": ("grid", "110108999001002", "a", 116.31, 40.00, 116.32, 40.02),
    "b1": ("grid", "110108999002001", "b", 116.32, 40.00, 116.33, 40.02),
    "b2": ("grid", "110108999002002", "b", 116.33, 40.00, 116.34, 40.02),
    "away": ("street", "110108998", None, 116.30, 39.98, 116.36, 40.00),
    "f": ("community", "110108998001", "away", 116.30, 39.98, 116.36, 40.00),
    "f1": ("grid", "110108998001001", "f", 116.30, 39.98, 116.32, 40.00),
    "f2": ("grid", "110108998001002", "f", 116.32, 39.98, 116.36, 40.00),
}

# Each user name with role, area (None: everywhere) and shown name.
STAFF = {
    "owner": (Role.MANAGER, "a1", "王芳"),
    "teammate": (Role.MANAGER, "a2", "李强"),
    "b1_manager": (Role.MANAGER, "b1", "周敏"),
    "coordinator": (Role.COORDINATOR, "a1", "张伟"),
    "grid_head": (Role.GRID_HEAD, "a", "陈静"),
    "supervisor": (Role.SUPERVISOR, "home", "刘洋"),
    "leader": (Role.LEADER, "home", "赵主任"),
    "dispatcher": (Role.DISPATCHER, "home", "孙丽"),
    "desk": (Role.DESK_OPERATOR, "home", "何娟"),
    "analyst": (Role.ANALYST, "home", "马超"),
    "administrator": (Role.ADMINISTRATOR, None, "管理员"),
    "outsider": (Role.MANAGER, "f1", "外街经理"),
    "away_supervisor": (Role.SUPERVISOR, "away", "外街督导"),
}


@dataclass
class Town:
    """What was built, by the names above."""

    edition: Edition
    tiers: dict[str, Tier] = field(default_factory=dict)
    grids: dict[str, Grid] = field(default_factory=dict)
    boundaries: dict[str, Boundary] = field(default_factory=dict)
    departments: dict[str, Department] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)

    def path(self, name: str) -> list[int]:
        """Grid ids from the root down to the area."""
        parent = AREAS[name][2]
        return [*(self.path(parent) if parent else []), self.grids[name].pk]

    @staticmethod
    def point_in(name: str) -> tuple[float, float]:
        """A point (lon, lat) well inside the area, off its centre lines."""
        _tier, _code, _parent, west, south, east, north = AREAS[name]
        return west + (east - west) * 0.4, south + (north - south) * 0.45


def rectangle(west: float, south: float, east: float, north: float) -> MultiPolygon:
    """An area whose long sides carry the neighbours' corners, so that shared borders match."""
    xs = sorted({x for area in AREAS.values() for x in (area[3], area[5]) if west < x < east})
    ring = [(west, south), *((x, south) for x in xs), (east, south), (east, north)]
    ring += [*((x, north) for x in reversed(xs)), (west, north), (west, south)]
    return MultiPolygon(Polygon(ring), srid=4326)


def build() -> Town:
    """Write the town to the database (tiers come from the migrations where they are there)."""
    town = Town(
        Edition.objects.create(name="town", status=EditionStatus.PUBLISHED, effective_at=START)
    )
    for order, (code, length) in enumerate(
        (("street", 9), ("community", 12), ("grid", 15)), start=1
    ):
        town.tiers[code], _created = Tier.objects.get_or_create(
            code=code, defaults={"order": order, "name": code, "code_length": length}
        )
    for name, (tier, code, parent, *box) in AREAS.items():
        town.grids[name] = Grid.objects.create(tier=town.tiers[tier], code=code)
        town.boundaries[name] = Boundary.objects.create(
            grid=town.grids[name],
            edition=town.edition,
            parent=town.grids[parent] if parent else None,
            name=f"区{name}",
            name_en=f"Area {name}",
            geometry=rectangle(*box),
            valid=ALWAYS,
            households=200 if tier == "grid" else None,
        )
    for system in ManagementSystem.values:
        town.departments[system] = Department.objects.create(
            code=f"home-{system.replace('_', '-')}",
            name=f"科室{system}",
            name_en=f"Office of {system}",
            system=system,
            grid=town.grids["home"],
        )
    for username, (role, area, shown) in STAFF.items():
        town.users[username] = _person(username, shown)
        Post.objects.create(
            person=town.users[username].person,
            role=role,
            grid=town.grids[area] if area else None,
            valid=ALWAYS,
        )
    town.users["administrator"].is_staff = town.users["administrator"].is_superuser = True
    town.users["administrator"].save()
    town.users["handler"] = _person("handler", "环卫科员")
    Post.objects.create(
        person=town.users["handler"].person,
        role=Role.DEPARTMENT_HANDLER,
        department=town.departments["sanitation"],
        valid=ALWAYS,
    )
    town.users["stranger"] = User.objects.create_user("stranger", full_name="路人")
    return town


def _person(username: str, shown: str) -> User:
    user = User.objects.create_user(username, full_name=shown)
    Person.objects.create(user=user, name=shown, duty_phone="010-62780000")
    return user
