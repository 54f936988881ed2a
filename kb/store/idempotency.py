"""Keys that make a request safe to repeat: what was asked under each, whether it was done, and what came of it."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select, update

from kb.store.feedback import upsert
from kb.store.tables import idempotency_key

KEPT = timedelta(hours=24)
# No request takes as long: whoever was at it is gone.
ABANDONED = timedelta(minutes=2)

# The key of the request that this thread is at: the first transaction that writes for it notes that it did.
at_work: ContextVar[int | None] = ContextVar("at_work", default=None)


@dataclass(frozen=True, slots=True)
class Claim:
    """What is known of a key. `ours`: the one who asks is the first and does the work; else `made` holds what came of
    it, None while that is not known; `written`: the work is done all the same. `same`: the two ask the same."""

    id: int
    ours: bool
    same: bool = True
    written: bool = False
    made: tuple[Any, ...] | None = None


def claim(connection: Connection, account_id: int, key: str, fingerprint: str, now: datetime) -> Claim:
    connection.execute(delete(idempotency_key).where(idempotency_key.c.created_at <= now - KEPT))
    values = {
        "account_id": account_id, "key": key, "fingerprint": fingerprint, "written": False, "created_at": now,
    }  # fmt: skip
    new_key = upsert(connection)(idempotency_key).values(**values).on_conflict_do_nothing()
    if (new := connection.execute(new_key.returning(idempotency_key.c.id)).scalar()) is not None:
        return Claim(new, ours=True)
    this = (idempotency_key.c.account_id == account_id) & (idempotency_key.c.key == key)
    row = connection.execute(select(idempotency_key).where(this).with_for_update()).one()
    same = row.fingerprint == fingerprint
    if same and not row.written and row.created_at <= now - ABANDONED:
        connection.execute(update(idempotency_key).where(idempotency_key.c.id == row.id).values(created_at=now))
        return Claim(row.id, ours=True)
    return Claim(row.id, False, same, row.written, None if row.made is None else tuple(row.made))


def mark(connection: Connection) -> None:
    """Notes in the transaction that does a request's work that it is done."""
    if (key_id := at_work.get()) is not None:
        at_work.set(None)
        connection.execute(update(idempotency_key).where(idempotency_key.c.id == key_id).values(written=True))


def keep(connection: Connection, key_id: int, made: Any) -> None:
    """What came of the work, as JSON can hold it."""
    values = {"written": True, "made": [made]}
    connection.execute(update(idempotency_key).where(idempotency_key.c.id == key_id).values(values))


def release(connection: Connection, key_id: int) -> None:
    """Where nothing was done, who asks again is the first again."""
    which = (idempotency_key.c.id == key_id) & ~idempotency_key.c.written
    connection.execute(delete(idempotency_key).where(which))
