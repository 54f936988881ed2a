"""What cases count for in the reports, and the sums of that. Cases that are there are counted by `kb init`."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_count",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("package", sa.String(length=64), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        _of_case("case_count"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_count")),
    )
    op.create_table(
        "running_clock",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        _of_case("running_clock"),
        sa.PrimaryKeyConstraint("case_id", "kind", name=op.f("pk_running_clock")),
    )
    op.create_index(op.f("ix_running_clock_due_at"), "running_clock", ["due_at"])
    op.create_table(
        "report_count",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("measure", sa.String(length=32), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("package", sa.String(length=64), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "customer_id", "measure", "month", "product", "package", "severity", "subject_id",
            name=op.f("pk_report_count"),
        ),
    )  # fmt: skip


def _of_case(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_case_id_support_case")
    return sa.ForeignKeyConstraint(["case_id"], ["support_case.id"], name=name, ondelete="CASCADE")
