"""An index that is damaged while processes have it open: whoever reads it knows, and the follower mends it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from indexer import embedded
from indexer.audit import audit
from indexer.engines import open_engine
from indexer.sealing import SEAL
from indexer.sync import drain, follow, rebuild
from kb.config import Config
from kb.question import Query
from kb.search import Engine, IndexDamaged
from kb.store import Store
from tests.contracts.stores import apply, draft, sqlite
from tests.documents import PUBLIC, document

POSTINGS = {"whoosh": "gen-*/*.pst", "tantivy": "gen-*/*.idx"}
TERMS = {"whoosh": "gen-*/*.trm", "tantivy": "gen-*/*.term"}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are looked at with every search."""
    monkeypatch.setattr(embedded, "LOOKED_AT", 0.0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with sqlite(tmp_path) as opened:
        apply(opened, *(draft(f"a{at}", title=f"無法登入系統 word{at}") for at in range(20)))
        yield opened


@contextmanager
def opened(home: Path, name: str) -> Iterator[Engine]:
    engine = open_engine(Config(home=home), name)
    try:
        yield engine
    finally:
        engine.close()


def zeroed(home: Path, name: str, pattern: str) -> None:
    """In place, as a disk or a hand would."""
    for file in (home / "index" / name).glob(pattern):
        with file.open("r+b") as to:
            to.write(bytes(file.stat().st_size))


def removed(home: Path, name: str, pattern: str) -> None:
    for file in (home / "index" / name).glob(pattern):
        file.unlink()


def rotten(home: Path, name: str, pattern: str) -> None:
    """Other octets, and nothing tells that anybody wrote them."""
    for file in (home / "index" / name).glob(pattern):
        before = file.stat()
        zeroed(home, name, f"gen-*/{file.name}")
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("engine_name", TERMS)
@pytest.mark.parametrize("damage", [removed, zeroed])
@pytest.mark.parametrize("patterns", [TERMS, POSTINGS])
def test_readers_do_not_answer_from_it_and_the_next_drain_mends_it(
    tmp_path: Path, store: Store, engine_name: str, damage: object, patterns: dict[str, str]
) -> None:
    with opened(tmp_path, engine_name) as reader, opened(tmp_path, engine_name) as writer:
        rebuild(store, writer)
        assert reader.search(Query("登入"), PUBLIC).total == 20
        damage(tmp_path, engine_name, patterns[engine_name])  # type: ignore[operator]
        for ask in (lambda: reader.search(Query("word7"), PUBLIC), reader.status, reader.contents, writer.status):
            with pytest.raises(IndexDamaged, match="kb build"):
                ask()
        apply(store, draft("new", title="磁碟已滿"))
        drain(store, writer)
        assert reader.search(Query("word7"), PUBLIC).total == 1 and reader.search(Query("磁碟"), PUBLIC).total == 1
        assert audit(store, writer).clean


@pytest.mark.parametrize("engine_name", TERMS)
def test_a_process_that_opens_it_later_knows_too(tmp_path: Path, store: Store, engine_name: str) -> None:
    with opened(tmp_path, engine_name) as engine:
        rebuild(store, engine)
    zeroed(tmp_path, engine_name, POSTINGS[engine_name])
    with opened(tmp_path, engine_name) as engine, pytest.raises(IndexDamaged):
        engine.search(Query("登入"), PUBLIC)


@pytest.mark.parametrize("engine_name", TERMS)
def test_what_left_no_trace_is_found_by_the_audit_and_then_by_all(
    tmp_path: Path, store: Store, engine_name: str
) -> None:
    with opened(tmp_path, engine_name) as engine, opened(tmp_path, engine_name) as auditor:
        rebuild(store, engine)
        rotten(tmp_path, engine_name, POSTINGS[engine_name])
        engine.status()
        assert audit(store, auditor).damaged
        with pytest.raises(IndexDamaged):
            engine.status()


@pytest.mark.parametrize("engine_name", TERMS)
def test_what_left_no_trace_and_cannot_be_read_is_known_to_all_after_one_has_failed(
    tmp_path: Path, store: Store, engine_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path, engine_name) as reader, opened(tmp_path, engine_name) as writer:
        rebuild(store, writer)
        reader.status()
        rotten(tmp_path, engine_name, POSTINGS[engine_name])

        def broken() -> None:
            raise ValueError("no such block")

        with monkeypatch.context() as patched:
            patched.setattr(reader, "_serving", broken)
            with pytest.raises(IndexDamaged):
                reader.search(Query("登入"), PUBLIC)
        assert drain(store, writer).articles == 20
        assert audit(store, writer).clean


def test_a_batch_does_not_take_what_was_damaged_for_what_it_was(tmp_path: Path, store: Store) -> None:
    with opened(tmp_path, "whoosh") as engine:
        rebuild(store, engine)
        with engine.writer() as writer:
            zeroed(tmp_path, "whoosh", "gen-*/*.body.col")
            writer.replace(1_000, [document(1_000, "磁碟已滿")])
        with pytest.raises(IndexDamaged):
            engine.status()


@pytest.mark.parametrize("engine_name", TERMS)
def test_a_copy_with_times_of_its_own_is_whole(tmp_path: Path, store: Store, engine_name: str) -> None:
    with opened(tmp_path, engine_name) as engine:
        rebuild(store, engine)
        generation = engine.status().documents
        for file in (tmp_path / "index" / engine_name).glob("gen-*/*"):
            os.utime(file)
        assert engine.search(Query("登入"), PUBLIC).total == generation
    with opened(tmp_path, engine_name) as engine:
        assert engine.search(Query("登入"), PUBLIC).total == generation
        assert drain(store, engine).articles == 0


@pytest.mark.parametrize("engine_name", TERMS)
def test_an_index_that_nothing_is_known_of_is_mended_where_it_cannot_be_written(
    tmp_path: Path, store: Store, engine_name: str
) -> None:
    with opened(tmp_path, engine_name) as engine:
        rebuild(store, engine)
        removed(tmp_path, engine_name, f"gen-*/{SEAL}")
    with opened(tmp_path, engine_name) as engine:
        engine.status()
        removed(tmp_path, engine_name, TERMS[engine_name])
        apply(store, draft("a7", title="磁碟已滿"))
        stop = Event()
        following = Thread(target=follow, args=(store, engine, stop))
        following.start()
        until = time.monotonic() + 20
        while store.waiting() and time.monotonic() < until:
            stop.wait(0.1)
        stop.set()
        following.join(30)
        assert audit(store, engine).clean


@pytest.mark.parametrize("engine_name", TERMS)
def test_batch_after_batch_is_read_while_it_is_written(tmp_path: Path, store: Store, engine_name: str) -> None:
    over, wrong = Event(), []

    def read() -> None:
        with opened(tmp_path, engine_name) as reader:
            while not over.is_set():
                try:
                    assert reader.search(Query("登入"), PUBLIC).total == 20
                except Exception as error:
                    wrong.append(error)

    with opened(tmp_path, engine_name) as writer:
        rebuild(store, writer)
        reading = Thread(target=read)
        reading.start()
        for turn in range(25):
            apply(store, *(draft(f"b{at}", title=f"磁碟 {turn}") for at in range(turn % 7 + 1)))
            rebuild(store, writer) if turn == 12 else drain(store, writer)
        over.set()
        reading.join()
        assert not wrong
