"""Notes of changes tell whether the index may have something for readers who may not read it any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0023"
down_revision: str | None = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Of changes that wait meanwhile it is not known: they may.
    op.add_column("change_note", sa.Column("hides", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE change_note SET hides = true")
