"""The text of attachments is kept, by what they hold: the index needs it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "file_text",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("problem", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_file_text")),
    )
    # The index is to learn what the files there are say.
    op.execute("INSERT INTO change_note (article_id) SELECT DISTINCT article_id FROM attachment ORDER BY article_id")
