"""Of a request under a key what it made is kept, no longer what was said of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0025"
down_revision: str | None = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("idempotency_key") as table:
        table.add_column(sa.Column("made", sa.JSON(none_as_null=True), nullable=True))
        # A process of the version before writes them as long as it runs.
        table.alter_column("headers", existing_type=sa.JSON(), nullable=True)
        table.alter_column("body", existing_type=sa.LargeBinary(), nullable=True)
