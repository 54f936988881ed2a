"""Articles keep where the relative addresses of their text lead: an export needs it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Of articles there were, the next import of their source tells.
    op.add_column("article", sa.Column("links", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("article_version", sa.Column("links", sa.JSON(), nullable=True, server_default="{}"))
