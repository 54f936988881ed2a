"""Software performance reports, with their articles and cases; releases whose standard support ends."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "spr",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("fixed_in", sa.String(length=64), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["product"], ["product.id"], name=op.f("fk_spr_product_product")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spr")),
        sa.UniqueConstraint("number", name=op.f("uq_spr_number")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_spr_status_changed_at_number"), "spr", ["status", "changed_at", "number"])
    op.create_index(op.f("ix_spr_changed_at_number"), "spr", ["changed_at", "number"])
    _links("article", "article")
    _links("case", "support_case")
    op.create_table(
        "product_release",
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("standard_ends", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["product"], ["product.id"], name=op.f("fk_product_release_product_product")),
        sa.PrimaryKeyConstraint("product", "name", name=op.f("pk_product_release")),
    )


def _links(what: str, table: str) -> None:
    """What reports are linked to."""
    name, column = f"spr_{what}", f"{what}_id"
    op.create_table(
        name,
        sa.Column("spr_id", sa.Integer(), nullable=False),
        sa.Column(column, sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["spr_id"], ["spr.id"], name=op.f(f"fk_{name}_spr_id_spr"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            [column], [f"{table}.id"], name=op.f(f"fk_{name}_{column}_{table}"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f(f"fk_{name}_account_id_account")),
        sa.PrimaryKeyConstraint("spr_id", column, name=op.f(f"pk_{name}")),
    )
    op.create_index(op.f(f"ix_{name}_{column}_spr_id"), name, [column, "spr_id"])
