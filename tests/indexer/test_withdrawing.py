"""What a reader may not read any more is in no answer from the next request on, before the index learns of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from indexer.folding import fold
from indexer.spelling import spellings
from indexer.sync import drain, rebuild
from kb.articles import Section
from kb.entitlements import STAFF
from kb.question import Query
from kb.search import Search
from kb.store import Store, indexing
from tests.contracts.engines import Opener
from tests.contracts.stores import apply, draft, sqlite
from tests.documents import PUBLIC, scope

ASKED = ("quartz", "quartz feldspar", "title:zulu", "swordfish*", '"is swordfish"', "quartz -swordfish", "swordfihs")
GOLD_PLUS = ("windchill:gold_plus",)


@contextmanager
def searched(folder: Path, opening: Opener) -> Iterator[tuple[Store, Search]]:
    with sqlite(folder) as store:
        engine = opening(folder)
        apply(store, *(draft(f"a{at}", "The quartz and feldspar.", title=f"Of quartz {at}") for at in range(3)))
        rebuild(store, engine)
        yield store, Search(store, engine, fold, spellings)
        engine.close()


def answers(search: Search) -> list[object]:
    found = [search.find(Query(text, explain=True), PUBLIC) for text in ASKED]
    return [
        *(
            (one.total, one.facets, [(each.article.title, each.parts, each.passage) for each in one.results])
            for one in found
        ),
        *(search.total(Query(text), PUBLIC) for text in ASKED),
        *([each.text for each in search.suggest(typed, PUBLIC)] for typed in ("qu", "of q", "zu", "quarzt")),
        *(search.respelled(text, PUBLIC, one.without) for text, one in zip(ASKED, found, strict=True)),
    ]


def test_it_is_as_if_it_had_never_been_there(tmp_path_factory: pytest.TempPathFactory, opening: Opener) -> None:
    secret = draft("secret", "Quartz: the password is swordfish.", title="Zulu of quartz")
    with searched(tmp_path_factory.mktemp("without"), opening) as (_, search):
        absent = answers(search)
    with searched(tmp_path_factory.mktemp("with"), opening) as (store, search):
        apply(store, secret)
        drain(store, search._engine)
        assert answers(search) != absent
        apply(store, draft("secret", "Quartz: the password is swordfish.", title="Zulu of quartz", grants=GOLD_PLUS))
        assert store.waiting() and answers(search) == absent
        drain(store, search._engine)
        assert answers(search) == absent


def test_so_is_what_was_deleted(tmp_path: Path, opening: Opener) -> None:
    with searched(tmp_path, opening) as (store, search):
        before = search.find(Query("quartz"), PUBLIC)
        store.delete([before.results[0].article.number])
        after = search.find(Query("quartz"), PUBLIC)
        assert (before.total, after.total) == (3, 2) and sum(n for _, n in after.facets["lang"]) == 2


def test_so_is_a_part_that_others_read_now(tmp_path_factory: pytest.TempPathFactory, opening: Opener) -> None:
    def secret(*grants: str) -> list[Section]:
        return [Section("Feldspar alone."), Section("Quartz: the password is swordfish.", grants)]

    with searched(tmp_path_factory.mktemp("without"), opening) as (_, search):
        absent = answers(search)
    with searched(tmp_path_factory.mktemp("with"), opening) as (store, search):
        apply(store, draft("secret", *secret(), title="Zulu"))
        drain(store, search._engine)
        assert answers(search) != absent
        apply(store, draft("secret", *secret(*GOLD_PLUS), title="Zulu"))
        assert store.waiting() and answers(search) == absent, "until the index learns what is left of it for him"
        drain(store, search._engine)
        assert search.find(Query("zulu"), PUBLIC).total == 1 and not search.find(Query("swordfish"), PUBLIC).total


def test_however_many_changes_wait(tmp_path: Path, opening: Opener) -> None:
    many = [f"b{at}" for at in range(600)]
    with searched(tmp_path, opening) as (store, search):
        apply(store, *(draft(each, title="Mica") for each in many))
        drain(store, search._engine)
        apply(store, *(draft(each, "Of another", title="Mica") for each in many[:-1]))
        apply(store, draft(many[-1], title="Mica", grants=GOLD_PLUS))
        assert store.waiting() == 600
        found = search.find(Query("mica"), PUBLIC)
        assert (found.total, found.without, found.plain) == (599, frozenset({603}), False)


def test_where_the_index_cannot_leave_out_so_much_the_store_answers(
    tmp_path: Path, opening: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "MOST_HIDDEN", 1)
    with searched(tmp_path, opening) as (store, search):
        apply(store, *(draft(f"new{at}", title="Of quartz", grants=GOLD_PLUS) for at in range(9)))
        assert not search.find(Query("quartz"), PUBLIC).plain, "the index never had them"
        apply(store, *(draft(f"a{at}", title="Other", grants=GOLD_PLUS) for at in range(2)))
        found = search.find(Query("quartz"), PUBLIC)
        assert (found.total, found.plain) == (1, True)
        assert not search.suggest("of q", PUBLIC) and search.total(Query("quartz"), PUBLIC) == 1
        drain(store, search._engine)
        assert not search.find(Query("quartz"), PUBLIC).plain


def test_so_is_what_expired_and_was_not_archived_yet(tmp_path: Path, opening: Opener) -> None:
    with searched(tmp_path, opening) as (store, search):
        soon = datetime.now(UTC) + timedelta(seconds=2)
        apply(store, draft("soon", title="Of quartz", versions=("77.7",), expires_at=soon))
        drain(store, search._engine)
        assert search.find(Query("quartz"), PUBLIC).total == 4
        while datetime.now(UTC) <= soon:
            time.sleep(0.1)
        found = search.find(Query("quartz"), PUBLIC)
        assert found.total == 3 and "77.7" not in dict(found.facets["version"])
        assert search.find(Query("quartz"), scope("public", STAFF)).total == 4


def test_an_index_that_missed_changes_is_not_asked_before_it_is_compared(tmp_path: Path, opening: Opener) -> None:
    with searched(tmp_path, opening) as (store, search):
        # Another engine serves, and learns that one is withdrawn.
        store.take_notes("another")
        store.delete([search.find(Query("quartz"), PUBLIC).results[0].article.number])
        with store.claimed(10) as notes:
            assert len(notes) == 1
        found = search.find(Query("quartz"), PUBLIC)
        assert (found.total, found.plain, search.suggest("of q", PUBLIC)) == (2, True, ())
        drain(store, search._engine)
        found = search.find(Query("quartz"), PUBLIC)
        assert (found.total, found.plain) == (2, False)
