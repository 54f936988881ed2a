"""What the store promises, on every database it runs on."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect, text

from kb.articles import Section
from kb.entitlements import EVERYONE, NOBODY, STAFF, Scope
from kb.question import Filters, Needed, Query
from kb.store import Store, StoreError, Vote, originals, redirects, writing
from kb.store.articles import ImportRun, Product, Rendered
from kb.store.tables import metadata
from tests.contracts.stores import OPENERS, PRODUCTS, apply, draft, rendered
from tests.documents import scope


@pytest.fixture(params=sorted(OPENERS))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with OPENERS[request.param](tmp_path) as opened:
        yield opened


def ids(store: Store) -> list[int]:
    return store.article_ids()


def test_the_migrations_make_the_tables(store: Store) -> None:
    found = inspect(store._engine)
    for name, table in metadata.tables.items():
        there = {column["name"]: column["nullable"] for column in found.get_columns(name)}
        assert there == {column.name: column.nullable for column in table.columns}, name
        indexed = {tuple(index["column_names"]) for index in found.get_indexes(name)}
        assert {tuple(column.name for column in index.columns) for index in table.indexes} <= indexed, name


def test_made_twice_it_is_the_same(store: Store) -> None:
    apply(store, draft("a"))
    Store.create(store._engine.url.render_as_string(hide_password=False)).close()
    assert len(ids(store)) == 1


def set_schema(store: Store, revision: str) -> str:
    with store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    return store._engine.url.render_as_string(hide_password=False)


def test_a_store_of_an_older_schema_is_not_opened(store: Store) -> None:
    url = set_schema(store, "0021")
    with pytest.raises(StoreError, match="run: kb init"):
        Store.open(url)


def test_a_store_of_a_newer_schema_asks_for_a_newer_program(store: Store) -> None:
    url = set_schema(store, "0099")
    for use in (Store.open, Store.create):
        with pytest.raises(
            StoreError, match=r"made by a newer version .* schema 0099, .* update the program"
        ) as caught:
            use(url)
        assert "kb init" not in str(caught.value)


def test_numbers_are_given_in_order_and_stay(store: Store) -> None:
    assert apply(store, draft("a"), draft("b")).new == 2
    assert apply(store, draft("b", title="Other"), draft("c")).changed == 1
    numbers = {id_: number for id_, (number, _) in store.digests("test").items()}
    assert numbers == {"a": "KB000001", "b": "KB000002", "c": "KB000003"}


def test_a_number_that_an_article_brings_is_its_own_and_given_to_no_other(store: Store) -> None:
    apply(store, draft("a"), draft("b", number="KB000002"), draft("c"))
    numbers = {id_: number for id_, (number, _) in store.digests("test").items()}
    assert numbers == {"a": "KB000001", "b": "KB000002", "c": "KB000003"}
    assert store.numbers_of_others("elsewhere", ["KB000002", "KB000009"]) == {"KB000002": "test"}
    taken = rendered(replace(draft("x", number="KB000002"), source="elsewhere"))
    assert apply(store, taken, source="elsewhere").refused == ("x",)
    assert store.digests("elsewhere") == {}


def test_a_number_that_is_given_up_may_be_anothers_and_no_other(store: Store) -> None:
    apply(store, draft("a", number="KB000101"), draft("b", number="KB000102"))
    assert apply(store, draft("a", number="KB000102")).refused == ("a",)
    apply(store, draft("a", number="KB000103"), draft("c", number="KB000101"), draft("b", number="KB000102"))
    numbers = {id_: number for id_, (number, _) in store.digests("test").items()}
    assert numbers == {"a": "KB000103", "b": "KB000102", "c": "KB000101"}


def test_an_import_that_fails_midway_leaves_nothing(store: Store) -> None:
    class Failing(list[Rendered]):
        def __iter__(self) -> Iterator[Rendered]:
            yield from (rendered(draft(f"a{n}")) for n in range(250))
            raise RuntimeError("the disk is full")

    run = ImportRun("test", datetime.now(UTC), PRODUCTS)
    with pytest.raises(RuntimeError):
        store.apply(Failing(), run)
    assert (ids(store), store.notes(10), store.products()) == ([], [], {})
    apply(store, draft("a"))
    assert store.digests("test")["a"][0] == "KB000001", "no number was lost"


def test_every_change_has_its_note(store: Store) -> None:
    apply(store, draft("a"), draft("b"))
    first = store.notes(10)
    assert [note.article_id for note in first] == ids(store)
    store.done([note.id for note in first])
    assert store.notes(10) == []
    apply(store, draft("b", title="Other"))
    assert [note.article_id for note in store.notes(10)] == [ids(store)[1]]
    gone = store.delete(["KB000001", "KB999999"])
    assert gone == 1
    assert [note.article_id for note in store.notes(10)] == [2, 1]
    store.note_all()
    assert len(store.notes(10)) == 3


def test_a_note_written_while_others_are_crossed_off_stays(store: Store) -> None:
    apply(store, draft("a"))
    seen = store.notes(10)
    apply(store, draft("a", title="Other"))
    store.done([note.id for note in seen])
    assert [note.article_id for note in store.notes(10)] == ids(store)


def test_without_a_scope_there_is_nothing(store: Store) -> None:
    apply(store, rendered(draft("a"), {"a.log": ()}))
    (article,) = ids(store)
    assert not store.readable([article], NOBODY)
    assert not store.readable_rows([article], NOBODY)
    assert store.read("KB000001", NOBODY) is None
    assert store.attachment("KB000001", "a.log", NOBODY) is None
    assert store.attachments(article, NOBODY) == []
    assert store.browse(NOBODY, 10) == store.listed(NOBODY, 0, 10) == []
    assert store.counts_by_product(NOBODY) == {}


def test_the_newest_may_be_of_one_product_and_language(store: Store) -> None:
    drafts = [
        draft(f"{product} {lang}", product=product, lang=lang)
        for product in ("creo", "windchill")
        for lang in ("zh-Hant", "en")
    ]
    apply(store, *drafts)
    assert [row.external_id for row in store.browse(EVERYONE, 9, "creo", "en")] == ["creo en"]
    assert {row.external_id for row in store.browse(EVERYONE, 9, "windchill")} == {"windchill zh-Hant", "windchill en"}
    assert {row.external_id for row in store.browse(EVERYONE, 9, lang="en")} == {"creo en", "windchill en"}


def test_grants_that_name_nobody_are_read_by_nobody(store: Store) -> None:
    apply(store, draft("a", grants=()))
    everything = scope("public", STAFF, "windchill:gold", "")
    assert store.read("KB000001", everything) is None
    assert store.counts_by_product(everything) == {}


def test_a_section_for_few_is_absent_for_the_others(store: Store) -> None:
    apply(store, draft("a", "## 症狀\n\n一般", Section("## 內部\n\n祕密", ("windchill:gold",)), "## 結尾\n\n完"))
    plain, gold = (store.read("KB000001", each) for each in (EVERYONE, scope("public", "windchill:gold")))
    assert plain and gold
    assert "祕密" not in plain.html + plain.text and plain.headings == ("症狀", "結尾")
    assert "祕密" in gold.html and gold.headings == ("症狀", "內部", "結尾")
    assert [entry.text for entry in plain.toc] == ["症狀", "結尾"]


def test_an_archived_article_is_for_staff(store: Store) -> None:
    apply(store, draft("a", confidence="archived"))
    assert store.read("KB000001", EVERYONE) is None
    assert store.browse(EVERYONE, 5) == [] and store.counts_by_product(EVERYONE) == {}
    assert store.read("KB000001", scope("public", STAFF)) is not None


def test_a_file_has_rights_of_its_own(store: Store) -> None:
    apply(store, rendered(draft("a"), {"all.log": (), "gold.log": ("windchill:gold",)}))
    assert [file.name for file in store.attachments(ids(store)[0], EVERYONE)] == ["all.log"]
    assert store.attachment("KB000001", "gold.log", EVERYONE) is None
    found = store.attachment("KB000001", "gold.log", scope("public", "windchill:gold"))
    assert found and found.content == b"gold.log"


def test_translations_are_those_one_may_read(store: Store) -> None:
    apply(
        store,
        draft("a", group="g"),
        draft("b", group="g", lang="en"),
        draft("c", group="g", lang="zh-Hans", grants=("creo:gold",)),
    )
    found = store.read("KB000001", EVERYONE)
    assert found and [other.lang for other in found.translations] == ["en"]


def test_what_is_changed_takes_the_place_of_what_was(store: Store) -> None:
    apply(store, rendered(draft("a", "一", "二"), {"old.log": ()}))
    apply(store, draft("a", "三", grants=("creo:gold",)))
    assert store.read("KB000001", EVERYONE) is None
    found = store.read("KB000001", scope("creo:gold"))
    assert found and found.text == "三"
    assert store.attachments(found.row.id, scope("creo:gold")) == []


STAFFS, SOMES = Section("內部", (STAFF,)), Section("給兩種方案", ("windchill:gold", "windchill:silver"))
FIRST, LATER = date(2026, 1, 1), date(2026, 6, 1)


@pytest.mark.parametrize(
    ("before", "after", "told", "day"),
    [
        ({}, {"title": "另一個標題"}, None, LATER),
        ({}, {"sections": ("甲", STAFFS, "丙")}, None, LATER),
        ({}, {"sections": ("甲", Section("內部的註記", (STAFF,)), "乙")}, None, FIRST),
        ({}, {"sections": ("甲\n\n乙",)}, None, FIRST),
        ({}, {"sections": ("甲", Section("內部"), "乙")}, None, LATER),
        ({}, {"files": {"open.txt": (), "internal.txt": (STAFF,)}}, None, FIRST),
        ({}, {"files": {"open.txt": (), "more.txt": ()}}, None, LATER),
        ({}, {"owner": "li@example.com", "grants": ("public", "windchill:gold")}, None, FIRST),
        ({}, {"sections": ("甲", "乙", STAFFS)}, LATER, LATER),
        # For all who read the article, though the section names its readers.
        ({"grants": ("windchill:gold",), "sections": ("甲", SOMES)}, {"sections": ("甲",)}, None, LATER),
        # Nobody but staff had it: it is new.
        ({"grants": (STAFF,)}, {"grants": ("public",)}, None, LATER),
        ({"confidence": "archived"}, {"confidence": "validated"}, None, LATER),
    ],
)  # fmt: skip
def test_an_article_is_updated_when_all_its_readers_see_it_change(
    store: Store, before: dict[str, Any], after: dict[str, Any], told: date | None, day: date
) -> None:
    """What is changed for some readers alone tells the others nothing; a day that is given counts."""
    first = {"sections": ("甲", STAFFS, "乙"), "files": {"open.txt": ()}} | before
    for written, on in ((first, FIRST), (first | after, LATER)):
        given = {name: value for name, value in written.items() if name not in ("sections", "files")}
        made = rendered(draft("a", *written["sections"], updated=told, **given), written["files"])
        apply(store, replace(made, updated=on))
    [row] = [source.row for source in store.articles_for_index()]
    assert (row.updated, row.changed_at > row.created_at) == (day, True)


def test_links_between_articles_get_their_addresses_whatever_comes_first(store: Store) -> None:
    first = rendered(draft("a"))
    html = f'<p><a href="kb-article:{b"b".hex()}#s-x">b</a> <a href="kb-article:{b"none".hex()}">n</a></p>'
    first = replace(first, sections=(replace(first.sections[0], html=html),))
    apply(store, first, draft("b"))
    found = store.read("KB000001", EVERYONE)
    assert found and '<a href="/articles/KB000002#s-x">b</a>' in found.html and "kb-article" not in found.html


def test_links_lead_only_to_what_one_may_read(store: Store) -> None:
    """The HTML is that of a store where what is hidden is not: of a link to it nothing but its words is left."""
    secret = {"grants": ("staff",)}
    apply(store, draft("was", number="KB000105", **secret), draft("moved", number="KB000106"))
    apply(store, draft("was", number="KB000104", **secret), draft("moved", number="KB000107"))
    linking = (
        "[a](/articles/KB000102) [b](/articles/KB000103) [c](/articles/KB000103?x=1#s-y 'T') [d](/articles/KB000105) "
        "[e](/articles/KB000106#s) [f](/articles/KB000199/attachments/x.log) [g](/articles/KB000101#top) "
        '`<a href="/articles/KB000103">` [h](https://kb.example/articles/KB000103)'
    )
    part = Section("[i](/articles/KB000102) [j](/articles/KB000103)", ("windchill:gold",))
    apply(
        store,
        draft("open", linking, part, number="KB000101"),
        draft("there", number="KB000102"),
        draft("hidden", number="KB000103", grants=("windchill:gold",)),
    )
    found = store.read("KB000101", EVERYONE)
    assert found and found.html == (
        '<p><a href="/articles/KB000102">a</a> <a>b</a> <a title="T">c</a> <a>d</a> '
        '<a href="/articles/KB000106#s">e</a> <a>f</a> <a href="/articles/KB000101#top">g</a> '
        '<code>&lt;a href="/articles/KB000103"&gt;</code> <a href="https://kb.example/articles/KB000103">h</a></p>'
    )
    gold = store.read("KB000101", scope("public", "windchill:gold"))
    assert gold and '<a href="/articles/KB000103?x=1#s-y" title="T">c</a>' in gold.html and "<a>d</a>" in gold.html
    assert '<a href="/articles/KB000103">j</a>' in gold.html
    staff = store.read("KB000101", scope("public", "windchill:gold", STAFF))
    assert staff and '<a href="/articles/KB000105">d</a>' in staff.html and "<a>f</a>" in staff.html


def test_very_many_links_are_no_harm(store: Store) -> None:
    many = "\n\n".join(f"[{at}](/articles/KB{at:06})" for at in range(1, 12_001))
    apply(store, draft("a", many), draft("b"), draft("c", grants=("staff",)))
    found = store.read("KB000001", EVERYONE)
    assert found and [found.html.count(f'href="/articles/KB00000{at}"') for at in (1, 2, 3)] == [1, 1, 0]


def merged(store: Store, number: str, into: str) -> None:
    """As curating does it: archived, and its number leads on."""
    with store.writing() as connection:
        found, other = originals.by_number(connection, number), originals.by_number(connection, into)
        assert found and other
        run = ImportRun("test", datetime.now(UTC), only=frozenset({found.draft.id}))
        archived = rendered(replace(found.draft, confidence="archived", former_numbers=()))
        redirects.add(connection, writing.apply(connection, [archived], run).batch, {number: other.id})


def test_the_number_of_a_merged_article_leads_on_those_who_could_read_it(store: Store) -> None:
    gold, staff = scope("public", "windchill:gold"), scope("public", "windchill:gold", STAFF)
    apply(
        store,
        draft("secret", number="KB000101", grants=("windchill:gold",)),
        draft("open", number="KB000102"),
        draft("more", number="KB000103"),
        draft("last", number="KB000104"),
        draft("linking", "[a](/articles/KB000101)", number="KB000109"),
    )
    merged(store, "KB000101", "KB000102")
    assert [store.redirect("KB000101", each) for each in (EVERYONE, gold, staff)] == [None, "KB000102", "KB000102"]
    merged(store, "KB000102", "KB000103")
    merged(store, "KB000103", "KB000104")
    assert [store.redirect("KB000101", each) for each in (EVERYONE, gold, NOBODY)] == [None, "KB000104", None]
    assert [store.redirect("KB000102", each) for each in (EVERYONE, gold, NOBODY)] == ["KB000104", "KB000104", None]
    read = [store.read("KB000109", each) for each in (EVERYONE, gold, staff)]
    assert ["href" in each.html for each in read if each] == [False, True, True]


def test_a_number_on_the_way_leads_nobody_past_what_he_could_not_read(store: Store) -> None:
    apply(
        store,
        draft("first", number="KB000101"),
        draft("between", number="KB000102", grants=("windchill:gold",)),
        draft("last", number="KB000103"),
    )
    merged(store, "KB000101", "KB000102")
    merged(store, "KB000102", "KB000103")
    assert store.redirect("KB000101", EVERYONE) is None
    assert store.redirect("KB000101", scope("public", "windchill:gold")) == "KB000103"


def test_who_has_a_number_that_was_given_up_changes_nothing_of_where_it_leads_others(store: Store) -> None:
    """It leads as it would if the article that has it were not there."""
    hidden = draft("hidden", number="KB000101", grants=("staff",))
    apply(store, draft("a", number="KB000101"), draft("b", former_numbers=("KB000201",)))
    apply(store, draft("a", number="KB000102"))
    assert [store.redirect(number, EVERYONE) for number in ("KB000101", "KB000201")] == ["KB000102", "KB000001"]
    apply(store, hidden, draft("other", number="KB000201", grants=("staff",)))
    assert [store.redirect(number, EVERYONE) for number in ("KB000101", "KB000201")] == ["KB000102", "KB000001"]
    apply(store, draft("a", number="KB000103"), draft("swapped", number="KB000102", grants=("staff",)))
    assert store.redirect("KB000102", EVERYONE) == "KB000103"


def test_a_number_that_is_brought_with_its_article_leads_on_its_readers_alone(store: Store) -> None:
    """As an export tells of two that were merged."""
    apply(
        store,
        draft("secret", number="KB000101", grants=("windchill:gold",), confidence="archived"),
        draft("open", number="KB000102", former_numbers=("KB000101",)),
    )
    gold = scope("public", "windchill:gold")
    assert [store.redirect("KB000101", each) for each in (EVERYONE, gold)] == [None, "KB000102"]


def test_what_is_not_ones_own_takes_no_more_work_than_what_is_not_there(store: Store) -> None:
    """Counted in Python's calls, which the clock would blur: however much there is of what is hidden."""
    apply(
        store,
        draft("short", number="KB000101", grants=("staff",)),
        draft("long", *(Section(f"part {at}", ("staff", f"windchill:{at}")) for at in range(9)), *["x"] * 90,
              number="KB000102", grants=("staff",), versions=tuple(map(str, range(99)))),
    )  # fmt: skip
    calls = 0

    def count(_frame: object, kind: str, _what: object) -> None:
        nonlocal calls
        calls += kind == "call"

    took = {}
    for number in ("KB000999", "KB000101", "KB000102") * 2:
        calls = 0
        sys.setprofile(count)
        try:
            assert store.read(number, EVERYONE) is None and store.redirect(number, EVERYONE) is None
        finally:
            sys.setprofile(None)
        took[number] = calls
    assert took["KB000101"] == took["KB000102"] <= took["KB000999"] + 40, took


