"""Whose case a report is linked to, so that a customer's are found without reading those of others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("spr_case", sa.Column("customer_id", sa.Integer(), nullable=True))
