"""Editing: owners, review days and expiry of articles, drafts, redirects, licences, and who did what when."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for table in ("article", "article_version"):
        with op.batch_alter_table(table) as altered:
            altered.add_column(sa.Column("owner", sa.String(length=254), nullable=True))
            altered.add_column(sa.Column("review_on", sa.Date(), nullable=True))
            altered.add_column(sa.Column("expires_at", MOMENT, nullable=True))
            altered.add_column(sa.Column("text_digest", sa.String(length=64), nullable=True))
            altered.add_column(sa.Column("text_at", MOMENT, nullable=True))
    _redirect()
    _draft()
    _draft_parts()
    _event()
    _licence()


def _redirect() -> None:
    op.create_table(
        "redirect",
        sa.Column("number", sa.String(length=16), nullable=False),
        _whole("article_id"),
        _whole("batch_id"),
        _reference("redirect", "article_id", "article", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_redirect")),
    )
    _index("redirect", "article_id")
    _index("redirect", "batch_id")


def _draft() -> None:
    op.create_table(
        "article_draft",
        _whole("id"),
        _whole("article_id", nullable=True),
        _text("source", 100),
        _text("external_id", 300),
        _text("base", 100),
        _text("state", 16),
        _whole("revision"),
        sa.Column("title", sa.Text(), nullable=False),
        _text("lang", 8),
        _text("product", 64),
        sa.Column("publish_at", MOMENT, nullable=True),
        sa.Column("problem", sa.JSON(), nullable=True),
        _whole("created_by"),
        _whole("changed_by"),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        _reference("article_draft", "article_id", "article", ondelete="SET NULL"),
        _reference("article_draft", "created_by", "account"),
        _reference("article_draft", "changed_by", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_draft")),
        sqlite_autoincrement=True,
    )
    _index("article_draft", "article_id")
    _index("article_draft", "state", "changed_at")
    _index("article_draft", "state", "publish_at")


def _draft_parts() -> None:
    op.create_table(
        "draft_revision",
        _whole("draft_id"),
        _whole("revision"),
        _whole("account_id"),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        _reference("draft_revision", "draft_id", "article_draft", ondelete="CASCADE"),
        _reference("draft_revision", "account_id", "account"),
        sa.PrimaryKeyConstraint("draft_id", "revision", name=op.f("pk_draft_revision")),
    )
    op.create_table(
        "draft_file",
        _whole("draft_id"),
        _text("digest", 64),
        _text("media_type", 100),
        _whole("size"),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        _reference("draft_file", "draft_id", "article_draft", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("draft_id", "digest", name=op.f("pk_draft_file")),
    )


def _event() -> None:
    op.create_table(
        "article_event",
        _whole("id"),
        _whole("article_id", nullable=True),
        _whole("draft_id", nullable=True),
        _whole("account_id", nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        _text("kind", 16),
        sa.Column("data", sa.JSON(), nullable=False),
        _reference("article_event", "account_id", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_event")),
        sqlite_autoincrement=True,
    )
    _index("article_event", "article_id", "id")
    _index("article_event", "draft_id", "id")


def _licence() -> None:
    op.create_table(
        "licence",
        _whole("id"),
        _whole("account_id"),
        _text("product", 64),
        _text("level", 16),
        _reference("licence", "account_id", "account", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_licence")),
        sa.UniqueConstraint("account_id", "product", name=op.f("uq_licence_account_id_product")),
    )


def _whole(name: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _text(name: str, length: int) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


def _reference(table: str, column: str, to: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"), ondelete=ondelete)
