"""The tables of software performance reports (SPR), and of the releases whose standard support ends."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from kb.store.tables import Moment, metadata

# What research and development is told that a product does wrong. `fixed_in`: the version, "" while there is none.
spr = Table(
    "spr",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", String(32), nullable=False, unique=True),
    Column("product", String(64), ForeignKey("product.id"), nullable=False),
    Column("status", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("fixed_in", String(64), nullable=False),
    Column("changed_at", Moment, nullable=False),
    Index(None, "status", "changed_at", "number"),
    Index(None, "changed_at", "number"),
    sqlite_autoincrement=True,
)

spr_article = Table(
    "spr_article",
    metadata,
    Column("spr_id", Integer, ForeignKey("spr.id", ondelete="CASCADE"), nullable=False),
    Column("article_id", Integer, ForeignKey("article.id", ondelete="CASCADE"), nullable=False),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False),
    Column("at", Moment, nullable=False),
    PrimaryKeyConstraint("spr_id", "article_id"),
    Index(None, "article_id", "spr_id"),
)

# `customer_id`: the case's; none where a server of an earlier version made the link.
spr_case = Table(
    "spr_case",
    metadata,
    Column("spr_id", Integer, ForeignKey("spr.id", ondelete="CASCADE"), nullable=False),
    Column("case_id", Integer, ForeignKey("support_case.id", ondelete="CASCADE"), nullable=False),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("customer_id", Integer),
    PrimaryKeyConstraint("spr_id", "case_id"),
    Index(None, "case_id", "spr_id"),
    Index(None, "spr_id", "customer_id", "case_id"),
)

# A case was told that a report linked to it is fixed: of each version it is fixed in once. `account_id`: who said that
# it is fixed; none: it was read from a file.
spr_notice = Table(
    "spr_notice",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("spr_id", Integer, ForeignKey("spr.id", ondelete="CASCADE"), nullable=False),
    Column("case_id", Integer, ForeignKey("support_case.id", ondelete="CASCADE"), nullable=False),
    Column("account_id", Integer, ForeignKey("account.id")),
    Column("at", Moment, nullable=False),
    Column("fixed_in", String(64), nullable=False),
    UniqueConstraint("spr_id", "case_id", "fixed_in"),
    Index(None, "case_id", "id"),
)

# The last day of standard support. `name` as versions begin with it, 12.1; "": the whole product.
product_release = Table(
    "product_release",
    metadata,
    Column("product", String(64), ForeignKey("product.id"), nullable=False),
    Column("name", String(64), nullable=False),
    Column("standard_ends", Date, nullable=False),
    PrimaryKeyConstraint("product", "name"),
)
