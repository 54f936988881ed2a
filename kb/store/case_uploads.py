"""Files that wait for their case to be opened, as rows: each is for the account that sent it alone."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from kb.articles import Attachment
from kb.store.case_tables import case_upload


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that waits. `uid` is what its account names it by."""

    uid: str
    name: str
    size: int


def add(connection: Connection, account_id: int, file: Attachment, at: datetime) -> Waiting:
    waiting = Waiting(secrets.token_hex(16), file.name, len(file.content))
    values = {
        "uid": waiting.uid, "account_id": account_id, "at": at, "name": file.name, "media_type": file.media_type,
        "size": waiting.size, "content": file.content,
    }  # fmt: skip
    connection.execute(insert(case_upload).values(**values))
    return waiting


def find(connection: Connection, account_id: int, uids: Sequence[str]) -> list[Waiting]:
    """Those of these that there are, in the order they were sent."""
    columns = case_upload.c.uid, case_upload.c.name, case_upload.c.size
    found = select(*columns).where(case_upload.c.account_id == account_id, case_upload.c.uid.in_(uids))
    return [Waiting(*row) for row in connection.execute(found.order_by(case_upload.c.id))]


def take(connection: Connection, account_id: int, uids: Sequence[str]) -> list[Attachment]:
    """Those of these that there are, which wait no more, in the order they were sent."""
    theirs = case_upload.c.account_id == account_id, case_upload.c.uid.in_(uids)
    columns = case_upload.c.id, case_upload.c.name, case_upload.c.media_type, case_upload.c.content
    taken = connection.execute(delete(case_upload).where(*theirs).returning(*columns)).all()
    return [Attachment(*row[1:]) for row in sorted(taken, key=lambda row: int(row.id))]


def octets(connection: Connection, account_id: int) -> int:
    """How large all that wait of an account are together."""
    found = select(func.coalesce(func.sum(case_upload.c.size), 0)).where(case_upload.c.account_id == account_id)
    return int(connection.scalar(found) or 0)


def forget(connection: Connection, before: datetime) -> None:
    """Those that were sent before then."""
    connection.execute(delete(case_upload).where(case_upload.c.at < before))


def forget_others(connection: Connection, account_id: int, uids: Sequence[str]) -> None:
    """All of an account but these."""
    connection.execute(
        delete(case_upload).where(case_upload.c.account_id == account_id, case_upload.c.uid.not_in(uids))
    )
