"""Finding articles without an engine: by number, and by words in title and text. Plainer, under the same rights."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, and_, case, exists, false, func, literal, or_, select

from kb.entitlements import STAFF, Scope
from kb.question import DATE_BUCKETS, MAX_DEPTH, Query
from kb.store.grants import readable_sets
from kb.store.tables import article, article_section

Word = Sequence[str]


def find(connection: Connection, words: Sequence[Word], query: Query, scope: Scope) -> list[int]:
    """Ids of articles with at least half of the words, each in any of its spellings; at most MAX_DEPTH, best first.

    Of `query` its filters, sort and day are used. Best are those with the number asked for, then with most of the words
    in the title, then with most of them anywhere, then the newest.
    """
    sets = readable_sets(connection, scope)
    in_title = [_any(article.c.title, word) for word in words]
    anywhere = [or_(titled, _in_text(word, sets)) for word, titled in zip(words, in_title, strict=True)]
    numbered = or_(false(), *(func.lower(article.c.number) == each.lower() for word in words for each in word))
    statement = select(article.c.id, article.c.versions).where(article.c.grant_set_id.in_(sets), *_filters(query))
    if STAFF not in scope.grants:
        statement = statement.where(article.c.confidence != "archived")
    if words:
        statement = statement.where(or_(numbered, _count(anywhere) * 2 >= len(words)))
    by_words = (case((numbered, 0), else_=1), _count(in_title).desc(), _count(anywhere).desc())
    order = {"relevance": (*by_words, article.c.updated.desc()), "updated": (article.c.updated.desc(),)}
    ordered = statement.order_by(*order.get(query.sort, (article.c.title,)), article.c.id)
    found = connection.execute(ordered.limit(MAX_DEPTH))
    chosen = query.filters.versions
    return [row.id for row in found if not chosen or chosen.intersection(row.versions)]


def _filters(query: Query) -> list[ColumnElement[bool]]:
    filters = query.filters
    columns = ((article.c.product, filters.products), (article.c.type, filters.types), (article.c.lang, filters.langs))
    found: list[ColumnElement[bool]] = [column.in_(sorted(values)) for column, values in columns if values]
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


def _in_text(word: Word, sets: Sequence[int]) -> ColumnElement[bool]:
    """In a section that may be read."""
    section = article_section.c
    may = or_(section.grant_set_id.is_(None), section.grant_set_id.in_(sets))
    return exists().where(section.article_id == article.c.id, may, _any(section.text, word))


def _any(column: ColumnElement[str], word: Word) -> ColumnElement[bool]:
    return or_(false(), *(column.icontains(spelling, autoescape=True) for spelling in word))


def _count(conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[int]:
    counted: ColumnElement[int] = literal(0)
    for condition in conditions:
        counted = counted + case((condition, 1), else_=0)
    return counted
