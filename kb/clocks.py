"""The three clocks of a case, read from the guide's matrix: first response, next update, recovery.

A limit of the guide is `<`: at the limit it is breached. A clock that has stopped keeps what it was: met or breached.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any, Literal

from kb.calendars import Calendar, microseconds
from kb.entitlements import Matrix

Kind = Literal["first_response", "next_update", "recovery"]
State = Literal["running", "paused", "met", "breached", "best_effort"]
KINDS: tuple[Kind, ...] = ("first_response", "next_update", "recovery")
WARNING = Fraction(3, 4)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Limit:
    """What a clock must stay under: working time, or working days; neither: best effort. It warns at a part of it."""

    time: timedelta | None = None
    days: int | None = None
    warning: Fraction = WARNING


@dataclass(frozen=True, slots=True)
class Period:
    """A clock ran from `start` to `end`, or runs still."""

    start: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock at a moment. `due`, while it runs, is the moment it is breached at; `used` the part of its limit, from 0.

    `overdue`: breached and still running. `stops` are the stretches until `due` in which it does not count. `began`
    tells this run of the clock from others; while it runs, it warns at `warn_at`.
    """

    kind: Kind
    limit: Limit
    state: State
    due: datetime | None = None
    used: Fraction = Fraction()
    overdue: bool = False
    stops: tuple[tuple[datetime, datetime], ...] = ()
    began: datetime | None = None
    warn_at: datetime | None = None

    def left(self, now: datetime) -> timedelta:
        """How much of the limit is left while it runs, counting as it does; nothing once it is breached."""
        if self.due is None or self.due <= now:
            return timedelta()
        stopped = (until - max(since, now) for since, until in self.stops if until > now)
        return self.due - now - sum(stopped, timedelta())

    def stopped_until(self, now: datetime) -> datetime | None:
        """When it counts again, where it runs but does not count at this moment."""
        return next((until for since, until in self.stops if since <= now < until), None)

    @property
    def warns(self) -> bool:
        """So much of the time is gone that it is time to hurry."""
        return self.state == "running" and self.used >= self.limit.warning


def limit_of(matrix: Matrix, kind: Kind, package: str, severity: int) -> Limit | None:
    """The matrix's limit; None where it has none. ValueError: a unit that is not known."""
    row = next((row for row in matrix.rows if row.key == kind), None)
    cell = row.cells.get(package) if row else None
    given = cell.limits.get(str(severity)) if cell else None
    return _limit(given) if given else None


def _limit(given: Any) -> Limit:
    if given.get("best_effort"):
        return Limit()
    amount, unit = given["less_than"], given["unit"]
    if unit == "business_day":
        return Limit(days=int(amount))
    if unit not in ("minute", "hour"):
        raise ValueError(f"a limit in {unit!r}; known are minute, hour, business_day")
    return Limit(timedelta(**{unit + "s": amount}))


def covered_days(matrix: Matrix, package: str) -> int:
    """On how many days of the week a package is served; 0: not at all."""
    row = next((row for row in matrix.rows if row.key == "availability"), None)
    cell = row.cells.get(package) if row else None
    return int(cell.limits["week"]["days"]) if cell and "week" in cell.limits else 0


def clock(
    kind: Kind,
    limit: Limit,
    calendar: Calendar,
    periods: Sequence[Period],
    now: datetime,
    at_rest: Literal["met", "paused"] = "met",
) -> Clock:
    """A clock that ran in these periods, in order and apart.

    It runs while the last of them has no end; else it is `at_rest`. Time counts by `calendar`, days by its working
    days.
    """
    running = bool(periods) and periods[-1].end is None
    if limit.time is None and limit.days is None:
        return Clock(kind, limit, "best_effort")
    ran = [(period.start, now if period.end is None else min(period.end, now)) for period in periods]
    used = sum((_part(limit, calendar, start, end) for start, end in ran), Fraction())
    due = warn_at = None
    if running:
        before = sum((_part(limit, calendar, start, end) for start, end in ran[:-1]), Fraction())
        due, warn_at = (
            _due(limit, calendar, periods[-1].start, max(share - before, Fraction())) for share in (1, limit.warning)
        )
    began = periods[0].start if periods else None
    if used >= 1:
        return Clock(kind, limit, "breached", due, used, running, began=began, warn_at=warn_at)
    stops = calendar.rests(now, due) if due else ()
    state: State = "running" if running else at_rest
    return Clock(kind, limit, state, due, used, stops=stops, began=began, warn_at=warn_at)


def warning_of(limit: Limit, before: Fraction | timedelta) -> Fraction:
    """The part of a limit at which a clock warns: the part itself, or so long before its end."""
    if isinstance(before, Fraction):
        return before
    whole = limit.time if limit.time is not None else timedelta(limit.days or 1)
    return max(1 - Fraction(microseconds(before), microseconds(whole)), Fraction())


def _part(limit: Limit, calendar: Calendar, start: datetime, end: datetime) -> Fraction:
    """Which part of the limit passes between two moments."""
    if limit.days is not None:
        return calendar.days(start, end) / limit.days
    assert limit.time is not None  # noqa: S101
    return Fraction(microseconds(calendar.worked(start, end)), microseconds(limit.time))


def _due(limit: Limit, calendar: Calendar, start: datetime, left: Fraction) -> datetime:
    if limit.days is not None:
        return calendar.after_days(start, left * limit.days)
    assert limit.time is not None  # noqa: S101
    return calendar.after_time(start, timedelta(microseconds=-(-left * microseconds(limit.time) // 1)))
