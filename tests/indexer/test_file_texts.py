"""What attachments say is found with their article, by those who may have them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from indexer.audit import audit
from indexer.engines import open_engine
from indexer.folding import fold
from indexer.spelling import spellings
from indexer.sync import drain
from kb.articles import Problem
from kb.config import Config
from kb.entitlements import EVERYONE, Scope
from kb.messages import TEXTS, told
from kb.question import Query
from kb.reports import Report
from kb.search import Engine, FilePassage, Search
from kb.store import Store
from kb.store.file_texts import FILE_PROBLEMS
from tests.documents import scope
from tests.foreign import docx
from tests.indexer.conftest import Bring

PDF = Path(__file__).parents[1] / "data" / "manual.pdf"
GOLD = scope("public", "windchill:gold")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_engine(Config(home=tmp_path / "home"))
    yield opened
    opened.close()


def article(id_: str, body: str = "內文", /, *files: tuple[str, bytes], **others: Any) -> str:
    attachments = [{"name": name, "content_base64": base64.b64encode(data).decode()} for name, data in files]
    row = {"id": id_, "title": f"文章 {id_}", "body_markdown": body, "lang": "zh-Hant", "product": "windchill"}
    return json.dumps({**row, "attachments": attachments, **others}) + "\n"


def found(store: Store, engine: Engine, words: str, viewer: Scope = EVERYONE) -> dict[str, FilePassage | None]:
    search = Search(store, engine, fold, spellings)
    results = search.find(Query(words, today=date(2026, 1, 1)), viewer).results
    return {each.article.external_id: each.file for each in results}


def test_text_of_every_kind_of_file_is_found_and_named(
    bring: Bring, store: Store, engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "faq.jsonl"
    files = {
        "manual.pdf": PDF.read_bytes(),
        "report.docx": docx(),
        "notes.txt": "孔雀石 在記事裡".encode(),
        "server.log": ("2026-01-01 伺服器發生錯誤，請聯絡系統管理員並提供螢石紀錄檔。\n" * 20).encode("cp950"),
    }
    path.write_text(article("all", "# 無", *files.items()) + article("none", "別的文章"), "utf-8")
    assert not bring(path).counts["refused"]
    drain(store, engine)
    for words, name in (
        ("石榴石", "manual.pdf"), ("琥珀配置", "manual.pdf"), ("ORA-55301", "manual.pdf"), ("tourmaline", "manual.pdf"),
        ("CS123456", "report.docx"), ("孔雀石", "notes.txt"), ("螢石紀錄檔", "server.log"),
    ):  # fmt: skip
        results = found(store, engine, words)
        passage = results.pop("all")
        assert passage and passage.name == name and any(marked for _, marked in passage.passage), words
        assert not results
    assert audit(store, engine).clean


def test_what_a_file_says_is_told_to_nobody_who_may_not_have_it(
    bring: Bring, store: Store, engine: Engine, tmp_path: Path
) -> None:
    (tmp_path / "kb" / "files").mkdir(parents=True)
    (tmp_path / "kb" / "files" / "gold.log").write_text("石榴石", "utf-8")
    (tmp_path / "kb" / "files" / "all.log").write_text("孔雀石", "utf-8")
    (tmp_path / "kb" / "a.zh-Hant.md").write_text(
        "---\ntitle: 文章\nproduct: windchill\ngrants: [public]\nattachments: [files/all.log]\n---\n內文\n\n"
        ":::grants windchill:gold\n給金級 [紀錄](files/gold.log)\n:::\n",
        "utf-8",
    )
    bring(tmp_path / "kb")
    drain(store, engine)
    for words, everyone, gold in (("石榴石", 0, 1), ("孔雀石", 1, 1)):
        assert [len(found(store, engine, words, each)) for each in (EVERYONE, GOLD)] == [everyone, gold], words
    assert not store.file_texts(store.article_ids(), scope("creo:gold"))
    assert [each.name for each in store.file_texts(store.article_ids(), EVERYONE)[1]] == ["all.log"]


def test_what_cannot_be_read_is_kept_with_the_reason_and_costs_nothing_else(
    bring: Bring, store: Store, engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "faq.jsonl"
    bad = [
        ("broken.pdf", b"%PDF-1.7\nnothing"), ("broken.docx", b"PK\x03\x04 nothing"),
        ("bytes.log", bytes(range(128, 256)) * 9),
        ("long.txt", b"garnet " * 600_000), ("empty.txt", b" \n"), ("good.txt", b"malachite"),
    ]  # fmt: skip
    path.write_text(article("a", "內文", *bad), "utf-8")
    bring(path)
    drain(store, engine)
    assert store.file_problems(store.article_ids()[0]) == {
        "broken.pdf": "error", "broken.docx": "error", "bytes.log": "encoding",
        "long.txt": "too_long", "empty.txt": "no_text",
    }  # fmt: skip
    assert found(store, engine, "malachite")["a"] == FilePassage("good.txt", (("malachite", True),))
    assert not store.unread_files()


def test_who_brings_a_file_that_cannot_be_read_is_told_which_and_why(
    bring: Bring, store: Store, engine: Engine, tmp_path: Path
) -> None:
    """When it is looked at, and when it is written; the article goes in, and nothing is read out twice."""
    path = tmp_path / "faq.jsonl"
    bad = [("broken.pdf", b"%PDF-1.7\nnothing"), ("bytes.log", bytes(range(128, 256)) * 9), ("good.txt", b"malachite")]
    path.write_text(article("a", "內文", *bad) + article("b", "內文", bad[0], ("empty.txt", b" ")), "utf-8")
    expected = {
        ("file_unread_error", "broken.pdf", 2, 1),
        ("file_unread_encoding", "bytes.log", 1, 1),
        ("file_unread_no_text", "empty.txt", 1, 2),
    }

    def told_of(report: Report) -> set[tuple[str, Any, int, int | None]]:
        return {
            (each.problem.code, each.problem.values["value"], each.count, each.first.line)
            for each in report.remarks
            if each.problem.code.startswith("file_unread")
        }

    assert told_of(bring(path, dry_run=True)) == expected
    assert store.file_text_problems([each.digest for each in store.unread_files()]) == {}
    report = bring(path)
    assert (report.counts["new"], told_of(report)) == (2, expected)
    assert not store.unread_files()
    path.write_text(article("c", "內文", bad[0]), "utf-8")
    assert told_of(bring(path, dry_run=True)) == {("file_unread_error", "broken.pdf", 1, 1)}
    words = told(Problem("file_unread_error", "attachments", {"value": "broken.pdf"}), "zh-Hant")
    assert "broken.pdf 無法讀取" in words
    assert all(f"file_unread_{why}" in TEXTS for why in FILE_PROBLEMS)


def test_a_file_that_is_gone_is_found_no_more(bring: Bring, store: Store, engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "faq.jsonl"
    path.write_text(article("a", "內文", ("a.txt", b"malachite")), "utf-8")
    bring(path)
    path.write_text(article("a", "內文"), "utf-8")
    bring(path)
    drain(store, engine)
    assert not found(store, engine, "malachite")


def test_a_text_of_a_megabyte_is_found_by_its_last_word(
    bring: Bring, store: Store, engine: Engine, tmp_path: Path
) -> None:
    lines = "".join(f"第 {n} 行：伺服器重新啟動，服務正常。\n\n" for n in range(20_000))
    assert len(lines.encode()) > 1_000_000
    path = tmp_path / "faq.jsonl"
    path.write_text(article("long", lines + "最後一個詞是孔雀石") + article("other"), "utf-8")
    assert not bring(path).counts["refused"]
    drain(store, engine)
    assert list(found(store, engine, "孔雀石")) == ["long"]
