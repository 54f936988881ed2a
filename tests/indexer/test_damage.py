"""An index that somebody damaged: the store answers meanwhile, what is wrong is said, and the next sync mends it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.audit import audit
from indexer.engines import open_engine
from indexer.folding import fold
from indexer.spelling import spellings
from indexer.sync import drain, rebuild
from kb.config import Config
from kb.question import Query
from kb.search import EngineDown, IndexDamaged, Search
from tests.contracts.stores import apply, draft, sqlite
from tests.documents import PUBLIC

Damage = Callable[[Path], None]


def _put(pattern: str, octets: bytes) -> Damage:
    def damage(folder: Path) -> None:
        for file in folder.glob(pattern):
            file.write_bytes(octets)

    return damage


def _halved(folder: Path) -> None:
    for file in folder.glob("gen-*/*.trm"):
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


DAMAGE = {
    "whoosh": [
        _put("gen-*/stamp.json", b"\0" * 40),
        _put("gen-*/stamp.json", b"[]"),
        _put("gen-*/stamp.json", b"{}"),
        _put("gen-*/*.trm", b"\0" * 4000),
        _put("gen-*/*.toc", b"\0" * 400),
        _halved,
    ],
    "tantivy": [_put("gen-*/stamp.json", b"{}"), _put("gen-*/meta.json", b"{}"), _put("gen-*/meta.json", b"\0" * 400)],
}


@pytest.mark.parametrize(
    ("engine_name", "damage"), [(name, each) for name, damages in DAMAGE.items() for each in damages]
)
def test_a_damaged_index_is_told_and_made_anew(tmp_path: Path, engine_name: str, damage: Damage) -> None:
    config = Config(home=tmp_path)
    with sqlite(tmp_path) as store:
        apply(store, draft("a", title="無法登入系統"))
        whole = open_engine(config, engine_name)
        rebuild(store, whole)
        whole.close()
        damage(tmp_path / "index" / engine_name)
        engine = open_engine(config, engine_name)
        found = Search(store, engine, fold, spellings).find(Query("登入"), PUBLIC)
        assert found.total == 1
        if found.plain:
            with pytest.raises(EngineDown, match="kb build"):
                engine.search(Query("登入"), PUBLIC)
        try:
            engine.status()
        except IndexDamaged as error:
            assert "kb build" in str(error)
            assert audit(store, engine).damaged
        drain(store, engine)
        again = Search(store, engine, fold, spellings).find(Query("登入"), PUBLIC)
        assert (again.plain, again.total) == (False, 1)
        engine.close()


def test_a_pointer_that_nobody_can_read_points_nowhere(tmp_path: Path) -> None:
    config = Config(home=tmp_path)
    with sqlite(tmp_path) as store:
        apply(store, draft("a", title="無法登入系統"))
        engine = open_engine(config)
        rebuild(store, engine)
        (tmp_path / "index/whoosh/CURRENT").write_bytes("產生".encode())
        assert Search(store, engine, fold, spellings).find(Query("登入"), PUBLIC).plain
        drain(store, engine)
        assert not Search(store, engine, fold, spellings).find(Query("登入"), PUBLIC).plain
        engine.close()


def test_an_index_that_was_removed_is_not_taken_for_the_one_made_after_it(tmp_path: Path) -> None:
    config = Config(home=tmp_path)
    with sqlite(tmp_path) as store:
        apply(store, draft("a", title="無法登入系統"))
        reader, writer = open_engine(config), open_engine(config)
        rebuild(store, writer)
        assert reader.search(Query("登入"), PUBLIC).total == 1
        apply(store, draft("b", title="登入逾時"))
        shutil.rmtree(tmp_path / "index")
        rebuild(store, writer)
        assert reader.status().generation == writer.status().generation
        assert reader.search(Query("登入"), PUBLIC).total == 2
        for engine in (reader, writer):
            engine.close()
