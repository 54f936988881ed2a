"""Reports ask who published what in a period; lists of articles leave out what has expired."""

from __future__ import annotations

from alembic import op

from kb.store.migrating import index_name, make_indexes

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels = None
depends_on = None

NARROWER = (("updated", "id", "grant_set_id", "confidence"), ("product", "grant_set_id", "confidence"))
INDEXES = (
    ("article_event", "kind", "at"),
    ("article", "expires_at"),
    *(("article", *columns, "expires_at") for columns in NARROWER),
)


def upgrade() -> None:
    make_indexes(INDEXES)
    for columns in NARROWER:
        op.drop_index(op.f(index_name("article", columns)), "article", if_exists=True)
