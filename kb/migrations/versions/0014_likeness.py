"""Sketches of articles' texts, to find what is nearly the same; which rows of a report have something to be told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Of articles there were, none: a dry run sketches them as it goes.
    op.add_column("article", sa.Column("sketch", sa.LargeBinary(), nullable=True))
    op.add_column("article_version", sa.Column("sketch", sa.LargeBinary(), nullable=True))
    op.add_column("import_entry", sa.Column("told", sa.Boolean(), nullable=False, server_default=sa.false()))
