"""The only ways to articles for those who read them.

Each takes a scope; what it may not read does not leave the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from kb.articles import Attachment
from kb.entitlements import STAFF, Grants, Scope
from kb.store.articles import ArticleRow, AttachmentRow, Readable, SectionRow, Translation, withdrawn
from kb.store.grants import readable_sets
from kb.store.rows import ARTICLE, article_row, section_row
from kb.store.tables import article, article_section, attachment, grant_set

own = grant_set.alias("own")
part = grant_set.alias("part")
WITHDRAWN = article.c.confidence, article.c.expires_at


def readable(connection: Connection, where: ColumnElement[bool], scope: Scope, html: bool) -> dict[int, Readable]:
    """The articles that match and that the scope may read, each with the sections it may read.

    Always two statements, whether there is something to read or not: the first learns who may read what, the second
    fetches just that.
    """
    rows, sections = _permitted(connection, where, scope)
    fetched = _fetch_sections(connection, sections, html)
    return {id_: Readable(row, tuple(fetched.get(id_, ()))) for id_, row in rows.items()}


def _permitted(
    connection: Connection, where: ColumnElement[bool], scope: Scope
) -> tuple[dict[int, ArticleRow], dict[int, Grants]]:
    """The readable articles by id, and the readable sections of them by id with their grants."""
    tables = (
        article.join(own, article.c.grant_set_id == own.c.id)
        .outerjoin(article_section, article_section.c.article_id == article.c.id)
        .outerjoin(part, article_section.c.grant_set_id == part.c.id)
    )
    statement = select(
        *ARTICLE, own.c.grants, article_section.c.id.label("section_id"), part.c.grants.label("section_grants")
    ).select_from(tables)
    rows: dict[int, ArticleRow] = {}
    sections: dict[int, Grants] = {}
    for found in connection.execute(statement.where(where)):
        row = rows.get(found.id) or article_row(found)
        if not row.readable_by(scope):
            continue
        rows[row.id] = row
        if found.section_id is not None and _may(found.section_grants, scope):
            sections[found.section_id] = frozenset(found.section_grants or ())
    return rows, sections


def _may(grants: Sequence[str] | None, scope: Scope) -> bool:
    return grants is None or scope.reads(grants)


def _fetch_sections(connection: Connection, sections: dict[int, Grants], html: bool) -> dict[int, list[SectionRow]]:
    columns = [article_section.c[name] for name in ("id", "article_id", "ordinal", "headings", "toc", "text")]
    statement = (
        select(*columns, *([article_section.c.html] if html else []))
        .where(article_section.c.id.in_(list(sections)))
        .order_by(article_section.c.article_id, article_section.c.ordinal)
    )
    found: dict[int, list[SectionRow]] = {}
    for row in connection.execute(statement):
        found.setdefault(row.article_id, []).append(section_row(row, sections[row.id], row.html if html else ""))
    return found


def read(connection: Connection, number: str, scope: Scope) -> Readable | None:
    """The article with this number, its translations included."""
    found = readable(connection, article.c.number == number, scope, html=True)
    article_found = next(iter(found.values()), None)
    row = article_found.row if article_found else None
    translations = _translations(connection, row, scope)
    return replace(article_found, translations=translations) if article_found else None


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
    return tuple(Translation(t.number, t.lang, t.title) for t in found if _reads(t, scope))


def _reads(found: Any, scope: Scope) -> bool:
    return scope.reads(found.grants) and (not withdrawn(found.confidence, found.expires_at) or STAFF in scope.grants)


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
    return _reads(found, scope) and _may(found.file_grants, scope)


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
    joined = select(*ARTICLE, own.c.grants).join(own, article.c.grant_set_id == own.c.id)
    return joined.where(*within(connection, scope))


def _rows(connection: Connection, statement: Select[Any], scope: Scope) -> list[ArticleRow]:
    return [row for row in map(article_row, connection.execute(statement)) if row.readable_by(scope)]


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
