"""Cases, their events, their links to articles, and cases that an article made needless."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _support_case()
    _case_event()
    _case_link()
    _deflection()


def _reference(table: str, column: str, to: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    target, key = to.split(".")
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.{key}"], name=name, ondelete=ondelete)


def _support_case() -> None:
    op.create_table(
        "support_case",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=9), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        _reference("support_case", "customer_id", "customer.id"),
        _reference("support_case", "contact_id", "account.id"),
        _reference("support_case", "owner_id", "account.id"),
        _reference("support_case", "product", "product.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support_case")),
        sa.UniqueConstraint("number", name=op.f("uq_support_case_number")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_support_case_open_due_at_id"), "support_case", ["open", "due_at", "id"])
    op.create_index(op.f("ix_support_case_customer_id_open_id"), "support_case", ["customer_id", "open", "id"])


def _case_event() -> None:
    op.create_table(
        "case_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        _reference("case_event", "case_id", "support_case.id", ondelete="CASCADE"),
        _reference("case_event", "account_id", "account.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_event")),
    )
    op.create_index(op.f("ix_case_event_case_id_id"), "case_event", ["case_id", "id"])


def _case_link() -> None:
    op.create_table(
        "case_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False),
        _reference("case_link", "case_id", "support_case.id", ondelete="CASCADE"),
        _reference("case_link", "article_id", "article.id", ondelete="CASCADE"),
        _reference("case_link", "account_id", "account.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_link")),
        sa.UniqueConstraint("case_id", "article_id", name=op.f("uq_case_link_case_id_article_id")),
    )
    op.create_index(op.f("ix_case_link_article_id_case_id"), "case_link", ["article_id", "case_id"])


def _deflection() -> None:
    op.create_table(
        "deflection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _reference("deflection", "article_id", "article.id", ondelete="CASCADE"),
        _reference("deflection", "account_id", "account.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deflection")),
    )
    op.create_index(op.f("ix_deflection_article_id_account_id"), "deflection", ["article_id", "account_id"])
    op.create_index(op.f("ix_deflection_at"), "deflection", ["at"])
