"""Working time: which days support works, and how much of that lies between two moments."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import holidays

SATURDAY = 5
# No clock of the guide is longer than some days; holidays that never end would be a faulty calendar.
FARTHEST = 3_660
NO_HOLIDAYS: frozenset[date] = frozenset()


def holidays_of(region: str) -> Container[date]:
    """The public holidays of a country (`TW`) or a part of one (`DE-BY`); none for ``. ValueError: there is none."""
    if not region:
        return NO_HOLIDAYS
    country, _, part = region.partition("-")
    try:
        return holidays.country_holidays(country, subdiv=part or None)
    except NotImplementedError as error:
        raise ValueError(str(error)) from None


@dataclass(frozen=True)
class Calendar:
    """Support works around the clock: on every day, or (`every_day` false) from Monday to Friday but on holidays.

    A day runs from midnight to midnight in `zone`; where clocks change, it has 23 or 25 hours.
    """

    zone: ZoneInfo
    holidays: Container[date] = NO_HOLIDAYS
    every_day: bool = False

    def works_on(self, day: date) -> bool:
        return self.every_day or (day.weekday() < SATURDAY and day not in self.holidays)

    def worked(self, start: datetime, end: datetime) -> timedelta:
        """How much working time lies between two moments; none where `end` is not after `start`."""
        return sum((until - since for since, until, _ in self._stretches(start, end)), timedelta())

    def days(self, start: datetime, end: datetime) -> Fraction:
        """The same in working days, each counted for one however many hours it has."""
        stretches = self._stretches(start, end)
        return sum(
            (Fraction(microseconds(until - since), microseconds(whole)) for since, until, whole in stretches),
            Fraction(),
        )

    def after_time(self, start: datetime, amount: timedelta) -> datetime:
        """The first moment by which so much working time has passed since `start`."""
        for since, until, _ in self._stretches(start, None):
            if amount <= until - since:
                return since + amount
            amount -= until - since
        raise AssertionError("a calendar has working days")

    def after_days(self, start: datetime, amount: Fraction) -> datetime:
        """The first moment by which so many working days have passed since `start`, to the microsecond above."""
        for since, until, whole in self._stretches(start, None):
            here = _part(until - since, whole)
            if amount <= here:
                return since + timedelta(microseconds=-(-amount * microseconds(whole) // 1))
            amount -= here
        raise AssertionError("a calendar has working days")

    def rests(self, start: datetime, end: datetime) -> tuple[tuple[datetime, datetime], ...]:
        """The stretches between two moments in which support does not work, in their order."""
        found, at = [], start
        for since, until, _ in self._stretches(start, end):
            if at < since:
                found.append((at, since))
            at = until
        return (*found, (at, end)) if at < end else tuple(found)

    def _stretches(self, start: datetime, end: datetime | None) -> Iterator[tuple[datetime, datetime, timedelta]]:
        """Working time from `start` on, day by day: from, to, and how long that whole day is."""
        start = start.astimezone(UTC)
        day = start.astimezone(self.zone).date()
        last = end.astimezone(self.zone).date() if end else day + timedelta(FARTHEST)
        while day <= last:
            if self.works_on(day):
                midnight, next_midnight = self._midnight(day), self._midnight(day + timedelta(1))
                since = max(start, midnight)
                until = min(end.astimezone(UTC), next_midnight) if end else next_midnight
                if since < until:
                    yield since, until, next_midnight - midnight
            day += timedelta(1)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone).astimezone(UTC)


def _part(span: timedelta, whole: timedelta) -> Fraction:
    return Fraction(microseconds(span), microseconds(whole))


def microseconds(span: timedelta) -> int:
    """A span as a whole number, for exact fractions."""
    return span // timedelta(microseconds=1)
