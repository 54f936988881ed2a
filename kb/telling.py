"""Telling of each run of a clock once that it warns, and once that it is breached: in the queue, the log, to webhooks.

What was told stays told, whatever changes afterwards; what is not told yet goes by the rules of now. A run of *next
update* begins with each answer; the other clocks have one run. Whatever changes a case tells first what is due by then,
so nothing is missed by a worker that was away; what was told is noted with it, so nothing is told twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from kb.clocks import NEVER, Clock
from kb.store import clock_events, outbox
from kb.store.cases import CaseRow


def tell(connection: Connection, row: CaseRow, clocks: Sequence[Clock], now: datetime) -> datetime:
    """Tells what is to be told of a case's clocks by now; gives the moment when there will be more."""
    told = clock_events.told(connection, row.id)
    next_at = NEVER
    for one in clocks:
        for what, share, at in (("warning", one.limit.warning, one.warn_at), ("breach", 1, one.due)):
            if one.began is None or (one.kind, one.began, what) in told:
                continue
            if one.used >= share:
                _tell(connection, row, one, what, now)
            elif at:
                next_at = min(next_at, at)
    return next_at


def _tell(connection: Connection, row: CaseRow, one: Clock, what: str, now: datetime) -> None:
    values = {"case_id": row.id, "clock": one.kind, "began_at": one.began, "what": what, "at": now, "due_at": one.due}
    if clock_events.add(connection, values):
        data = {"clock": one.kind, "due_at": one.due.isoformat() if one.due else None}
        outbox.add(connection, outbox.Event(row.id, f"clock.{what}", now, internal=False, data=data))
