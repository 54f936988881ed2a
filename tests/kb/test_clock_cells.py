"""Every cell of the guide's clocks where time does not pass evenly: weekends, holidays, changed clocks, pauses.

What is due when is written by hand. Cairo sets its clocks on a working day: Friday 24 April 2026 has 23 hours.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from kb.calendars import Calendar
from kb.clocks import Kind, Period, clock, covered_days
from kb.periods import PERIODS
from kb.store.cases import CaseEvent, CaseRow
from tests.kb.test_clocks import MATRIX, MONDAY, RECOVERY, RESPONSE, SECOND, TAIPEI, UPDATE, calendar, limit

BERLIN, CAIRO = ZoneInfo("Europe/Berlin"), ZoneInfo("Africa/Cairo")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOURS = [("first_response", *each) for each in RESPONSE] + [("recovery", *each) for each in RECOVERY]
DAYS = [("next_update", *each) for each in UPDATE]


def in_zone(zone: ZoneInfo, package: str, kind: Kind) -> Calendar:
    return Calendar(zone, every_day=covered_days(MATRIX, package) == 7 and kind != "next_update")


def breaks_at(cell: tuple[Kind, str, int], by: Calendar, periods: list[Period], due: datetime) -> None:
    """Within the limit a second before, not within it at it and after it; stopped before it, it is kept for good."""
    given = (cell[0], limit(*cell), by, periods)
    found = [clock(*given, now) for now in (due - SECOND, due, due + SECOND)]
    assert [each.state for each in found] == ["running", "breached", "breached"]
    assert {each.due for each in found} == {due} and [each.overdue for each in found] == [False, True, True]
    ended = [*periods[:-1], Period(periods[-1].start, due - SECOND)]
    assert clock(cell[0], limit(*cell), by, ended, due + 99 * DAY).state == "met"
    late = [*periods[:-1], Period(periods[-1].start, due)]
    assert clock(cell[0], limit(*cell), by, late, due + 99 * DAY).state == "breached"


def test_every_cell_is_here() -> None:
    """A cell that a later matrix adds has to be tested, too."""
    limited = {
        (row.key, package, int(severity))
        for row in MATRIX.rows if row.key in PERIODS
        for package, cell in row.cells.items()
        for severity, given in cell.limits.items() if "less_than" in given
    }  # fmt: skip
    assert limited == {(kind, package, severity) for kind, package, severity, _ in [*HOURS, *DAYS]}


@pytest.mark.parametrize(("kind", "package", "severity", "hours"), HOURS)
def test_hours_over_a_weekend_and_over_a_holiday(kind: Kind, package: str, severity: int, hours: float) -> None:
    five = package == "gold"
    for eve, rest in (
        (datetime(2026, 3, 6, 23, 45, tzinfo=TAIPEI), 2 * DAY),
        (datetime(2025, 12, 31, 23, 45, tzinfo=TAIPEI), DAY),
    ):
        due = eve + hours * HOUR + (rest if five else timedelta())
        breaks_at((kind, package, severity), calendar(package, kind), [Period(eve)], due)


@pytest.mark.parametrize(("kind", "package", "severity", "hours"), HOURS)
@pytest.mark.parametrize(("month", "day", "weekend"), [(3, 27, 47), (10, 23, 49)], ids=["spring", "autumn"])
def test_hours_over_a_weekend_whose_clocks_change(
    kind: Kind, package: str, severity: int, hours: float, month: int, day: int, weekend: int
) -> None:
    """Berlin: a Sunday of 23 or of 25 hours."""
    friday = datetime(2026, month, day, 23, 45, tzinfo=BERLIN).astimezone(UTC)
    due = friday + hours * HOUR + (weekend * HOUR if package == "gold" else timedelta())
    breaks_at((kind, package, severity), in_zone(BERLIN, package, kind), [Period(friday)], due)
    # In the night itself, where that counts: hours that are there, however clocks call them.
    if package == "gold_plus":
        night = friday + DAY + HOUR
        breaks_at((kind, package, severity), in_zone(BERLIN, package, kind), [Period(night)], night + hours * HOUR)


@pytest.mark.parametrize(("kind", "package", "severity", "hours"), HOURS)
def test_hours_on_a_working_day_whose_clocks_change(kind: Kind, package: str, severity: int, hours: float) -> None:
    thursday = datetime(2026, 4, 23, 23, 45, tzinfo=CAIRO)
    due = thursday.astimezone(UTC) + hours * HOUR
    if hours == 24 and package == "gold":
        # A quarter of an hour, a day of 23, and the rest on Monday.
        due = datetime(2026, 4, 27, 0, 45, tzinfo=CAIRO)
    breaks_at((kind, package, severity), in_zone(CAIRO, package, kind), [Period(thursday)], due)


@pytest.mark.parametrize(("kind", "package", "severity", "days"), DAYS)
def test_a_working_day_whose_clocks_change_is_one(kind: Kind, package: str, severity: int, days: int) -> None:
    thursday = datetime(2026, 4, 23, 9, 0, tzinfo=CAIRO)
    working = [23, 24, 27, 28, 29, 30]
    after = [*(datetime(2026, 4, day, 9, 0, tzinfo=CAIRO) for day in working), datetime(2026, 5, 1, 9, 0, tzinfo=CAIRO)]
    breaks_at((kind, package, severity), in_zone(CAIRO, package, kind), [Period(thursday)], after[days])


@pytest.mark.parametrize(("kind", "package", "severity", "days"), DAYS)
def test_the_next_update_waits_while_it_is_paused(kind: Kind, package: str, severity: int, days: int) -> None:
    """In progress for a day, in a sub-status for two weeks, in progress again."""
    first, again = Period(MONDAY, MONDAY + DAY), MONDAY + 14 * DAY
    given = kind, limit(kind, package, severity), calendar(package, kind)
    for now in (MONDAY + DAY, MONDAY + 9 * DAY, MONDAY + 999 * DAY):
        assert clock(*given, [first], now, "paused").state == "paused"
    left = days - 1
    due = again + timedelta(left + (2 if left >= 5 else 0))
    breaks_at((kind, package, severity), calendar(package, kind), [first, Period(again)], due)
    # Paused a second before its end, it is never breached.
    almost = [first, Period(again, due - SECOND)]
    assert clock(*given, almost, due + 999 * DAY, "paused").state == "paused"


@pytest.mark.parametrize(("package", "severity", "hours"), RECOVERY)
def test_recovery_goes_on_where_a_solution_did_not_hold(package: str, severity: int, hours: int) -> None:
    first, again = Period(MONDAY, MONDAY + 10 * HOUR), MONDAY + 3 * DAY
    by = calendar(package, "recovery")
    assert clock("recovery", limit("recovery", package, severity), by, [first], MONDAY + 99 * DAY).state == "met"
    breaks_at(("recovery", package, severity), by, [first, Period(again)], again + (hours - 10) * HOUR)


@pytest.mark.parametrize("status", ["waiting_customer", "waiting_rd", "solution_offered"])
def test_a_sub_status_pauses_the_next_update_and_no_first_response(status: str) -> None:
    row = CaseRow(
        1, "C00000001", 1, "Ltd", 1, "Li", None, None, "windchill", "", "", "s", 0, status, 1, MONDAY, MONDAY, MONDAY
    )
    opened = CaseEvent(1, MONDAY, "opened", False, "t", {"severity": [None, 0]}, "Li", "customer")
    waits = CaseEvent(2, MONDAY + HOUR, "change", False, "", {"status": ["in_progress", status]}, "Eng", "engineer")
    ran = {kind: PERIODS[kind](row, [opened, waits]) for kind in PERIODS}
    assert ran["first_response"] == [Period(MONDAY)]
    assert ran["next_update"] == [Period(MONDAY, MONDAY + HOUR)]
    until = MONDAY + HOUR if status == "solution_offered" else None
    assert ran["recovery"] == [Period(MONDAY, until)]
