"""Batches that can be taken back: what articles were before each, and who wrote it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _batch()
    _article_version()
    _section_version()
    _attachment_version()


def _reference(table: str, column: str, to: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    target, key = to.split(".")
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.{key}"], name=name, ondelete=ondelete)


def _batch() -> None:
    op.create_table(
        "batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("products", sa.JSON(), nullable=False),
        sa.Column("rolled_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rolled_back_by", sa.Integer(), nullable=True),
        _reference("batch", "account_id", "account.id"),
        _reference("batch", "rolled_back_by", "account.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_batch_source_id"), "batch", ["source", "id"])
    # What older versions wrote cannot be taken back: nobody kept what there was.
    op.drop_table("import_run")


def _article_version() -> None:
    op.create_table(
        "article_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("existed", sa.Boolean(), nullable=False),
        _kept("number", sa.String(length=16)),
        _kept("source", sa.String(length=100)),
        _kept("external_id", sa.String(length=300)),
        _kept("group", sa.String(length=300)),
        _kept("title", sa.Text()),
        _kept("lang", sa.String(length=8)),
        _kept("product", sa.String(length=64)),
        _kept("type", sa.String(length=32)),
        _kept("category", sa.Text()),
        _kept("versions", sa.JSON()),
        _kept("updated", sa.Date()),
        _kept("grant_set_id", sa.Integer()),
        _kept("also_asked_as", sa.JSON()),
        _kept("confidence", sa.String(length=32)),
        _kept("extra", sa.JSON()),
        _kept("digest", sa.String(length=64)),
        _kept("created_at", sa.DateTime(timezone=True)),
        _kept("changed_at", sa.DateTime(timezone=True)),
        _reference("article_version", "batch_id", "batch.id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_version")),
        sa.UniqueConstraint("batch_id", "article_id", name=op.f("uq_article_version_batch_id_article_id")),
    )
    op.create_index(op.f("ix_article_version_article_id_batch_id"), "article_version", ["article_id", "batch_id"])


def _section_version() -> None:
    op.create_table(
        "section_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        _kept("ordinal", sa.Integer()),
        _kept("grant_set_id", sa.Integer()),
        _kept("headings", sa.JSON()),
        _kept("toc", sa.JSON()),
        _kept("text", sa.Text()),
        _kept("html", sa.Text()),
        _kept("markdown", sa.Text()),
        _reference("section_version", "version_id", "article_version.id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_section_version")),
    )
    op.create_index(op.f("ix_section_version_version_id"), "section_version", ["version_id"])


def _attachment_version() -> None:
    op.create_table(
        "attachment_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        _kept("name", sa.String(length=150)),
        _kept("media_type", sa.String(length=100)),
        _kept("size", sa.Integer()),
        _kept("digest", sa.String(length=64)),
        _kept("grant_set_id", sa.Integer()),
        _kept("content", sa.LargeBinary()),
        _reference("attachment_version", "version_id", "article_version.id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment_version")),
    )
    op.create_index(op.f("ix_attachment_version_version_id"), "attachment_version", ["version_id"])


def _kept(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)
