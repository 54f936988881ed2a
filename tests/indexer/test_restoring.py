"""A store that was put back from a backup beside an index of another time: the two are compared first."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from indexer import sync
from indexer.audit import audit
from indexer.cli import _code
from indexer.engines import open_engine
from indexer.filling import put
from indexer.sync import drain, rebuild
from kb.config import Config
from kb.entitlements import EVERYONE
from kb.question import Query
from kb.search import Engine
from kb.store import Store
from tests.contracts.stores import apply, draft, sqlite
from tests.documents import PUBLIC

ENGINES = ["whoosh", "tantivy"]


@pytest.fixture(params=ENGINES)
def engine(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    opened = open_engine(Config(home=tmp_path), request.param)
    yield opened
    opened.close()


def copied(one: Path, other: Path) -> None:
    """As `.backup` does."""
    with closing(sqlite3.connect(one)) as source, closing(sqlite3.connect(other)) as target:
        source.backup(target)


def bring(store: Store, engine: Engine, id_: str, title: str) -> None:
    apply(store, draft(id_, title=title), source=id_)
    drain(store, engine)


def found(engine: Engine, asked: str) -> int:
    return engine.search(Query(asked), PUBLIC).total


def put_back(folder: Path, engine: Engine) -> None:
    """An index that knows an article which the store, of an older time, does not."""
    with sqlite(folder) as store:
        bring(store, engine, "a", "無法登入系統")
        copied(folder / "kb.sqlite3", folder / "older")
        bring(store, engine, "b", "磁碟已滿")
    copied(folder / "older", folder / "kb.sqlite3")


def test_an_older_store_and_then_the_newer_one_are_compared(tmp_path: Path, engine: Engine) -> None:
    database, older, newer = (tmp_path / name for name in ("kb.sqlite3", "older", "newer"))
    with sqlite(tmp_path) as store:
        bring(store, engine, "a", "無法登入系統")
        copied(database, older)
        bring(store, engine, "b", "磁碟已滿")
        copied(database, newer)
    copied(older, database)
    with sqlite(tmp_path) as store:
        assert not store.expects(engine.status().mark)
        drain(store, engine)
        assert (found(engine, "登入"), found(engine, "磁碟")) == (1, 0)
        bring(store, engine, "c", "列印逾時")
        assert audit(store, engine).clean
    copied(newer, database)
    with sqlite(tmp_path) as store:
        drain(store, engine)
        assert (found(engine, "登入"), found(engine, "磁碟"), found(engine, "列印")) == (1, 1, 0)
        assert audit(store, engine).clean and store.expects(engine.status().mark)


def test_until_they_are_compared_the_store_says_that_the_index_missed_changes(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_back(tmp_path, engine)
    with sqlite(tmp_path) as store:

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(sync, "audit", killed)
            drain(store, engine)
        assert store.checked([], EVERYONE, engine.name)[1] is None, "the store answers meanwhile"
        drain(store, engine)
        assert not store.has_missed(engine.name) and audit(store, engine).clean


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_drain_that_is_killed_makes_nothing_be_compared(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    with sqlite(tmp_path) as store:
        bring(store, engine, "a", "無法登入系統")
        apply(store, draft("b", title="磁碟已滿"), source="b")
        with pytest.raises(KeyboardInterrupt), store.claimed(10) as notes:
            with sync.marked(store, engine) as writer:
                put(store, writer, [note.article_id for note in notes])
                if moment == "before":
                    raise KeyboardInterrupt
            raise KeyboardInterrupt
        assert store.waiting() and store.expects(engine.status().mark)
        monkeypatch.setattr(sync, "audit", lambda *_: pytest.fail("compared"))
        drain(store, engine)
        assert found(engine, "磁碟") == 1
        assert drain(store, engine).articles == 0
        rebuild(store, engine)
        assert drain(store, engine).articles == 0


def test_a_build_that_fails_does_not_make_it_forgotten(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_back(tmp_path, engine)
    with sqlite(tmp_path) as store:
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):

            def killed(*_: object) -> None:
                raise KeyboardInterrupt

            patched.setattr(sync, "sources", killed)
            rebuild(store, engine)
        assert store.has_missed(engine.name)
        drain(store, engine)
        assert audit(store, engine).clean and not store.has_missed(engine.name)


def test_another_store_beside_the_index_is_noticed(tmp_path: Path, engine: Engine) -> None:
    with sqlite(tmp_path) as store:
        bring(store, engine, "a", "無法登入系統")
    for file in tmp_path.glob("kb.sqlite3*"):
        file.unlink()
    with sqlite(tmp_path) as store:
        bring(store, engine, "z", "磁碟已滿")
        assert (found(engine, "登入"), found(engine, "磁碟")) == (0, 1)


def test_an_index_that_carries_no_mark_yet_is_not_compared(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite(tmp_path) as store:
        apply(store, draft("a", title="無法登入系統"))
        with engine.writer(rebuild=True) as writer:
            put(store, writer, store.article_ids())
        store.done([note.id for note in store.notes(10)])
        store.take_notes(engine.name)
        monkeypatch.setattr(sync, "audit", lambda *_: pytest.fail("compared"))
        assert drain(store, engine).articles == 0
        bring(store, engine, "b", "磁碟已滿")
        assert engine.status().mark and store.expects(engine.status().mark)


def test_status_tells_of_it(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KB_HOME", str(tmp_path))
    monkeypatch.setenv("KB_ENGINE", engine.name)
    with sqlite(tmp_path) as store:
        bring(store, engine, "a", "無法登入系統")
        copied(tmp_path / "kb.sqlite3", tmp_path / "older")
        bring(store, engine, "b", "磁碟已滿")
        assert _code(["status"]) == 0
    copied(tmp_path / "older", tmp_path / "kb.sqlite3")
    capsys.readouterr()
    assert _code(["status"]) == 1
    assert "missed " in capsys.readouterr().out
    assert _code(["sync"]) == 0
    assert _code(["status"]) == 0
