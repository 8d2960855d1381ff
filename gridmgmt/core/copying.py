"""Insert many model rows by COPY: several times faster than INSERT, same values, same constraints.

For imports only. Signals are not sent (no bulk insert sends them).
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.contrib.gis.geos import GEOSGeometry
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.db.models.fields.json import JSONField

NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
Write = Callable[[Any], str]


def copy_rows(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Insert the unsaved `rows` of one model in the current transaction.

    Either all of them name their primary key or none does. Columns that the database fills in
    stay with it. Raises IntegrityError as an insert would, and ValueError for a text with a NUL.
    """
    if not rows:
        return
    fields = [
        field
        for field in model._meta.concrete_fields
        if not (field.primary_key and rows[0].pk is None)
        and field.db_default is models.NOT_PROVIDED
    ]
    names = [field.attname for field in fields]
    writers = [_writer(field) for field in fields]
    text = io.StringIO()
    for row in rows:
        values = row.__dict__
        text.write(
            "\t".join([write(values[name]) for name, write in zip(names, writers, strict=True)])
        )
        text.write("\n")
    if "\0" in text.getvalue():
        raise ValueError("A text holds a NUL character.")
    text.seek(0)
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", text)


def _writer(field: models.Field) -> Write:
    """How values of the field stand in COPY's text format."""
    if isinstance(field, JSONField):
        return lambda value: NULL if value is None else _escaped(_json(value))
    if isinstance(field, ArrayField):
        return lambda value: NULL if value is None else _escaped(_array(value))
    if isinstance(field, models.CharField | models.TextField):
        if type(field).get_prep_value in (
            models.CharField.get_prep_value,
            models.TextField.get_prep_value,
        ):
            return lambda value: NULL if value is None else _escaped(str(value))
        return lambda value: _plain(field.get_db_prep_save(value, connection))
    return _plain


def _plain(value: Any) -> str:
    if value is None:
        return NULL
    if value is True:
        return "t"
    if value is False:
        return "f"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, GEOSGeometry):
        return value.hexewkb.decode()
    return _escaped(str(value))


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES) if not text.isalnum() else text


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)


def _array(values: Iterable[Any]) -> str:
    return "{" + ",".join([_element(value) for value in values]) + "}"


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int | float):
        return str(value)
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
