"""django-mapit 3.0 in an environment of its own, with the same areas.

It needs Django < 4, so it lives in a virtual environment below .local/. Its tables are filled from
ours: one generation, one type a tier, each multipolygon as its polygons.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

import psycopg2

from tests.benchmarks.frame import ROOT, server

HOME = ROOT / ".local" / "mapit"
PYTHON = HOME / "bin" / "python"
PACKAGES = ["django-mapit==3.0.0", "Django<4", "psycopg2-binary", "granian", "setuptools"]
TABLE = "_mapit"

SETTINGS = """
import os
SECRET_KEY = "benchmark only"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["django.contrib.gis", "django.contrib.staticfiles", "mapit"]
MIDDLEWARE = [
    "mapit.middleware.JSONPMiddleware",
    "mapit.middleware.ViewExceptionMiddleware",
]
ROOT_URLCONF = "mapit.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DATABASES = {"default": {
    "ENGINE": "django.contrib.gis.db.backends.postgis",
    "NAME": os.environ["MAPIT_NAME"], "HOST": os.environ["MAPIT_HOST"],
    "PORT": os.environ["MAPIT_PORT"], "USER": os.environ["MAPIT_USER"],
    "PASSWORD": os.environ["MAPIT_PASSWORD"], "CONN_MAX_AGE": None,
}}
STATIC_URL = "/static/"
MAPIT_AREA_SRID = 4326
MAPIT_COUNTRY = "Global"
MAPIT_RATE_LIMIT = {}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
USE_TZ = True
"""
WSGI = "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"

FILL = """
INSERT INTO mapit_generation (id, active, created, description) VALUES (1, true, now(), 'bench');
INSERT INTO mapit_type (id, code, description)
    SELECT id, upper(left(code, 3)), code FROM source.territory_tier;
INSERT INTO mapit_area (id, name, parent_area_id, type_id, country_id, generation_low_id,
                        generation_high_id)
    SELECT b.grid_id, b.name, NULL, g.tier_id, NULL, 1, 1
    FROM source.territory_boundary b JOIN source.territory_grid g ON g.id = b.grid_id;
UPDATE mapit_area a SET parent_area_id = b.parent_id
    FROM source.territory_boundary b WHERE b.grid_id = a.id;
INSERT INTO mapit_geometry (area_id, polygon)
    SELECT b.grid_id, (ST_Dump(b.geometry)).geom FROM source.territory_boundary b;
ANALYZE;
"""


def install() -> str | None:
    """Make the environment where it is missing; the reason when that is not possible."""
    if not PYTHON.exists() or not (HOME / "bin" / "granian").exists():
        made = subprocess.run(
            [sys.executable, "-m", "venv", str(HOME)], capture_output=True, text=True, check=False
        )
        if made.returncode:
            return made.stderr.strip().splitlines()[-1]
        added = subprocess.run(
            [str(PYTHON), "-m", "pip", "install", "-q", *PACKAGES],
            capture_output=True,
            text=True,
            check=False,
        )
        if added.returncode:
            return added.stderr.strip().splitlines()[-1]
    (HOME / "bench_settings.py").write_text(SETTINGS)
    (HOME / "bench_wsgi.py").write_text(WSGI)
    return None


def versions() -> str:
    """Django and Python of its environment."""
    text = (
        "import django, sys; print('Django', django.__version__, 'Python', sys.version.split()[0])"
    )
    return subprocess.run(
        [str(PYTHON), "-c", text], capture_output=True, text=True, check=True
    ).stdout.strip()


@contextlib.contextmanager
def serve(source: str, probe: str) -> Iterator[int]:
    """A MapIt with the areas of the database `source`; gives its port."""
    from django.db import connection

    parameters = connection.get_connection_params()
    environment = os.environ | {
        "PYTHONPATH": str(HOME),
        "DJANGO_SETTINGS_MODULE": "bench_settings",
        "MAPIT_NAME": source + TABLE,
        "MAPIT_HOST": str(parameters.get("host") or ""),
        "MAPIT_PORT": str(parameters.get("port") or ""),
        "MAPIT_USER": str(parameters.get("user") or ""),
        "MAPIT_PASSWORD": str(parameters.get("password") or ""),
    }
    _sql("postgres", f'DROP DATABASE IF EXISTS "{source}{TABLE}" WITH (FORCE)')
    _sql("postgres", f'CREATE DATABASE "{source}{TABLE}"')
    try:
        _sql(source + TABLE, "CREATE EXTENSION postgis")
        subprocess.run(
            [str(PYTHON), "-m", "django", "migrate", "--verbosity", "0"],
            env=environment,
            cwd=HOME,
            check=True,
        )
        _copy(source)
        with server(
            "bench_wsgi:application",
            environment=environment,
            granian=HOME / "bin" / "granian",
            probe=probe,
        ) as port:
            yield port
    finally:
        _sql("postgres", f'DROP DATABASE IF EXISTS "{source}{TABLE}" WITH (FORCE)')


def _copy(source: str) -> None:
    """The tables of the division into a schema beside MapIt's, then into its own."""
    target = source + TABLE
    _sql(target, "CREATE SCHEMA source")
    columns = {
        "territory_tier": "id bigint, code text",
        "territory_grid": "id bigint, tier_id bigint",
        "territory_boundary": "grid_id bigint, parent_id bigint, name text, geometry geometry",
    }
    for table, definition in columns.items():
        names = ", ".join(part.split()[0] for part in definition.split(", "))
        rows = _sql(source, f"SELECT {names} FROM {table}", fetch=True)  # noqa: S608
        _sql(target, f"CREATE TABLE source.{table} ({definition})")
        marks = ", ".join(["%s"] * len(names.split(", ")))
        _sql(target, f"INSERT INTO source.{table} VALUES ({marks})", rows=rows)  # noqa: S608
    _sql(target, FILL)


def _sql(name: str, statement: str, *, rows: list | None = None, fetch: bool = False) -> list:
    """Run our own statement in a database of this server."""
    from django.db import connection

    parameters = connection.get_connection_params() | {"dbname": name}
    parameters.pop("cursor_factory", None)
    link = psycopg2.connect(**parameters)
    link.autocommit = name == "postgres"
    try:
        with link.cursor() as cursor:
            if rows is not None:
                cursor.executemany(statement, rows)
            else:
                cursor.execute(statement)
            found = cursor.fetchall() if fetch else []
        if not link.autocommit:
            link.commit()
        return found
    finally:
        link.close()
