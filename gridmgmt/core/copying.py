"""Insert many model rows by COPY: several times faster than INSERT, same values, same constraints.

For imports only. Signals are not sent (no bulk insert sends them).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.contrib.gis.geos import GEOSGeometry
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.db.models.fields.json import JSONField

NULL = "\\N"
_JSON = DjangoJSONEncoder(ensure_ascii=False)
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
    cells = [_column(rows, field.attname, _writer(field)) for field in fields]
    text = "".join(["\t".join(line) + "\n" for line in zip(*cells, strict=True)])
    if "\0" in text:
        raise ValueError("A text holds a NUL character.")
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", io.StringIO(text))


def _column(rows: Sequence[models.Model], name: str, write: Write) -> list[str]:
    """The cells of one column. Many hold the same few objects again and again: written once."""
    values = [row.__dict__[name] for row in rows]
    written = {id(value): value for value in values}  # `values` keeps all of them alive
    if len(written) * 2 > len(values):
        return [write(value) for value in values]
    known = {key: write(value) for key, value in written.items()}
    return [known[id(value)] for value in values]


def _writer(field: models.Field) -> Write:
    """How values of the field stand in COPY's text format."""
    if isinstance(field, JSONField):
        return lambda value: NULL if value is None else _escaped(_JSON.encode(value))
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


def _array(values: Iterable[Any]) -> str:
    return "{" + ",".join([_element(value) for value in values]) + "}"


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int | float):
        return str(value)
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