def test_products_are_saved_and_renamed(store: Store) -> None:
    store.save_products(PRODUCTS.values())
    store.save_products([Product("creo", {"en": "Creo Parametric"}, ("Creo",))])
    assert store.products()["creo"] == Product("creo", {"en": "Creo Parametric"}, ("Creo",))
    assert store.products()["windchill"] == PRODUCTS["windchill"]


def test_the_index_gets_articles_whole_and_in_order(store: Store) -> None:
    apply(store, *(draft(f"a{n}", "x", Section("y", ("creo:gold",))) for n in range(7)))
    first = store.articles_for_index(limit=3)
    rest = store.articles_for_index(after=first[-1].row.id)
    assert [each.row.external_id for each in [*first, *rest]] == [f"a{n}" for n in range(7)]
    assert [section.text for section in first[0].sections] == ["x", "y"]
    assert [each.row.id for each in store.articles_for_index([7, 2, 99])] == [2, 7]


def test_a_vote_is_counted_once_and_may_change(store: Store) -> None:
    apply(store, draft("a"))
    (article,) = ids(store)
    for vote in (Vote(article, "one", True), Vote(article, "one", False, "outdated", "13.0 以後不同")):
        store.vote(vote)
    with store.reading() as connection:
        rows = connection.execute(text("SELECT voter, helpful, reason FROM vote")).all()
    assert [(row.voter, bool(row.helpful), row.reason) for row in rows] == [("one", False, "outdated")]


