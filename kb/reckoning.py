"""The clocks of cases over what happened to them, by contracts and matrix, and what cases count for in the reports.

Kept beside each case: the moment of its next breach, for the order of the queue, and its part in the reports' sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from kb.calendars import Calendar, holidays_of
from kb.clocks import KINDS, NEVER, Clock, clock, covered_days, limit_of, warning_of
from kb.config import Config
from kb.counting import Story, counted
from kb.entitlements import PUBLIC, ContractLine, Matrix, Scope, grants_of, matrix_on
from kb.periods import PERIODS, updates
from kb.store import Store, counts
from kb.store import accounts as account_rows
from kb.store import cases as rows
from kb.store.cases import CaseEvent, CaseRow
from kb.store.counts import LinkRow
from kb.telling import tell

# A case with all that happened to it, and its customer's contract lines.
Told: TypeAlias = tuple[CaseRow, Sequence[CaseEvent], Sequence[ContractLine]]
ASSISTED = "assisted_support"
WEEK = 7
RECOUNTED = 500


class Reckoning:
    """Reckons clocks, and counts. Safe to share between threads."""

    def __init__(self, store: Store, config: Config, matrices: tuple[Matrix, ...]) -> None:
        self._store, self._matrices = store, matrices
        self._zone = ZoneInfo(config.time_zone)
        holidays = holidays_of(config.holidays)
        self._business, self._always = Calendar(self._zone, holidays), Calendar(self._zone, every_day=True)
        self._counts_covered = config.clock_hours == "covered"
        self._warning = config.clock_warning

    def keep(self, connection: Connection, number: str, now: datetime) -> None:
        """Keeps the moment of the next breach, for the order of the queue, and tells what is to be told of clocks."""
        row = rows.case_by_number(connection, number, None)
        assert row is not None  # noqa: S101
        lines = account_rows.lines_of(connection, row.customer_id)
        events = rows.events(connection, row.id, internal=True)
        clocks = self.clocks(row, events, lines, now)
        dues = [each.due for each in clocks if each.due]
        # From a breach on, a clock is counted as missed: also one that was told of before.
        next_at = min([tell(connection, row, clocks, now), *(due for due in dues if due > now)])
        if row.status != "closed":
            next_at = min(next_at, self._rules_change(lines, now))
        rows.set_due(connection, row.id, min(dues, default=NEVER), next_at)
        self._count(connection, [(row, events, lines)], now)

    def reckon(self, number: str, now: datetime) -> None:
        """Tells what is to be told of a case's clocks by now, and reckons them anew."""
        with self._store.writing() as connection:
            row = rows.case_by_number(connection, number, None)
            if row is not None:
                rows.lock_case(connection, row.id)
                self.keep(connection, number, now)

    def _rules_change(self, lines: Sequence[ContractLine], now: datetime) -> datetime:
        """The next midnight from which on the case's customer has another contract, or the guide other numbers."""
        today = self.day(now)
        days = [line.starts for line in lines] + [line.ends + timedelta(1) for line in lines if line.ends]
        days += [matrix.effective_from for matrix in self._matrices]
        later = [day for day in days if day > today]
        return datetime.combine(min(later), time(), self._zone) if later else NEVER

    def _count(self, connection: Connection, given: Sequence[Told], now: datetime) -> None:
        """Keeps what these cases count for in the reports."""
        links: dict[int, list[LinkRow]] = {row.id: [] for row, _, _ in given}
        for link in counts.links_of(connection, list(links)):
            links[link.case_id].append(link)
        stories = (
            Story(
                row,
                row.opened_at.astimezone(self._zone).strftime("%Y-%m"),
                self.package(lines, row.product, now),
                self.clocks(row, events, lines, now),
                self._waits(row, events, lines, now),
                links[row.id],
            )
            for row, events, lines in given
        )
        counts.save(connection, {story.row.id: counted(story) for story in stories})

    def clocks(
        self, row: CaseRow, events: Sequence[CaseEvent], lines: Sequence[ContractLine], now: datetime
    ) -> tuple[Clock, ...]:
        """Those that the customer's package of today has for the severity of now, over all that happened."""
        package = self.package(lines, row.product, now)
        if package is None:
            return ()
        matrix = matrix_on(self.day(now), self._matrices)
        always = covered_days(matrix, package) == WEEK or not self._counts_covered
        found = []
        for kind in KINDS:
            limit, periods = limit_of(matrix, kind, package, row.severity), PERIODS[kind](row, events)
            if limit and periods:
                limit = replace(limit, warning=warning_of(limit, self._warning))
                by = self._business if kind == "next_update" or not always else self._always
                paused = kind == "next_update" and row.status != "in_progress"
                found.append(clock(kind, limit, by, periods, now, "paused" if paused else "met"))
        return tuple(found)

    def _waits(
        self, row: CaseRow, events: Sequence[CaseEvent], lines: Sequence[ContractLine], now: datetime
    ) -> list[Clock]:
        """The waits for an update that have ended: by an answer, or by closing where that came too late."""
        package = self.package(lines, row.product, now)
        matrix = matrix_on(self.day(now), self._matrices)
        limit = limit_of(matrix, "next_update", package, row.severity) if package else None
        if limit is None:
            return []
        *answered, last = updates(row, events)
        waits = [clock("next_update", limit, self._business, each, now) for each in answered if each]
        closed = clock("next_update", limit, self._business, last, now) if row.status == "closed" and last else None
        return [*waits, closed] if closed and closed.state == "breached" else waits

    def count_first(self, now: datetime) -> None:
        """Counts every case where none is counted yet: the store comes from a version that did not."""
        with self._store.reading() as connection:
            counted_before = not counts.uncounted(connection)
        if not counted_before:
            self.recount(now)

    def recount(self, now: datetime) -> int:
        """Counts every case anew for the reports, and says how many there are."""
        with self._store.writing() as connection:
            counts.clear(connection)
        after, done = 0, 0
        while True:
            with self._store.writing() as connection:
                given = rows.told(connection, after, RECOUNTED)
                if not given:
                    return done
                customers = {row.customer_id for row, _ in given}
                lines = {each: account_rows.lines_of(connection, each) for each in customers}
                self._count(connection, [(row, events, lines[row.customer_id]) for row, events in given], now)
            after, done = given[-1][0].id, done + len(given)

    def package(self, lines: Sequence[ContractLine], product: str, now: datetime) -> str | None:
        """The greatest package with assisted support that is in force for a product."""
        day = self.day(now)
        matrix = matrix_on(day, self._matrices)
        held = {
            line.package
            for line in lines
            if line.product == product and f"{product}:{ASSISTED}" in grants_of([line], self._matrices, day)
        }
        return next((package for package in reversed(list(matrix.packages)) if package in held), None)

    def scope(self, lines: Sequence[ContractLine], now: datetime) -> Scope:
        """What a customer with these contract lines reads."""
        return Scope(frozenset({PUBLIC}) | grants_of(lines, self._matrices, self.day(now)))

    def day(self, now: datetime) -> date:
        """The day it is where the support organisation is."""
        return now.astimezone(self._zone).date()
