"""What an import is compared with beside its own source: sketches of the texts there are, and who is a translation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, exists, select

from kb.entitlements import Scope
from kb.likeness import sketch
from kb.store.grants import readable_sets
from kb.store.originals import Whole
from kb.store.reading import within
from kb.store.tables import article, article_section

CHUNK = 200


class Sketched(NamedTuple):
    """An article and the sketch of its text."""

    id: int
    source: str
    external_id: str
    group: str | None
    lang: str
    sketch: bytes


class Named(NamedTuple):
    """An article as a report names it."""

    number: str
    title: str


def sketches(connection: Connection, scope: Scope | Whole) -> Iterator[Sketched]:
    """Of every article that the scope may read whole. Articles of before there were sketches are sketched now."""
    columns = [article.c[name] for name in ("id", "source", "external_id", "group", "lang", "sketch")]
    statement = select(*columns).order_by(article.c.id)
    if isinstance(scope, Scope):
        hidden = exists().where(
            article_section.c.article_id == article.c.id,
            article_section.c.grant_set_id.is_not(None),
            article_section.c.grant_set_id.not_in(readable_sets(connection, scope)),
        )
        statement = statement.where(*within(connection, scope), ~hidden)
    found = connection.execute(statement).all()
    missing = [row.id for row in found if row.sketch is None]
    made: dict[int, bytes] = {}
    for start in range(0, len(missing), CHUNK):
        made |= _made(connection, missing[start : start + CHUNK])
    for row in found:
        kept = bytes(row.sketch) if row.sketch is not None else made.get(row.id, b"")
        yield Sketched(row.id, row.source, row.external_id, row.group, row.lang, kept)


def _made(connection: Connection, ids: Sequence[int]) -> dict[int, bytes]:
    section = article_section.c
    statement = select(section.article_id, section.markdown).where(section.article_id.in_(ids))
    texts: dict[int, list[str]] = {}
    for row in connection.execute(statement.order_by(section.article_id, section.ordinal)):
        texts.setdefault(row.article_id, []).append(row.markdown)
    return {id_: sketch(parts) for id_, parts in texts.items()}


def named(connection: Connection, ids: Sequence[int]) -> dict[int, Named]:
    """Articles by id, as they are called. Only of ids that `sketches` gave."""
    found: dict[int, Named] = {}
    for start in range(0, len(ids), CHUNK):
        chunk = article.c.id.in_(ids[start : start + CHUNK])
        rows = connection.execute(select(article.c.id, article.c.number, article.c.title).where(chunk))
        found |= {row.id: Named(row.number, row.title) for row in rows}
    return found


def languages(connection: Connection, source: str) -> dict[str, tuple[str, str]]:
    """Of each article of a source its group, which is itself when it has none, and its language, by external id."""
    columns = article.c.external_id, article.c.group, article.c.lang
    rows = connection.execute(select(*columns).where(article.c.source == source))
    return {row.external_id: (row.group or row.external_id, row.lang) for row in rows}