def test_questions_without_an_answer_are_counted(store: Store) -> None:
    for asked in ("ORA-99999", "ora-99999", "另一個", "x" * 4000 + "\x00\ud800"):
        store.search_gap(asked, "zh-Hant", EVERYONE)
    store.search_gap("ORA-99999", "zh-Hant", scope("creo:gold"))
    assert [(gap.asked, gap.count) for gap in store.gaps(1)] == [("ORA-99999", 2)]
    assert len(store.gaps()) == 4


def test_the_same_question_asked_at_once_is_counted_each_time(store: Store) -> None:
    failures: list[Exception] = []

    def ask() -> None:
        try:
            store.search_gap("ORA-99999", "en", EVERYONE)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == [] and [gap.count for gap in store.gaps()] == [8]


def test_imports_of_two_at_once_both_go_in(store: Store) -> None:
    failures: list[Exception] = []

    def bring(source: str) -> None:
        try:
            for n in range(5):
                given = [rendered(replace(draft(f"{source}{n}-{m}"), source=source)) for m in range(20)]
                apply(store, *given, source=source)
        except Exception as error:
            failures.append(error)

    apply(store, draft("first"))
    threads = [threading.Thread(target=bring, args=(source,)) for source in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    numbers = [number for source in ("one", "two") for number, _ in store.digests(source).values()]
    assert len(numbers) == len(set(numbers)) == 200


RIGHTS = ["public", STAFF, "windchill:silver", "windchill:gold", "creo:gold"]
grant_sets = st.lists(st.sampled_from(RIGHTS), max_size=3, unique=True).map(tuple)
bases = st.lists(
    st.tuples(grant_sets, st.lists(grant_sets, max_size=2), st.sampled_from(["validated", "archived"])),
    min_size=1,
    max_size=6,
)


@pytest.mark.parametrize("name", sorted(OPENERS))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(base=bases, held=st.sets(st.sampled_from(RIGHTS), max_size=3))
def test_a_scope_sees_what_it_may_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    base: list[tuple[tuple[str, ...], list[tuple[str, ...]], str]],
    held: set[str],
) -> None:
    """The law, against the rule written out by hand: what the store gives under a scope is exactly what it may read."""
    viewer = Scope(frozenset(held))
    given_ = [
        draft(
            f"a{n}",
            "開頭",
            *(Section(f"part {m}", grants) for m, grants in enumerate(sections)),
            grants=own,
            confidence=confidence,
            updated=date(2026, 1, 1 + n),
        )
        for n, (own, sections, confidence) in enumerate(base)
    ]
    expected = {
        f"a{n}": ["開頭"] + [f"part {m}" for m, grants in enumerate(sections) if not grants or held & set(grants)]
        for n, (own, sections, confidence) in enumerate(base)
        if held & set(own) and (confidence != "archived" or STAFF in held)
    }
    with OPENERS[name](tmp_path_factory.mktemp("law")) as store:
        apply(store, *given_)
        found = store.readable(store.article_ids(), viewer)
        assert {
            each.row.external_id: [section.text for section in each.sections] for each in found.values()
        } == expected
        rows = store.readable_rows(store.article_ids(), viewer)
        assert rows == {id_: each.row for id_, each in found.items()}
        assert {row.external_id for row in store.browse(viewer, 100)} == set(expected)
        parts = [store.listed(viewer, beyond, 2) for beyond in range(0, len(expected) + 1, 2)]
        assert sorted(row.external_id for part in parts for row in part) == sorted(expected)
        assert sum(store.counts_by_product(viewer).values()) == len(expected)
        read = {number: store.read(number, viewer) for number, _ in store.digests("test").values()}
        assert {each.row.external_id for each in read.values() if each} == set(expected)


