"""Write to the audit trail, seal it, verify it.

`record` costs one insert in the caller's transaction. `seal` chains what has been committed;
it takes entries below the oldest running transaction only, so that no entry can appear later
before one that is sealed already. Transactions of one database count, not of the whole cluster.
`verify` recomputes the chain.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, models, transaction

from gridmgmt.core.models import AuditEntry, AuditSeal

SEALER_LOCK = 7_301_001  # advisory lock: one sealer at a time
GENESIS = "0" * 64

# The oldest transaction that may still write here; without one, the next to begin. Transactions
# of other databases of the same cluster, and autovacuum's, are left out where they are known.
OLDEST_RUNNING = """
SELECT coalesce(min(running), pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
FROM (SELECT pg_snapshot_xip(pg_current_snapshot())::text::bigint AS running) AS snapshot
WHERE NOT EXISTS (
    SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock' AND granted
      AND transactionid::text::bigint = running % 4294967296
      AND (datname <> current_database() OR backend_type = 'autovacuum worker')
)
"""


class NotBegun(models.Func):
    """The first transaction that the statement's snapshot has not begun.

    An entry that is seen with such a number came with a backup of another cluster: it was
    committed long ago.
    """

    template = "(pg_snapshot_xmax(pg_current_snapshot())::text::bigint)"
    output_field = models.BigIntegerField()


def record(
    *,
    actor: AbstractBaseUser | None,
    now: datetime,
    action: str,
    target: models.Model,
    data: dict[str, Any] | None = None,
) -> AuditEntry:
    """Note that `actor` (None: the system or an unknown resident) did `action` to `target`.

    `data` holds codes and figures only, never names, phones or free text of a person.
    """
    made = entry(actor=actor, now=now, action=action, target=target, data=data)
    made.save(force_insert=True)
    return made


def entry(
    *,
    actor: AbstractBaseUser | None,
    now: datetime,
    action: str,
    target: models.Model,
    data: dict[str, Any] | None = None,
) -> AuditEntry:
    """The same, unsaved: for those who write many in one go, in the transaction of the change."""
    return AuditEntry(
        at=now,
        actor_id=actor.pk if actor is not None else None,
        action=action,
        object_type=target._meta.label_lower,
        object_id=str(target.pk),
        data=data or {},
    )


def unsealed() -> models.QuerySet[AuditEntry]:
    """Entries that wait for the sealer, found without reading those that are sealed.

    Sealing goes by transaction, so nothing of this cluster waits below the last link. A last link
    that came with a backup of another cluster says nothing about this one: then all are looked at.
    """
    last = (
        AuditSeal.objects.order_by("-sequence")
        .annotate(foreign=models.Q(entry__transaction_id__gte=NotBegun()))
        .values_list("foreign", "entry__transaction_id", "entry_id")
        .first()
    )
    waiting = AuditEntry.objects.filter(seal__isnull=True)
    if last is None or last[0]:
        return waiting
    _foreign, transaction_id, entry_id = last
    return waiting.filter(
        models.Q(transaction_id=transaction_id, pk__gt=entry_id)
        | models.Q(transaction_id__gt=transaction_id)
    )


def canonical(entry: AuditEntry) -> bytes:
    """The text of an entry that its digest covers: stable JSON, times in UTC."""
    return json.dumps(
        {
            "id": entry.pk,
            "at": entry.at.isoformat(timespec="microseconds"),
            "actor": entry.actor_id,
            "action": entry.action,
            "object_type": entry.object_type,
            "object_id": entry.object_id,
            "data": entry.data,
        },
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


def link(previous_digest: str, entry: AuditEntry) -> str:
    """sha256 (hex) over the previous digest and the entry's canonical text."""
    return hashlib.sha256(previous_digest.encode() + b"\n" + canonical(entry)).hexdigest()


def seal(*, now: datetime, limit: int = 5000) -> int:
    """Chain up to `limit` committed entries; returns how many. A second sealer returns 0."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALER_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(OLDEST_RUNNING)
        entries = unsealed().filter(
            models.Q(transaction_id__lt=cursor.fetchone()[0])
            | models.Q(transaction_id__gte=NotBegun())
        )
        last = AuditSeal.objects.order_by("-sequence").first()
        sequence = last.sequence if last else 0
        digest = last.digest if last else GENESIS
        seals = []
        for entry in entries.order_by("transaction_id", "id")[:limit]:
            previous, digest = digest, link(digest, entry)
            sequence += 1
            seals.append(
                AuditSeal(
                    sequence=sequence,
                    entry=entry,
                    previous_digest=previous,
                    digest=digest,
                    sealed_at=now,
                )
            )
        AuditSeal.objects.bulk_create(seals)
        return len(seals)


@dataclass(frozen=True)
class Verification:
    """`broken_at` is the sequence of the first bad link, None when the chain holds."""

    sealed: int
    unsealed: int
    broken_at: int | None
    reason: str = ""


def verify() -> Verification:
    """Recompute the whole chain from its first link."""
    expected_sequence, digest = 1, GENESIS
    for item in _seals():
        if item.sequence != expected_sequence:
            return _broken(expected_sequence, "a link is missing")
        if item.previous_digest != digest or link(digest, item.entry) != item.digest:
            return _broken(item.sequence, "the entry does not match its digest")
        digest = item.digest
        expected_sequence += 1
    return Verification(
        sealed=expected_sequence - 1,
        unsealed=AuditEntry.objects.filter(seal__isnull=True).count(),
        broken_at=None,
    )


def _seals() -> Iterator[AuditSeal]:
    return AuditSeal.objects.select_related("entry").order_by("sequence").iterator(chunk_size=2000)


def _broken(sequence: int, reason: str) -> Verification:
    return Verification(
        sealed=AuditSeal.objects.count(),
        unsealed=AuditEntry.objects.filter(seal__isnull=True).count(),
        broken_at=sequence,
        reason=reason,
    )
