"""Drafts as rows: articles as they are being written, each with every save of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection, delete, func, insert, literal, select, update

from kb.articles import Attachment
from kb.store.draft_tables import article_draft, draft_file, draft_revision
from kb.store.tables import account, article, attachment

State = Literal["draft", "in_review", "scheduled", "published", "discarded"]
STATES: tuple[State, ...] = get_args(State)
OPEN: tuple[State, ...] = ("draft", "in_review", "scheduled")


@dataclass(frozen=True, slots=True)
class DraftRow:
    """What is known of a draft beside its text. `number` None: the article is new."""

    id: int
    article_id: int | None
    number: str | None
    source: str
    external_id: str
    base: str
    state: State
    revision: int
    title: str
    lang: str
    product: str
    publish_at: datetime | None
    problem: Mapping[str, Any] | None
    created_by: int
    changed_by: int
    by: str
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Save:
    """One save of a draft."""

    revision: int
    by: str
    at: datetime
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NewDraft:
    """A draft to begin: of an article that is there, in the state `base`, or of a new one."""

    source: str
    external_id: str
    account_id: int
    at: datetime
    article_id: int | None = None
    base: str = ""


_ROWS = (
    select(article_draft, article.c.number, account.c.name.label("by"))
    .join(account, account.c.id == article_draft.c.changed_by)
    .outerjoin(article, article.c.id == article_draft.c.article_id)
)


def _row(found: Any) -> DraftRow:
    return DraftRow(**{name: getattr(found, name) for name in DraftRow.__slots__})


def find(connection: Connection, draft_id: int) -> DraftRow | None:
    found = connection.execute(_ROWS.where(article_draft.c.id == draft_id)).one_or_none()
    return _row(found) if found else None


def open_of(connection: Connection, article_id: int) -> DraftRow | None:
    """The draft under way of an article: there is one at most."""
    where = article_draft.c.article_id == article_id, article_draft.c.state.in_(OPEN)
    found = connection.execute(_ROWS.where(*where).order_by(article_draft.c.id)).first()
    return _row(found) if found else None


def under_way(connection: Connection, states: Sequence[str] = OPEN, limit: int = 200) -> list[DraftRow]:
    """Those last changed first."""
    statement = _ROWS.where(article_draft.c.state.in_(states)).order_by(article_draft.c.changed_at.desc())
    return [_row(found) for found in connection.execute(statement.limit(limit))]


def due(connection: Connection, now: datetime) -> list[DraftRow]:
    """Those whose time to be published has come."""
    where = article_draft.c.state == "scheduled", article_draft.c.publish_at <= now
    return [_row(found) for found in connection.execute(_ROWS.where(*where).order_by(article_draft.c.publish_at))]


def begin(connection: Connection, new: NewDraft, content: Mapping[str, Any]) -> int:
    values = {
        "article_id": new.article_id, "source": new.source, "external_id": new.external_id, "base": new.base,
        "state": "draft", "revision": 1, **_shown(content), "created_by": new.account_id,
        "changed_by": new.account_id, "created_at": new.at, "changed_at": new.at,
    }  # fmt: skip
    statement = insert(article_draft).values(values).returning(article_draft.c.id)
    draft_id = int(connection.scalar(statement) or 0)
    _keep(connection, draft_id, 1, new.account_id, new.at, content)
    return draft_id


def save(connection: Connection, draft: DraftRow, account_id: int, at: datetime, content: Mapping[str, Any]) -> bool:
    """As the next revision; False when somebody saved it since."""
    values = {"revision": draft.revision + 1, **_shown(content), "changed_by": account_id, "changed_at": at}
    if not change(connection, draft, values):
        return False
    _keep(connection, draft.id, draft.revision + 1, account_id, at, content)
    return True


def change(connection: Connection, draft: DraftRow, values: Mapping[str, Any]) -> bool:
    """False when it is no longer at this revision, or no longer in this state."""
    this = article_draft.c
    same = this.id == draft.id, this.revision == draft.revision, this.state == draft.state
    return connection.execute(update(article_draft).where(*same).values(values)).rowcount > 0


def set_article(connection: Connection, draft_id: int, article_id: int) -> None:
    """A new one has become this article."""
    connection.execute(update(article_draft).where(article_draft.c.id == draft_id).values(article_id=article_id))


def _shown(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name: content[name] for name in ("title", "lang", "product")}


def _keep(
    connection: Connection, draft_id: int, revision: int, account_id: int, at: datetime, content: Mapping[str, Any]
) -> None:
    values = {"draft_id": draft_id, "revision": revision, "account_id": account_id, "at": at, "content": content}
    connection.execute(insert(draft_revision).values(values))


def saves(connection: Connection, draft_id: int) -> list[Save]:
    """Every save, the last first."""
    statement = (
        select(draft_revision.c.revision, account.c.name, draft_revision.c.at, draft_revision.c.content)
        .join(account, account.c.id == draft_revision.c.account_id)
        .where(draft_revision.c.draft_id == draft_id)
        .order_by(draft_revision.c.revision.desc())
    )
    return [Save(*found) for found in connection.execute(statement)]


def content(connection: Connection, draft_id: int, revision: int) -> Mapping[str, Any]:
    this = draft_revision.c
    statement = select(this.content).where(this.draft_id == draft_id, this.revision == revision)
    found: Mapping[str, Any] = connection.execute(statement).scalar_one()
    return found


# Files


def add_file(connection: Connection, draft_id: int, file: Attachment) -> None:
    known = select(func.count()).where(draft_file.c.draft_id == draft_id, draft_file.c.digest == file.digest)
    if not connection.scalar(known):
        values = {"digest": file.digest, "media_type": file.media_type, "size": len(file.content)}
        connection.execute(insert(draft_file).values(draft_id=draft_id, content=file.content, **values))


def add_files_of(connection: Connection, draft_id: int, table: Any, *where: Any) -> None:
    """Copies files of an article, or of a version of it, within the database."""
    names = ["digest", "media_type", "size", "content"]
    there = select(draft_file.c.digest).where(draft_file.c.draft_id == draft_id)
    one_each = select(func.min(table.c.id)).where(*where).group_by(table.c.digest)
    found = select(literal(draft_id), *(table.c[name] for name in names)).where(
        table.c.id.in_(one_each), table.c.digest.not_in(there)
    )
    connection.execute(insert(draft_file).from_select(["draft_id", *names], found))


def file(connection: Connection, draft_id: int, digest: str) -> tuple[str, bytes] | None:
    """The media type and the content of a file of a draft."""
    this = draft_file.c
    found = connection.execute(
        select(this.media_type, this.content).where(this.draft_id == draft_id, this.digest == digest)
    ).one_or_none()
    return (found.media_type, bytes(found.content)) if found else None


def contents(connection: Connection, draft_id: int, digests: Iterable[str]) -> dict[str, bytes]:
    """The content of files of a draft, by digest."""
    this = draft_file.c
    statement = select(this.digest, this.content).where(this.draft_id == draft_id, this.digest.in_(sorted(digests)))
    return {found.digest: bytes(found.content) for found in connection.execute(statement)}


def contents_of_article(connection: Connection, article_id: int) -> dict[str, bytes]:
    """The content of the files of an article, by digest."""
    statement = select(attachment.c.digest, attachment.c.content).where(attachment.c.article_id == article_id)
    return {found.digest: bytes(found.content) for found in connection.execute(statement)}


def forget_files(connection: Connection, draft_id: int) -> None:
    """Of a draft that is published or discarded."""
    connection.execute(delete(draft_file).where(draft_file.c.draft_id == draft_id))
