"""An index that somebody damaged: the store answers meanwhile, what is wrong is said, and the next sync mends it."""

from __future__ import annotations

import errno
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest

from indexer.audit import audit
from indexer.engines import open_engine
from indexer.folding import fold
from indexer.spelling import spellings
from indexer.sync import drain, follow, rebuild
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


@contextmanager
def open_files(most: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("engine_name", DAMAGE)
def test_trouble_of_the_machine_that_passes_is_no_damage(tmp_path: Path, engine_name: str) -> None:
    config = Config(home=tmp_path)
    with sqlite(tmp_path) as store:
        apply(store, draft("a", title="無法登入系統"))
        engine = open_engine(config, engine_name)
        rebuild(store, engine)
        engine.close()
        engine = open_engine(config, engine_name)
        with open_files(3), pytest.raises(EngineDown) as raised:
            engine.search(Query("登入"), PUBLIC)
        assert not isinstance(raised.value, IndexDamaged)
        assert "Too many open files" in str(raised.value)
        assert engine.search(Query("登入"), PUBLIC).total == 1
        engine.close()


@pytest.mark.parametrize("trouble", [OSError(errno.EMFILE, "Too many open files"), MemoryError()])
def test_passing_trouble_makes_no_index_anew(
    tmp_path: Path, trouble: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite(tmp_path) as store:
        apply(store, draft("a", title="無法登入系統"))
        engine = open_engine(Config(home=tmp_path))
        rebuild(store, engine)
        generation = engine.status().generation

        def troubled() -> None:
            raise trouble

        with monkeypatch.context() as patched:
            patched.setattr(engine, "_status", troubled)
            with pytest.raises(EngineDown):
                drain(store, engine)
        assert engine.status().generation == generation
        engine.close()


def test_what_is_damaged_even_when_made_anew_is_not_made_anew_over_and_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite(tmp_path) as store:
        apply(store, draft("a", title="無法登入系統"))
        engine = open_engine(Config(home=tmp_path))
        looked = []

        def damaged() -> None:
            looked.append(1)
            raise IndexDamaged("by a mistake of ours")

        monkeypatch.setattr(engine, "_status", damaged)
        stop = Event()
        following = Thread(target=follow, args=(store, engine, stop))
        following.start()
        stop.wait(3)
        stop.set()
        following.join(30)
        assert not following.is_alive()
        assert len(looked) == 2, "before and after"
        assert [path.name for path in (tmp_path / "index/whoosh").glob("gen-*")] == ["gen-000001"]
        engine.close()


def test_an_index_of_articles_that_nobody_reads_is_not_made_anew_each_time(tmp_path: Path) -> None:
    with sqlite(tmp_path) as store:
        apply(store, replace(draft("a", title="無法登入系統"), confidence="archived"))
        engine = open_engine(Config(home=tmp_path))
        drain(store, engine)
        generation = engine.status().generation
        assert drain(store, engine).articles == 0
        assert engine.status().generation == generation
        engine.close()
