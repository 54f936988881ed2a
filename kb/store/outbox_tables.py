"""The tables of what other tools are told: clocks that warn or are breached, events of cases, who is to hear them."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from kb.store.tables import Moment, metadata

# A clock that warned or was breached: once for each of its runs, which `began_at` tells apart.
clock_event = Table(
    "clock_event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", Integer, ForeignKey("support_case.id", ondelete="CASCADE"), nullable=False),
    Column("clock", String(16), nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("what", String(8), nullable=False),
    Column("at", Moment, nullable=False),
    Column("due_at", Moment),
    Column("logged", Boolean, nullable=False),
    UniqueConstraint("case_id", "clock", "began_at", "what"),
    Index(None, "at", "id"),
    Index(None, "logged", "id"),
)

# Where events are sent. `kinds` empty: all; `content`: how much of a case its receiver may see; `customer_id`: cases of
# that customer alone. The former secret signs, too, until `former_until`. `rests_until`: it did not answer.
webhook = Table(
    "webhook",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("url", Text, nullable=False),
    Column("secret", String(100), nullable=False),
    Column("former_secret", String(100)),
    Column("former_until", Moment),
    Column("kinds", JSON, nullable=False),
    Column("content", String(16), nullable=False),
    Column("customer_id", Integer, ForeignKey("customer.id", ondelete="CASCADE")),
    Column("active", Boolean, nullable=False),
    Column("silences", Integer, nullable=False),
    Column("rests_until", Moment),
    Column("created_at", Moment, nullable=False),
    sqlite_autoincrement=True,
)

# What happened to a case, as it was then; written with the change itself. `uid` is what receivers know it by.
outbox_event = Table(
    "outbox_event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("uid", String(32), nullable=False, unique=True),
    Column("case_id", Integer, ForeignKey("support_case.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(32), nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Column("internal", Boolean, nullable=False),
    Column("by", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("data", JSON, nullable=False),
    Column("state", JSON, nullable=False),
    sqlite_autoincrement=True,
)

# An event for one receiver. `held_until`: a worker is at it.
delivery = Table(
    "delivery",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("webhook_id", Integer, ForeignKey("webhook.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", Integer, ForeignKey("outbox_event.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("case_id", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Moment, nullable=False),
    Column("held_until", Moment),
    Column("status", Integer),
    Column("problem", String(32)),
    Column("done_at", Moment),
    Index(None, "webhook_id", "state", "id"),
    Index(None, "webhook_id", "case_id", "state", "id"),
    Index(None, "state", "id"),
    Index(None, "state", "done_at"),
    sqlite_autoincrement=True,
)
