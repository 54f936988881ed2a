"""What is to be done to articles, and who last looked one over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "article_task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("paragraph", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("done_by", sa.Integer(), nullable=True),
        sa.Column("done_note", sa.Text(), nullable=False),
        _reference("article_task", "article_id", "article", ondelete="CASCADE"),
        _reference("article_task", "case_id", "support_case", ondelete="SET NULL"),
        _reference("article_task", "account_id", "account"),
        _reference("article_task", "done_by", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_task")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_article_task_open_id"), "article_task", ["open", "id"])
    op.create_index(op.f("ix_article_task_article_id_open_id"), "article_task", ["article_id", "open", "id"])
    op.create_index(op.f("ix_article_task_case_id"), "article_task", ["case_id"])
    op.create_table(
        "article_review",
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        _reference("article_review", "article_id", "article", ondelete="CASCADE"),
        _reference("article_review", "account_id", "account"),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_article_review")),
    )


def _reference(table: str, column: str, to: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"), ondelete=ondelete)
