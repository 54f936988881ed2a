"""Reports ask who published what in a period."""

from __future__ import annotations

from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_article_event_kind_at"), "article_event", ["kind", "at"])
