"""The tables of what is to be done to articles, and of who last looked one over."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from kb.store.tables import Moment, metadata

# A colleague's flag on a paragraph ("" is the whole article), or a case's customer to whom the article is closed.
article_task = Table(
    "article_task",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("article_id", Integer, ForeignKey("article.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("paragraph", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("case_id", Integer, ForeignKey("support_case.id", ondelete="SET NULL")),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("done_at", Moment),
    Column("done_by", Integer, ForeignKey("account.id")),
    Column("done_note", Text, nullable=False),
    Index(None, "open", "id"),
    Index(None, "article_id", "open", "id"),
    Index(None, "case_id"),
    sqlite_autoincrement=True,
)

# To link an article into a case is to have looked it over.
article_review = Table(
    "article_review",
    metadata,
    Column("article_id", Integer, ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False),
    Column("at", Moment, nullable=False),
)
