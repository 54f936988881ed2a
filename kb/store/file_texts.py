"""What attachments say, kept by what they hold: it is read out once, however many articles have the file.

Reached for the index, without a scope, and under one, for passages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from sqlalchemy import Connection, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from kb.entitlements import Scope
from kb.store.articles import FileText
from kb.store.reading import IDS, may_have, permitted_files
from kb.store.tables import article, attachment, file_text, grant_set

CHUNK = 500
FileProblem: TypeAlias = Literal["encrypted", "no_text", "encoding", "too_long", "error"]
FILE_PROBLEMS: tuple[FileProblem, ...] = get_args(FileProblem)
TEXT_TYPES = ("text/plain", "application/pdf")
# What is text by its name, though its bytes are in no encoding that says so.
NAMED_TEXT = (".txt", ".log", ".out", ".err", ".trace", ".csv", ".ini", ".conf", ".properties", ".xml", ".json", ".md")

_FILES = (
    permitted_files(attachment.c.id, attachment.c.article_id, attachment.c.name)
    .where(article.c.id.in_(IDS))
    .order_by(attachment.c.name)
)
_TEXTS = (
    select(attachment.c.id, file_text.c.text)
    .join(file_text, file_text.c.digest == attachment.c.digest)
    .where(attachment.c.id.in_(IDS))
)


@dataclass(frozen=True, slots=True)
class UnreadFile:
    """A file whose text nobody has read out yet. `id`: one of the attachments that hold it."""

    id: int
    digest: str
    name: str
    media_type: str


@dataclass(frozen=True, slots=True)
class ReadOut:
    """What was read out of a file; `problem` says why not all of it, "" when it is all."""

    digest: str
    text: str
    problem: str = ""


def unread(connection: Connection, ids: Sequence[int] | None) -> list[UnreadFile]:
    """The files of these articles, or of all, that may have text and were not read: one of each content."""
    found: dict[str, UnreadFile] = {}
    for chunk in [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)] if ids is not None else [None]:
        statement = (
            select(attachment.c.id, attachment.c.digest, attachment.c.name, attachment.c.media_type)
            .outerjoin(file_text, file_text.c.digest == attachment.c.digest)
            .where(file_text.c.digest.is_(None), _readable)
            .order_by(attachment.c.id)
        )
        rows = connection.execute(statement if chunk is None else statement.where(attachment.c.article_id.in_(chunk)))
        for row in rows:
            found.setdefault(row.digest, UnreadFile(*row))
    return list(found.values())


def has_text(name: str, media_type: str) -> bool:
    """Whether a file may say something that search should know."""
    return media_type in TEXT_TYPES or name.lower().endswith((".docx", *NAMED_TEXT))


_readable = or_(
    attachment.c.media_type.in_(TEXT_TYPES),
    attachment.c.name.ilike("%.docx"),
    *(attachment.c.name.ilike(f"%{ending}") for ending in NAMED_TEXT),
)


def keep(connection: Connection, given: Sequence[ReadOut]) -> None:
    """Another process may have been faster: then it says the same."""
    if not given:
        return
    add = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    rows = [{"digest": each.digest, "text": each.text, "problem": each.problem} for each in given]
    connection.execute(add(file_text).on_conflict_do_nothing(), rows)


def forget_gone(connection: Connection) -> None:
    """Text of files that no article has any more."""
    connection.execute(delete(file_text).where(file_text.c.digest.not_in(select(attachment.c.digest))))


def for_index(connection: Connection, ids: Sequence[int]) -> dict[int, list[FileText]]:
    """What the files of each article say, by name. Knows no scope."""
    statement = (
        select(attachment.c.article_id, attachment.c.name, grant_set.c.grants, file_text.c.text)
        .join(file_text, file_text.c.digest == attachment.c.digest)
        .outerjoin(grant_set, attachment.c.grant_set_id == grant_set.c.id)
        .where(attachment.c.article_id.in_(ids), file_text.c.text != "")
        .order_by(attachment.c.article_id, attachment.c.name)
    )
    found: dict[int, list[FileText]] = {}
    for row in connection.execute(statement):
        found.setdefault(row.article_id, []).append(FileText(row.name, frozenset(row.grants or ()), row.text))
    return found


def readable(connection: Connection, ids: Sequence[int], scope: Scope) -> dict[int, list[FileText]]:
    """What those files of each article say that the scope may have, by name."""
    permitted = {row.id: row for row in connection.execute(_FILES, {"ids": ids}).all() if may_have(row, scope)}
    if not permitted:
        return {}
    said = {row.id: row.text for row in connection.execute(_TEXTS, {"ids": list(permitted)}).all()}
    found: dict[int, list[FileText]] = {}
    for id_, row in permitted.items():
        if said.get(id_):
            found.setdefault(row.article_id, []).append(FileText(row.name, frozenset(row.file_grants or ()), said[id_]))
    return found


def problems_of(connection: Connection, article_id: int) -> dict[str, FileProblem]:
    """Of the files of an article those that were not read out, or not whole: name → why."""
    statement = (
        select(attachment.c.name, file_text.c.problem)
        .join(file_text, file_text.c.digest == attachment.c.digest)
        .where(attachment.c.article_id == article_id, file_text.c.problem != "")
    )
    found = connection.execute(statement.order_by(attachment.c.name))
    return {row.name: row.problem if row.problem in FILE_PROBLEMS else "error" for row in found}


def problems(connection: Connection, digests: Sequence[str]) -> dict[str, str]:
    """Of these files those that were read out: digest → why not all of it, "" when it is all."""
    found: dict[str, str] = {}
    for start in range(0, len(digests), CHUNK):
        chunk = file_text.c.digest.in_(digests[start : start + CHUNK])
        rows = connection.execute(select(file_text.c.digest, file_text.c.problem).where(chunk))
        found.update({row.digest: row.problem for row in rows})
    return found


def content(connection: Connection, file: UnreadFile) -> bytes:
    """b"" when it is gone by now."""
    return bytes(connection.scalar(select(attachment.c.content).where(attachment.c.id == file.id)) or b"")
