"""One article takes in another: what readers and engineers said of the one goes to the other."""

from __future__ import annotations

from sqlalchemy import Connection, Table, and_, delete, or_, select, update

from kb.store.case_tables import case_link, deflection
from kb.store.feedback_tables import vote
from kb.store.indexing import note
from kb.store.spr_tables import spr_article
from kb.store.task_tables import article_task


def move(connection: Connection, from_id: int, to_id: int) -> None:
    """Votes, links to cases and reports, deflections and flags.

    Who voted on both keeps his vote on the other; of a case linked to both the link that its customer sees stays, of
    two alike the one that answers it.
    """
    connection.execute(delete(case_link).where(case_link.c.id.in_(_worse(connection, from_id, to_id))))
    for table, by in ((vote, "voter"), (case_link, "case_id"), (spr_article, "spr_id")):
        _move(connection, table, by, from_id, to_id)
    for table in (deflection, article_task):
        connection.execute(update(table).where(table.c.article_id == from_id).values(article_id=to_id))
    note(connection, [from_id, to_id])


def _worse(connection: Connection, from_id: int, to_id: int) -> list[int]:
    """The links of the other article that are to give way."""
    mine, other = case_link.alias(), case_link.alias()
    found = select(other.c.id).join(mine, mine.c.case_id == other.c.case_id)
    found = found.where(mine.c.article_id == from_id, other.c.article_id == to_id)
    answers = and_(mine.c.internal == other.c.internal, mine.c.role == "resolution", other.c.role != "resolution")
    return list(connection.scalars(found.where(or_(and_(~mine.c.internal, other.c.internal), answers))))


def _move(connection: Connection, table: Table, by: str, from_id: int, to_id: int) -> None:
    there = list(connection.scalars(select(table.c[by]).where(table.c.article_id == to_id)))
    of_both = table.c.article_id == from_id, table.c[by].in_(there)
    connection.execute(delete(table).where(*of_both))
    connection.execute(update(table).where(table.c.article_id == from_id).values(article_id=to_id))
