"""A store full of cases, made row by row, to measure with: events, links, files, and reports that they wait for."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import Connection, Table, insert, select

from kb.cases import STATUSES
from kb.clocks import NEVER
from kb.store import Store
from kb.store.case_tables import case_event, case_file, case_link, support_case
from kb.store.outbox_tables import clock_event
from kb.store.spr_tables import spr, spr_case
from kb.store.tables import account, article
from kb.store.task_tables import article_task

Row: TypeAlias = dict[str, Any]
LINKS = 10
PER_REPORT = 10
CHUNK = 5_000
OPEN_PART = 0.1


@dataclass(frozen=True)
class Filling:
    """Who opens cases, (account, customer), who answers them, and the articles they are linked to."""

    size: int
    customers: list[tuple[int, int]]
    staff: int
    articles: list[int]
    chance: random.Random
    now: datetime
    open_part: float

    def at(self, id_: int) -> datetime:
        return self.now - timedelta(minutes=self.size - id_)


def add_cases(store: Store, size: int, open_part: float = OPEN_PART) -> int:
    """So many cases, of every customer, a part of them open, PER_REPORT to a report; says how many links there are.
    Of each open one a clock has warned, and for each tenth one an article waits for somebody."""
    with store.writing() as connection:
        filling = _filling(connection, size, open_part)
        connection.execute(insert(spr), [_report(filling, id_) for id_ in range(1, size // PER_REPORT + 1)])
        for start in range(1, size + 1, CHUNK):
            rows: dict[Table, list[Row]] = {}
            for id_ in range(start, min(start + CHUNK, size + 1)):
                for table, row in _case(filling, id_):
                    rows.setdefault(table, []).append(row)
            for table, found in rows.items():
                connection.execute(insert(table), found)
    return size * min(LINKS, len(filling.articles))


def _filling(connection: Connection, size: int, open_part: float) -> Filling:
    people = connection.execute(select(account.c.id, account.c.customer_id)).all()
    customers = [(person.id, person.customer_id) for person in people if person.customer_id is not None]
    staff = next(person.id for person in people if person.customer_id is None)
    articles = list(connection.scalars(select(article.c.id)))
    return Filling(size, customers, staff, articles, random.Random(1), datetime.now(UTC), open_part)


def _report(filling: Filling, id_: int) -> Row:
    return {
        "id": id_, "number": f"{id_:07d}", "product": "windchill", "status": "fixed", "title": f"佇列停止 {id_}",
        "fixed_in": "12.1", "changed_at": filling.now - timedelta(minutes=id_),
    }  # fmt: skip


def _case(filling: Filling, id_: int) -> Iterator[tuple[Table, Row]]:
    """The rows of a case, itself first."""
    chance, staff, at = filling.chance, filling.staff, filling.at(id_)
    (contact, customer), is_open = chance.choice(filling.customers), chance.random() < filling.open_part
    yield support_case, {
        "id": id_, "number": f"C{id_:08d}", "customer_id": customer, "contact_id": contact, "owner_id": staff,
        "product": "windchill", "version": "12.1", "environment": "", "subject": f"登入失敗 {id_}", "severity": id_ % 4,
        "status": chance.choice(STATUSES[:-1]) if is_open else "closed", "open": is_open, "revision": 1,
        "due_at": at + timedelta(hours=4) if is_open else NEVER, "opened_at": at, "changed_at": at,
    }  # fmt: skip
    first = 4 * id_ - 3
    for nth, (kind, by) in enumerate((("opened", contact), ("reply", staff), ("reply", contact), ("note", staff))):
        yield case_event, {
            "id": first + nth, "case_id": id_, "account_id": by, "at": at, "kind": kind, "internal": kind == "note",
            "text": "登入失敗", "data": {"severity": [None, id_ % 4]} if kind == "opened" else {},
        }  # fmt: skip
    for linked in chance.sample(filling.articles, min(LINKS, len(filling.articles))):
        link = {"case_id": id_, "article_id": linked, "account_id": staff, "at": at}
        yield case_link, {**link, "role": "reference", "internal": False}
    if is_open:
        yield clock_event, {
            "case_id": id_, "clock": "first_response", "began_at": at, "what": "warning", "at": at, "due_at": at,
            "logged": True,
        }  # fmt: skip
    if id_ % PER_REPORT == 0:
        yield article_task, {
            "article_id": linked, "kind": "public_version", "paragraph": "", "note": "", "case_id": id_,
            "account_id": staff, "at": at, "open": True, "done_note": "",
        }  # fmt: skip
    yield case_file, {
        "uid": f"{id_:032x}", "case_id": id_, "event_id": first, "name": "a.log", "media_type": "text/plain", "size": 6,
        "digest": "0" * 64, "content": b"SEVERE",
    }  # fmt: skip
    reports = {max(id_ // PER_REPORT, 2)}
    # One that a fifth of all cases wait for, but none of the last customer's.
    if id_ % 5 == 0 and customer != filling.customers[-1][1]:
        reports.add(1)
    for report in reports:
        link = {"spr_id": report, "case_id": id_, "account_id": staff, "at": at, "customer_id": customer}
        yield spr_case, link
