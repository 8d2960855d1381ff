"""Questions of lists and maps at many cases: no plan reads the whole table."""

import json
from datetime import timedelta

import pytest
from django.db import connection

from grids.people.access import access_for
from incidents.choices import Light
from incidents.models import Incident
from tests.incidents.helpers import NOW, take

CASES = 60_000


@pytest.fixture
def many(town):
    """One real case, copied over the months; every fortieth is still open."""
    take(town, description="路灯不亮")
    columns = [f.column for f in Incident._meta.concrete_fields if f.column != "id"]
    changed = {
        "number": "'QH-' || n",
        "reported_at": "reported_at - n * interval '7 minutes'",
        "due_at": "due_at - n * interval '7 minutes'",
        "warn_at": "warn_at - n * interval '7 minutes'",
        "state": "CASE WHEN n % 40 = 0 THEN 'reported' ELSE 'closed' END",
        "closed_at": "CASE WHEN n % 40 = 0 THEN NULL ELSE reported_at END",
        "terms": "ARRAY['词' || n % 5000, '路' || n % 300]",
        "report_path": "ARRAY[900000000000 + n % 997]",
        "owner_path": "ARRAY[900000000000 + n % 997]",
        "owner_person_id": "NULL",
        "owner_grid_id": "NULL",
        "report_grid_id": "NULL",
        "public_point": "ST_SetSRID(ST_MakePoint(116 + (n % 300) / 300.0, 39 + n / 60000.0), 4326)",
        "point": "ST_SetSRID(ST_MakePoint(116 + (n % 300) / 300.0, 39 + n / 60000.0), 4326)",
    }
    chosen = ", ".join(changed.get(column, f'"{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO incidents_incident ({names}) SELECT {chosen}"  # noqa: S608
            f" FROM incidents_incident, generate_series(1, {CASES}) AS n"
        )
        cursor.execute("ANALYZE incidents_incident")
    return town


def nodes(plan):
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


def scans(cases) -> list[str]:
    """The sequential scans of the cases' table in the plan."""
    text = cases.explain(format="json")
    plan = json.loads(text)[0]["Plan"]
    return [
        node["Node Type"]
        for node in nodes(plan)
        if node.get("Relation Name") == "incidents_incident" and node["Node Type"] == "Seq Scan"
    ]


@pytest.mark.req("I-19")
def test_no_list_and_no_map_reads_the_whole_table(many):
    now = NOW + timedelta(hours=1)
    found = {}
    for who in ("owner", "supervisor", "dispatcher", "handler", "coordinator", "administrator"):
        access = access_for(many.users[who], NOW)
        visible = Incident.objects.visible_to(access).for_list()
        found |= {
            f"{who} newest": visible.newest_first()[:51],
            f"{who} work": visible.work_for(access).by_urgency()[:51],
            f"{who} open": visible.open().by_urgency()[:51],
            f"{who} red": visible.with_light(Light.RED, now).by_urgency()[:51],
            f"{who} words": visible.search("路7 词77").newest_first()[:51],
            f"{who} number": visible.search("QH-77").newest_first()[:51],
            f"{who} map": visible.within(116.3, 39.5, 116.31, 39.52)[:5000],
        }
    public = Incident.objects.released()
    found["public map"] = public.within_public(116.3, 39.5, 116.31, 39.52)[:5000]
    found["nearby"] = Incident.objects.open().within_public(116.3, 39.5, 116.31, 39.52)[:1000]
    found["pool"] = Incident.objects.in_pool().by_urgency()[:51]
    slow = {name: scans(cases) for name, cases in found.items()}
    assert {name for name, plan in slow.items() if plan} == set()
