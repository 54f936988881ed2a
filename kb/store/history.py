"""What articles were, and who did what to them when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, or_, select

from kb.articles import Draft, Section
from kb.store.draft_tables import article_event
from kb.store.originals import Original, OriginalFile
from kb.store.tables import account, article_version, attachment_version, batch, grant_set, section_version

LISTED = 200


@dataclass(frozen=True, slots=True)
class Version:
    """What a batch made of an article. `by` None: nobody in particular."""

    batch: int
    source: str
    at: datetime
    by: str | None
    is_first: bool
    is_taken_back: bool


@dataclass(frozen=True, slots=True)
class Event:
    """`by` None: the clock."""

    at: datetime
    by: str | None
    kind: str
    data: Mapping[str, Any]


def versions(connection: Connection, article_id: int) -> list[Version]:
    """The last first."""
    statement = (
        select(batch.c.id, batch.c.source, batch.c.started_at, account.c.name, article_version.c.existed,
               batch.c.rolled_back_at)
        .join(article_version, article_version.c.batch_id == batch.c.id)
        .outerjoin(account, account.c.id == batch.c.account_id)
        .where(article_version.c.article_id == article_id)
        .order_by(batch.c.id.desc())
        .limit(LISTED)
    )  # fmt: skip
    return [
        Version(row.id, row.source, row.started_at, row.name, not row.existed, row.rolled_back_at is not None)
        for row in connection.execute(statement)
    ]


def version_after(connection: Connection, article_id: int, batch_id: int) -> int | None:
    """The kept version that is what this batch left; None: it is what there is now."""
    statement = (
        select(article_version.c.id)
        .where(article_version.c.article_id == article_id, article_version.c.batch_id > batch_id)
        .order_by(article_version.c.batch_id)
        .limit(1)
    )
    return connection.scalar(statement)


def original(connection: Connection, version_id: int) -> Original | None:
    """A kept version as its author wrote it."""
    statement = (
        select(article_version, grant_set.c.grants)
        .outerjoin(grant_set, grant_set.c.id == article_version.c.grant_set_id)
        .where(article_version.c.id == version_id, article_version.c.existed)
    )
    row = connection.execute(statement).one_or_none()
    if row is None:
        return None
    names = ("title", "lang", "product", "number", "type", "category", "updated", "confidence", "group", "owner")
    values = {name: getattr(row, name) for name in (*names, "review_on", "expires_at", "extra", "source")}
    draft = Draft(
        id=row.external_id, sections=_sections(connection, version_id), grants=tuple(sorted(row.grants)),
        versions=tuple(row.versions), also_asked_as=tuple(row.also_asked_as), **values,
    )  # fmt: skip
    return Original(row.article_id, row.number, draft, _files(connection, version_id), row.links or {})


def _sections(connection: Connection, version_id: int) -> tuple[Section, ...]:
    statement = (
        select(section_version.c.markdown, grant_set.c.grants)
        .outerjoin(grant_set, grant_set.c.id == section_version.c.grant_set_id)
        .where(section_version.c.version_id == version_id)
        .order_by(section_version.c.ordinal)
    )
    return tuple(Section(row.markdown, tuple(sorted(row.grants or ()))) for row in connection.execute(statement))


def _files(connection: Connection, version_id: int) -> tuple[OriginalFile, ...]:
    columns = [attachment_version.c[name] for name in ("id", "name", "media_type", "digest", "size")]
    statement = (
        select(*columns, grant_set.c.grants)
        .outerjoin(grant_set, grant_set.c.id == attachment_version.c.grant_set_id)
        .where(attachment_version.c.version_id == version_id)
        .order_by(attachment_version.c.name)
    )
    return tuple(
        OriginalFile(row.id, row.name, row.media_type, row.size, row.digest, frozenset(row.grants or ()))
        for row in connection.execute(statement)
    )


@dataclass(frozen=True, slots=True)
class Happened:
    """An event to be noted, of an article, of a draft, or of both."""

    kind: str
    at: datetime
    account_id: int | None
    article_id: int | None = None
    draft_id: int | None = None


def note(connection: Connection, happened: Happened, **data: Any) -> None:
    values = {name: getattr(happened, name) for name in Happened.__slots__}
    connection.execute(insert(article_event).values(data=data, **values))


def events(connection: Connection, article_id: int | None, draft_id: int | None = None) -> list[Event]:
    """What happened to an article or a draft, the last first."""
    this = article_event.c
    which = [this.article_id == article_id] if article_id is not None else []
    which += [this.draft_id == draft_id] if draft_id is not None else []
    statement = (
        select(this.at, account.c.name, this.kind, this.data)
        .outerjoin(account, account.c.id == this.account_id)
        .where(or_(*which))
        .order_by(this.id.desc())
        .limit(LISTED)
    )
    return [Event(*row) for row in connection.execute(statement)]
