"""The trail is chained in commit order, cannot be changed unnoticed, and reports its tail."""

from datetime import timedelta
from io import StringIO

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from gridmgmt.core import audit
from gridmgmt.core.models import AuditEntry, AuditSeal, User

from .conftest import NOW

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("Z-02")]


@pytest.fixture
def actor() -> User:
    return User.objects.create_user("wang")


def session(**changes):
    """One more session of this server, outside of Django."""
    parameters = dict(connection.get_connection_params()) | changes
    parameters.pop("cursor_factory", None)
    return psycopg2.connect(**parameters)


@pytest.fixture
def other_transaction():
    """A second session to the same database, in a transaction of its own."""
    other = session()
    yield other
    other.close()


def note(actor, action="case.filed", **data):
    return audit.record(actor=actor, now=NOW, action=action, target=actor, data=data)


def insert(other, action):
    with other.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_auditentry (at, action, object_type, object_id, data)"
            " VALUES (%s, %s, 'core.user', '1', '{}')",
            [NOW, action],
        )


def test_sealing_twice_changes_nothing_and_the_chain_holds(actor):
    for number in range(5):
        note(actor, number=number, name="号")
    assert audit.verify() == audit.Verification(sealed=0, unsealed=5, broken_at=None)
    assert audit.seal(now=NOW) == 5
    assert audit.seal(now=NOW) == 0
    assert audit.verify() == audit.Verification(sealed=5, unsealed=0, broken_at=None)
    assert [s.sequence for s in AuditSeal.objects.order_by("sequence")] == [1, 2, 3, 4, 5]
    assert AuditSeal.objects.get(sequence=1).previous_digest == audit.GENESIS


def test_a_limit_leaves_the_rest_for_the_next_time(actor):
    for number in range(5):
        note(actor, number=number)
    assert [audit.seal(now=NOW, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert audit.verify().broken_at is None


def test_an_entry_waits_for_older_transactions_that_still_run(actor, other_transaction):
    insert(other_transaction, "slow")
    note(actor, "quick")
    assert audit.seal(now=NOW) == 0
    assert audit.verify().unsealed == 1
    other_transaction.commit()
    assert audit.seal(now=NOW) == 2
    order = AuditSeal.objects.order_by("sequence").values_list("entry__action", flat=True)
    assert list(order) == ["slow", "quick"]
    assert audit.verify().broken_at is None


def test_the_chain_goes_by_transaction_not_by_the_number_of_the_entry(actor, other_transaction):
    """Else an entry of an older transaction would stand below the last link and stay unsealed."""
    with other_transaction.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()")
    note(actor, "begun later, written first")
    insert(other_transaction, "begun first, written later")
    other_transaction.commit()
    assert audit.seal(now=NOW, limit=1) == 1
    assert AuditSeal.objects.get().entry.action == "begun first, written later"
    assert audit.seal(now=NOW) == 1
    assert audit.verify() == audit.Verification(sealed=2, unsealed=0, broken_at=None)


def test_a_transaction_of_another_database_holds_nothing_up(actor):
    elsewhere = session(dbname="postgres")
    with elsewhere.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()")
    note(actor)
    assert audit.seal(now=NOW) == 1
    elsewhere.close()


def test_what_was_rolled_back_is_never_sealed(actor, other_transaction):
    insert(other_transaction, "undone")
    note(actor, "done")
    other_transaction.rollback()
    assert audit.seal(now=NOW) == 1
    assert audit.verify() == audit.Verification(sealed=1, unsealed=0, broken_at=None)


def test_two_sealers_do_not_meet(actor, other_transaction):
    note(actor)
    with other_transaction.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [audit.SEALER_LOCK])
    assert audit.seal(now=NOW) == 0
    other_transaction.rollback()
    assert audit.seal(now=NOW) == 1


def test_entries_of_a_restored_backup_are_sealed(actor):
    """Their transaction numbers come from another cluster and may lie far ahead."""
    entry = note(actor, "restored")
    tampered("UPDATE core_auditentry SET transaction_id = 9000000000000000 WHERE id = %s", entry.pk)
    assert audit.unsealed().count() == 1
    assert audit.seal(now=NOW) == 1
    note(actor, "of this cluster, after the last link")
    assert audit.unsealed().count() == 1
    assert audit.seal(now=NOW) == 1
    assert audit.unsealed().count() == 0
    assert audit.verify() == audit.Verification(sealed=2, unsealed=0, broken_at=None)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM core_auditentry",
        "UPDATE core_auditentry SET action = 'nothing'",
        "DELETE FROM core_auditseal",
        "UPDATE core_auditseal SET digest = '0'",
    ],
)
def test_the_database_refuses_update_and_delete(actor, statement):
    note(actor)
    audit.seal(now=NOW)
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="append-only"):
        cursor.execute(statement)
    assert audit.verify() == audit.Verification(sealed=1, unsealed=0, broken_at=None)


def tampered(statement, *parameters):
    """Change the trail as only the owner of the database can, with the trigger switched off."""
    with connection.cursor() as cursor:
        for table in ("entry", "seal"):
            cursor.execute(f"ALTER TABLE core_audit{table} DISABLE TRIGGER USER")
        cursor.execute(statement, parameters)
        for table in ("entry", "seal"):
            cursor.execute(f"ALTER TABLE core_audit{table} ENABLE TRIGGER USER")


@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [
        ("UPDATE core_auditentry SET data = '{\"number\": 9}' WHERE data->>'number' = '1'", 2),
        ("UPDATE core_auditentry SET at = at + interval '1 hour' WHERE data->>'number' = '0'", 1),
        ("UPDATE core_auditentry SET actor_id = NULL WHERE data->>'number' = '2'", 3),
        ("DELETE FROM core_auditseal WHERE sequence = 2", 2),
        ("DELETE FROM core_auditseal WHERE sequence = 1", 1),
        ("UPDATE core_auditseal SET digest = repeat('0', 64) WHERE sequence = 3", 3),
    ],
)
def test_tampering_is_found_at_its_place(actor, statement, broken_at):
    for number in range(3):
        note(actor, number=number)
    audit.seal(now=NOW)
    tampered(statement)
    result = audit.verify()
    assert result.broken_at == broken_at
    with pytest.raises(CommandError, match=f"broken at link {broken_at}"):
        call_command("verify_audit")


def test_the_command_tells_the_tail_and_seals_it_when_asked(actor):
    note(actor)
    audit.seal(now=NOW)
    note(actor)
    out = StringIO()
    call_command("verify_audit", stdout=out)
    assert "1 links, 1 entries not sealed" in out.getvalue()
    call_command("verify_audit", "--seal", stdout=out)
    assert "2 links, 0 entries not sealed" in out.getvalue()


def test_times_of_any_zone_give_the_same_text(actor):
    """What is read back from the database equals what was written, or every chain would break."""
    entry = note(actor)
    entry_again = AuditEntry.objects.get(pk=entry.pk)
    assert audit.canonical(entry) == audit.canonical(entry_again)
    assert audit.link("", entry) != audit.link("", note(actor))
    later = note(actor)
    later.at = NOW + timedelta(microseconds=1)
    assert audit.canonical(later) != audit.canonical(AuditEntry.objects.get(pk=later.pk))
