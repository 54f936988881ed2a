"""The guide's clocks: every cell at its limit, over weekends, holidays, changes of the clock, and pauses."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import partial
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.calendars import Calendar, holidays_of
from kb.clocks import KINDS, Kind, Limit, Period, clock, covered_days, limit_of
from kb.entitlements import matrices

MATRIX = matrices()[-1]
TAIPEI, BERLIN = ZoneInfo("Asia/Taipei"), ZoneInfo("Europe/Berlin")
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
FIVE, SEVEN = Calendar(TAIPEI, holidays_of("TW")), Calendar(TAIPEI, every_day=True)
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=TAIPEI)

# What the guide prints, by hand: package, severity, and the limit in hours or in business days.
RESPONSE = [
    ("gold", 0, 1), ("gold", 1, 2), ("gold", 2, 4), ("gold", 3, 24),
    ("gold_plus", 0, 0.5), ("gold_plus", 1, 2), ("gold_plus", 2, 4), ("gold_plus", 3, 24),
]  # fmt: skip
UPDATE = [("gold", 1, 4), ("gold", 2, 6), ("gold_plus", 1, 3), ("gold_plus", 2, 5)]
RECOVERY = [("gold", 0, 24), ("gold_plus", 0, 24)]


def calendar(package: str, kind: Kind) -> Calendar:
    return SEVEN if covered_days(MATRIX, package) == 7 and kind != "next_update" else FIVE


def limit(kind: Kind, package: str, severity: int) -> Limit:
    found = limit_of(MATRIX, kind, package, severity)
    assert found is not None
    return found


def breaks_at(kind: Kind, package: str, severity: int, start: datetime, due: datetime) -> None:
    """One second before the limit it holds, at the limit and after it does not; and it says when."""
    given = limit(kind, package, severity), calendar(package, kind), [Period(start)]
    before, at, after = (clock(kind, *given, now) for now in (due - SECOND, due, due + SECOND))
    assert (before.state, before.due, before.overdue) == ("running", due, False)
    assert (at.state, at.due, at.overdue) == ("breached", due, True)
    assert after.state == "breached"
    stopped = clock(kind, given[0], given[1], [Period(start, due - SECOND)], due + timedelta(9))
    assert (stopped.state, stopped.due) == ("met", None)


@pytest.mark.parametrize(("package", "severity", "hours"), RESPONSE)
def test_first_response(package: str, severity: int, hours: float) -> None:
    breaks_at("first_response", package, severity, MONDAY, MONDAY + hours * HOUR)


@pytest.mark.parametrize(("package", "severity", "hours"), RESPONSE)
def test_first_response_over_a_weekend(package: str, severity: int, hours: float) -> None:
    friday = datetime(2026, 3, 6, 23, 45, tzinfo=TAIPEI)
    weekend = timedelta(days=2) if package == "gold" else timedelta()
    breaks_at("first_response", package, severity, friday, friday + hours * HOUR + weekend)


@pytest.mark.parametrize(("package", "severity", "hours"), RESPONSE)
def test_first_response_over_a_holiday(package: str, severity: int, hours: float) -> None:
    eve = datetime(2025, 12, 31, 23, 45, tzinfo=TAIPEI)
    new_year = timedelta(days=1) if package == "gold" else timedelta()
    breaks_at("first_response", package, severity, eve, eve + hours * HOUR + new_year)


@pytest.mark.parametrize(("package", "severity", "days"), UPDATE)
def test_next_update_counts_business_days_whatever_the_package(package: str, severity: int, days: int) -> None:
    due = MONDAY + timedelta(days=days + (2 if days >= 5 else 0))
    breaks_at("next_update", package, severity, MONDAY, due)


@pytest.mark.parametrize(("package", "severity", "days"), UPDATE)
def test_next_update_from_a_saturday_counts_from_monday(package: str, severity: int, days: int) -> None:
    saturday = datetime(2026, 3, 7, 15, 0, tzinfo=TAIPEI)
    end_of_last_day = datetime(2026, 3, 9, tzinfo=TAIPEI) + timedelta(days=days + (2 if days > 5 else 0))
    breaks_at("next_update", package, severity, saturday, end_of_last_day)


@pytest.mark.parametrize(("package", "severity", "days"), UPDATE)
def test_next_update_over_a_holiday(package: str, severity: int, days: int) -> None:
    """1 January 2026 is a Thursday."""
    wednesday = datetime(2025, 12, 31, 9, 0, tzinfo=TAIPEI)
    working = [date(2025, 12, 31), *(date(2026, 1, day) for day in (2, 5, 6, 7, 8, 9))]
    due = datetime.combine(working[days], wednesday.timetz())
    breaks_at("next_update", package, severity, wednesday, due)


@pytest.mark.parametrize(("package", "severity", "hours"), RECOVERY)
def test_recovery(package: str, severity: int, hours: int) -> None:
    breaks_at("recovery", package, severity, MONDAY, MONDAY + hours * HOUR)
    friday = datetime(2026, 3, 6, 9, 0, tzinfo=TAIPEI)
    weekend = timedelta(days=2) if package == "gold" else timedelta()
    breaks_at("recovery", package, severity, friday, friday + hours * HOUR + weekend)


@pytest.mark.parametrize(
    ("day", "hours_of_day"), [(datetime(2026, 3, 29), 23), (datetime(2026, 10, 25), 25), (datetime(2026, 3, 30), 24)]
)
def test_hours_pass_as_they_do_when_clocks_change(day: datetime, hours_of_day: int) -> None:
    every_day = Calendar(BERLIN, every_day=True)
    start, end = day.replace(tzinfo=BERLIN), (day + timedelta(1)).replace(tzinfo=BERLIN)
    assert every_day.worked(start, end) == hours_of_day * HOUR
    assert every_day.days(start, end) == 1
    assert every_day.after_days(start, Fraction(1)) == end
    assert every_day.after_time(start, 24 * HOUR) == start.astimezone(UTC) + 24 * HOUR


def test_a_pause_stops_the_clock_and_it_goes_on_from_there() -> None:
    given = limit("next_update", "gold", 1), FIVE
    paused = [Period(MONDAY, MONDAY + timedelta(days=1))]
    at_rest = clock("next_update", *given, paused, MONDAY + timedelta(days=300))
    assert (at_rest.state, at_rest.due, at_rest.used) == ("met", None, Fraction(1, 4))
    again = [*paused, Period(MONDAY + timedelta(days=14))]
    due = MONDAY + timedelta(days=17)
    assert clock("next_update", *given, again, due - SECOND).state == "running"
    assert clock("next_update", *given, again, due).state == "breached"


def test_what_is_left_counts_covered_hours_alone() -> None:
    """Friday 23:00: an hour passes, the weekend does not, and three hours are left on Monday."""
    friday = MONDAY + timedelta(days=4, hours=14)
    at, monday = partial(clock, "first_response", Limit(4 * HOUR), FIVE, [Period(friday)]), friday + timedelta(2, 3600)
    assert at(friday).left(friday) == 4 * HOUR and at(friday).stopped_until(friday) is None
    saturday = friday + 12 * HOUR
    assert at(saturday).left(saturday) == 3 * HOUR and at(saturday).stopped_until(saturday) == monday
    assert at(monday).left(monday) == 3 * HOUR and at(monday).stops == ()
    late = at(monday + 4 * HOUR)
    assert late.overdue and late.left(monday + 4 * HOUR) == timedelta()


def test_what_the_guide_does_not_limit_has_no_clock() -> None:
    assert [limit_of(MATRIX, kind, "silver", severity) for kind in KINDS for severity in range(4)] == [None] * 12
    assert limit_of(MATRIX, "next_update", "gold", 0) is None
    assert [limit_of(MATRIX, "recovery", "gold", severity) for severity in (1, 2, 3)] == [None] * 3
    best = limit("next_update", "gold_plus", 3)
    assert clock("next_update", best, FIVE, [Period(MONDAY)], MONDAY + timedelta(days=99)).state == "best_effort"
    assert [covered_days(MATRIX, package) for package in ("silver", "gold", "gold_plus")] == [0, 5, 7]


def test_another_matrix_has_other_limits(tmp_path: Path) -> None:
    data = json.loads((files("kb") / "data" / "matrix" / "2020-07.json").read_text(encoding="utf-8"))
    row = next(row for row in data["rows"] if row["key"] == "first_response")
    row["cells"]["gold"]["limits"]["1"] = {"less_than": 45, "unit": "minute"}
    (tmp_path / "other.json").write_text(json.dumps(data), encoding="utf-8")
    other = limit_of(matrices(tmp_path)[0], "first_response", "gold", 1)
    assert other == Limit(timedelta(minutes=45))


def test_an_unknown_region_is_named() -> None:
    with pytest.raises(ValueError, match="XX"):
        holidays_of("XX")
    assert date(2026, 1, 1) in holidays_of("DE-BY")


MOMENTS = st.datetimes(datetime(2025, 12, 1), datetime(2026, 12, 1)).map(lambda at: at.replace(tzinfo=UTC))
CALENDARS = st.sampled_from([FIVE, SEVEN, Calendar(BERLIN, holidays_of("DE")), Calendar(BERLIN, every_day=True)])
RULES = settings(max_examples=60, deadline=None)


@RULES
@given(CALENDARS, st.lists(MOMENTS, min_size=3, max_size=5, unique=True).map(sorted))
def test_a_period_is_the_sum_of_its_parts(one: Calendar, moments: list[datetime]) -> None:
    whole = moments[0], moments[-1]
    assert sum((one.worked(*part) for part in pairwise(moments)), timedelta()) == one.worked(*whole)
    assert sum((one.days(*part) for part in pairwise(moments)), Fraction()) == one.days(*whole)


@RULES
@given(CALENDARS, MOMENTS, st.timedeltas(SECOND, timedelta(days=9)))
def test_due_is_the_first_moment_of_a_breach(one: Calendar, start: datetime, amount: timedelta) -> None:
    due = one.after_time(start, amount)
    assert one.worked(start, due) == amount
    assert one.worked(start, due - timedelta(microseconds=1)) < amount


@RULES
@given(CALENDARS, MOMENTS, st.timedeltas(SECOND, timedelta(days=9)), st.timedeltas(timedelta(0), timedelta(days=20)))
def test_what_is_used_and_what_is_left_are_the_limit(
    one: Calendar, start: datetime, amount: timedelta, passed: timedelta
) -> None:
    """From any moment on, too: the stops told at one moment hold at every later one."""
    told = clock("recovery", Limit(amount), one, [Period(start)], start)
    now = min(start + passed, told.due or start)
    assert told.left(now) == amount - one.worked(start, now)


@RULES
@given(CALENDARS, st.lists(MOMENTS, min_size=5, max_size=5, unique=True).map(sorted), st.integers(1, 6))
def test_a_clock_never_runs_back_and_a_pause_never_breaches(one: Calendar, moments: list[datetime], days: int) -> None:
    first, paused, again, earlier, later = moments
    periods = [Period(first, paused), Period(again)]
    for limit in (Limit(days=days), Limit(timedelta(days=days))):
        before, after = (clock("next_update", limit, one, periods, now) for now in (earlier, later))
        assert before.used <= after.used
        at_pause, resumed = (clock("next_update", limit, one, periods[:1], now) for now in (paused, again))
        assert (at_pause.used, at_pause.state) == (resumed.used, resumed.state)
