"""One article takes in another: what readers and engineers said of the one goes to the other."""

from __future__ import annotations

from sqlalchemy import Connection, Table, delete, select, update

from kb.store.case_tables import case_link, deflection
from kb.store.feedback_tables import vote
from kb.store.indexing import note
from kb.store.spr_tables import spr_article
from kb.store.task_tables import article_task


def move(connection: Connection, from_id: int, to_id: int) -> None:
    """Votes, links to cases and reports, deflections and flags.

    Who voted on both keeps his vote on the other; of a case linked to both the link that answers it stays.
    """
    answers = select(case_link.c.case_id).where(case_link.c.article_id == from_id, case_link.c.role == "resolution")
    better = case_link.c.article_id == to_id, case_link.c.case_id.in_(answers)
    resolved = list(connection.scalars(select(case_link.c.id).where(*better)))
    for table, by in ((vote, "voter"), (case_link, "case_id"), (spr_article, "spr_id")):
        _move(connection, table, by, from_id, to_id)
    if resolved:
        connection.execute(update(case_link).where(case_link.c.id.in_(resolved)).values(role="resolution"))
    for table in (deflection, article_task):
        connection.execute(update(table).where(table.c.article_id == from_id).values(article_id=to_id))
    note(connection, [from_id, to_id])


def _move(connection: Connection, table: Table, by: str, from_id: int, to_id: int) -> None:
    there = list(connection.scalars(select(table.c[by]).where(table.c.article_id == to_id)))
    of_both = table.c.article_id == from_id, table.c[by].in_(there)
    connection.execute(delete(table).where(*of_both))
    connection.execute(update(table).where(table.c.article_id == from_id).values(article_id=to_id))
