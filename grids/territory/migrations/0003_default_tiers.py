"""The three tiers of the national scheme. A deployment may add, rename or replace them."""

from django.db import migrations

from grids.territory.defaults import add_default_tiers


def add_tiers(apps, schema_editor):
    add_default_tiers(apps.get_model("territory", "Tier"))


class Migration(migrations.Migration):
    dependencies = [("territory", "0002_boundary_replaces")]

    operations = [migrations.RunPython(add_tiers, migrations.RunPython.noop)]
