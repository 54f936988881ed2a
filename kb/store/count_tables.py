"""The tables that reports read instead of cases: what each case counts for, and the sums of that."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table

from kb.store.tables import Moment, metadata

# What a case counts for now: taken out of the sums when it counts for something else.
case_count = Table(
    "case_count",
    metadata,
    Column("case_id", Integer, ForeignKey("support_case.id", ondelete="CASCADE"), primary_key=True),
    Column("customer_id", Integer, nullable=False),
    Column("month", String(7), nullable=False),
    Column("product", String(64), nullable=False),
    Column("package", String(64), nullable=False),
    Column("severity", Integer, nullable=False),
    Column("counts", JSON, nullable=False),
)

# Clocks that run in time: what they count for is known when they stop, or are late, and somebody has looked since.
running_clock = Table(
    "running_clock",
    metadata,
    Column("case_id", Integer, ForeignKey("support_case.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("due_at", Moment, nullable=False),
    Index(None, "due_at"),
)

# `customer_id` 0: of all customers. `subject_id`: the account or the article that a measure is of; 0: of none.
report_count = Table(
    "report_count",
    metadata,
    Column("customer_id", Integer, primary_key=True),
    Column("measure", String(32), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("product", String(64), primary_key=True),
    Column("package", String(64), primary_key=True),
    Column("severity", Integer, primary_key=True),
    Column("subject_id", Integer, primary_key=True),
    Column("count", Integer, nullable=False),
)
