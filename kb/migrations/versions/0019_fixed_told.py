"""What cases are told of reports that are fixed; deliveries in the order of what happened: indexes made beside work."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kb.store.migrating import index_name, make_indexes

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels = None
depends_on = None

# A worker takes the oldest that is ready: with a receiver that was away for a day, without sorting all that wait.
INDEXES = (("delivery", "webhook_id", "state", "id"), ("delivery", "state", "id"))
FORMER = ("webhook_id", "state", "next_at")


def upgrade() -> None:
    op.create_table(
        "spr_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("spr_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fixed_in", sa.String(length=64), nullable=False),
        _reference("spr_id", "spr", ondelete="CASCADE"),
        _reference("case_id", "support_case", ondelete="CASCADE"),
        _reference("account_id", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spr_notice")),
        sa.UniqueConstraint("spr_id", "case_id", "fixed_in", name=op.f("uq_spr_notice_spr_id_case_id_fixed_in")),
    )
    op.create_index(op.f("ix_spr_notice_case_id_id"), "spr_notice", ["case_id", "id"])
    make_indexes(INDEXES)
    op.drop_index(op.f(index_name("delivery", FORMER)), "delivery", if_exists=True)


def _reference(column: str, to: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_spr_notice_{column}_{to}")
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=name, ondelete=ondelete)