def test_the_index_learns_of_votes(store: Store) -> None:
    apply(store, draft("a"), draft("b"))
    voted, other = ids(store)
    store.done([note.id for note in store.notes(100)])
    for voter, helpful in (("one", True), ("two", False), ("three", True)):
        store.vote(Vote(voted, voter, helpful))
    assert {note.article_id for note in store.notes(100)} == {voted}
    assert [(each.helped, each.failed) for each in store.articles_for_index([voted, other])] == [(2, 1), (0, 0)]


def found(store: Store, *words: str, who: Scope = EVERYONE, **asked: Any) -> list[str]:
    """What the store finds by itself, by the ids of the source."""
    ids_ = store.find([(word,) for word in words], Query("", today=date(2026, 6, 1), **asked), who)
    articles = store.readable(ids_, who)
    return [articles[id_].row.external_id for id_ in ids_]


def test_the_store_finds_by_number_title_and_text(store: Store) -> None:
    apply(
        store,
        draft("text", "重新啟動授權伺服器", number="KB000001"),
        draft("title", title="授權伺服器逾時", number="KB000002"),
        draft("other", "100%_\\ 其他", number="KB000003"),
    )
    assert found(store, "授權伺服器") == ["title", "text"]
    assert found(store, "kb000003") == ["other"]
    assert found(store, "授權伺服器", "kb000001") == ["text", "title"]
    assert found(store, "100%_\\") == ["other"] and found(store, "%") == ["other"] and found(store, "a_b") == []
    assert found(store, "授權", "沒有的", "也沒有") == [], "less than half of what was asked"


