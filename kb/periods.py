"""When each clock of a case runs, read from what happened to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from kb.clocks import Kind, Period
from kb.store.cases import CaseEvent, CaseRow


def _is_answer(event: CaseEvent) -> bool:
    return event.kind == "reply" and event.role != "customer"


def _until_answered(row: CaseRow, events: Sequence[CaseEvent]) -> list[Period]:
    """From opening to the first answer, or to closing."""
    ends = (event.at for event in events if _is_answer(event) or _changed(event, "status") == "closed")
    return [Period(row.opened_at, next(ends, None))]


def _since_update(row: CaseRow, events: Sequence[CaseEvent]) -> list[Period]:
    """From the last answer on, in progress alone; a sub-status pauses. None once closed: no update is owed."""
    return [] if row.status == "closed" else updates(row, events)[-1]


def updates(row: CaseRow, events: Sequence[CaseEvent]) -> list[list[Period]]:
    """Of each answer the time it was waited for, and last the time that the next is waited for."""
    found: list[list[Period]] = []
    periods: list[Period] = []
    since: datetime | None = row.opened_at
    for event in events:
        if _is_answer(event):
            found.append([*periods, Period(since, event.at)] if since else periods)
            periods, since = [], event.at if since else None
        if status := _changed(event, "status"):
            if since and status != "in_progress":
                periods, since = [*periods, Period(since, event.at)], None
            elif not since and status == "in_progress":
                since = event.at
    return [*found, [*periods, Period(since)] if since else periods]


def _while_down(row: CaseRow, events: Sequence[CaseEvent]) -> list[Period]:
    """While the severity is 0, to the solution or the closing; a solution that did not hold lets it run on."""
    periods: list[Period] = []
    severity, solved, since = None, False, None
    for event in events:
        found = _changed(event, "severity")
        severity = found if found is not None else severity
        if status := _changed(event, "status"):
            solved = status in ("solution_offered", "closed")
        runs = severity == 0 and not solved
        if runs and since is None:
            since = event.at
        elif not runs and since is not None:
            periods, since = [*periods, Period(since, event.at)], None
    return [*periods, Period(since)] if since else periods


def _changed(event: CaseEvent, name: str) -> Any:
    """What a field was set to by an event; None where it was not."""
    change = event.data.get(name) if event.kind in ("opened", "change") else None
    return change[1] if change else None


PERIODS: Mapping[Kind, Callable[[CaseRow, Sequence[CaseEvent]], list[Period]]] = {
    "first_response": _until_answered,
    "next_update": _since_update,
    "recovery": _while_down,
}
