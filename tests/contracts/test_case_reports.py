"""What cases come to, on every database: each number by hand, the same counted as it happens and counted anew."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from kb.accounts import ANONYMOUS, Viewer
from kb.case_reports import CaseReports, NoReport, Period, Person, Report
from kb.cases import SEVERITIES, STATUSES, Cases, NewCase
from kb.config import Config
from kb.editing import SOURCE
from kb.store import Store
from kb.store import cases as rows
from kb.store.count_tables import report_count, running_clock
from kb.store.tables import article as articles
from tests.contracts.test_cases import DAY, HOUR, NOW, article, cases, opened, people, store

__all__ = ["cases", "people", "store"]
MARCH = Period("2026-03", "2026-03")


@pytest.fixture
def reports(store: Store, cases: Cases, tmp_path: Path) -> CaseReports:
    return CaseReports(store, Config(home=tmp_path), cases)


def of_all(
    reports: CaseReports, people: dict[str, Viewer], now: datetime = NOW, period: Period = MARCH, product: str = ""
) -> Report:
    return reports.of_all(people["engineer"], period, product or None, now)


def kept(store: Store) -> dict[tuple[object, ...], int]:
    """Every sum there is, and every clock that runs."""
    with store.reading() as connection:
        sums = {tuple(row[:-1]): row[-1] for row in connection.execute(select(report_count)) if row[-1]}
        running = {tuple(row): 1 for row in connection.execute(select(running_clock))}
    return sums | running


@contextmanager
def written_here(store: Store, id_: str, at: datetime) -> Iterator[None]:
    """As if the article were not imported but written then."""
    with store.reading() as connection:
        found = connection.execute(select(articles).where(articles.c.external_id == id_)).one()
    for values in ({"created_at": at, "source": SOURCE}, {"created_at": found.created_at, "source": "test"}):
        with store.writing() as connection:
            connection.execute(update(articles).where(articles.c.id == found.id).values(values))
        if values["source"] == SOURCE:
            yield


def test_links_known_and_new(store: Store, cases: Cases, people: dict[str, Viewer], reports: CaseReports) -> None:
    engineer = people["engineer"]
    old, young = article(store, engineer, "open"), article(store, engineer, "gold")
    known, new, bare, running = (opened(cases, people["gold"]) for _ in range(4))
    with written_here(store, "gold", NOW + HOUR):
        for number, which, after in ((known, old, 2 * HOUR), (new, young, 2 * DAY), (running, old, DAY / 48)):
            cases.link(engineer, number, which, "resolution", NOW + after)
        for number in (known, new, bare):
            cases.change(engineer, number, 1, {"status": "closed"}, NOW + 3 * DAY)
    total = of_all(reports, people).total
    assert {name: total[name] for name in ("cases", "closed", "linked", "known", "new", "links")} == {
        "cases": 4, "closed": 3, "linked": 2, "known": 1, "new": 1, "links": 3,
    }  # fmt: skip
    assert (total["link_1h"], total["link_4h"], total["link_1d"], total["link_3d"]) == (1, 1, 0, 1)
    found = of_all(reports, people)
    assert found.rate("linked", "closed") == 2 / 3 and found.people == [Person("Engineer", "windchill", 3, 0)]
    assert [(each.article.row.external_id, each.links) for each in found.articles] == [("open", 2), ("gold", 1)]
    cases.unlink(engineer, known, article(store, engineer, "open").row.id, NOW + 3 * DAY)
    assert of_all(reports, people).rate("linked", "closed") == 1 / 3


def test_clocks_kept_and_missed(store: Store, cases: Cases, people: dict[str, Viewer], reports: CaseReports) -> None:
    """Severity 1 of Gold: an answer within two hours, updates within four working days."""
    engineer = people["engineer"]
    in_time, late, never = (opened(cases, people["gold"]) for _ in range(3))
    cases.reply(engineer, in_time, "at once", NOW + HOUR)
    cases.reply(engineer, late, "late", NOW + 2 * HOUR)
    clocks = of_all(reports, people, NOW + HOUR).clocks
    assert clocks["first_response", "gold", 1] == (1, 1), "the one never answered is not late yet"
    assert of_all(reports, people, NOW + 2 * HOUR).clocks["first_response", "gold", 1] == (1, 2)
    cases.reply(engineer, in_time, "five working days later", NOW + 7 * DAY)
    found = of_all(reports, people, NOW + 7 * DAY)
    assert found.clocks["next_update", "gold", 1] == (2, 3), "two first answers; one late answer, two still waited for"
    cases.change(engineer, never, 1, {"status": "closed"}, NOW + 8 * DAY)
    cases.change(engineer, in_time, 1, {"status": "closed"}, NOW + 8 * DAY)
    found = of_all(reports, people, NOW + 30 * DAY)
    assert found.clocks["next_update", "gold", 1] == (2, 3) and found.clocks["first_response", "gold", 1] == (1, 2)
    assert found.kept("first_response") == 1 / 3 and found.kept("recovery") is None


def test_what_is_chosen_is_counted_alone(cases: Cases, people: dict[str, Viewer], reports: CaseReports) -> None:
    opened(cases, people["gold"], at=NOW)
    opened(cases, people["gold"], severity=3, at=NOW + 40 * DAY)
    both = of_all(reports, people, period=Period("2026-02", "2026-04"))
    assert [both.by_month[month]["cases"] for month in both.period.months()] == [0, 1, 1]
    assert {severity: counted["cases"] for severity, counted in both.by_severity.items()} == {1: 1, 3: 1}
    assert of_all(reports, people).total["cases"] == 1
    assert of_all(reports, people, product="creo").total["cases"] == 0
    assert of_all(reports, people, product="windchill").by_product["windchill"]["cases"] == 1


def test_a_customer_reads_his_own_and_nothing_of_others(
    store: Store, cases: Cases, people: dict[str, Viewer], reports: CaseReports
) -> None:
    opened(cases, people["gold"])
    own, others = people["gold"].customer_id or 0, people["other"].customer_id or 0
    before = reports.of_customer(people["gold"], own, MARCH, None, NOW + DAY)
    for _ in range(3):
        number = opened(cases, people["other"])
        cases.link(people["engineer"], number, article(store, people["engineer"], "open"), "reference", NOW)
    cases.solved(people["other"], article(store, people["other"], "open"), "windchill", "x", NOW)
    assert reports.of_customer(people["gold"], own, MARCH, None, NOW + DAY) == before
    assert before.total["cases"] == 1 and not before.people and not before.articles
    theirs = reports.of_customer(people["engineer"], others, MARCH, None, NOW)
    assert theirs.total["cases"] == 3 and theirs.deflected == {"windchill": 1}
    for viewer, customer in ((people["gold"], others), (ANONYMOUS, own), (ANONYMOUS, 0)):
        with pytest.raises(NoReport):
            reports.of_customer(viewer, customer, MARCH, None, NOW)
        with pytest.raises(NoReport):
            reports.cases(viewer, customer, (MARCH, None), (0, 9), NOW)
    for viewer in (people["gold"], ANONYMOUS):
        assert reports.customers(viewer) == [] and reports.customer_named(viewer, "other Ltd") is None
        with pytest.raises(NoReport):
            reports.of_all(viewer, MARCH, None, NOW)


def test_the_cases_of_a_report_name_what_the_customer_may_read_alone(
    store: Store, cases: Cases, people: dict[str, Viewer], reports: CaseReports
) -> None:
    engineer, own = people["engineer"], people["gold"].customer_id or 0
    first, second = opened(cases, people["gold"]), opened(cases, people["gold"], at=NOW + HOUR)
    opened(cases, people["other"])
    for which, internal in (("open", True), ("gold", False), ("plus", True)):
        cases.link(engineer, first, article(store, engineer, which), "reference", NOW, internal=internal)
    for viewer in (engineer, people["gold"]):
        found = reports.cases(viewer, own, (MARCH, None), (0, 9), NOW)
        assert [(row.number, [each.external_id for each in linked]) for row, linked in found] == [
            (second, []), (first, ["gold"]),
        ]  # fmt: skip
    assert reports.cases(engineer, own, (MARCH, "creo"), (0, 9), NOW) == []
    assert [row.number for row, _ in reports.cases(engineer, own, (MARCH, None), (1, 1), NOW)] == [first]


def test_counted_as_it_happens_is_as_counted_anew(store: Store, cases: Cases, people: dict[str, Viewer]) -> None:
    chance, engineer, now = random.Random(5), people["engineer"], NOW
    linkable = [article(store, engineer, each) for each in ("open", "gold", "plus")]
    numbers = [opened(cases, people[who], at=now) for who in ("gold", "plus", "other") for _ in range(2)]
    for _ in range(60):
        now += timedelta(hours=chance.randint(0, 30))
        number = chance.choice(numbers)
        with store.reading() as connection:
            row = rows.case_by_number(connection, number, None)
        assert row is not None
        act = chance.choice(["reply", "change", "change", "link", "unlink"])
        if act == "reply":
            cases.reply(engineer, number, "x", now, internal=chance.random() < 0.3)
        elif act == "change":
            wanted = {"status": chance.choice(STATUSES), "severity": chance.choice(SEVERITIES)}
            cases.change(engineer, number, row.revision, wanted, now)
        elif act == "link":
            role = chance.choice(["resolution", "reference"])
            cases.link(engineer, number, chance.choice(linkable), role, now, internal=True)
        else:
            cases.unlink(engineer, number, chance.choice(linkable).row.id, now)
    happened = kept(store)
    assert cases.reckoning.recount(now) == len(numbers)
    assert kept(store) == happened


def test_many_at_once_are_all_counted(store: Store, cases: Cases, people: dict[str, Viewer]) -> None:
    def one(_: int) -> None:
        number = cases.open(people["gold"], NewCase("windchill", 1, "x", "y"), NOW)
        cases.reply(people["engineer"], number, "z", NOW + HOUR)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(12)))
    happened = Counter(kept(store))
    cases.reckoning.recount(NOW + HOUR)
    assert kept(store) == happened


def test_a_clock_that_is_late_is_in_the_sums_once_the_worker_has_looked(
    store: Store, cases: Cases, people: dict[str, Viewer], reports: CaseReports
) -> None:
    """So what a report adds up at the moment stays small; it says the same before and afterwards."""
    number, late = opened(cases, people["gold"]), NOW + 3 * HOUR
    before = of_all(reports, people, late).clocks
    with store.reading() as connection:
        assert rows.to_watch(connection, late, 9) == [number]
    cases.reckoning.reckon(number, late)
    assert of_all(reports, people, late).clocks == before == {("first_response", "gold", 1): (0, 1)}
    with store.reading() as connection:
        kinds = set(connection.scalars(select(running_clock.c.kind)))
    assert kinds == {"next_update"}
    cases.change(people["engineer"], number, 1, {"severity": 2}, late)
    cases.change(people["engineer"], number, 2, {"severity": 1}, late)
    assert of_all(reports, people, late).clocks == before
