"""The three tiers of the national scheme. A deployment may add, rename or replace them."""

from django.db import migrations

DEFAULTS = [
    ("street", 1, 9, "一级网格(街道)", "Tier 1 grid (street)", None, None),
    ("community", 2, 12, "二级网格(社区)", "Tier 2 grid (community)", None, None),
    ("grid", 3, 15, "三级网格", "Tier 3 grid", 100, 300),
]


def add_tiers(apps, schema_editor):
    tier = apps.get_model("territory", "Tier")
    for code, order, length, name, name_en, least, most in DEFAULTS:
        tier.objects.get_or_create(
            code=code,
            defaults={
                "order": order,
                "code_length": length,
                "name": name,
                "name_en": name_en,
                "household_min": least,
                "household_max": most,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("territory", "0002_boundary_replaces")]

    operations = [migrations.RunPython(add_tiers, migrations.RunPython.noop)]
