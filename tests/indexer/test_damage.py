"""An index that somebody damaged: the store answers meanwhile, what is wrong is said, and the next sync mends it."""

from __future__ import annotations

import errno
import gc
import os
import resource
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
from tests.documents import PUBLIC, document, put

Damage = Callable[[Path], None]


def _put(pattern: str, octets: bytes) -> Damage:
    def damage(folder: Path) -> None:
        for file in folder.glob(pattern):
            file.write_bytes(octets)

    return damage


def _halved(pattern: str) -> Damage:
    def damage(folder: Path) -> None:
        for file in folder.glob(pattern):
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])

    return damage


def _removed(pattern: str) -> Damage:
    def damage(folder: Path) -> None:
        for file in folder.glob(pattern):
            file.unlink()

    return damage


STAMPS = [
    _put("gen-*/stamp.json", b"\0" * 40),
    _put("gen-*/stamp.json", b"[]"),
    _put("gen-*/stamp.json", b"{}"),
    _removed("gen-*/stamp.json"),
]
DAMAGE = {
    "whoosh": [
        *STAMPS,
        _put("gen-*/*.trm", b"\0" * 4000),
        _put("gen-*/*.toc", b"\0" * 400),
        _halved("gen-*/*.trm"),
        _removed("gen-*/*.trm"),
    ],
    "tantivy": [
        *STAMPS,
        _put("gen-*/meta.json", b"{}"),
        _put("gen-*/meta.json", b"\0" * 400),
        _halved("gen-*/meta.json"),
        _put("gen-*/*.term", b"\0" * 4000),
        _removed("gen-*/*.term"),
    ],
}
# Without these there is no index: nobody can tell that there ever was one.
WHOLE = {"whoosh": "gen-*/*.toc", "tantivy": "gen-*/meta.json"}


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
        assert (found.plain, found.total) == (True, 1)
        for ask in (lambda: engine.search(Query("登入"), PUBLIC), engine.status, engine.contents):
            with pytest.raises(IndexDamaged, match="kb build"):
                ask()
        assert audit(store, engine).damaged
        drain(store, engine)
        again = Search(store, engine, fold, spellings).find(Query("登入"), PUBLIC)
        assert (again.plain, again.total) == (False, 1)
        engine.close()


@pytest.mark.parametrize("engine_name", WHOLE)
def test_an_index_without_its_table_of_contents_is_none_and_is_made(tmp_path: Path, engine_name: str) -> None:
    with sqlite(tmp_path) as store:
        apply(store, draft("a", title="無法登入系統"))
        engine = open_engine(Config(home=tmp_path), engine_name)
        rebuild(store, engine)
        _removed(WHOLE[engine_name])(tmp_path / "index" / engine_name)
        with pytest.raises(EngineDown, match="there is no index") as raised:
            engine.search(Query("登入"), PUBLIC)
        assert not isinstance(raised.value, IndexDamaged)
        assert (engine.status().generation, dict(engine.contents())) == ("", {})
        drain(store, engine)
        assert engine.search(Query("登入"), PUBLIC).total == 1
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


@contextmanager
def limited(kind: int, most: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(kind, (soft, hard))


# Whoosh leaves open what it could not write to: closed when nothing refers to it any more.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("engine_name", DAMAGE)
def test_what_the_machine_does_not_take_leaves_the_index_and_the_next_writer_at_work(
    tmp_path: Path, engine_name: str
) -> None:
    engine = open_engine(Config(home=tmp_path), engine_name)
    put(engine, [document(1, "無法登入")])
    with limited(resource.RLIMIT_FSIZE, 2_000), pytest.raises((OSError, ValueError), match="too large") as held:
        put(engine, [document(1, "磁碟已滿"), document(2, "磁碟已滿", " ".join(f"zq{at}x" for at in range(5_000)))])
    put(engine, [document(3, "授權過期")])
    assert {at for at in (1, 2, 3) if at in engine.contents()} == {1, 3}
    assert engine.search(Query("磁碟"), PUBLIC).total == 0
    assert "too large" in str(held.value), "whoever keeps the error keeps nobody from writing"
    engine.close()
    del held
    gc.collect()


# The files open already, and as many more as let it begin to read, or not even that.
@pytest.mark.parametrize("more", [0, 1])
@pytest.mark.parametrize("engine_name", DAMAGE)
def test_trouble_of_the_machine_that_passes_is_no_damage(tmp_path: Path, engine_name: str, more: int) -> None:
    config = Config(home=tmp_path)
    with sqlite(tmp_path) as store:
        apply(store, draft("a", title="無法登入系統"))
        engine = open_engine(config, engine_name)
        rebuild(store, engine)
        engine.close()
        engine = open_engine(config, engine_name)
        with limited(resource.RLIMIT_NOFILE, _lowest_free() + more), pytest.raises(EngineDown) as raised:
            engine.search(Query("登入"), PUBLIC)
        assert not isinstance(raised.value, IndexDamaged)
        assert "Too many open files" in str(raised.value)
        assert engine.search(Query("登入"), PUBLIC).total == 1
        engine.close()


def _lowest_free() -> int:
    descriptor = os.open(os.devnull, os.O_RDONLY)
    os.close(descriptor)
    return descriptor


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
        assert len(looked) == 3, "before, meanwhile and after"
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
