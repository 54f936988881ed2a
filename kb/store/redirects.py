"""Numbers that articles gave up: where they lead."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import BindParameter, Connection, and_, bindparam, delete, insert, literal, null, or_, select, union_all

from kb.entitlements import Scope
from kb.store.rows import WITHDRAWN, is_read_by
from kb.store.tables import article, article_version, batch, grant_set, redirect

CHUNK = 200
# An article may have been merged into another, and that one, too.
FARTHEST = 3
MOST_ASKED = 5_000

own = grant_set.alias("own")
part = grant_set.alias("part")
NUMBERS: BindParameter[Any] = bindparam("numbers", expanding=True)


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
    """The number a number leads to, for who may read the article that has it and could read the one that gave it up.

    An article it leads to may have been merged into another since. Always the same statement, whatever there is.
    """
    return led(connection, [number], scope).get(number)


def led(connection: Connection, numbers: Collection[str], scope: Scope) -> dict[str, str]:
    """Of these numbers those that lead the scope to an article, each with the article's own."""
    return {number: leads for found in _asked(connection, _LEADING, numbers) for number, leads in _led(found, scope)}


def reached(connection: Connection, numbers: Collection[str], scope: Scope) -> set[str]:
    """Of these numbers those that an article has which the scope may read, and those that lead it to one.

    One statement, whatever there is: for every MOST_ASKED of them.
    """
    found: set[str] = set()
    for rows in _asked(connection, _REACHED, numbers):
        direct = [row for row in rows if row.hop == 0]
        found.update(row.asked for row in direct if is_read_by(row, scope))
        found.update(number for number, _ in _led([row for row in rows if row.hop], scope))
    return found


def _asked(connection: Connection, statement: Any, numbers: Collection[str]) -> Iterable[Sequence[Any]]:
    wanted = sorted(numbers)
    for start in range(0, max(len(wanted), 1), MOST_ASKED):
        yield connection.execute(statement, {"numbers": wanted[start : start + MOST_ASKED]}).all()


def _led(found: Iterable[Any], scope: Scope) -> Iterable[tuple[str, str]]:
    for number, way in groupby(sorted(found, key=lambda row: (row.asked, row.hop)), key=lambda row: row.asked):
        hops = list(way)
        if is_read_by(hops[-1], scope) and all(hop.given is None or scope.reads(hop.given) for hop in hops):
            yield str(number), str(hops[-1].number)


def _leading() -> Any:
    """Where each number leads, hop by hop, with the grants `given` of the article that gave it up, and has it still.

    A number that an article gave up for another of its own has none; who has it since has nothing to do with it.
    """
    first = select(
        redirect.c.number.label("asked"), literal(1).label("hop"), redirect.c.number, redirect.c.article_id,
        redirect.c.batch_id,
    ).where(redirect.c.number.in_(NUMBERS)).cte("way", recursive=True)  # fmt: skip
    on, at = redirect.alias("on"), article.alias("at")
    way = first.union_all(
        select(first.c.asked, first.c.hop + 1, on.c.number, on.c.article_id, on.c.batch_id)
        .join_from(first, at, at.c.id == first.c.article_id)
        .join(on, on.c.number == at.c.number)
        .where(first.c.hop < FARTHEST)
    )
    before, giver = article_version.alias("before"), article.alias("giver")
    renumbered = before.c.batch_id == way.c.batch_id, before.c.article_id == way.c.article_id
    merged = giver.c.number == way.c.number, giver.c.id != way.c.article_id, before.c.id.is_(None)
    in_time = or_(batch.c.id.is_(None), giver.c.created_at <= batch.c.started_at)
    return (
        select(way.c.asked, way.c.hop, article.c.number, *WITHDRAWN, own.c.grants, part.c.grants.label("given"))
        .join_from(way, article, article.c.id == way.c.article_id)
        .join(own, own.c.id == article.c.grant_set_id)
        .outerjoin(batch, batch.c.id == way.c.batch_id)
        .outerjoin(before, and_(*renumbered, before.c.number == way.c.number))
        .outerjoin(giver, and_(*merged, in_time))
        .outerjoin(part, part.c.id == giver.c.grant_set_id)
    )


def _direct() -> Any:
    return (
        select(article.c.number.label("asked"), literal(0), article.c.number, *WITHDRAWN, own.c.grants, null())
        .join(own, own.c.id == article.c.grant_set_id)
        .where(article.c.number.in_(NUMBERS))
    )


_LEADING = _leading()
_REACHED = union_all(_leading(), _direct())
