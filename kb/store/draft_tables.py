"""The tables of editing: drafts, every save of them, who may publish what, and who did what when."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from kb.store.tables import Moment, metadata

# An article as it is being written; `article_id` None: it is new. `base` tells which state of the article it began
# with. `title`, `lang` and `product` repeat those of its last save, for lists. `problem`: why it was not published
# when it was due.
article_draft = Table(
    "article_draft",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("article_id", Integer, ForeignKey("article.id", ondelete="SET NULL"), index=True),
    Column("source", String(100), nullable=False),
    Column("external_id", String(300), nullable=False),
    Column("base", String(100), nullable=False),
    Column("state", String(16), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("lang", String(8), nullable=False),
    Column("product", String(64), nullable=False),
    Column("publish_at", Moment),
    Column("problem", JSON),
    Column("created_by", Integer, ForeignKey("account.id"), nullable=False),
    Column("changed_by", Integer, ForeignKey("account.id"), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Index(None, "state", "changed_at"),
    Index(None, "state", "publish_at"),
    sqlite_autoincrement=True,
)

# Every save, never rewritten.
draft_revision = Table(
    "draft_revision",
    metadata,
    Column("draft_id", Integer, ForeignKey("article_draft.id", ondelete="CASCADE"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("content", JSON, nullable=False),
)

# The files that any save of a draft refers to, by what they hold.
draft_file = Table(
    "draft_file",
    metadata,
    Column("draft_id", Integer, ForeignKey("article_draft.id", ondelete="CASCADE"), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("media_type", String(100), nullable=False),
    Column("size", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

# Who did what when to an article or a draft of it, never rewritten. No foreign key to either: it outlives them.
# `account_id` None: the clock did it.
article_event = Table(
    "article_event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("article_id", Integer),
    Column("draft_id", Integer),
    Column("account_id", Integer, ForeignKey("account.id")),
    Column("at", Moment, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("data", JSON, nullable=False),
    Index(None, "article_id", "id"),
    Index(None, "draft_id", "id"),
    Index(None, "kind", "at"),
    sqlite_autoincrement=True,
)

# What an account may do to the articles of a product; `product` "": of every one.
licence = Table(
    "licence",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("product", String(64), nullable=False),
    Column("level", String(16), nullable=False),
    UniqueConstraint("account_id", "product"),
)
