"""Cases as rows: their state now, the events that led to it, and the articles linked.

`customer` limits what is found to one customer's; None, for staff, does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any, Literal, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    case,
    delete,
    exists,
    insert,
    literal,
    select,
    true,
    tuple_,
    update,
)

from kb.store.case_tables import case_event, case_link, deflection, support_case
from kb.store.tables import account, article, change_note, customer

Sort: TypeAlias = Literal["opened", "due"]

contact, owner = account.alias("contact"), account.alias("owner")


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case as it is now. `revision` grows with every change of its fields."""

    id: int
    number: str
    customer_id: int
    customer: str
    contact_id: int
    contact: str
    owner_id: int | None
    owner: str | None
    product: str
    version: str
    environment: str
    subject: str
    severity: int
    status: str
    revision: int
    due_at: datetime
    opened_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """What someone did. `data` holds for a change of fields name → (before, after)."""

    id: int
    at: datetime
    kind: str
    internal: bool
    text: str
    data: Mapping[str, Any]
    by: str
    role: str


@dataclass(frozen=True, slots=True)
class CaseLink:
    """An article linked to a case, as `resolution` or `reference`; `internal`: for staff alone.

    More than one may be linked as the resolution: the last that one sees is, see `with_one_resolution`.
    """

    article_id: int
    number: str
    role: str
    internal: bool
    by: str
    at: datetime


CASE: tuple[ColumnElement[Any], ...] = (
    support_case.c.id, support_case.c.number, support_case.c.customer_id, customer.c.name, support_case.c.contact_id,
    contact.c.name, support_case.c.owner_id, owner.c.name, support_case.c.product, support_case.c.version,
    support_case.c.environment, support_case.c.subject, support_case.c.severity, support_case.c.status,
    support_case.c.revision, support_case.c.due_at, support_case.c.opened_at, support_case.c.changed_at,
)  # fmt: skip
CASES = (
    support_case.join(customer, support_case.c.customer_id == customer.c.id)
    .join(contact, support_case.c.contact_id == contact.c.id)
    .outerjoin(owner, support_case.c.owner_id == owner.c.id)
)


def within(customer_id: int | None) -> ColumnElement[bool]:
    """Of one customer; None, for staff: of everyone."""
    return true() if customer_id is None else support_case.c.customer_id == customer_id


def case_by_number(connection: Connection, number: str, customer_id: int | None) -> CaseRow | None:
    found = select(*CASE).select_from(CASES).where(support_case.c.number == number, within(customer_id))
    row = connection.execute(found).first()
    return CaseRow(*row) if row else None


@dataclass(frozen=True, slots=True)
class Walk:
    """A way through cases. `sort`: `due`, by the next breach, or `opened`, the newest first, in which a case keeps its
    place whatever happens to it. `after`: the key and the number of the last case that was seen."""

    is_open: bool | None = None
    sort: Sort = "opened"
    after: tuple[datetime, str] | None = None
    limit: int = 50

    def place(self, row: CaseRow) -> tuple[datetime, str]:
        """Where a case stands on this way."""
        return (row.due_at if self.sort == "due" else row.opened_at, row.number)


def walk(connection: Connection, customer_id: int | None, way: Walk) -> list[CaseRow]:
    """The next cases of a walk."""
    if way.is_open is None:
        # Read in order from the indexes of open ones and of closed ones: nothing is sorted, however many there are.
        both = (walk(connection, customer_id, replace(way, is_open=each)) for each in (True, False))
        return list(islice(merge(*both, key=way.place, reverse=way.sort == "opened"), way.limit))
    number = support_case.c.number
    key = support_case.c.due_at if way.sort == "due" else support_case.c.opened_at
    found = select(*CASE).select_from(CASES).where(support_case.c.open == way.is_open, within(customer_id))
    if way.after is not None:
        here, last = (
            tuple_(key, number),
            tuple_(*(literal(each, column.type) for each, column in zip(way.after, (key, number), strict=True))),
        )
        found = found.where(here > last if way.sort == "due" else here < last)
    order = (key, number) if way.sort == "due" else (key.desc(), number.desc())
    return [CaseRow(*row) for row in connection.execute(found.order_by(*order).limit(way.limit))]


def add_case(connection: Connection, values: Mapping[str, Any]) -> int:
    return int(connection.execute(insert(support_case).values(**values).returning(support_case.c.id)).scalar_one())


def change_case(connection: Connection, case_id: int, values: Mapping[str, Any]) -> None:
    """Changes fields of a case that is locked, and adds one to its revision."""
    changed = update(support_case).where(support_case.c.id == case_id)
    connection.execute(changed.values(**values, revision=support_case.c.revision + 1))


def lock_case(connection: Connection, case_id: int) -> None:
    """Until the end of the transaction nobody else changes the case. SQLite has one writer at a time anyway."""
    # What only refers to the case, as what it is told of a report does, need not wait.
    connection.execute(select(support_case.c.id).where(support_case.c.id == case_id).with_for_update(key_share=True))


def set_due(connection: Connection, case_id: int, due_at: datetime, watch_at: datetime) -> None:
    moments = {"due_at": due_at, "watch_at": watch_at}
    connection.execute(update(support_case).where(support_case.c.id == case_id).values(moments))


def to_watch(connection: Connection, now: datetime, limit: int) -> list[str]:
    """The numbers of cases whose clocks have something to tell by now, the most urgent first."""
    found = select(support_case.c.number).where(support_case.c.watch_at <= now)
    return list(connection.scalars(found.order_by(support_case.c.watch_at, support_case.c.id).limit(limit)))


