"""Moving from one engine to another: whatever changed meanwhile, the next one learns, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.audit import audit
from indexer.engines import open_engine
from indexer.sync import drain, rebuild
from kb.config import Config
from kb.question import Query
from kb.search import Engine, IndexDamaged
from tests.contracts.stores import apply, draft, sqlite
from tests.documents import PUBLIC


def test_an_index_that_cannot_be_compared_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sqlite(tmp_path) as store:
        apply(store, draft("a", title="無法登入系統"))
        engine = open_engine(Config(home=tmp_path))
        rebuild(store, engine)
        generation = engine.status().generation
        store.take_notes("another")

        def damaged() -> None:
            raise IndexDamaged("its columns are gone")

        with monkeypatch.context() as patched:
            patched.setattr(engine, "_contents", damaged)
            assert drain(store, engine).articles == 1
        assert engine.status().generation != generation and audit(store, engine).clean
        assert not store.has_missed("whoosh")
        engine.close()


def found(engine: Engine, asked: str) -> int:
    return engine.search(Query(asked), PUBLIC).total


def test_what_the_index_of_another_engine_learnt_is_brought_over(tmp_path: Path) -> None:
    config = Config(home=tmp_path)
    with sqlite(tmp_path) as store:
        apply(store, draft("a", title="無法登入系統"))
        before, after = open_engine(config, "whoosh"), open_engine(config, "tantivy")
        rebuild(store, before)
        rebuild(store, after, serving=False)
        apply(store, draft("b", title="磁碟已滿"))
        drain(store, before)
        assert (found(before, "磁碟"), found(after, "磁碟")) == (1, 0)
        assert store.waiting() == 0 and store.has_missed("tantivy") and not store.has_missed("whoosh")
        assert drain(store, after).articles == 1
        assert found(after, "磁碟") == 1 and audit(store, after).clean
        assert not store.has_missed("tantivy"), "and so is not compared again"
        assert drain(store, after).articles == 0
        apply(store, draft("c", title="列印逾時"))
        drain(store, after)
        assert drain(store, before).articles == 1, "back again"
        assert found(before, "列印") == 1 and audit(store, before).clean
        for engine in (before, after):
            engine.close()
