"""COPY writes what INSERT writes, whatever the texts hold."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridmgmt.core.copying import copy_rows
from gridmgmt.core.models import AuditEntry, OutboxEvent

pytestmark = pytest.mark.django_db
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=TEXT, words=st.lists(TEXT, max_size=4), number=st.none() | st.integers(-(2**40), 2**40))
def test_what_was_copied_reads_as_it_was(text: str, words: list[str], number: int | None) -> None:
    OutboxEvent.objects.all().delete()
    now = timezone.now()
    payload = {text: words, "n": number, "deep": {"x": [None, True, 1.5]}}
    copy_rows(
        OutboxEvent, [OutboxEvent(name=text[:20], payload=payload, created_at=now, due_at=now)]
    )
    read = OutboxEvent.objects.get()
    assert (read.name, read.payload, read.created_at) == (text[:20], payload, now)
    assert read.delivered_at is None


def test_columns_that_the_database_fills_stay_with_it() -> None:
    copy_rows(
        AuditEntry,
        [AuditEntry(at=timezone.now(), action="x", object_type="y", object_id="1", data={})],
    )
    assert AuditEntry.objects.get().transaction_id > 0


def test_a_constraint_refuses_as_for_an_insert() -> None:
    now = timezone.now()
    row = OutboxEvent(name="a", payload={}, created_at=now, due_at=now)
    row.pk = 5
    copy_rows(OutboxEvent, [row])
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_rows(OutboxEvent, [row])


def test_a_nul_is_refused_in_words() -> None:
    now = timezone.now()
    with pytest.raises(ValueError, match="NUL"):
        copy_rows(OutboxEvent, [OutboxEvent(name="a\0", payload={}, created_at=now, due_at=now)])
