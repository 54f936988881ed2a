"""What readers tell: votes on articles, and searches that found nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from kb.entitlements import Scope
from kb.store.feedback_tables import search_gap, vote
from kb.store.tables import change_note


@dataclass(frozen=True, slots=True)
class Vote:
    """Whether an article helped. `reason` and `comment` say why it did not."""

    article_id: int
    voter: str
    helpful: bool
    reason: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """A question no article answered, how often it was asked and when last. `asked` is as first typed."""

    asked: str
    lang: str
    count: int
    last_at: datetime


def save_vote(connection: Connection, given: Vote, at: datetime) -> None:
    """One vote for each voter and article: a later one takes the place of the earlier. The index is to learn of it."""
    key = {"article_id": given.article_id, "voter": given.voter}
    values = {"helpful": given.helpful, "reason": given.reason, "comment": given.comment, "at": at}
    new = upsert(connection)(vote).values(**key, **values)
    connection.execute(new.on_conflict_do_update(index_elements=list(key), set_=values))
    connection.execute(insert(change_note).values(article_id=given.article_id))


def save_gap(connection: Connection, query: str, lang: str, scope: Scope, at: datetime) -> None:
    """Counts a search that found nothing, apart for each set of rights: others may find what this one may not."""
    scope_hash = hashlib.sha256("\n".join(sorted(scope.grants)).encode()).hexdigest()
    query_hash = hashlib.sha256(query.casefold().encode("utf-8", "replace")).hexdigest()
    key = {"query_hash": query_hash, "lang": lang, "scope_hash": scope_hash}
    asked = query.encode("utf-8", "replace").decode().replace("\x00", "")
    new = upsert(connection)(search_gap).values(**key, query=asked, count=1, first_at=at, last_at=at)
    again = {"count": search_gap.c.count + 1, "last_at": at}
    connection.execute(new.on_conflict_do_update(index_elements=list(key), set_=again))


def upsert(connection: Connection) -> Any:
    """An INSERT that knows what to do when the row is there: each database has its own."""
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert


def gaps(connection: Connection, limit: int) -> list[Gap]:
    """Questions without an answer, the most asked first."""
    statement = select(search_gap).order_by(search_gap.c.count.desc(), search_gap.c.last_at.desc()).limit(limit)
    return [Gap(row.query, row.lang, row._mapping["count"], row.last_at) for row in connection.execute(statement)]
