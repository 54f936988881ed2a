"""Numbers that articles gave up: where they lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete, func, insert, select

from kb.entitlements import Scope
from kb.store.reading import readable
from kb.store.tables import article, redirect

CHUNK = 200


def add(connection: Connection, batch_id: int, numbers: Mapping[str, int]) -> None:
    """Each number leads to this article from now on; one that leads somewhere already goes on to."""
    wanted = sorted(numbers)
    there: set[str] = set()
    for start in range(0, len(wanted), CHUNK):
        chunk = redirect.c.number.in_(wanted[start : start + CHUNK])
        there.update(connection.scalars(select(redirect.c.number).where(chunk)))
    rows = [{"number": each, "article_id": numbers[each], "batch_id": batch_id} for each in wanted if each not in there]
    if rows:
        connection.execute(insert(redirect), rows)


def leading_to(connection: Connection, ids: Sequence[int]) -> dict[int, list[str]]:
    """The numbers that lead to these articles, in order."""
    found: dict[int, list[str]] = {}
    for start in range(0, len(ids), CHUNK):
        chunk = redirect.c.article_id.in_(ids[start : start + CHUNK])
        for row in connection.execute(select(redirect).where(chunk).order_by(redirect.c.number)):
            found.setdefault(row.article_id, []).append(row.number)
    return found


def take_back(connection: Connection, batch_id: int) -> None:
    """The redirects that a batch made are gone."""
    connection.execute(delete(redirect).where(redirect.c.batch_id == batch_id))


def target(connection: Connection, number: str, scope: Scope) -> str | None:
    """The number a number leads to, when the scope may read the article that has it.

    An article it leads to may have been merged into another since. Always the same statements, whatever there is.
    """
    first, second, third = redirect.alias("first"), redirect.alias("second"), redirect.alias("third")
    one, two = article.alias("one"), article.alias("two")
    statement = (
        select(func.coalesce(third.c.article_id, second.c.article_id, first.c.article_id))
        .join(one, one.c.id == first.c.article_id)
        .outerjoin(second, second.c.number == one.c.number)
        .outerjoin(two, two.c.id == second.c.article_id)
        .outerjoin(third, third.c.number == two.c.number)
        .select_from(first)
        .where(first.c.number == number)
    )
    wanted = connection.scalar(statement) or 0
    found = next(iter(readable(connection, [wanted], scope).values()), None)
    return found.row.number if found else None
