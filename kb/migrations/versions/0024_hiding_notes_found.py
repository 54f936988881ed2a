"""An index over the notes of changes that hide something, made beside work."""

from __future__ import annotations

from kb.store.migrating import make_indexes

revision: str = "0024"
down_revision: str | None = "0023"
branch_labels = None
depends_on = None

INDEXES = (("change_note", "hides", "article_id"),)


def upgrade() -> None:
    make_indexes(INDEXES)
