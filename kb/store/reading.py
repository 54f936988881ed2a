"""The only ways to articles for those who read them.

Each takes a scope; what it may not read does not leave the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Select, bindparam, func, or_, select

from kb.articles import Attachment
from kb.entitlements import STAFF, Grants, Scope
from kb.store import links
from kb.store.articles import ArticleRow, AttachmentRow, Readable, SectionRow, Translation
from kb.store.grants import readable_sets
from kb.store.rows import ARTICLE, WITHDRAWN, article_row, is_read_by, section_row
from kb.store.tables import article, article_section, attachment, grant_set

own = grant_set.alias("own")
part = grant_set.alias("part")

# Of each search and page: put together once, which takes longer than asking them.
IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_ARTICLES = select(
    *ARTICLE, own.c.grants, article_section.c.id.label("section_id"), part.c.grants.label("section_grants")
).select_from(
    article.join(own, article.c.grant_set_id == own.c.id)
    .outerjoin(article_section, article_section.c.article_id == article.c.id)
    .outerjoin(part, article_section.c.grant_set_id == part.c.id)
)
_BY_IDS = _ARTICLES.where(article.c.id.in_(IDS))
_ROWS = select(*ARTICLE, own.c.grants).join(own, article.c.grant_set_id == own.c.id)
_ROWS_BY_IDS = _ROWS.where(article.c.id.in_(IDS))
_BY_NUMBER = (
    select(article.c.id, *WITHDRAWN, own.c.grants)
    .join(own, article.c.grant_set_id == own.c.id)
    .where(article.c.number == bindparam("number"))
)
_SECTIONS = (
    select(*(article_section.c[name] for name in ("id", "article_id", "ordinal", "text")))
    .where(article_section.c.id.in_(IDS))
    .order_by(article_section.c.article_id, article_section.c.ordinal)
)
_WHOLE_SECTIONS = _SECTIONS.add_columns(article_section.c.headings, article_section.c.toc, article_section.c.html)


def readable(connection: Connection, ids: Sequence[int], scope: Scope) -> dict[int, Readable]:
    """Of these articles those that the scope may read, each with the text of the sections it may read.

    Always two statements, whether there is something to read or not: the first learns who may read what, the second
    fetches just that.
    """
    rows, sections = _permitted(connection, ids, scope)
    fetched: dict[int, list[SectionRow]] = {}
    for found in connection.execute(_SECTIONS, {"ids": list(sections)}).all():
        section = SectionRow(found.ordinal, sections[found.id], "", found.text, (), ())
        fetched.setdefault(found.article_id, []).append(section)
    return {id_: Readable(row, tuple(fetched.get(id_, ()))) for id_, row in rows.items()}


def readable_rows(connection: Connection, ids: Sequence[int], scope: Scope) -> dict[int, ArticleRow]:
    """Of these articles those that the scope may read: always one statement."""
    return {row.id: row for row in _read_by(connection.execute(_ROWS_BY_IDS, {"ids": ids}), scope)}


def _permitted(
    connection: Connection, ids: Sequence[int], scope: Scope
) -> tuple[dict[int, ArticleRow], dict[int, Grants]]:
    """The readable articles by id, and the readable sections of them by id with their grants."""
    rows: dict[int, ArticleRow | None] = {}
    sections: dict[int, Grants] = {}
    for found in connection.execute(_BY_IDS, {"ids": ids}).all():
        if found.id not in rows:
            row = article_row(found)
            rows[row.id] = row if row.readable_by(scope) else None
        if rows[found.id] and found.section_id is not None and _may(found.section_grants, scope):
            sections[found.section_id] = frozenset(found.section_grants or ())
    return {id_: row for id_, row in rows.items() if row}, sections


def _may(grants: Sequence[str] | None, scope: Scope) -> bool:
    return grants is None or scope.reads(grants)


def read(connection: Connection, number: str, scope: Scope) -> Readable | None:
    """The article with this number, its HTML and translations included: always five statements.

    The first learns of its readers alone, so that one that is not his costs what one that is not there does.
    """
    ids = [found.id for found in connection.execute(_BY_NUMBER, {"number": number}) if is_read_by(found, scope)]
    rows, sections = _permitted(connection, ids, scope)
    fetched = connection.execute(_WHOLE_SECTIONS, {"ids": list(sections)}).all()
    row = next(iter(rows.values()), None)
    translations = _translations(connection, row, scope)
    pages = links.followed(connection, [one.html for one in fetched], number, scope)
    if row is None:
        return None
    parts = zip(fetched, pages, strict=True)
    return Readable(row, tuple(section_row(one, sections[one.id], html) for one, html in parts), translations)


def _translations(connection: Connection, row: ArticleRow | None, scope: Scope) -> tuple[Translation, ...]:
    """Those the scope may read. Asked even of nothing, so that nothing takes as long as something."""
    statement = (
        select(article.c.number, article.c.lang, article.c.title, *WITHDRAWN, own.c.grants)
        .join(own, article.c.grant_set_id == own.c.id)
        .where(article.c.source == (row.source if row else ""), article.c.group == ((row and row.group) or ""))
        .where(article.c.id != (row.id if row else 0))
        .order_by(article.c.lang.desc(), article.c.id)
    )
    found = connection.execute(statement).all()
    return tuple(Translation(t.number, t.lang, t.title) for t in found if is_read_by(t, scope))


def attachment_of(connection: Connection, number: str, name: str, scope: Scope) -> Attachment | None:
    """A file of an article, its content fetched only when the scope may have it."""
    statement = permitted_files(attachment.c.id).where(article.c.number == number, attachment.c.name == name)
    permitted = [found.id for found in connection.execute(statement) if may_have(found, scope)]
    content = select(attachment.c.name, attachment.c.media_type, attachment.c.content)
    row = connection.execute(content.where(attachment.c.id.in_(permitted))).first()
    return Attachment(row.name, row.media_type, row.content) if row else None


def attachments_of(connection: Connection, article_id: int, scope: Scope) -> list[AttachmentRow]:
    columns = attachment.c.name, attachment.c.media_type, attachment.c.size
    statement = permitted_files(*columns).where(article.c.id == article_id).order_by(attachment.c.id)
    return [
        AttachmentRow(found.name, found.media_type, found.size)
        for found in connection.execute(statement)
        if may_have(found, scope)
    ]


def permitted_files(*columns: ColumnElement[Any]) -> Any:
    """Files with what `may_have` has to know of each, whoever asks."""
    tables = (
        attachment.join(article, attachment.c.article_id == article.c.id)
        .join(own, article.c.grant_set_id == own.c.id)
        .outerjoin(part, attachment.c.grant_set_id == part.c.id)
    )
    grants = own.c.grants, part.c.grants.label("file_grants")
    return select(*columns, *WITHDRAWN, *grants).select_from(tables)


def may_have(found: Any, scope: Scope) -> bool:
    """Whether the scope reads the article of a file and the file itself."""
    return is_read_by(found, scope) and _may(found.file_grants, scope)


def newest(connection: Connection, scope: Scope, limit: int, product: str, lang: str) -> list[ArticleRow]:
    """The articles last updated among those the scope may read, of one product and language if they are named."""
    named = [column == value for column, value in ((article.c.product, product), (article.c.lang, lang)) if value]
    statement = _browsing(connection, scope).where(*named).order_by(article.c.updated.desc(), article.c.id.desc())
    return _rows(connection, statement.limit(limit), scope)


def listed(connection: Connection, scope: Scope, beyond: int, limit: int) -> list[ArticleRow]:
    """So many articles beyond so many of those the scope may read, in the order of their ids."""
    statement = _browsing(connection, scope).order_by(article.c.id)
    return _rows(connection, statement.offset(beyond).limit(limit), scope)


def _browsing(connection: Connection, scope: Scope) -> Select[Any]:
    return _ROWS.where(*within(connection, scope))


def _rows(connection: Connection, statement: Select[Any], scope: Scope) -> list[ArticleRow]:
    return list(_read_by(connection.execute(statement), scope))


def _read_by(found: Iterable[Any], scope: Scope) -> Iterator[ArticleRow]:
    return (row for row in map(article_row, found) if row.readable_by(scope))


def counts_by_product(connection: Connection, scope: Scope) -> dict[str, int]:
    """How many articles of each product the scope may read, products without any left out."""
    statement = (
        select(article.c.product, func.count().label("articles"))
        .where(*within(connection, scope))
        .group_by(article.c.product)
        .order_by(article.c.product)
    )
    return {found.product: found.articles for found in connection.execute(statement)}


def within(connection: Connection, scope: Scope) -> Iterable[ColumnElement[bool]]:
    """That the scope may read an article, as conditions."""
    yield article.c.grant_set_id.in_(readable_sets(connection, scope))
    if STAFF not in scope.grants:
        yield article.c.confidence != "archived"
        yield or_(article.c.expires_at.is_(None), article.c.expires_at > datetime.now(UTC))
