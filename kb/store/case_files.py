"""Files in cases as rows: each belongs to an event, and is for whoever may see that."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select

from kb.articles import Attachment
from kb.store.case_tables import case_event, case_file


@dataclass(frozen=True, slots=True)
class CaseFile:
    """What is told of a file before it is fetched. `uid` is what it is fetched by."""

    event_id: int
    uid: str
    name: str
    media_type: str
    size: int


def add(connection: Connection, case_id: int, event_id: int, files: Iterable[Attachment]) -> None:
    for file in files:
        values = {
            "uid": secrets.token_hex(16), "case_id": case_id, "event_id": event_id, "name": file.name,
            "media_type": file.media_type, "size": len(file.content), "digest": file.digest, "content": file.content,
        }  # fmt: skip
        connection.execute(insert(case_file).values(**values))


def octets(connection: Connection, case_id: int, internal: bool) -> int:
    """How large the files of a case are together: those of internal events, or those that its customer sees."""
    joined = case_file.join(case_event, case_file.c.event_id == case_event.c.id)
    found = select(func.coalesce(func.sum(case_file.c.size), 0)).select_from(joined)
    return int(connection.scalar(found.where(case_file.c.case_id == case_id, case_event.c.internal == internal)) or 0)


def of_case(connection: Connection, case_id: int, internal: bool) -> list[CaseFile]:
    """In the order they were sent; those of internal events where wanted."""
    columns = case_file.c.event_id, case_file.c.uid, case_file.c.name, case_file.c.media_type, case_file.c.size
    joined = case_file.join(case_event, case_file.c.event_id == case_event.c.id)
    found = select(*columns).select_from(joined).where(case_file.c.case_id == case_id)
    if not internal:
        found = found.where(~case_event.c.internal)
    return [CaseFile(*row) for row in connection.execute(found.order_by(case_file.c.id))]


def find(connection: Connection, case_id: int, uid: str, internal: bool) -> Attachment | None:
    """A file of a case with its content; one of an internal event where wanted."""
    joined = case_file.join(case_event, case_file.c.event_id == case_event.c.id)
    found = select(case_file.c.name, case_file.c.media_type, case_file.c.content).select_from(joined)
    found = found.where(case_file.c.case_id == case_id, case_file.c.uid == uid)
    if not internal:
        found = found.where(~case_event.c.internal)
    row = connection.execute(found).first()
    return Attachment(*row) if row else None
