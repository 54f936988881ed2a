"""The tables of what readers tell. `kb/migrations` makes them; a test holds the two to the same shape."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table, Text, UniqueConstraint

from kb.store.tables import Moment, metadata

vote = Table(
    "vote",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("article_id", Integer, ForeignKey("article.id", ondelete="CASCADE"), nullable=False),
    Column("voter", String(100), nullable=False),
    Column("helpful", Boolean, nullable=False),
    Column("reason", String(32)),
    Column("comment", Text),
    Column("at", Moment, nullable=False),
    UniqueConstraint("article_id", "voter"),
)

search_gap = Table(
    "search_gap",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("query", Text, nullable=False),
    Column("query_hash", String(64), nullable=False),
    Column("lang", String(8), nullable=False),
    Column("scope_hash", String(64), nullable=False),
    Column("count", Integer, nullable=False),
    Column("first_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False, index=True),
    UniqueConstraint("query_hash", "lang", "scope_hash"),
)