def test_what_the_store_finds_is_filtered_and_ordered(store: Store) -> None:
    apply(
        store,
        draft("old", title="B 逾時", updated=date(2020, 1, 1), versions=("12.0",)),
        draft("new", title="C 逾時", updated=date(2026, 5, 30), lang="en"),
        draft("creo", title="A 逾時", updated=date(2026, 4, 1), product="creo", versions=("12.0", "13.0")),
    )
    assert found(store, "逾時") == found(store, "逾時", sort="updated") == ["new", "creo", "old"]
    assert found(store, "逾時", sort="title") == ["creo", "old", "new"]
    for filters, kept in (
        (Filters(products=frozenset({"creo"})), ["creo"]),
        (Filters(langs=frozenset({"zh-Hant"})), ["creo", "old"]),
        (Filters(versions=frozenset({"12.0"})), ["creo", "old"]),
        (Filters(dates=frozenset({"month"})), ["new"]),
        (Filters(dates=frozenset({"month", "older"})), ["new", "old"]),
        (Filters(types=frozenset({"faq"})), []),
    ):
        assert found(store, "逾時", filters=filters) == kept
        assert sorted(found(store, filters=filters)) == sorted(kept), "without words, all there is"


def test_the_store_minds_what_must_be_said_and_what_must_not(store: Store) -> None:
    apply(
        store,
        draft("a", "印表機 驅動程式", title="列印", number="KB000020"),
        draft("b", "印表機", Section("驅動程式", ("creo:gold",)), title="印表機", lang="en"),
    )

    def needing(*needed: Needed) -> list[str]:
        found = store.find([("印表機",)], Query(""), EVERYONE, needed)
        articles = store.readable(found, EVERYONE)
        return sorted(articles[id_].row.external_id for id_ in found)

    driver = [("驅動程式", "驱动程序")]
    assert needing() == ["a", "b"]
    assert needing(Needed(driver)) == ["a"], "what is hidden is not said"
    assert needing(Needed(driver, negated=True)) == ["b"]
    assert needing(Needed([("印表機",)], "title")) == ["b"]
    assert needing(Needed([("20",)], "number")) == needing(Needed([("KB000020",)], "number")) == ["a"]
    assert needing(Needed([("en",)], "lang", negated=True)) == ["a"]
    assert needing(Needed([("12.0",)], "version", negated=True)) == needing(Needed([], negated=True)) == ["a", "b"]


