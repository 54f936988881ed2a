"""How a file is to be read goes with its import; which column is which key is remembered for each source."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("import_job") as table:
        table.add_column(sa.Column("reading", sa.JSON(), nullable=True))
    op.create_table(
        "column_mapping",
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("keys", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_column_mapping")),
    )
