"""The vocabulary: shipped and one's own, read again when it changes, never a reason to stop."""

from __future__ import annotations

import gc
import os
import weakref
from pathlib import Path

import pytest

from indexer.analysis import Analysis
from indexer.engines.whoosh import WhooshEngine
from indexer.folding import fold
from indexer.planning import plan
from indexer.vocabulary import COLUMNS, Vocabularies, Vocabulary, VocabularyError, own_rows, parse_terms, shipped_rows
from indexer.weights import Weights
from kb.query import parse
from kb.question import Query
from tests.documents import PUBLIC, document, put


def test_the_shipped_terms_are_well_formed() -> None:
    rows = shipped_rows()
    assert len(rows) >= 1_000
    assert len(set(rows)) == len(rows)  # a concept given twice counts as two, each the less certain
    for row in rows:
        assert len(row) == len(COLUMNS) and all(term == term.strip() for column in row for term in column)
        assert sum(map(len, row)) >= 2, row
        assert all(fold(term) for column in row for term in column)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("記憶體不足", 1),
        ("内存不足", 1),
        ("out of memory", 1),
        ("伺服器", 2),
        ("server", 2),
        ("ERROR_REPORTING_MEMORY", 0),
    ],
)
def test_a_term_finds_what_it_is_called_elsewhere(tmp_path: Path, asked: str, found: int) -> None:
    engine = WhooshEngine(tmp_path / "index", Analysis(), Weights())
    put(
        engine,
        [
            document(1, "内存不足", "应用程序停止", lang="zh-Hans"),
            document(2, "服务器", "端口被占用", lang="zh-Hans"),
            document(3, "印表機卡紙", "請清除紙張"),
        ],
    )
    hits = [hit.article for hit in engine.search(Query(asked), PUBLIC).hits]
    assert hits[:1] == ([found] if found else [])
    engine.close()


def test_a_file_of_ones_own_is_read_again_when_it_changes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    terms = tmp_path / "terms.tsv"
    engine = WhooshEngine(tmp_path / "index", Analysis(), Weights(), Vocabularies(terms))
    put(engine, [document(1, "Quokka restarts", "…", lang="en"), document(2, "印表機卡紙")])

    def found() -> list[int]:
        return [hit.article for hit in engine.search(Query("短尾矮袋鼠"), PUBLIC).hits]

    assert found() == []
    assert f"{terms}: no file" in caplog.text
    terms.write_text("# animals\n短尾矮袋鼠\t短尾矮袋鼠\tquokka\n", "utf-8")
    assert found() == [1]
    terms.write_text("one column only\n", "utf-8")
    os.utime(terms, (0, 0))
    assert found() == [1], "a malformed file changes nothing"
    terms.unlink()
    assert found() == []
    engine.close()


def test_what_is_wrong_in_a_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(VocabularyError, match=r"x:2: 2 columns; 3 are needed"):
        list(parse_terms("a\tb\tc\nd\te\n", "x"))
    path = tmp_path / "terms.tsv"
    path.write_bytes("伺服器".encode("big5"))
    with pytest.raises(VocabularyError, match="not UTF-8"):
        own_rows(path)


def test_a_term_said_a_thousand_times_is_looked_up_once() -> None:
    vocabulary = Vocabularies().current()
    once, often = (plan(parse(text), vocabulary) for text in ("登入失敗", "登入失敗" * 1_000))
    assert len(once.rewordings) == len(often.rewordings) > 0


def test_a_vocabulary_that_was_replaced_is_kept_by_nothing() -> None:
    rows = ((("儲存格",), ("单元格",), ("cell",)),)
    first, second = Vocabulary(rows), Vocabulary(rows)
    assert first.analysis is second.analysis
    assert plan(parse("儲存格"), first).units and first.cut("单元格")
    gone = weakref.ref(first)
    del first
    gc.collect()
    assert gone() is None
