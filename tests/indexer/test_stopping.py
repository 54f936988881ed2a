"""Builds that do not come to their end: nothing is left of them, and who stops them does not wait."""

from __future__ import annotations

import errno
import json
import logging
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer import sync
from indexer.cli import _code
from indexer.engines import open_engine
from indexer.sync import drain, rebuild
from kb.config import Config
from kb.search import Engine
from tests.command import KB, surroundings
from tests.contracts.stores import apply, draft, sqlite
from tests.documents import document, put

ENGINES = ["whoosh", "tantivy"]
LINE = "伺服器 {0} 無法啟動，記錄檔 {0}x{1} 出現 ORA-01017。Restart method server {0} and check port {1}.\n\n"


@pytest.fixture(params=ENGINES)
def engine(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    opened = open_engine(Config(home=tmp_path), request.param)
    yield opened
    opened.close()


def generations(home: Path, name: str) -> list[str]:
    return sorted(path.name for path in (home / "index" / name).glob("gen-*"))


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_nothing_is_left_of_a_build_that_fails(tmp_path: Path, engine: Engine, error: BaseException) -> None:
    put(engine, [document(1, "無法登入")])
    before = generations(tmp_path, engine.name)
    with pytest.raises(type(error)) as raised, engine.writer(rebuild=True) as writer:
        writer.replace(1, [document(1, "無法登入")])
        raise error
    assert generations(tmp_path, engine.name) == before
    if isinstance(error, OSError):
        assert str(tmp_path / "index" / engine.name) in str(raised.value), "it says where there is no room"


def test_what_a_killed_build_left_goes_with_the_next_drain(tmp_path: Path, engine: Engine) -> None:
    with sqlite(tmp_path) as store:
        apply(store, draft("a", title="無法登入系統"))
        rebuild(store, engine)
        (tmp_path / "index" / engine.name / "gen-000009").mkdir()
        assert drain(store, engine).articles == 0
        assert generations(tmp_path, engine.name) == ["gen-000001"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Of so many articles, each in words of its own, that a build takes far longer than one is waited for."""
    where, rows = tmp_path / "home", tmp_path / "many.jsonl"
    row = {"lang": "zh-Hant", "product": "creo", "grants": ["public"]}
    many = ({"id": f"a{at}", "title": f"第 {at} 篇", "body_markdown": _text(at)} for at in range(6_000))
    rows.write_text("".join(json.dumps(row | each) + "\n" for each in many), "utf-8")
    for words in (["init"], ["import", str(rows), "--new-products"]):
        subprocess.run([*KB, *words], env=surroundings(where), check=True, stdout=subprocess.DEVNULL)
    return where


def _text(article: int) -> str:
    return "".join(LINE.format(article, line) for line in range(40))


@pytest.mark.slow
@pytest.mark.parametrize("words", [["sync", "--follow"], ["build"]])
def test_told_to_end_in_the_midst_of_a_build_it_ends_and_leaves_nothing(home: Path, words: list[str]) -> None:
    process = subprocess.Popen([*KB, *words], env=surroundings(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not generations(home, "whoosh"):
        time.sleep(0.05)
    time.sleep(1)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert time.monotonic() - began < 4
    assert process.returncode == (0 if "--follow" in words else 1)
    assert b"Traceback" not in said
    assert not generations(home, "whoosh")


def test_it_says_that_the_index_is_made_anew_and_why_and_how_far_it_is(
    tmp_path: Path, engine: Engine, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, "indexer")
    monkeypatch.setattr(sync, "TOLD_EVERY", 0.0)
    with sqlite(tmp_path) as store:
        apply(store, *(draft(f"a{at}", title="無法登入系統") for at in range(120)))
        drain(store, engine)
        monkeypatch.setattr(engine, "_fingerprint", lambda: "of tomorrow")
        drain(store, engine, sync._telling())
    assert "the index is made anew: it was written by other rules than today's" in caplog.messages
    assert "indexed 100 of 120 articles so far" in caplog.messages


def test_status_says_that_it_is_being_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KB_HOME", str(tmp_path))
    with sqlite(tmp_path) as store:
        apply(store, draft("a", title="無法登入系統"))
        engine = open_engine(Config(home=tmp_path))
        rebuild(store, engine)
        stamp = next((tmp_path / "index/whoosh").glob("gen-*/stamp.json"))
        stamp.write_text('{"fingerprint": "of yesterday"}', "utf-8")
        next(stamp.parent.glob("seal.json")).unlink()
        assert _code(["status"]) == 1
        assert "other rules than today's: kb build" in capsys.readouterr().out
        with store.alone():
            _code(["status"])
        assert "other rules than today's: it is being made anew now" in capsys.readouterr().out
        engine.close()


def test_damage_is_logged_once_and_in_a_sentence(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with sqlite(tmp_path) as store:
        apply(store, draft("a", title="無法登入系統"))
        engine = open_engine(Config(home=tmp_path))
        rebuild(store, engine)
        os.truncate(next((tmp_path / "index/whoosh").glob("gen-*/*.trm")), 10)
        engine.close()
        for _ in range(5):
            assert "damaged" in str(_failed(engine))
        told = [record for record in caplog.records if record.name.startswith("indexer")]
        assert len(told) == 1 and not told[0].exc_info
        engine.close()


def _failed(engine: Engine) -> Exception | None:
    try:
        engine.status()
    except Exception as error:
        return error
    return None
