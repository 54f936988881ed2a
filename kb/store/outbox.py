"""What happened to cases, for other tools: noted with the change itself, delivered by workers, at least once each.

Of one case, a receiver gets each event only when those before it were delivered or given up.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias, get_args

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, insert, or_, select, true, update

from kb.store.case_tables import support_case
from kb.store.outbox_tables import delivery, outbox_event, webhook
from kb.store.tables import customer

Content: TypeAlias = Literal["state", "customer", "staff"]
CONTENTS: tuple[Content, ...] = get_args(Content)
DeliveryState: TypeAlias = Literal["waiting", "delivered", "dead"]
DELIVERY_STATES: tuple[DeliveryState, ...] = get_args(DeliveryState)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A receiver. `customer`: of this customer's cases alone."""

    id: int
    name: str
    url: str
    secret: str = field(repr=False)
    former_secret: str | None = field(repr=False)
    former_until: datetime | None
    kinds: tuple[str, ...]
    content: Content
    customer_id: int | None
    customer: str | None
    active: bool
    silences: int
    rests_until: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to a case."""

    case_id: int
    kind: str
    at: datetime
    internal: bool
    by: str = ""
    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to a receiver. `state` of the case as it was then."""

    id: int
    webhook_id: int
    webhook: str
    attempts: int
    delivery_state: DeliveryState
    next_at: datetime
    status: int | None
    problem: str | None
    uid: str
    kind: str
    at: datetime
    internal: bool
    by: str
    text: str
    data: Mapping[str, Any]
    case: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended. `state` waiting: to be tried again at `next_at`. `rests`: the receiver did not answer."""

    state: DeliveryState
    at: datetime
    status: int | None = None
    problem: str | None = None
    next_at: datetime | None = None
    rests_until: datetime | None = None


# Events


def add(connection: Connection, event: Event) -> None:
    """Notes an event for each receiver that is to hear it; nothing where there is none."""
    case = connection.execute(select(*_STATE).select_from(_CASES).where(support_case.c.id == event.case_id)).one()
    hears = _hearing(connection, event, case.customer_id)
    if not hears:
        return
    state = {name: value for name, value in case._mapping.items() if name != "customer_id"}
    values = {
        "uid": secrets.token_hex(16), "case_id": event.case_id, "kind": event.kind, "at": event.at,
        "internal": event.internal, "by": event.by, "text": event.text, "data": dict(event.data), "state": state,
    }  # fmt: skip
    event_id = connection.execute(insert(outbox_event).values(**values).returning(outbox_event.c.id)).scalar_one()
    waiting = {"event_id": event_id, "case_id": event.case_id, "state": "waiting", "attempts": 0, "next_at": event.at}
    connection.execute(insert(delivery), [{**waiting, "webhook_id": webhook_id} for webhook_id in hears])


_STATE = (
    support_case.c.number, support_case.c.product, support_case.c.severity, support_case.c.status,
    support_case.c.subject, support_case.c.customer_id, customer.c.name.label("customer"),
)  # fmt: skip
_CASES = support_case.join(customer, support_case.c.customer_id == customer.c.id)


def _hearing(connection: Connection, event: Event, customer_id: int) -> list[int]:
    """What is internal is for receivers of staff alone."""
    theirs = or_(webhook.c.customer_id.is_(None), webhook.c.customer_id == customer_id)
    allowed = webhook.c.content == "staff" if event.internal else true()
    found = select(webhook.c.id, webhook.c.kinds).where(webhook.c.active, theirs, allowed).order_by(webhook.c.id)
    return [row.id for row in connection.execute(found) if not row.kinds or event.kind in row.kinds]


# Receivers

_WEBHOOK: tuple[ColumnElement[Any], ...] = (
    webhook.c.id, webhook.c.name, webhook.c.url, webhook.c.secret, webhook.c.former_secret, webhook.c.former_until,
    webhook.c.kinds, webhook.c.content, webhook.c.customer_id, customer.c.name.label("customer"), webhook.c.active,
    webhook.c.silences, webhook.c.rests_until, webhook.c.created_at,
)  # fmt: skip
_WEBHOOKS = webhook.outerjoin(customer, webhook.c.customer_id == customer.c.id)


def webhooks(connection: Connection, name: str | None = None) -> list[Webhook]:
    """All, or the one of this name."""
    found = select(*_WEBHOOK).select_from(_WEBHOOKS).where(true() if name is None else webhook.c.name == name)
    rows = connection.execute(found.order_by(webhook.c.name))
    return [_webhook(row) for row in rows]


def _webhook(row: Any) -> Webhook:
    return Webhook(**{**row._mapping, "kinds": tuple(row.kinds)})


def webhook_by_id(connection: Connection, webhook_id: int) -> Webhook | None:
    row = connection.execute(select(*_WEBHOOK).select_from(_WEBHOOKS).where(webhook.c.id == webhook_id)).first()
    return _webhook(row) if row else None


def add_webhook(connection: Connection, values: Mapping[str, Any]) -> int:
    return int(connection.execute(insert(webhook).values(**values).returning(webhook.c.id)).scalar_one())


def change_webhook(connection: Connection, webhook_id: int, values: Mapping[str, Any]) -> None:
    connection.execute(update(webhook).where(webhook.c.id == webhook_id).values(**values))


def remove_webhook(connection: Connection, webhook_id: int) -> None:
    """And all that waits for it."""
    connection.execute(delete(webhook).where(webhook.c.id == webhook_id))


# Deliveries


def _earlier_waits() -> ColumnElement[bool]:
    """An earlier event of the same case has not come to the same receiver yet."""
    earlier = delivery.alias("earlier")
    same = and_(earlier.c.webhook_id == delivery.c.webhook_id, earlier.c.case_id == delivery.c.case_id)
    return exists().where(same, earlier.c.state == "waiting", earlier.c.id < delivery.c.id)


def _ready(now: datetime) -> ColumnElement[bool]:
    free = or_(delivery.c.held_until.is_(None), delivery.c.held_until <= now)
    return and_(delivery.c.state == "waiting", delivery.c.next_at <= now, free, ~_earlier_waits())


def busy(connection: Connection, now: datetime) -> list[int]:
    """The receivers that something is ready for and that do not rest."""
    rested = or_(webhook.c.rests_until.is_(None), webhook.c.rests_until <= now)
    waits = exists().where(delivery.c.webhook_id == webhook.c.id, _ready(now))
    return list(connection.scalars(select(webhook.c.id).where(webhook.c.active, rested, waits).order_by(webhook.c.id)))


def claim(connection: Connection, webhook_id: int, now: datetime, until: datetime) -> Delivery | None:
    """The next event for a receiver, held until then: nobody else takes it, or a later one of its case."""
    next_one = select(delivery.c.id).where(delivery.c.webhook_id == webhook_id, _ready(now)).order_by(delivery.c.id)
    found = connection.scalar(next_one.limit(1).with_for_update(skip_locked=True))
    if found is None:
        return None
    connection.execute(update(delivery).where(delivery.c.id == found).values(held_until=until))
    return deliveries(connection, delivery.c.id == found, 1)[0]


def settle(connection: Connection, one: Delivery, outcome: Outcome) -> None:
    """What came of an attempt."""
    values = {
        "state": outcome.state, "attempts": delivery.c.attempts + 1, "status": outcome.status,
        "problem": outcome.problem, "held_until": None,
        "done_at": None if outcome.state == "waiting" else outcome.at,
    }  # fmt: skip
    if outcome.next_at:
        values["next_at"] = outcome.next_at
    connection.execute(update(delivery).where(delivery.c.id == one.id).values(values))
    silent = outcome.rests_until is not None
    rests = {"silences": webhook.c.silences + 1 if silent else 0, "rests_until": outcome.rests_until}
    connection.execute(update(webhook).where(webhook.c.id == one.webhook_id).values(rests))


_DELIVERY: tuple[ColumnElement[Any], ...] = (
    delivery.c.id, delivery.c.webhook_id, webhook.c.name, delivery.c.attempts, delivery.c.state, delivery.c.next_at,
    delivery.c.status, delivery.c.problem, outbox_event.c.uid, outbox_event.c.kind, outbox_event.c.at,
    outbox_event.c.internal, outbox_event.c.by, outbox_event.c.text, outbox_event.c.data, outbox_event.c.state,
)  # fmt: skip
_DELIVERIES = delivery.join(webhook, delivery.c.webhook_id == webhook.c.id).join(
    outbox_event, delivery.c.event_id == outbox_event.c.id
)


def deliveries(connection: Connection, which: ColumnElement[bool], limit: int) -> list[Delivery]:
    """The newest first."""
    found = select(*_DELIVERY).select_from(_DELIVERIES).where(which).order_by(delivery.c.id.desc()).limit(limit)
    return [Delivery(*row) for row in connection.execute(found)]


def of_state(connection: Connection, state: DeliveryState, before: int | None, limit: int) -> list[Delivery]:
    """Deliveries of a state, the newest first, from below the id `before`."""
    below = true() if before is None else delivery.c.id < before
    return deliveries(connection, and_(delivery.c.state == state, below), limit)


def count_of_state(connection: Connection, state: DeliveryState) -> int:
    return connection.scalar(select(func.count()).select_from(delivery).where(delivery.c.state == state)) or 0


def replay(connection: Connection, now: datetime, delivery_id: int | None = None, webhook_id: int | None = None) -> int:
    """What was given up is tried anew, as if it were the first time: one, or all of a receiver. How many."""
    which = [delivery.c.state == "dead"]
    which += [delivery.c.id == delivery_id] if delivery_id is not None else []
    which += [delivery.c.webhook_id == webhook_id] if webhook_id is not None else []
    anew = {"state": "waiting", "attempts": 0, "next_at": now, "held_until": None, "done_at": None}
    return connection.execute(update(delivery).where(*which).values(anew)).rowcount


def forget(connection: Connection, before: datetime) -> None:
    """What was delivered before then goes, and events that nobody waits for any more."""
    connection.execute(delete(delivery).where(delivery.c.state == "delivered", delivery.c.done_at < before))
    told = exists().where(delivery.c.event_id == outbox_event.c.id)
    connection.execute(delete(outbox_event).where(outbox_event.c.at < before, ~told))
