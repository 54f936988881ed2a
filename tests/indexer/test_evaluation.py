"""Judged queries, and the same with words put wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from indexer.evaluation import SetError, garbled, read_set

TEXTS = (
    "the server cannot open the database file readonly mode",
    "伺服器無法開啟資料庫檔案，請聯絡系統管理員處理",
    "short one",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    named = {"articles": ["a.jsonl"], "queries": "q.jsonl", "qrels": "qrels.tsv"}
    (tmp_path / "set.json").write_text(json.dumps(named))
    (tmp_path / "a.jsonl").write_text("")
    (tmp_path / "q.jsonl").write_text(
        "".join(json.dumps({"id": f"q{at}", "text": t}) + "\n" for at, t in enumerate(TEXTS))
    )
    (tmp_path / "qrels.tsv").write_text("q0 0 a 1\n")
    return tmp_path


def test_words_are_put_wrong_the_same_every_time_and_the_rest_stays(folder: Path) -> None:
    judged = read_set(folder)
    once, twice = garbled(judged, 2, "wrong"), garbled(judged, 2, "wrong")
    assert once == twice and [query.id for query in once.queries] == ["q0", "q1"]
    for before, after in zip(judged.queries, once.queries, strict=False):
        assert after.text != before.text
    english = once.queries[0].text.split()
    assert sum(word in english for word in TEXTS[0].split()) >= len(TEXTS[0].split()) - 2


def test_a_set_of_short_queries_alone_is_refused(folder: Path) -> None:
    with pytest.raises(SetError, match="no query has 60 words"):
        garbled(read_set(folder), 20, "wrong")


def test_of_mistyped_words_one_character_is_another(folder: Path) -> None:
    judged = read_set(folder)
    once = garbled(judged, 2, "mistyped")
    assert once == garbled(judged, 2, "mistyped") and [query.id for query in once.queries] == ["q0", "q1"]
    for before, after in zip(judged.queries, once.queries, strict=False):
        assert len(before.text) == len(after.text)
        assert sum(one != other for one, other in zip(before.text, after.text, strict=True)) == 2
