"""Software performance reports, on every database: who sees which, links, and the case that waits for one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from kb.accounts import ANONYMOUS, Accounts, NewAccount, Viewer
from kb.cases import CaseRefused, Cases, NewCase, NoCase, Stale
from kb.config import Config
from kb.entitlements import ContractLine, matrices
from kb.sprs import NewSpr, NoSpr, SprRefused, Sprs, Taken, number_of
from kb.store import Store, merging, outbox
from kb.store.articles import Readable
from tests.contracts.stores import OPENERS, add_people, apply, draft

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
WHO = ("gold", "other", "eng")


@pytest.fixture(params=sorted(OPENERS), scope="module")
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with OPENERS[request.param](tmp_path_factory.mktemp("sprs")) as opened:
        config = Config(home=tmp_path_factory.mktemp("home"))
        add_people(opened, config)
        accounts = Accounts(opened, config, matrices())
        accounts.add_line("K-2", "Other Ltd", ContractLine("windchill", "gold", date(2025, 1, 1)))
        accounts.add(NewAccount("other@a.example", "Other", "customer", "correct horse battery", "Other Ltd"))
        apply(
            opened,
            draft("open", grants=("public",)),
            draft("gold", grants=("windchill:gold",)),
            draft("plus", grants=("windchill:gold_plus",)),
        )
        yield opened


@pytest.fixture
def people(store: Store, tmp_path: Path) -> dict[str, Viewer]:
    accounts = Accounts(store, Config(home=tmp_path), matrices())
    found = {name: accounts.viewer_of(f"{name}@a.example", NOW.date()) for name in WHO}
    return found | {"anonymous": ANONYMOUS}


@pytest.fixture
def cases(store: Store, tmp_path: Path) -> Cases:
    return Cases(store, Config(home=tmp_path), matrices())


@pytest.fixture
def sprs(store: Store) -> Sprs:
    return Sprs(store)


def article(store: Store, viewer: Viewer, id_: str) -> Readable:
    found = store.read(store.digests("test")[id_][0], viewer.scope)
    assert found is not None
    return found


def report(number: str, status: str = "submitted", **others: str) -> NewSpr:
    return NewSpr(number, "windchill", status, others.get("title", f"Report {number}"), others.get("fixed_in", ""))


def who_sees(sprs: Sprs, people: dict[str, Viewer], number: str) -> set[str]:
    found = {name for name, viewer in people.items() if sprs.find(viewer, number)}
    assert found == {name for name, viewer in people.items() if sprs.lookup(viewer, f"SPR {number}")}
    return found


def test_one_is_seen_by_who_reads_an_article_of_it_or_has_a_case_of_it(
    sprs: Sprs, cases: Cases, store: Store, people: dict[str, Viewer]
) -> None:
    engineer = people["eng"]
    sprs.save(engineer, report("1000001"), NOW)
    assert who_sees(sprs, people, "1000001") == {"eng"}
    hidden, gold, public = (article(store, engineer, id_) for id_ in ("plus", "gold", "open"))
    sprs.link(engineer, "1000001", hidden, NOW)
    assert who_sees(sprs, people, "1000001") == {"eng"}
    number = cases.open(people["gold"], NewCase("windchill", 2, "s", "t"), NOW)
    cases.link_spr(engineer, number, "SPR 1000001", NOW)
    cases.link_spr(engineer, number, "1000001", NOW)
    assert who_sees(sprs, people, "1000001") == {"eng", "gold"}
    theirs = sprs.find(people["gold"], "1000001")
    assert theirs and theirs.articles == () and [each.number for each in theirs.cases] == [number]
    cases.unlink_spr(engineer, number, "1000001", NOW)
    assert who_sees(sprs, people, "1000001") == {"eng"}
    sprs.link(engineer, "1000001", gold, NOW)
    sprs.link(engineer, "1000001", gold, NOW)
    assert who_sees(sprs, people, "1000001") == {"eng", "gold", "other"}
    assert [row.number for row in sprs.of_article(gold)] == ["1000001"]
    sprs.unlink(engineer, "1000001", gold)
    sprs.link(engineer, "1000001", public, NOW)
    assert who_sees(sprs, people, "1000001") == {"eng", "gold", "other", "anonymous"}
    sprs.unlink(engineer, "1000001", public)
    assert who_sees(sprs, people, "1000001") == {"eng"}


def test_what_changes_one_is_for_staff_alone(sprs: Sprs, cases: Cases, store: Store, people: dict[str, Viewer]) -> None:
    sprs.save(people["eng"], report("1000002"), NOW)
    public = article(store, people["eng"], "open")
    for viewer in (people["gold"], ANONYMOUS):
        for act in (
            partial(sprs.page, viewer),
            partial(sprs.save, viewer, report("1000002", "fixed"), NOW),
            partial(sprs.link, viewer, "1000002", public, NOW),
            partial(sprs.unlink, viewer, "1000002", public),
        ):
            with pytest.raises(NoSpr):
                act()
        with pytest.raises(CaseRefused, match="staff_only"):
            cases.link_spr(viewer, "C00000001", "1000002", NOW)
    for number in ("9999999", "", "x"):
        with pytest.raises(NoSpr):
            sprs.link(people["eng"], number, public, NOW)
    with pytest.raises(NoCase):
        cases.link_spr(people["eng"], "C99999999", "1000002", NOW)


def test_a_case_waits_for_one(sprs: Sprs, cases: Cases, people: dict[str, Viewer]) -> None:
    gold, engineer = people["gold"], people["eng"]
    sprs.save(engineer, report("1000003", "fixed", fixed_in="12.1.2.6"), NOW)
    number = cases.open(gold, NewCase("windchill", 2, "s", "t"), NOW)
    with pytest.raises(CaseRefused, match="no_spr"):
        cases.change(engineer, number, 1, {"status": "waiting_rd", "spr": "9999999"}, NOW)
    with pytest.raises(Stale):
        cases.change(engineer, number, 7, {"status": "waiting_rd", "spr": "1000003"}, NOW)
    with pytest.raises(CaseRefused, match="staff_only"):
        cases.change(gold, number, 1, {"status": "closed", "spr": "1000003"}, NOW)
    before = cases.case(engineer, number, NOW)
    assert before and before.row.status == "in_progress" and before.sprs == ()
    cases.change(engineer, number, 1, {"status": "waiting_rd", "spr": "spr#1000003"}, NOW)
    theirs, ours = cases.case(gold, number, NOW), cases.case(engineer, number, NOW)
    assert theirs and ours and theirs.row.status == "waiting_rd"
    assert [(row.number, row.fixed_in) for row in theirs.sprs] == [("1000003", "12.1.2.6")]
    assert [event.kind for event in theirs.events] == ["opened", "change"]
    assert [event.kind for event in ours.events] == ["opened", "spr_link", "change"]


def test_taking_many_is_all_or_nothing_and_again_the_same(sprs: Sprs, people: dict[str, Viewer]) -> None:
    given = [report(f"20000{at:02d}") for at in range(30)]
    assert sprs.take(given, NOW, dry_run=True) == Taken(new=30)
    assert sprs.find(people["eng"], "2000000") is None
    with pytest.raises(SprRefused, match="status"):
        sprs.take([*given, report("2000099", "unheard of")], NOW)
    assert sprs.find(people["eng"], "2000000") is None
    assert sprs.take(given, NOW) == Taken(new=30)
    assert sprs.take([*given[:-1], report("2000029", "fixed")], NOW + HOUR) == Taken(changed=1, same=29)
    first = sprs.page(people["eng"], limit=3)
    assert first[0].number == "2000029" and first[0].status == "fixed"
    rest = sprs.page(people["eng"], after=(first[-1].changed_at, first[-1].number))
    assert not {row.number for row in first} & {row.number for row in rest}
    assert {row.status for row in sprs.page(people["eng"], "submitted")} == {"submitted"}


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (NewSpr("ab", "windchill", "fixed", "t"), "number"),
        (NewSpr("no digits", "windchill", "fixed", "t"), "number"),
        (NewSpr("1000009", "nothing", "fixed", "t"), "product"),
        (NewSpr("1000009", "windchill", "", "t"), "status"),
        (NewSpr("1000009", "windchill", "fixed", " "), "title"),
        (NewSpr("1000009", "windchill", "fixed", "t" * 301), "title"),
        (NewSpr("1000009", "windchill", "fixed", "t", "1" * 65), "fixed_in"),
    ],
)
def test_what_cannot_be_one_is_refused(sprs: Sprs, people: dict[str, Viewer], new: NewSpr, reason: str) -> None:
    with pytest.raises(SprRefused, match=reason):
        sprs.save(people["eng"], new, NOW)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2180459", "2180459"), (" SPR 2180459 ", "2180459"), ("spr#2180459", "2180459"), ("SPR2180459", "2180459"),
        ("ＳＰＲ　２１８０４５９", "2180459"), ("SPR: WNC-1234", "WNC-1234"), ("sprocket1", "SPROCKET1"),
        ("2180459 登入", None), ("登入", None), ("", None), ("SPR", None), ("12", None), ("-1234", None),
        ("windchill", None), ("1" * 33, None), ("1" * 5000, None),
    ],
)  # fmt: skip
def test_a_number_is_known_however_it_is_written(text: str, number: str | None) -> None:
    assert number_of(text) == number


def test_the_links_of_an_article_go_where_it_is_merged_into(
    sprs: Sprs, store: Store, people: dict[str, Viewer]
) -> None:
    engineer = people["eng"]
    apply(store, draft("from", grants=("public",)), draft("to", grants=("public",)), source="merged")
    one, other = (store.read(store.digests("merged")[id_][0], engineer.scope) for id_ in ("from", "to"))
    assert one and other
    for number, articles in (("3000001", [one]), ("3000002", [one, other])):
        sprs.save(engineer, report(number), NOW)
        for each in articles:
            sprs.link(engineer, number, each, NOW)
    with store.writing() as connection:
        merging.move(connection, one.row.id, other.row.id)
    assert [row.number for row in sprs.of_article(other)] == ["3000001", "3000002"]
    assert sprs.of_article(one) == []


def told(cases: Cases, viewer: Viewer, number: str) -> list[tuple[str, str, str]]:
    """What a case was told of reports, as somebody sees it: number, version, by whom."""
    found = cases.case(viewer, number, NOW + 9 * HOUR)
    assert found is not None and found.events[0].kind == "opened"
    of_reports = [event for event in found.events if event.kind == "spr_fixed"]
    return [(event.data["spr"], event.data["fixed_in"], event.by) for event in of_reports]


def test_cases_are_told_once_of_each_version_that_a_report_is_fixed_in(
    sprs: Sprs, cases: Cases, store: Store, people: dict[str, Viewer]
) -> None:
    gold, engineer = people["gold"], people["eng"]
    sprs.save(engineer, report("1000005"), NOW)
    ours, bare, theirs = (
        cases.open(people[who], NewCase("windchill", 2, "s", "t"), NOW) for who in ("gold", "gold", "other")
    )
    for number in (ours, theirs):
        cases.link_spr(engineer, number, "1000005", NOW)
    cases.change(engineer, theirs, 1, {"status": "closed"}, NOW)
    before = cases.case(engineer, ours, NOW)
    operator_webhook(store)
    sprs.save(engineer, report("1000005", "in_work", fixed_in="12.1"), NOW + HOUR)
    assert told(cases, engineer, ours) == [] and sent(store) == []
    fixed = report("1000005", "fixed", fixed_in="12.1")
    assert sprs.take([fixed], NOW + 2 * HOUR, dry_run=True) == Taken(changed=1) and sent(store) == []
    sprs.save(engineer, fixed, NOW + 2 * HOUR)
    for again in (fixed, report("1000005", "fixed", fixed_in="12.1", title="x"), report("1000005"), fixed):
        sprs.save(engineer, again, NOW + 3 * HOUR)
    once = ("1000005", "12.1", engineer.name)
    assert told(cases, gold, ours) == told(cases, engineer, ours) == told(cases, people["other"], theirs) == [once]
    assert told(cases, engineer, bare) == []
    assert sent(store) == [(number, {"spr": "1000005", "fixed_in": "12.1"}) for number in (ours, theirs)]
    after = cases.case(engineer, ours, NOW)
    assert before and after and (after.row, after.clocks) == (before.row, before.clocks), "no clock goes by it"
    sprs.take([report("1000005", "fixed", fixed_in="12.2")], NOW + 4 * HOUR)
    assert told(cases, gold, ours) == [once, ("1000005", "12.2", "")] and len(sent(store)) == 4
    cases.unlink_spr(engineer, ours, "1000005", NOW + 5 * HOUR)
    assert told(cases, gold, ours) == [] and len(told(cases, engineer, ours)) == 2
    sprs.save(engineer, report("1000005", "fixed", fixed_in="12.3"), NOW + 6 * HOUR)
    assert len(told(cases, engineer, ours)) == 2 and len(told(cases, engineer, theirs)) == 3


def operator_webhook(store: Store) -> None:
    """A receiver of what cases are told of reports."""
    values = {
        "name": "all", "url": "https://crm.example", "secret": "s", "kinds": ["case.spr_fixed"], "content": "customer",
        "active": True, "silences": 0, "created_at": NOW,
    }  # fmt: skip
    with store.writing() as connection:
        outbox.add_webhook(connection, values)


def sent(store: Store) -> list[tuple[str, object]]:
    """What receivers are to hear, the oldest first: of which case, and what."""
    with store.reading() as connection:
        waiting = outbox.of_state(connection, "waiting", None, 99)
    assert all(not each.internal for each in waiting)
    return [(str(each.case["number"]), dict(each.data)) for each in waiting[::-1]]


def test_links_and_fixes_at_once_neither_break_nor_lose_a_word(
    sprs: Sprs, cases: Cases, people: dict[str, Viewer]
) -> None:
    gold, engineer = people["gold"], people["eng"]
    sprs.save(engineer, report("1000006"), NOW)
    numbers = [cases.open(gold, NewCase("windchill", 2, "s", "t"), NOW) for _ in range(6)]

    def work(number: str) -> None:
        cases.link_spr(engineer, number, "1000006", NOW)
        cases.reply(engineer, number, "x", NOW)
        cases.unlink_spr(engineer, number, "1000006", NOW)
        cases.link_spr(engineer, number, "1000006", NOW)

    def fix(version: str) -> None:
        sprs.save(engineer, report("1000006", "fixed", fixed_in=version), NOW)

    with ThreadPoolExecutor(4) as pool:
        under = [pool.submit(work, number) for number in numbers]
        under += [pool.submit(fix, f"12.{at}") for at in range(6)]
        for each in under:
            each.result(60)
    fix("13.0")
    for number in numbers:
        heard = [version for _, version, _ in told(cases, gold, number)]
        assert heard.count("13.0") == 1 and len(heard) == len(set(heard))
