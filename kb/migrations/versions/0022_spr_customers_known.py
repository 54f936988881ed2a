"""Links of reports to cases that there were learn whose cases they are; the index over that is made beside work."""

from __future__ import annotations

from alembic import op

from kb.store.migrating import make_indexes

revision: str = "0022"
down_revision: str | None = "0021"
branch_labels = None
depends_on = None

INDEXES = (("spr_case", "spr_id", "customer_id", "case_id"),)
LEARN = """
    UPDATE spr_case SET customer_id = (SELECT customer_id FROM support_case WHERE support_case.id = spr_case.case_id)
    WHERE customer_id IS NULL
"""


def upgrade() -> None:
    make_indexes(INDEXES)
    op.execute(LEARN)
