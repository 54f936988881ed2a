"""Clocks that warned or were breached, as rows: each once for a run of a clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias, get_args

from sqlalchemy import ColumnElement, Connection, select, true, update

from kb.store.case_tables import support_case
from kb.store.feedback import upsert
from kb.store.outbox_tables import clock_event
from kb.store.tables import counter, customer

ClockSign: TypeAlias = Literal["warning", "breach"]
CLOCK_SIGNS: tuple[ClockSign, ...] = get_args(ClockSign)


@dataclass(frozen=True, slots=True)
class ClockEvent:
    """A clock that warned or was breached, by `at` at the latest. `due_at`: the breach, where the clock still ran."""

    id: int
    number: str
    subject: str
    customer: str
    severity: int
    status: str
    clock: str
    what: ClockSign
    at: datetime
    due_at: datetime | None


def add(connection: Connection, values: Mapping[str, Any]) -> bool:
    """False: it was told before."""
    new = upsert(connection)(clock_event).values(**values, logged=False).on_conflict_do_nothing()
    return connection.execute(new.returning(clock_event.c.id)).scalar() is not None


def told(connection: Connection, case_id: int) -> set[tuple[str, datetime, str]]:
    """What was told of a case's clocks: clock, when its run began, which sign."""
    columns = clock_event.c.clock, clock_event.c.began_at, clock_event.c.what
    rows = connection.execute(select(*columns).where(clock_event.c.case_id == case_id))
    return {(row.clock, row.began_at, row.what) for row in rows}


_EVENT: tuple[ColumnElement[Any], ...] = (
    clock_event.c.id, support_case.c.number, support_case.c.subject, customer.c.name, support_case.c.severity,
    support_case.c.status, clock_event.c.clock, clock_event.c.what, clock_event.c.at, clock_event.c.due_at,
)  # fmt: skip
_EVENTS = clock_event.join(support_case, clock_event.c.case_id == support_case.c.id).join(
    customer, support_case.c.customer_id == customer.c.id
)


def newest(connection: Connection, limit: int, before: int | None = None) -> list[ClockEvent]:
    """The last ones, from below the id `before`. For staff alone."""
    below = true() if before is None else clock_event.c.id < before
    # Chosen before they are joined: a database that knew no better would sort all there are.
    last = select(clock_event.c.id).where(below).order_by(clock_event.c.id.desc()).limit(limit)
    found = select(*_EVENT).select_from(_EVENTS).where(clock_event.c.id.in_(last.subquery().select()))
    found = found.order_by(clock_event.c.id.desc())
    return [ClockEvent(*row) for row in connection.execute(found)]


def unlogged(connection: Connection, limit: int) -> list[ClockEvent]:
    """Those that no log tells of yet; from now on this one does."""
    wanted = select(clock_event.c.id).where(~clock_event.c.logged).order_by(clock_event.c.id).limit(limit)
    ids = list(connection.scalars(wanted.with_for_update(skip_locked=True)))
    connection.execute(update(clock_event).where(clock_event.c.id.in_(ids)).values(logged=True))
    found = select(*_EVENT).select_from(_EVENTS).where(clock_event.c.id.in_(ids)).order_by(clock_event.c.id)
    return [ClockEvent(*row) for row in connection.execute(found)]


def rules_changed(connection: Connection, mark: int) -> bool:
    """Whether the clocks go by other rules than when this was last asked; `mark` stands for them."""
    new = upsert(connection)(counter).values(name="clock_rules", value=mark)
    changes = new.on_conflict_do_update(index_elements=["name"], set_={"value": mark}, where=counter.c.value != mark)
    return connection.execute(changes.returning(counter.c.value)).scalar() is not None
