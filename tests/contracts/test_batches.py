"""What the store promises of batches: each is written as one, and taken back as one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb.articles import Draft, Section
from kb.entitlements import EVERYONE
from kb.store import Store
from kb.store.articles import ImportRun, Obstacle, Product, Rendered, RollbackRefused, SourceChanged
from tests.contracts.stores import OPENERS, PRODUCTS, apply, draft, rendered

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)


@pytest.fixture(params=sorted(OPENERS))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with OPENERS[request.param](tmp_path) as opened:
        yield opened


def roll_back(store: Store, batch: int) -> None:
    store.roll_back(batch, None, NOW)


def obstacles(store: Store, batch: int) -> tuple[Obstacle, ...]:
    before = store.checksum()
    with pytest.raises(RollbackRefused) as refused:
        roll_back(store, batch)
    assert store.checksum() == before
    return refused.value.obstacles


def test_a_batch_is_taken_back_to_the_byte(store: Store) -> None:
    secret = Section("只給金級", ("windchill:gold",))
    apply(store, rendered(draft("a", "前", secret), {"a.log": (), "b.log": ("windchill:gold",)}), draft("b"))
    before, ids = store.checksum(), store.article_ids()
    store.done([each.id for each in store.notes(100)])
    done = apply(
        store,
        rendered(draft("a", "後", grants=("windchill:gold",)), {"c.log": ()}),
        draft("b", number="KB000077"),
        draft("n"),
    )
    assert store.checksum() != before
    roll_back(store, done.batch)
    assert (store.checksum(), store.article_ids()) == (before, ids)
    assert {each.article_id for each in store.notes(100)} == {*ids, max(ids) + 1}
    found = store.read("KB000001", EVERYONE)
    assert found and (found.text, [each.name for each in store.attachments(found.row.id, EVERYONE)]) == (
        "前",
        ["a.log"],
    )
    batch = store.batch(done.batch)
    assert batch and (batch.rolled_back_at, batch.counts) == (NOW, {"new": 1, "changed": 2})


def test_numbers_that_went_round_come_back(store: Store) -> None:
    apply(store, draft("a", number="KB000101"), draft("b", number="KB000102"), draft("c"))
    before = store.checksum()
    done = apply(store, draft("a", number="KB000103"), draft("b", number="KB000101"), draft("d", number="KB000102"))
    assert (done.new, done.changed) == (1, 2)
    roll_back(store, done.batch)
    assert store.checksum() == before


def test_products_come_back_and_those_in_use_stay(store: Store) -> None:
    apply(store, draft("a"))
    before = store.checksum()
    brought = {"windchill": Product("windchill", {"en": "Other"}), "vuforia": Product("vuforia", {"en": "Vuforia"})}
    done = store.apply([rendered(draft("v", product="vuforia"))], ImportRun("test", NOW, brought))
    roll_back(store, done.batch)
    assert store.checksum() == before
    done = store.apply([rendered(draft("v", product="vuforia"))], ImportRun("test", NOW, brought))
    other = rendered(replace(draft("w", product="vuforia"), source="other"))
    store.apply([other], ImportRun("other", NOW))
    roll_back(store, done.batch)
    assert "vuforia" in store.products() and store.products()["windchill"].names == {"en": "Windchill"}


def test_the_last_goes_first(store: Store) -> None:
    empty = store.checksum()
    first = apply(store, draft("a"), draft("b"))
    between = store.checksum()
    second = apply(store, draft("b", "改"))
    assert obstacles(store, first.batch) == (Obstacle("changed_since", "KB000002", "Title of b", str(second.batch)),)
    roll_back(store, second.batch)
    assert store.checksum() == between
    roll_back(store, first.batch)
    assert obstacles(store, first.batch) == obstacles(store, 999) == ()
    # Products stay out of this: the first batch brought them.
    assert store.checksum() == empty


def test_what_is_gone_or_has_anothers_number_is_told(store: Store) -> None:
    apply(store, draft("a", number="KB000101"), draft("b"))
    done = apply(store, draft("a", number="KB000102"), draft("b", "改"))
    store.delete(["KB000001"])
    other = replace(draft("x", number="KB000101"), source="other")
    apply(store, rendered(other), source="other")
    assert obstacles(store, done.batch) == (
        Obstacle("gone", "KB000001", "Title of b"),
        Obstacle("number_taken", "KB000101", "Title of x", "other"),
    )


def test_an_import_compared_with_what_is_no_longer_there_is_refused(store: Store) -> None:
    compared = store.basis("test")
    done = apply(store, draft("a"))
    late = ImportRun("test", NOW, basis=compared)
    before = store.checksum()
    with pytest.raises(SourceChanged):
        store.apply([rendered(draft("b"))], late)
    assert store.checksum() == before
    again = replace(late, basis=store.basis("test"))
    roll_back(store, done.batch)
    with pytest.raises(SourceChanged):
        store.apply([rendered(draft("b"))], again)
    assert store.basis("other") == compared


def test_batches_are_listed_newest_first(store: Store) -> None:
    first, second = apply(store, draft("a")), apply(store, draft("b"))
    assert [each.id for each in store.batches()] == [second.batch, first.batch]
    assert [each.id for each in store.batches(limit=1)] == [second.batch]
    assert store.batch(first.batch) == store.batches()[1] and store.batch(999) is None


DRAFTS = st.lists(
    st.builds(
        lambda name, text, grants, number: draft(name, text, grants=grants, number=number),
        st.sampled_from("abcd"),
        st.text("甲乙丙 ", min_size=1, max_size=4),
        st.sampled_from([("public",), ("windchill:gold",), ("windchill:gold", "windchill:silver")]),
        st.one_of(st.none(), st.sampled_from(["KB000101", "KB000102", "KB000001"])),
    ),
    min_size=1,
    max_size=4,
    unique_by=(lambda each: each.id, lambda each: each.number or each.id),
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(runs=st.lists(DRAFTS, min_size=1, max_size=3))
def test_backwards_through_any_batches(store: Store, runs: list[list[Draft]]) -> None:
    states, batches = [store.checksum()], []
    for each in runs:
        batches.append(apply(store, *each).batch)
        states.append(store.checksum())
    for batch, state in zip(reversed(batches), reversed(states[:-1]), strict=True):
        roll_back(store, batch)
        assert store.checksum() == state


def test_a_batch_is_prepared_anew_when_others_wrote_meanwhile(store: Store) -> None:
    """However often they do: then they wait. No number is given twice, and none is lost."""
    apply(store, draft("a"), source="first")

    class Slow(list[Rendered]):
        times = 0

        def __iter__(self) -> Iterator[Rendered]:
            Slow.times += 1
            yield self[0]
            if Slow.times < 3:
                apply(store, draft(f"other-{Slow.times}", "[a](a)"), source="other")
            yield from self[1:]

    run = ImportRun("slow", NOW, PRODUCTS)
    done = store.apply(Slow([rendered(draft("s")), rendered(draft("t"))]), run)
    assert (done.new, Slow.times) == (2, 3)
    numbers = [number for source in ("first", "other", "slow") for number, _ in store.digests(source).values()]
    assert numbers == [f"KB00000{n}" for n in range(1, 6)]


def test_while_a_large_batch_is_prepared_others_write_at_once(store: Store) -> None:
    """SQLite has one writer: a batch holds it for its last statements alone."""
    apply(store, draft("a"))

    class Watched(list[Rendered]):
        def __iter__(self) -> Iterator[Rendered]:
            yield from (rendered(draft(f"n{n}", "x" * 1000)) for n in range(300))
            store.search_gap("nothing", "en", EVERYONE)

        def __len__(self) -> int:
            return 300

    assert store.apply(Watched(), ImportRun("test", NOW)).new == 300
    assert [each.count for each in store.gaps()] == [1]


def test_attachments_keep_their_order(store: Store) -> None:
    apply(store, rendered(draft("a"), {"b.log": (), "a.log": (), "c.log": ()}), rendered(draft("b"), {"0.log": ()}))
    assert [each.name for each in store.attachments(store.article_ids()[0], EVERYONE)] == ["b.log", "a.log", "c.log"]
