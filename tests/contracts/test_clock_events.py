"""Warnings and breaches of clocks, on every database: each told once, and none missed, however rarely one looks."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from sqlalchemy import text

from kb.accounts import Accounts, Viewer
from kb.cases import Cases, NewCase
from kb.config import Config
from kb.entitlements import ContractLine, matrices
from kb.store import Store
from kb.watching import Watcher
from tests.contracts.stores import OPENERS, add_people

# A Monday, 09:00 in Taipei.
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Desk:
    """A store with a Gold customer and an engineer."""

    def __init__(self, store: Store, config: Config) -> None:
        self.store, self.config, self.matrices = store, config, matrices()
        self.accounts = Accounts(store, config, self.matrices)
        self.cases = Cases(store, config, self.matrices)
        self.gold, self.engineer = (
            self.accounts.viewer_of(f"{name}@a.example", NOW.date()) for name in ("gold", "eng")
        )

    def watcher(self) -> Watcher:
        return Watcher(self.store, self.cases, self.config, self.matrices)

    def opened(self, severity: int = 1, at: datetime = NOW) -> str:
        return self.cases.open(self.gold, NewCase("windchill", severity, "登入", "HTTP 401"), at)

    def told(self, number: str) -> list[tuple[str, str]]:
        found = self.watcher().newest(self.engineer, 1_000)
        return sorted((each.clock, each.what) for each in found if each.number == number)


@pytest.fixture(params=sorted(OPENERS), scope="module")
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    config = Config(home=folder)
    with OPENERS[request.param](folder) as store:
        add_people(store, config)
        yield Desk(store, config)


@pytest.fixture
def desk(filled: Desk) -> Iterator[Desk]:
    yield filled
    with filled.store.writing() as connection:
        for table in ("clock_event", "case_event", "support_case", "counter"):
            connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608 (names of ours)
        connection.execute(text("DELETE FROM contract_line WHERE starts > '2025-06-01'"))
        connection.execute(text("UPDATE contract_line SET ends = NULL"))


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (HOUR * 1.5 - timedelta(seconds=1), []),
        (HOUR * 1.5, [("first_response", "warning")]),
        (HOUR * 2 - timedelta(seconds=1), [("first_response", "warning")]),
        (HOUR * 2, [("first_response", "breach"), ("first_response", "warning")]),
    ],
)
def test_at_its_moment(desk: Desk, after: timedelta, told: list[tuple[str, str]]) -> None:
    """A Gold severity 1 is answered in less than two hours."""
    number = desk.opened()
    desk.watcher().watch(NOW + after)
    assert desk.told(number) == told


def test_each_once_however_often_workers_start_anew(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    number = desk.opened()
    with caplog.at_level(logging.WARNING, "kb.watching"):
        for minutes in (0, 90, 91, 120, 121, 600):
            for _ in range(2):
                watcher = desk.watcher()
                watcher.begin(NOW + timedelta(minutes=minutes))
                watcher.watch(NOW + timedelta(minutes=minutes))
    assert desk.told(number) == [("first_response", "breach"), ("first_response", "warning")]
    logged = [record.getMessage() for record in caplog.records]
    assert [line.partition(" ")[0] for line in logged] == ["clock_warning", "clock_breach"]
    assert all(number in line and "登入" not in line for line in logged)


def test_what_was_due_before_an_answer_is_told_with_it(desk: Desk) -> None:
    """No worker runs at all."""
    number = desk.opened()
    desk.cases.reply(desk.engineer, number, "late", NOW + 3 * HOUR)
    assert desk.told(number) == [("first_response", "breach"), ("first_response", "warning")]
    desk.cases.reply(desk.engineer, number, "later still", NOW + 10 * DAY)
    assert ("next_update", "breach") in desk.told(number)


def test_each_answer_begins_a_run_of_its_own(desk: Desk) -> None:
    number = desk.opened()
    for days in (0, 10, 20):
        desk.cases.reply(desk.engineer, number, "answer", NOW + days * DAY)
        desk.watcher().watch(NOW + (days + 9) * DAY)
    assert desk.told(number).count(("next_update", "breach")) == 3


def test_a_change_of_severity_goes_by_the_new_limit(desk: Desk) -> None:
    number = desk.opened(3)
    desk.watcher().watch(NOW + 3 * HOUR)
    assert desk.told(number) == []
    desk.cases.change(desk.engineer, number, 1, {"severity": 1}, NOW + 3 * HOUR)
    assert ("first_response", "breach") in desk.told(number)
    desk.cases.change(desk.engineer, number, 2, {"severity": 3}, NOW + 3 * HOUR)
    desk.cases.change(desk.engineer, number, 3, {"severity": 1}, NOW + 4 * HOUR)
    assert desk.told(number).count(("first_response", "breach")) == 1


def test_a_contract_that_ends_stops_the_clocks_and_a_new_one_starts_them_again(desk: Desk) -> None:
    desk.opened(3)
    due = desk.cases.page(desk.engineer)[0].due_at
    desk.accounts.end_contract("K-1", date(2026, 3, 1))
    assert desk.watcher().watch(datetime.now(UTC)) == 1
    assert desk.cases.page(desk.engineer)[0].due_at.year == 9999
    desk.accounts.add_line("K-1", None, ContractLine("windchill", "gold", date(2025, 7, 1)))
    assert desk.watcher().watch(datetime.now(UTC)) == 1
    assert desk.cases.page(desk.engineer)[0].due_at == due


def test_what_ends_with_a_day_is_looked_at_when_it_is_over(desk: Desk) -> None:
    number = desk.opened(3)
    desk.accounts.end_contract("K-1", NOW.date())
    desk.cases.reckoning.reckon(number, NOW)
    assert desk.cases.page(desk.engineer)[0].due_at.year == 2026
    midnight = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
    assert (desk.watcher().watch(midnight - HOUR), desk.watcher().watch(midnight)) == (0, 1)
    assert desk.cases.page(desk.engineer)[0].due_at.year == 9999


def test_other_rules_are_noticed_at_the_start(desk: Desk) -> None:
    number = desk.opened(1)
    desk.watcher().begin(NOW)
    desk.watcher().watch(NOW)
    early = replace(desk.config, clock_warning=Fraction(1, 10))
    cases = Cases(desk.store, early, desk.matrices)
    watcher = Watcher(desk.store, cases, early, desk.matrices)
    watcher.watch(NOW + HOUR)
    assert desk.told(number) == [], "nobody looked"
    watcher.begin(NOW + HOUR)
    watcher.watch(NOW + HOUR)
    assert desk.told(number) == [("first_response", "warning")]


def test_minutes_before_the_end(desk: Desk) -> None:
    early = replace(desk.config, clock_warning=timedelta(minutes=10))
    cases = Cases(desk.store, early, desk.matrices)
    number = cases.open(desk.gold, NewCase("windchill", 1, "a", "b"), NOW)
    watcher = Watcher(desk.store, cases, early, desk.matrices)
    watcher.watch(NOW + timedelta(minutes=109))
    assert desk.told(number) == []
    watcher.watch(NOW + timedelta(minutes=110))
    assert desk.told(number) == [("first_response", "warning")]


def test_customers_see_none(desk: Desk) -> None:
    desk.opened()
    desk.watcher().watch(NOW + DAY)
    assert desk.watcher().newest(desk.gold, 10) == []
    assert desk.watcher().newest(Viewer(), 10) == []


ACTS = some.lists(
    some.tuples(
        some.integers(1, 60 * 30),
        some.sampled_from(["answer", "ask", "note", "waiting_rd", "in_progress", "solution_offered", "0", "1", "3"]),
        some.booleans(),
    ),
    max_size=6,
)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(acts=ACTS)
def test_never_twice_and_never_missed(filled: Desk, acts: list[tuple[int, str, bool]]) -> None:
    """One who looks every hour and one who hardly ever does tell the same."""
    if filled.store._engine.dialect.name != "sqlite":
        return
    often, rarely = filled.opened(2), filled.opened(2)
    at = NOW
    for minutes, act, looks in acts:
        for hours in range(minutes // 60):
            filled.cases.reckoning.reckon(often, at + (hours + 1) * HOUR)
        at += timedelta(minutes=minutes)
        if looks:
            filled.cases.reckoning.reckon(rarely, at)
        for number in (often, rarely):
            _act(filled, number, act, at)
    for number in (often, rarely):
        filled.cases.reckoning.reckon(number, at + 30 * DAY)
    assert filled.told(often) == filled.told(rarely)


def _act(desk: Desk, number: str, act: str, at: datetime) -> None:
    if act in ("answer", "ask", "note"):
        desk.cases.reply(desk.gold if act == "ask" else desk.engineer, number, act, at, internal=act == "note")
        return
    found = desk.cases.case(desk.engineer, number, at)
    assert found
    wanted = {"severity": int(act)} if act.isdigit() else {"status": act}
    desk.cases.change(desk.engineer, number, found.row.revision, wanted, at)
