"""Cases in the order in which pages and programs walk through them: indexes made while others work."""

from __future__ import annotations

from alembic import op

from kb.store.migrating import index_name, make_indexes

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels = None
depends_on = None

INDEXES = (
    ("support_case", "open", "opened_at", "number"),
    ("support_case", "customer_id", "open", "due_at", "number"),
    ("support_case", "customer_id", "open", "opened_at", "number"),
)
# Those that nothing goes by any more.
FORMER = (("open", "due_at", "id"), ("customer_id", "open", "id"), ("opened_at", "number"))


def upgrade() -> None:
    make_indexes(INDEXES)
    for columns in FORMER:
        op.drop_index(op.f(index_name("support_case", columns)), "support_case", if_exists=True)
