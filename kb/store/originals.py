"""Articles as their authors wrote them: to compare an import with, and to export.

Most of it knows no scope: never for a page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from sqlalchemy import Connection, func, select

from kb.articles import Draft, Section
from kb.entitlements import Grants, Scope
from kb.store import redirects
from kb.store.reading import within
from kb.store.rows import ARTICLE
from kb.store.tables import article, article_section, attachment, grant_set


class Whole(Enum):
    """In the place of a scope: all there is, whoever may read it. It is asked for by name, at the command line."""

    STORE = "store"


@dataclass(frozen=True, slots=True)
class OriginalFile:
    """A file of an article without its content. `grants` empty: whoever reads the article may have it."""

    id: int
    name: str
    media_type: str
    size: int
    digest: str
    grants: Grants


@dataclass(frozen=True, slots=True)
class Original:
    """An article as it was written; its draft holds no attachments, `files` tell of them.

    `links`: where the relative addresses of its text lead on this site.
    """

    id: int
    number: str
    draft: Draft
    files: tuple[OriginalFile, ...]
    links: Mapping[str, str] = field(default_factory=dict)


def of_source(connection: Connection, source: str, external_ids: Sequence[str]) -> dict[str, Original]:
    """Those that the source has, by external id."""
    found = _originals(connection, article.c.source == source, article.c.external_id.in_(sorted(external_ids)))
    return {each.draft.id: each for each in found}


def sources(connection: Connection, scope: Scope | Whole) -> dict[str, int]:
    """How many articles a scope may read of each source, by name."""
    where = () if scope is Whole.STORE else within(connection, scope)
    counted = connection.execute(select(article.c.source, func.count()).where(*where).group_by(article.c.source))
    return dict(sorted((source, count) for source, count in counted))


def numbered(connection: Connection, source: str, after: str, limit: int) -> list[Original]:
    """Those of a source in the order of their numbers, from beyond the number `after`."""
    which = article.c.source == source, article.c.number > after
    numbers = connection.scalars(select(article.c.number).where(*which).order_by(article.c.number).limit(limit))
    return sorted(_originals(connection, article.c.number.in_(list(numbers))), key=lambda each: each.number)


def by_number(connection: Connection, number: str) -> Original | None:
    return next(iter(_originals(connection, article.c.number == number)), None)


def by_id(connection: Connection, article_id: int) -> Original | None:
    return next(iter(_originals(connection, article.c.id == article_id)), None)


def numbers(connection: Connection, source: str, wanted: Sequence[str]) -> dict[str, str]:
    """Of these those that the source has: external id → number."""
    of = article.c.source == source, article.c.external_id.in_(wanted)
    found = connection.execute(select(article.c.external_id, article.c.number).where(*of))
    return {row.external_id: row.number for row in found}


def id_of(connection: Connection, source: str, external_id: str) -> int | None:
    of = article.c.source == source, article.c.external_id == external_id
    return connection.scalar(select(article.c.id).where(*of))


def state(connection: Connection, article_id: int | None) -> str:
    """Differs between any two states of an article; "" where there is none."""
    found = connection.execute(
        select(article.c.changed_at, article.c.digest).where(article.c.id == article_id)
    ).one_or_none()
    return f"{found.changed_at.isoformat()} {found.digest[:32]}" if found else ""


def content(connection: Connection, file_id: int) -> bytes:
    return bytes(connection.execute(select(attachment.c.content).where(attachment.c.id == file_id)).scalar_one())


def _originals(connection: Connection, *where: Any) -> list[Original]:
    statement = select(*ARTICLE, article.c.links, grant_set.c.grants).join(
        grant_set, article.c.grant_set_id == grant_set.c.id
    )
    rows = list(connection.execute(statement.where(*where).order_by(article.c.id)))
    ids = [row.id for row in rows]
    sections = _sections(connection, ids)
    files = _files(connection, ids)
    former = redirects.leading_to(connection, ids)
    return [
        Original(
            row.id,
            row.number,
            Draft(
                source=row.source,
                id=row.external_id,
                title=row.title,
                lang=row.lang,
                product=row.product,
                sections=tuple(sections.get(row.id, ())),
                grants=tuple(sorted(row.grants)),
                number=row.number,
                type=row.type,
                category=row.category,
                versions=tuple(row.versions),
                updated=row.updated,
                also_asked_as=tuple(row.also_asked_as),
                confidence=row.confidence,
                group=row.group,
                owner=row.owner,
                review_on=row.review_on,
                expires_at=row.expires_at,
                former_numbers=tuple(former.get(row.id, ())),
                extra=row.extra,
            ),
            tuple(files.get(row.id, ())),
            row.links,
        )
        for row in rows
    ]


def _sections(connection: Connection, ids: Sequence[int]) -> dict[int, list[Section]]:
    statement = (
        select(article_section.c.article_id, article_section.c.markdown, grant_set.c.grants)
        .outerjoin(grant_set, article_section.c.grant_set_id == grant_set.c.id)
        .where(article_section.c.article_id.in_(ids))
        .order_by(article_section.c.article_id, article_section.c.ordinal)
    )
    found: dict[int, list[Section]] = {}
    for row in connection.execute(statement):
        found.setdefault(row.article_id, []).append(Section(row.markdown, tuple(sorted(row.grants or ()))))
    return found


def _files(connection: Connection, ids: Sequence[int]) -> dict[int, list[OriginalFile]]:
    columns = [attachment.c[name] for name in ("id", "article_id", "name", "media_type", "size", "digest")]
    statement = (
        select(*columns, grant_set.c.grants)
        .outerjoin(grant_set, attachment.c.grant_set_id == grant_set.c.id)
        .where(attachment.c.article_id.in_(ids))
        .order_by(attachment.c.article_id, attachment.c.name)
    )
    found: dict[int, list[OriginalFile]] = {}
    for row in connection.execute(statement):
        file = OriginalFile(row.id, row.name, row.media_type, row.size, row.digest, frozenset(row.grants or ()))
        found.setdefault(row.article_id, []).append(file)
    return found