def test_the_store_finds_nothing_one_may_not_read(store: Store) -> None:
    apply(
        store,
        draft("mine", "公開", Section("秘密的代碼 X-77", ("creo:gold",))),
        draft("theirs", "秘密的代碼 X-77", grants=("creo:gold",)),
        draft("gone", "公開 秘密的代碼", confidence="archived"),
    )
    gold = scope("public", "creo:gold")
    assert found(store, "秘密的代碼") == [] and found(store, "公開") == ["mine"]
    assert sorted(found(store, "秘密的代碼", who=gold)) == ["mine", "theirs"]
    assert store.find([("公開",)], Query(""), NOBODY) == []


def test_the_store_knows_the_mark_that_its_index_carries_and_the_one_it_may_carry_soon(store: Store) -> None:
    assert store.expects(0) and not store.expects(7), "no index was written yet"
    store.expect(0, 7)
    assert store.expects(0) and store.expects(7)
    store.expect(7, 9)
    assert [mark for mark in (0, 7, 8, 9) if store.expects(mark)] == [7, 9]
    assert not store.take_notes("one") and store.take_notes("one", missed=True) and store.has_missed("one")


def test_an_engine_has_missed_what_another_was_told(store: Store) -> None:
    assert not store.has_missed("one"), "nobody was told anything"
    assert store.take_notes("one") is False
    assert not store.has_missed("one") and store.has_missed("other")
    assert store.take_notes("other") is True
    assert store.has_missed("other"), "until it has caught up"
    assert store.take_notes("other") is True
    store.caught_up("other")
    assert not store.has_missed("other") and store.take_notes("other") is False
    assert store.take_notes("one") is True
    store.caught_up("other")
    assert store.has_missed("one") and store.has_missed("other"), "too late: another takes the notes"
