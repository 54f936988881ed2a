"""Software performance reports as rows, with the articles and cases they are linked to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, delete, func, insert, literal, select, tuple_, update

from kb.store.case_tables import support_case
from kb.store.cases import CASE, CASES, CaseRow, within
from kb.store.feedback import upsert
from kb.store.spr_tables import spr, spr_article, spr_case, spr_notice
from kb.store.tables import account


@dataclass(frozen=True, slots=True)
class SprRow:
    """A report. `fixed_in`: the version it is fixed in, "" while there is none."""

    id: int
    number: str
    product: str
    status: str
    title: str
    fixed_in: str
    changed_at: datetime


SPR: tuple[ColumnElement[Any], ...] = (
    spr.c.id, spr.c.number, spr.c.product, spr.c.status, spr.c.title, spr.c.fixed_in, spr.c.changed_at,
)  # fmt: skip


def by_numbers(connection: Connection, numbers: Sequence[str]) -> dict[str, SprRow]:
    """Those of these numbers that there are."""
    return _by_number(connection, select(*SPR).where(spr.c.number.in_(numbers)))


def locked(connection: Connection, numbers: Sequence[str]) -> dict[str, SprRow]:
    """The same, to be changed: until the end of the transaction nobody else changes or links them."""
    found = select(*SPR).where(spr.c.number.in_(numbers)).order_by(spr.c.number)
    return _by_number(connection, found.with_for_update())


def _by_number(connection: Connection, found: Select[Any]) -> dict[str, SprRow]:
    return {row.number: SprRow(*row) for row in connection.execute(found)}


def page(connection: Connection, status: str | None, after: tuple[datetime, str] | None, limit: int) -> list[SprRow]:
    """The last changed first, of a status or all, from after that of this moment and number. For staff alone."""
    found, key = select(*SPR), (spr.c.changed_at, spr.c.number)
    if status is not None:
        found = found.where(spr.c.status == status)
    if after is not None:
        last = (literal(each, column.type) for each, column in zip(after, key, strict=True))
        found = found.where(tuple_(*key) < tuple_(*last))
    rows = connection.execute(found.order_by(*(column.desc() for column in key)).limit(limit))
    return [SprRow(*row) for row in rows]


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    connection.execute(insert(spr).values(**values))


def change(connection: Connection, spr_id: int, values: Mapping[str, Any]) -> None:
    connection.execute(update(spr).where(spr.c.id == spr_id).values(**values))


# Links


def link(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """False: they are linked already."""
    new = upsert(connection)(table).values(**values).on_conflict_do_nothing().returning(table.c.spr_id)
    return connection.execute(new).scalar() is not None


def unlink(connection: Connection, table: Table, key: Mapping[str, int]) -> bool:
    """False: they are not linked."""
    these = (table.c[name] == value for name, value in key.items())
    return connection.execute(delete(table).where(*these)).rowcount > 0


def articles_of(connection: Connection, spr_id: int) -> list[int]:
    return list(connection.scalars(select(spr_article.c.article_id).where(spr_article.c.spr_id == spr_id)))


def of_article(connection: Connection, article_id: int) -> list[SprRow]:
    """By number."""
    joined = spr.join(spr_article, spr_article.c.spr_id == spr.c.id)
    found = select(*SPR).select_from(joined).where(spr_article.c.article_id == article_id)
    return [SprRow(*row) for row in connection.execute(found.order_by(spr.c.number))]


def of_case(connection: Connection, case_id: int) -> list[SprRow]:
    """By number."""
    joined = spr.join(spr_case, spr_case.c.spr_id == spr.c.id)
    found = select(*SPR).select_from(joined).where(spr_case.c.case_id == case_id)
    return [SprRow(*row) for row in connection.execute(found.order_by(spr.c.number))]


def tell_fixed(connection: Connection, spr_id: int, fixed_in: str, told: tuple[int | None, datetime]) -> list[int]:
    """Notes with each case linked to a report that it is fixed, `told` by whom and when; gives the cases that were not
    told of this version before."""
    linked = select(
        spr_case.c.spr_id,
        spr_case.c.case_id,
        *(
            literal(each, column.type)
            for each, column in zip(
                (*told, fixed_in), (spr_notice.c.account_id, spr_notice.c.at, spr_notice.c.fixed_in), strict=True
            )
        ),
    ).where(spr_case.c.spr_id == spr_id)
    new = upsert(connection)(spr_notice).from_select(["spr_id", "case_id", "account_id", "at", "fixed_in"], linked)
    return sorted(connection.scalars(new.on_conflict_do_nothing().returning(spr_notice.c.case_id)))


@dataclass(frozen=True, slots=True)
class Notice:
    """A case was told that a report is fixed. `by`: who said so, "" for a file."""

    number: str
    fixed_in: str
    at: datetime
    by: str


def notices_of(connection: Connection, case_id: int) -> list[Notice]:
    """In the order they were told."""
    tables = spr_notice.join(spr, spr_notice.c.spr_id == spr.c.id).outerjoin(
        account, spr_notice.c.account_id == account.c.id
    )
    columns = spr.c.number, spr_notice.c.fixed_in, spr_notice.c.at, func.coalesce(account.c.name, "")
    found = select(*columns).select_from(tables).where(spr_notice.c.case_id == case_id)
    return [Notice(*row) for row in connection.execute(found.order_by(spr_notice.c.id))]


def cases_of(connection: Connection, spr_id: int, customer_id: int | None, limit: int) -> list[CaseRow]:
    """A customer's cases that a report is linked to, or for staff everyone's, the newest first."""
    linked = [spr_case.c.spr_id == spr_id]
    if customer_id is None:
        return _cases(connection, linked, limit)
    theirs = _cases(connection, [*linked, spr_case.c.customer_id == customer_id], limit)
    unsaid = _cases(connection, [*linked, spr_case.c.customer_id.is_(None), within(customer_id)], limit)
    return sorted([*theirs, *unsaid], key=lambda row: -row.id)[:limit]


def _cases(connection: Connection, which: Sequence[ColumnElement[bool]], limit: int) -> list[CaseRow]:
    joined = CASES.join(spr_case, spr_case.c.case_id == support_case.c.id)
    found = select(*CASE).select_from(joined).where(*which).order_by(spr_case.c.case_id.desc()).limit(limit)
    return [CaseRow(*row) for row in connection.execute(found)]
