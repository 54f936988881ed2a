"""Cases, on every database the store runs on: who sees what, the clocks over what happened, links, no lost update."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from kb.accounts import ANONYMOUS, Accounts, NewAccount, Viewer
from kb.articles import Attachment
from kb.cases import Case, CaseRefused, Cases, NewCase, NoCase, Stale
from kb.clocks import NEVER, Clock
from kb.config import Config
from kb.entitlements import ContractLine, matrices
from kb.store import Store, merging
from kb.store.articles import Readable
from tests.contracts.stores import OPENERS, PRODUCTS, apply, draft

# A Monday, 09:00 in Taipei.
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PEOPLE = {"gold": "gold", "other": "gold", "plus": "gold_plus", "silver": "silver"}


@pytest.fixture(params=sorted(OPENERS), scope="module")
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with OPENERS[request.param](tmp_path_factory.mktemp("cases")) as opened:
        opened.save_products(PRODUCTS.values())
        apply(
            opened,
            draft("open", grants=("public",)),
            draft("gold", grants=("windchill:gold", "windchill:gold_plus")),
            draft("plus", grants=("windchill:gold_plus",)),
        )
        accounts = Accounts(opened, Config(home=tmp_path_factory.mktemp("home")), matrices())
        for name, package in PEOPLE.items():
            accounts.add_line(f"K-{name}", f"{name} Ltd", ContractLine("windchill", package, date(2025, 1, 1)))
            accounts.add(NewAccount(f"{name}@a.example", name, "customer", "correct horse battery", f"{name} Ltd"))
        accounts.add(NewAccount("engineer@a.example", "Engineer", "engineer", "correct horse battery"))
        yield opened


@pytest.fixture
def people(store: Store, tmp_path: Path) -> dict[str, Viewer]:
    accounts = Accounts(store, Config(home=tmp_path), matrices())
    return {name: accounts.viewer_of(f"{name}@a.example", NOW.date()) for name in (*PEOPLE, "engineer")}


@pytest.fixture
def cases(store: Store, tmp_path: Path) -> Iterator[Cases]:
    yield Cases(store, Config(home=tmp_path), matrices())
    with store.writing() as connection:
        for table in ("deflection", "case_link", "case_event", "support_case", "report_count"):
            connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608 (names of ours)


def opened(cases: Cases, viewer: Viewer, severity: int = 1, at: datetime = NOW) -> str:
    return cases.open(viewer, NewCase("windchill", severity, "無法登入", "錯誤 0x80070005"), at)


def seen(cases: Cases, viewer: Viewer, number: str, at: datetime = NOW) -> Case:
    found = cases.case(viewer, number, at)
    assert found is not None
    return found


def clocks(cases: Cases, viewer: Viewer, number: str, at: datetime) -> dict[str, Clock]:
    return {each.kind: each for each in seen(cases, viewer, number, at).clocks}


def article(store: Store, viewer: Viewer, id_: str) -> Readable:
    number = store.digests("test")[id_][0]
    found = store.read(number, viewer.scope)
    assert found is not None
    return found


def test_a_case_is_seen_by_its_customer_and_by_staff_alone(cases: Cases, people: dict[str, Viewer]) -> None:
    number = opened(cases, people["gold"])
    cases.reply(people["engineer"], number, "only for us", NOW, internal=True)
    cases.reply(people["engineer"], number, "我們在看", NOW)
    assert [event.kind for event in seen(cases, people["engineer"], number).events] == ["opened", "note", "reply"]
    assert [event.kind for event in seen(cases, people["gold"], number).events] == ["opened", "reply"]
    assert [row.number for row in cases.page(people["gold"])] == [number]
    assert [row.number for row in cases.page(people["engineer"])] == [number]
    for stranger in (people["other"], people["silver"], ANONYMOUS):
        assert cases.case(stranger, number, NOW) is None
        assert cases.page(stranger) == []
        with pytest.raises(NoCase):
            cases.reply(stranger, number, "mine?", NOW)
        with pytest.raises((NoCase, CaseRefused)):
            cases.change(stranger, number, 1, {"status": "closed"}, NOW)


@pytest.mark.parametrize(
    "number", ["C99999999", "C1", "", "C0000000x", "K00000001", "C" + "0" * 30, "Ｃ00000001", "C1234567\n"]
)
def test_no_case_of_such_a_number(cases: Cases, people: dict[str, Viewer], number: str) -> None:
    assert cases.case(people["engineer"], number, NOW) is None


def test_a_number_tells_nothing_of_how_many_others_there_are(cases: Cases, people: dict[str, Viewer]) -> None:
    numbers = [int(opened(cases, people["gold"])[1:]) for _ in range(20)]
    assert len(set(numbers)) == 20 and max(numbers) - min(numbers) > 1_000


def test_silver_cannot_open_a_case(cases: Cases, people: dict[str, Viewer]) -> None:
    assert cases.products(people["silver"]) == []
    assert cases.products(people["gold"]) == ["windchill"]
    for viewer in (people["silver"], ANONYMOUS):
        with pytest.raises(CaseRefused, match="not_entitled"):
            opened(cases, viewer)


def test_staff_open_one_for_a_customer(cases: Cases, people: dict[str, Viewer]) -> None:
    def new(contact: str, product: str = "windchill") -> NewCase:
        return NewCase(product, 1, "來電", "無法登入", contact=contact)

    engineer, gold = people["engineer"], people["gold"]
    number = cases.open(engineer, new(" GOLD@a.example"), NOW)
    row = seen(cases, gold, number).row
    assert (row.customer, row.contact, row.owner) == ("gold Ltd", "gold", None)
    assert [(event.kind, event.by) for event in seen(cases, gold, number).events] == [("opened", "Engineer")]
    # That staff wrote it is no answer.
    assert clocks(cases, gold, number, NOW)["first_response"].due == NOW + 2 * HOUR
    assert cases.case(people["other"], number, NOW) is None
    for contact, product, reason in (
        ("", "windchill", "contact"), ("nobody@a.example", "windchill", "contact"),
        ("engineer@a.example", "windchill", "contact"), ("silver@a.example", "windchill", "not_entitled"),
        ("gold@a.example", "creo", "not_entitled"),
    ):  # fmt: skip
        with pytest.raises(CaseRefused, match=reason):
            cases.check(engineer, new(contact, product), NOW)
        with pytest.raises(CaseRefused, match=reason):
            cases.open(engineer, new(contact, product), NOW)
    with pytest.raises(CaseRefused, match="staff_only"):
        cases.open(gold, new("other@a.example"), NOW)


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (NewCase("windchill", 4, "s", "t"), "severity"),
        (NewCase("windchill", 1, " ", "t"), "missing"),
        (NewCase("windchill", 1, "s", "\n"), "missing"),
        (NewCase("windchill", 1, "s" * 201, "t"), "too_long"),
        (NewCase("windchill", 1, "s", "t", version="v" * 65), "too_long"),
        (NewCase("creo", 1, "s", "t"), "not_entitled"),
    ],
)
def test_what_cannot_be_a_case_is_refused(cases: Cases, people: dict[str, Viewer], new: NewCase, reason: str) -> None:
    with pytest.raises(CaseRefused, match=reason):
        cases.open(people["gold"], new, NOW)
    assert cases.page(people["gold"]) == []


def test_the_clocks_follow_what_happens(cases: Cases, people: dict[str, Viewer]) -> None:
    gold, engineer = people["gold"], people["engineer"]
    number = opened(cases, gold)
    assert clocks(cases, gold, number, NOW)["first_response"].due == NOW + 2 * HOUR
    assert clocks(cases, gold, number, NOW)["next_update"].due == NOW + 4 * DAY
    cases.reply(gold, number, "還在嗎？", NOW + HOUR)
    cases.reply(engineer, number, "internal", NOW + HOUR, internal=True)
    assert clocks(cases, gold, number, NOW + HOUR)["first_response"].state == "running"
    cases.reply(engineer, number, "請附上記錄檔", NOW + HOUR)
    after = clocks(cases, gold, number, NOW + 30 * DAY)
    assert after["first_response"].state == "met"
    cases.change(engineer, number, 1, {"status": "waiting_customer"}, NOW + DAY + HOUR)
    paused = clocks(cases, gold, number, NOW + 30 * DAY)["next_update"]
    assert (paused.state, paused.due, paused.used) == ("paused", None, paused.used)
    cases.reply(gold, number, "附上了", NOW + 14 * DAY)
    assert seen(cases, gold, number).row.status == "in_progress"
    # Three of four days are left, from a Monday.
    assert clocks(cases, gold, number, NOW + 14 * DAY)["next_update"].due == NOW + 17 * DAY
    cases.change(gold, number, seen(cases, gold, number).row.revision, {"status": "closed"}, NOW + 15 * DAY)
    assert list(clocks(cases, gold, number, NOW + 99 * DAY)) == ["first_response"]
    assert seen(cases, gold, number).row.due_at == NEVER
    with pytest.raises(CaseRefused, match="closed"):
        cases.reply(gold, number, "noch etwas", NOW + 16 * DAY)


def test_recovery_runs_while_the_severity_is_zero(cases: Cases, people: dict[str, Viewer]) -> None:
    plus, engineer = people["plus"], people["engineer"]
    number = opened(cases, plus, 2)
    assert "recovery" not in clocks(cases, plus, number, NOW)
    cases.change(engineer, number, 1, {"severity": 0}, NOW + HOUR)
    found = clocks(cases, plus, number, NOW + HOUR)
    assert set(found) == {"first_response", "recovery"}
    assert found["first_response"].state == "breached"
    assert found["recovery"].due == NOW + 25 * HOUR
    cases.change(engineer, number, 2, {"status": "solution_offered"}, NOW + 2 * HOUR)
    assert clocks(cases, plus, number, NOW + 99 * DAY)["recovery"].state == "met"
    cases.reply(plus, number, "still down", NOW + 3 * HOUR)
    assert clocks(cases, plus, number, NOW + 3 * HOUR)["recovery"].due == NOW + 26 * HOUR


def test_the_queue_is_in_the_order_of_the_clocks(cases: Cases, people: dict[str, Viewer]) -> None:
    severities = [3, 1, 0, 2]
    numbers = {severity: opened(cases, people["gold"], severity) for severity in severities}
    assert [row.number for row in cases.page(people["engineer"])] == [numbers[each] for each in (0, 1, 2, 3)]
    cases.reply(people["engineer"], numbers[1], "answered", NOW)
    assert [row.number for row in cases.page(people["engineer"])] == [numbers[each] for each in (0, 2, 3, 1)]
    cases.change(people["engineer"], numbers[0], 1, {"status": "closed"}, NOW)
    assert [row.number for row in cases.page(people["engineer"], is_open=False)] == [numbers[0]]


def test_links_and_who_may_read_what_is_linked(cases: Cases, store: Store, people: dict[str, Viewer]) -> None:
    gold, engineer = people["gold"], people["engineer"]
    number = opened(cases, gold)
    first, second, hidden = (article(store, engineer, id_) for id_ in ("open", "gold", "plus"))
    ids = [each.row.id for each in (first, second, hidden)]
    row = seen(cases, engineer, number).row
    assert cases.readers(row, ids, NOW) == {first.row.id, second.row.id}
    cases.link(engineer, number, first, "resolution", NOW)
    cases.link(engineer, number, second, "resolution", NOW)
    with pytest.raises(CaseRefused, match="unreadable"):
        cases.link(engineer, number, hidden, "reference", NOW)
    cases.link(engineer, number, hidden, "reference", NOW, internal=True)
    staff = [
        (each.link.article_id, each.link.role, each.open_to_customer) for each in seen(cases, engineer, number).links
    ]
    assert staff == [(ids[1], "resolution", True), (ids[0], "reference", True), (ids[2], "reference", False)]
    assert [each.link.article_id for each in seen(cases, gold, number).links] == [ids[1], ids[0]]
    assert {event.kind for event in seen(cases, gold, number).events} == {"opened"}
    assert [(row.number, role) for row, role in cases.of_article(engineer, ids[1])] == [(number, "resolution")]
    assert cases.of_article(gold, ids[1]) == cases.of_article(ANONYMOUS, ids[1]) == []
    cases.unlink(engineer, number, ids[1], NOW)
    assert [each.link.article_id for each in seen(cases, gold, number).links] == [ids[0]]
    with pytest.raises(CaseRefused, match="staff_only"):
        cases.link(gold, number, first, "reference", NOW)


def roles(cases: Cases, viewer: Viewer, number: str) -> list[tuple[int, str]]:
    return [(each.link.article_id, each.link.role) for each in seen(cases, viewer, number).links]


def test_what_a_customer_does_not_see_takes_nothing_from_his_resolution(
    cases: Cases, store: Store, people: dict[str, Viewer]
) -> None:
    """Of the links that one sees the last resolution is the resolution, whatever else is linked or was."""
    gold, engineer = people["gold"], people["engineer"]
    number = opened(cases, gold)
    first, second, hidden = (article(store, engineer, id_) for id_ in ("open", "gold", "plus"))
    ids = [each.row.id for each in (first, second, hidden)]
    cases.link(engineer, number, first, "resolution", NOW)
    before = seen(cases, gold, number)
    for internal in (hidden, second):
        cases.link(engineer, number, internal, "resolution", NOW, internal=True)
        assert seen(cases, gold, number) == before
    staff = [(ids[1], "resolution"), (ids[0], "reference"), (ids[2], "reference")]
    assert roles(cases, engineer, number) == staff
    for id_, role in staff:
        assert [found for _, found in cases.of_article(engineer, id_)] == [role]
    cases.unlink(engineer, number, ids[1], NOW)
    assert roles(cases, engineer, number) == [(ids[2], "resolution"), (ids[0], "reference")]

    cases.link(engineer, number, second, "resolution", NOW)
    assert roles(cases, gold, number) == [(ids[1], "resolution"), (ids[0], "reference")]
    apply(store, draft("gold", grants=("staff",)))
    assert roles(cases, gold, number) == [(ids[0], "resolution")], "as if the other had never been linked"
    apply(store, draft("gold", grants=("windchill:gold", "windchill:gold_plus")))


@pytest.mark.parametrize(
    ("given", "into", "customer", "staff"),
    [
        (("resolution", False), ("reference", False), "resolution", "resolution"),
        (("reference", False), ("resolution", False), "resolution", "resolution"),
        (("resolution", True), ("reference", False), "reference", "reference"),
        (("reference", False), ("resolution", True), "reference", "reference"),
        (("resolution", True), ("reference", True), None, "resolution"),
    ],
)
def test_of_two_links_that_become_one_the_customers_stays(
    cases: Cases, store: Store, people: dict[str, Viewer], given: tuple[str, bool], into: tuple[str, bool],
    customer: str | None, staff: str,
) -> None:  # fmt: skip
    gold, engineer = people["gold"], people["engineer"]
    number = opened(cases, gold)
    first, second = (article(store, engineer, id_) for id_ in ("open", "gold"))
    for one, (role, internal) in ((first, given), (second, into)):
        cases.link(engineer, number, one, role, NOW, internal=internal)
    with store.writing() as connection:
        merging.move(connection, first.row.id, second.row.id)
    assert roles(cases, gold, number) == ([(second.row.id, customer)] if customer else [])
    assert roles(cases, engineer, number) == [(second.row.id, staff)]


def test_a_link_counts_as_reuse_and_the_index_learns_of_it(
    cases: Cases, store: Store, people: dict[str, Viewer]
) -> None:
    numbers = [opened(cases, people["gold"]) for _ in range(2)]
    one = article(store, people["engineer"], "open")

    def learnt() -> tuple[int, int]:
        notes = store.notes(1_000)
        store.done([note.id for note in notes])
        return store.articles_for_index([one.row.id])[0].reused, len({note.article_id for note in notes})

    learnt()
    for number in numbers:
        cases.link(people["engineer"], number, one, "resolution", NOW)
        cases.link(people["engineer"], number, one, "reference", NOW)
    assert learnt() == (2, 1)
    cases.unlink(people["engineer"], numbers[0], one.row.id, NOW)
    cases.unlink(people["engineer"], numbers[0], one.row.id, NOW)
    assert learnt() == (1, 1)
    assert learnt() == (1, 0)


def test_a_link_puts_the_articles_next_review_off(cases: Cases, store: Store, people: dict[str, Viewer]) -> None:
    apply(store, draft("due", review_on=NOW.date()), draft("later", review_on=date(2028, 1, 1)), source="reviewed")
    number = opened(cases, people["gold"])
    for id_, next_on in (("due", NOW.date() + timedelta(365)), ("later", date(2028, 1, 1))):
        given = store.digests("reviewed")[id_][0]
        one = store.read(given, people["engineer"].scope)
        assert one
        cases.link(people["engineer"], number, one, "reference", NOW)
        after = store.read(given, people["engineer"].scope)
        assert after and after.row.review_on == next_on
    never = article(store, people["engineer"], "open")
    cases.link(people["engineer"], number, never, "reference", NOW)
    assert article(store, people["engineer"], "open").row.review_on is None


def test_an_article_given_to_fewer_is_gone_from_the_customers_case(
    cases: Cases, store: Store, people: dict[str, Viewer]
) -> None:
    number = opened(cases, people["gold"])
    cases.link(people["engineer"], number, article(store, people["engineer"], "gold"), "reference", NOW)
    fewer = Viewer(people["gold"].account_id, role="customer", customer_id=people["gold"].customer_id)
    assert seen(cases, people["gold"], number).links
    assert seen(cases, fewer, number).links == ()


def test_cases_that_articles_made_needless(cases: Cases, store: Store, people: dict[str, Viewer]) -> None:
    solution = article(store, people["gold"], "gold")
    for at, typed in enumerate(("first \x00", "second")):
        cases.solved(people["gold"], solution, "windchill", typed, NOW + at * HOUR)
    found = cases.deflections(people["engineer"])
    assert [(each.number, each.customer, each.text) for each in found] == [
        (solution.row.number, "gold Ltd", "second"), (solution.row.number, "gold Ltd", "first "),
    ]  # fmt: skip
    assert cases.deflections(people["gold"]) == cases.deflections(ANONYMOUS) == []
    with pytest.raises(CaseRefused, match="not_entitled"):
        cases.solved(people["silver"], solution, "windchill", "x", NOW)


def test_two_at_once_never_lose_an_update(cases: Cases, people: dict[str, Viewer]) -> None:
    engineer = people["engineer"]
    number = opened(cases, people["gold"])

    def worked(severity: int) -> bool:
        try:
            cases.change(engineer, number, 1, {"severity": severity}, NOW)
        except Stale:
            return False
        cases.reply(engineer, number, f"now {severity}", NOW)
        return True

    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(worked, (0, 2, 3, 0)))
    assert sum(won) == 1
    found = seen(cases, engineer, number)
    assert found.row.revision == 2
    assert [event.kind for event in found.events] == ["opened", "change", "reply"]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda at: cases.reply(engineer, number, f"{at}", NOW), range(8)))
    assert len(seen(cases, engineer, number).events) == 11


def test_files_wait_for_a_case_of_who_sent_them_a_day_and_no_more_than_it_takes(
    cases: Cases, store: Store, people: dict[str, Viewer], tmp_path: Path
) -> None:
    gold, other = people["gold"], people["other"]
    files = Cases(store, Config(home=tmp_path, case_files_mb=1), matrices()).files
    log = Attachment("a.log", "text/plain", b"x" * (1 << 19))
    (one, two), refused = files.keep(gold, [], [log, log, log], NOW)
    assert refused and refused.reason == "case_files"
    assert files.waiting(other, [one.uid]) == [] and files.waiting(gold, [two.uid, one.uid]) == [one, two]
    new = NewCase("windchill", 2, "s", "t", waiting=(one.uid,))
    with pytest.raises(CaseRefused, match="file_gone"):
        cases.open(other, new, NOW)
    number = cases.open(gold, new, NOW)
    assert [(file.name, file.size) for file in seen(cases, gold, number).files] == [("a.log", 1 << 19)]
    assert files.waiting(gold, [one.uid, two.uid]) == [two]
    (three, four), refused = files.keep(gold, [], [log, log], NOW)
    assert refused is None and files.waiting(gold, [two.uid]) == [], "a form that was left gives way"
    files.forget(NOW + DAY)
    assert files.waiting(gold, [three.uid]) == [three]
    files.forget(NOW + DAY + HOUR)
    assert files.waiting(gold, [three.uid, four.uid]) == []
