"""Articles that wait for somebody: expired ones, and those near the day they should be looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, update

from kb.store import batches, history, versions
from kb.store.articles import Applied, ImportRun
from kb.store.history import Happened
from kb.store.indexing import note
from kb.store.tables import article

CLOCK = "expiry"


@dataclass(frozen=True, slots=True)
class Waiting:
    number: str
    title: str
    lang: str
    product: str
    owner: str | None
    review_on: date | None
    expires_at: datetime | None


def _waiting(connection: Connection, limit: int, order: Any, *where: ColumnElement[bool]) -> list[Waiting]:
    columns = [article.c[name] for name in Waiting.__slots__]
    found = connection.execute(select(*columns).where(*where).order_by(order, article.c.id).limit(limit))
    return [Waiting(*row) for row in found]


def expired(connection: Connection, now: datetime, limit: int) -> list[Waiting]:
    """Those that readers have lost, the last first."""
    return _waiting(connection, limit, article.c.expires_at.desc(), article.c.expires_at <= now)


def to_look_at(connection: Connection, by: date, limit: int) -> list[Waiting]:
    """Those to be looked at by that day, the longest overdue first."""
    where = article.c.review_on <= by, article.c.confidence != "archived"
    return _waiting(connection, limit, article.c.review_on, *where)


def expiring(connection: Connection, now: datetime) -> list[int]:
    """Articles that have expired and are not archived yet."""
    where = article.c.expires_at <= now, article.c.confidence != "archived"
    return list(connection.scalars(select(article.c.id).where(*where).order_by(article.c.id)))


def archive_expired(connection: Connection, now: datetime) -> int:
    """As a batch of its own, with a note for the index of each."""
    batches.next_number(connection)
    ids = expiring(connection, now)
    if not ids:
        return 0
    run = ImportRun(CLOCK, now)
    batch = batches.begin(connection, run)
    versions.keep(connection, batch, ids)
    connection.execute(update(article).where(article.c.id.in_(ids)).values(confidence="archived", changed_at=now))
    for id_ in ids:
        history.note(connection, Happened("expired", now, None, id_))
    note(connection, ids)
    batches.finish(connection, Applied(changed=len(ids), batch=batch), run, now)
    return len(ids)
