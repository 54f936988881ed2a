"""Finding articles without an engine: by number, and by words in title and text. Plainer, under the same rights."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from itertools import islice

from sqlalchemy import ColumnElement, Connection, and_, case, exists, false, func, literal, not_, or_, select, true

from kb.entitlements import Scope
from kb.question import DATE_BUCKETS, MAX_DEPTH, Needed, Query
from kb.store.grants import readable_sets
from kb.store.reading import within
from kb.store.tables import article, article_section

Word = Sequence[str]
ALL = 2**31 - 1
VALUES = {name: article.c[name] for name in ("product", "type", "lang")}
DIGITS = re.compile("[0-9]{1,9}")


def find(
    connection: Connection, words: Sequence[Word], query: Query, scope: Scope, needed: Sequence[Needed] = ()
) -> list[int]:
    """Ids of articles with all that is needed and at least half of the words, each in any of its spellings; at most
    MAX_DEPTH, best first.

    Of `query` its filters, sort and day are used. Best are those with the number asked for, then with most of the words
    in the title, then with most of them anywhere, then the newest.
    """
    sets = readable_sets(connection, scope)
    # SQLite's LIKE takes no notice of case; its ILIKE would copy every text to lower it.
    like = "like" if connection.dialect.name == "sqlite" else "ilike"
    in_title = [_any(article.c.title, word, like) for word in words]
    anywhere = [or_(titled, _in_text(word, sets, like)) for word, titled in zip(words, in_title, strict=True)]
    numbered = _numbered(words)
    columns = [article.c[name] for name in ("id", "versions", "title", "updated")]
    counts = numbered.label("numbered"), _count(in_title).label("titled"), _count(anywhere).label("has")
    statement = select(*columns, *counts).where(*within(connection, scope), *_filters(query))
    statement = statement.where(*(_holds(one, sets, like) for one in needed))
    # The limit keeps either database from counting again wherever a count is used.
    counted = statement.limit(ALL).subquery().c
    by_words = (case((counted.numbered, 0), else_=1), counted.titled.desc(), counted.has.desc())
    order = {"relevance": (*by_words, counted.updated.desc()), "updated": (counted.updated.desc(),)}
    ordered = select(counted.id, counted.versions).order_by(*order.get(query.sort, (counted.title,)), counted.id)
    if words:
        ordered = ordered.where(or_(counted.numbered, counted.has * 2 >= len(words)))
    chosen = query.filters.versions
    found = connection.execute(ordered if chosen else ordered.limit(MAX_DEPTH))
    kept = (row.id for row in found if not chosen or chosen.intersection(row.versions))
    return list(islice(kept, MAX_DEPTH))


def _holds(needed: Needed, sets: Sequence[int], like: str) -> ColumnElement[bool]:
    """Versions, which no column has by themselves, are not looked at."""
    if needed.field == "version" or not needed.words:
        return true()
    if needed.field == "number":
        holds = _numbered([*needed.words, *map(_as_number, needed.words)])
    elif needed.field in VALUES:
        holds = VALUES[needed.field].in_([each for word in needed.words for each in word])
    else:
        titled = needed.field == "title"
        said = (_any(article.c.title, word, like) for word in needed.words)
        holds = and_(
            true(),
            *(
                one if titled else or_(one, _in_text(word, sets, like))
                for one, word in zip(said, needed.words, strict=True)
            ),
        )
    return not_(holds) if needed.negated else holds


def _numbered(words: Sequence[Word]) -> ColumnElement[bool]:
    return func.lower(article.c.number).in_(sorted({each.lower() for word in words for each in word}))


def _as_number(word: Word) -> Word:
    """Digits as the number of an article."""
    return [f"kb{int(each):06d}" for each in word if DIGITS.fullmatch(each)]


def _filters(query: Query) -> list[ColumnElement[bool]]:
    filters = query.filters
    chosen = ((column, filters.chosen(name)) for name, column in VALUES.items())
    found: list[ColumnElement[bool]] = [column.in_(sorted(values)) for column, values in chosen if values]
    if filters.dates:
        found.append(or_(false(), *(_in_bucket(name, query) for name in sorted(filters.dates))))
    return found


def _in_bucket(name: str, query: Query) -> ColumnElement[bool]:
    """Updated in a bucket of DATE_BUCKETS: longer ago than those before it reach."""
    names = [bucket for bucket, _ in DATE_BUCKETS]
    if name not in names:
        return false()
    at = names.index(name)
    reach, before = DATE_BUCKETS[at][1], DATE_BUCKETS[at - 1][1] if at else None
    within = article.c.updated >= query.today - timedelta(reach) if reach is not None else None
    beyond = article.c.updated < query.today - timedelta(before) if before is not None else None
    return and_(*(each for each in (within, beyond) if each is not None))


def _in_text(word: Word, sets: Sequence[int], like: str) -> ColumnElement[bool]:
    """In a section that may be read."""
    section = article_section.c
    may = or_(section.grant_set_id.is_(None), section.grant_set_id.in_(sets))
    return exists().where(section.article_id == article.c.id, may, _any(section.text, word, like))


def _any(column: ColumnElement[str], word: Word, like: str) -> ColumnElement[bool]:
    patterns = (re.sub(r"([\\%_])", r"\\\1", spelling) for spelling in word)
    return or_(false(), *(getattr(column, like)(f"%{pattern}%", escape="\\") for pattern in patterns))


def _count(conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[int]:
    counted: ColumnElement[int] = literal(0)
    for condition in conditions:
        counted = counted + case((condition, 1), else_=0)
    return counted
