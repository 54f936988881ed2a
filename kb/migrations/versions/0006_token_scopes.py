"""Tokens have scopes; keys that make a request safe to repeat; cases in an order that programs page through."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kb.store.migrating import make_indexes

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels = None
depends_on = None

INDEXES = (
    ("support_case", "open", "due_at", "number"),
    ("support_case", "opened_at", "number"),
    ("support_case", "customer_id", "opened_at", "number"),
)
# Tokens made before there were scopes go on as they are.
EVERYTHING = '["read", "cases:read", "cases:write", "imports"]'


def upgrade() -> None:
    with op.batch_alter_table("api_token") as table:
        table.add_column(sa.Column("scopes", sa.JSON(), nullable=False, server_default=EVERYTHING))
    with op.batch_alter_table("api_token") as table:
        table.alter_column("scopes", server_default=None)
    op.create_table(
        "idempotency_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("written", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_idempotency_key_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_key")),
        sa.UniqueConstraint("account_id", "key", name=op.f("uq_idempotency_key_account_id_key")),
    )
    op.create_index(op.f("ix_idempotency_key_created_at"), "idempotency_key", ["created_at"])
    make_indexes(INDEXES)