def watch_anew(connection: Connection, customer_id: int | None, now: datetime) -> None:
    """The clocks of a customer's open cases, or of everyone's, are to be reckoned anew: what they go by has changed."""
    anew = update(support_case).where(support_case.c.open, within(customer_id), support_case.c.watch_at > now)
    connection.execute(anew.values(watch_at=now))


def add_event(connection: Connection, values: Mapping[str, Any]) -> int:
    return int(connection.execute(insert(case_event).values(**values).returning(case_event.c.id)).scalar_one())


EVENT: tuple[ColumnElement[Any], ...] = (
    case_event.c.id, case_event.c.at, case_event.c.kind, case_event.c.internal, case_event.c.text, case_event.c.data,
    account.c.name, account.c.role,
)  # fmt: skip
EVENTS = case_event.join(account, case_event.c.account_id == account.c.id)


def events(connection: Connection, case_id: int, internal: bool) -> list[CaseEvent]:
    """In the order they happened; internal ones where wanted."""
    found = select(*EVENT).select_from(EVENTS).where(case_event.c.case_id == case_id)
    if not internal:
        found = found.where(~case_event.c.internal)
    return [CaseEvent(*row) for row in connection.execute(found.order_by(case_event.c.id))]


def told(connection: Connection, after: int, limit: int) -> list[tuple[CaseRow, list[CaseEvent]]]:
    """Cases in the order of their ids, from beyond the id `after`, locked, each with all that happened to it."""
    wanted = select(support_case.c.id).where(support_case.c.id > after).order_by(support_case.c.id).limit(limit)
    ids = list(connection.scalars(wanted.with_for_update()))
    found = select(*CASE).select_from(CASES).where(support_case.c.id.in_(ids)).order_by(support_case.c.id)
    happened: dict[int, list[CaseEvent]] = {id_: [] for id_ in ids}
    every = select(case_event.c.case_id, *EVENT).select_from(EVENTS).where(case_event.c.case_id.in_(ids))
    for case_id, *row in connection.execute(every.order_by(case_event.c.id)):
        happened[case_id].append(CaseEvent(*row))
    return [(CaseRow(*row), happened[row.id]) for row in connection.execute(found)]


def links(connection: Connection, case_id: int, internal: bool) -> list[CaseLink]:
    """In the order they were linked."""
    columns = (
        case_link.c.article_id, article.c.number, case_link.c.role, case_link.c.internal, account.c.name,
        case_link.c.at,
    )  # fmt: skip
    tables = case_link.join(article, case_link.c.article_id == article.c.id).join(
        account, case_link.c.account_id == account.c.id
    )
    found = select(*columns).select_from(tables).where(case_link.c.case_id == case_id)
    if not internal:
        found = found.where(~case_link.c.internal)
    return [CaseLink(*row) for row in connection.execute(found.order_by(case_link.c.id))]


def with_one_resolution(seen: Sequence[CaseLink]) -> list[CaseLink]:
    """The links that somebody sees, as he does: the last resolution of these comes first, the former are references.

    What he does not see has no part in it.
    """
    last = next((link for link in reversed(seen) if link.role == "resolution"), None)
    return [*([last] if last else []), *(replace(link, role="reference") for link in seen if link is not last)]


def save_link(connection: Connection, key: tuple[int, int], values: Mapping[str, Any]) -> None:
    """Links case and article of `key`, in the place of an earlier link of the two. The index is to learn of it."""
    remove_link(connection, key)
    case_id, article_id = key
    connection.execute(insert(case_link).values(case_id=case_id, article_id=article_id, **values))
    connection.execute(insert(change_note).values(article_id=article_id))


def remove_link(connection: Connection, key: tuple[int, int]) -> bool:
    case_id, article_id = key
    gone = delete(case_link).where(case_link.c.case_id == case_id, case_link.c.article_id == article_id)
    if not connection.execute(gone).rowcount:
        return False
    connection.execute(insert(change_note).values(article_id=article_id))
    return True


def cases_of(connection: Connection, article_id: int, limit: int) -> Sequence[tuple[CaseRow, str]]:
    """The cases an article is linked to, newest first, with its role in each. For staff alone."""
    tables = CASES.join(case_link, case_link.c.case_id == support_case.c.id)
    later = case_link.alias()
    former = exists().where(
        later.c.case_id == case_link.c.case_id, later.c.role == "resolution", later.c.id > case_link.c.id
    )
    role = case((former, "reference"), else_=case_link.c.role)
    found = select(*CASE, role).select_from(tables).where(case_link.c.article_id == article_id)
    rows = connection.execute(found.order_by(case_link.c.case_id.desc()).limit(limit))
    return [(CaseRow(*row[:-1]), row[-1]) for row in rows]


@dataclass(frozen=True, slots=True)
class Deflection:
    """A case that was not opened: what was typed, and the article that solved it."""

    number: str
    title: str
    customer: str
    product: str
    text: str
    at: datetime


def add_deflection(connection: Connection, values: Mapping[str, Any]) -> None:
    connection.execute(insert(deflection).values(**values))


def deflections(connection: Connection, limit: int) -> list[Deflection]:
    """The newest first. For staff alone."""
    columns = (
        article.c.number, article.c.title, customer.c.name, deflection.c.product, deflection.c.text, deflection.c.at,
    )  # fmt: skip
    tables = (
        deflection.join(article, deflection.c.article_id == article.c.id)
        .join(account, deflection.c.account_id == account.c.id)
        .join(customer, account.c.customer_id == customer.c.id)
    )
    found = select(*columns).select_from(tables).order_by(deflection.c.at.desc(), deflection.c.id.desc()).limit(limit)
    return [Deflection(*row) for row in connection.execute(found)]
