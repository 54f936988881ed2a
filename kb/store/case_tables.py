"""The tables of cases. `kb/migrations` makes them; a test holds the two to the same shape."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from kb.store.tables import Moment, metadata

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# `due_at` is when the next of its clocks is breached, NEVER where none runs: the queue is read in this order. At
# `watch_at` there will be something to tell of its clocks, or they are to be reckoned anew. `number`
# is drawn at random: one counted up would tell each customer how many cases the others open.
support_case = Table(
    "support_case",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", String(9), nullable=False, unique=True),
    Column("customer_id", Integer, ForeignKey("customer.id"), nullable=False),
    Column("contact_id", Integer, ForeignKey("account.id"), nullable=False),
    Column("owner_id", Integer, ForeignKey("account.id")),
    Column("product", String(64), ForeignKey("product.id"), nullable=False),
    Column("version", String(64), nullable=False),
    Column("environment", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("status", String(32), nullable=False),
    Column("open", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("watch_at", Moment, nullable=False, default=lambda: EPOCH, index=True),
    Column("opened_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    # The ways through cases. They end in the number, which is told; the id is not.
    Index(None, "open", "due_at", "number"),
    Index(None, "open", "opened_at", "number"),
    Index(None, "customer_id", "open", "due_at", "number"),
    Index(None, "customer_id", "open", "opened_at", "number"),
    Index(None, "customer_id", "opened_at", "number"),
    sqlite_autoincrement=True,
)

# The conversation and the history of every change, never rewritten. `internal`: for staff alone.
case_event = Table(
    "case_event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", Integer, ForeignKey("support_case.id", ondelete="CASCADE"), nullable=False),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("internal", Boolean, nullable=False),
    Column("text", Text, nullable=False),
    Column("data", JSON, nullable=False),
    Index(None, "case_id", "id"),
)

case_link = Table(
    "case_link",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", Integer, ForeignKey("support_case.id", ondelete="CASCADE"), nullable=False),
    Column("article_id", Integer, ForeignKey("article.id", ondelete="CASCADE"), nullable=False),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("role", String(16), nullable=False),
    Column("internal", Boolean, nullable=False),
    UniqueConstraint("case_id", "article_id"),
    Index(None, "article_id", "case_id"),
)

# A customer about to open a case was shown an article and said that it solved it.
deflection = Table(
    "deflection",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("article_id", Integer, ForeignKey("article.id", ondelete="CASCADE"), nullable=False),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False),
    Column("product", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "article_id", "account_id"),
    Index(None, "at"),
)

# A file that was sent with an event, and is seen by whoever sees that. `uid` is drawn at random, as a case's number is.
case_file = Table(
    "case_file",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("uid", String(32), nullable=False, unique=True),
    Column("case_id", Integer, ForeignKey("support_case.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", Integer, ForeignKey("case_event.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(150), nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("size", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index(None, "case_id", "id"),
)

# A file that was sent before its case is opened, for whoever sent it to name when it is; forgotten after a day.
case_upload = Table(
    "case_upload",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("uid", String(32), nullable=False, unique=True),
    Column("account_id", Integer, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Column("name", String(150), nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("size", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index(None, "account_id", "id"),
)
