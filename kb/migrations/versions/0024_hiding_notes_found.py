"""Indexes over what the index of articles may not tell: by notes of changes, and what has expired; made beside work."""

from __future__ import annotations

from kb.store.migrating import make_indexes

revision: str = "0024"
down_revision: str | None = "0023"
branch_labels = None
depends_on = None

INDEXES = (("change_note", "hides", "article_id"), ("article", "confidence", "expires_at"))


def upgrade() -> None:
    make_indexes(INDEXES)
