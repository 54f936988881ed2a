"""What a reader may not read any more is in no answer from the next request on, before the index learns of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from indexer.folding import fold
from indexer.spelling import spellings
from indexer.sync import drain, rebuild
from kb.question import Query
from kb.search import Search
from kb.store import Store, indexing
from tests.contracts.engines import Opener
from tests.contracts.stores import apply, draft, sqlite
from tests.documents import PUBLIC

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


def test_after_an_import_of_many_only_what_is_shown_is_looked_at(
    tmp_path: Path, opening: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "MOST_WAITING", 1)
    with searched(tmp_path, opening) as (store, search):
        apply(store, *(draft(f"a{at}", title="Other", grants=GOLD_PLUS) for at in range(2)))
        assert search.find(Query("quartz"), PUBLIC).total == 1, "it was to be shown"
