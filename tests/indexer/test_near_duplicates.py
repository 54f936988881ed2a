"""A dry run names what is nearly the same, of the batch and of the base, and translations that are not there."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

from kb.likeness import ALIKE, alike, sketch
from kb.reports import Entry, csv_rows
from kb.store import Store
from tests.documents import scope
from tests.indexer.conftest import Bring

WORDS = "伺服器 登入 無法 重新 啟動 設定 檔案 資料庫 連線 逾時 錯誤 記憶體 license server 使用者 權限 目錄 索引".split()


def text(seed: int, length: int = 120) -> str:
    chance = random.Random(seed)
    return "，".join(chance.choice(WORDS) + str(chance.randrange(100)) for _ in range(length))


def lines(*rows: dict[str, Any]) -> str:
    usual = {"lang": "zh-Hant", "product": "windchill", "grants": ["public"]}
    return "".join(json.dumps({"title": f"第 {each['id']} 篇", **usual, **each}) + "\n" for each in rows)


def told(entries: list[Entry], code: str) -> dict[str, list[str]]:
    found = {each.id: [p.values["value"] for _, p in each.problems if p.code == code] for each in entries}
    return {id_: values for id_, values in found.items() if values}


def test_the_share_of_a_text_that_is_the_same_is_told_within_a_few_percent() -> None:
    whole = [f"{n:05}" + text(n, 3) for n in range(200)]
    first = sketch(whole)
    for kept in (200, 180, 160, 100, 0):
        other = sketch([*whole[:kept], *(f"x{n}" + text(n + 999, 3) for n in range(200 - kept))])
        share = kept / (400 - kept)
        pairs = list(alike([first, other], 1))
        if share >= ALIKE + 0.1:
            assert len(pairs) == 1 and abs(pairs[0].share - share) < 0.15, kept
        elif share <= ALIKE - 0.2:
            assert not pairs, kept
    assert sketch(["short"]) == b""


def test_a_hundred_copies_are_all_told() -> None:
    same = sketch([text(1)])
    assert {one for pair in alike([same] * 100, 100) for one in (pair.one, pair.other)} == set(range(100))


def test_near_duplicates_of_batch_and_base_are_named(bring: Bring, store: Store, tmp_path: Path) -> None:
    base, faq = tmp_path / "base.jsonl", tmp_path / "faq.jsonl"
    base.write_text(
        lines(
            {"id": "old", "body_markdown": text(1)},
            {"id": "secret", "body_markdown": text(2), "grants": ["windchill:gold"]},
            {"id": "part", "body_markdown": text(3), "sections": [{"markdown": "x", "grants": ["staff"]}]},
        )
    )
    bring(base)
    faq.write_text(
        lines(
            {"id": "copy", "body_markdown": text(1) + "，結尾不同"}, {"id": "other", "body_markdown": text(4)},
            {"id": "twin", "body_markdown": text(4) + "。"}, {"id": "alone", "body_markdown": text(5)},
            {"id": "secret", "body_markdown": text(2)}, {"id": "part", "body_markdown": text(3)},
        )
    )  # fmt: skip
    before = store.checksum()
    report = bring(faq, dry_run=True, scope=scope("public"))
    assert told(report.entries, "near_duplicate") == {"copy": ["KB000001"], "other": ["twin"], "twin": ["other"]}
    assert report.to_look_at == 3 and {each.problem.code for each in report.remarks} == {"near_duplicate_rows"}
    whole = bring(faq, dry_run=True)
    assert told(whole.entries, "near_duplicate")["secret"] == ["KB000002"]
    assert "第 old 篇" in "".join(csv_rows(report.entries, "zh-Hant")) and store.checksum() == before
    bring(faq)
    assert not told(bring(faq, dry_run=True).entries, "near_duplicate")
    # A changed one is not a duplicate of itself as it was.
    faq.write_text(lines({"id": "alone", "body_markdown": text(5) + "，更新"}))
    assert not bring(faq, dry_run=True).to_look_at


def test_articles_of_before_there_were_sketches_are_compared_too(bring: Bring, store: Store, tmp_path: Path) -> None:
    base, faq = tmp_path / "base.jsonl", tmp_path / "faq.jsonl"
    base.write_text(lines({"id": "old", "body_markdown": text(1)}))
    bring(base)
    with store.writing() as connection:
        connection.exec_driver_sql("UPDATE article SET sketch = NULL")
    faq.write_text(lines({"id": "copy", "body_markdown": text(1)}))
    assert told(bring(faq, dry_run=True).entries, "near_duplicate") == {"copy": ["KB000001"]}


def test_missing_translations_are_told_where_there_are_others(bring: Bring, tmp_path: Path) -> None:
    faq = tmp_path / "faq.jsonl"
    faq.write_text(
        lines(
            {"id": "a.zh", "group": "a", "body_markdown": text(1)},
            {"id": "a.en", "group": "a", "lang": "en", "body_markdown": text(2)},
            {"id": "b.zh", "group": "b", "body_markdown": text(3)},
            {"id": "c", "lang": "en", "body_markdown": text(4)},
        )
    )
    assert told(bring(faq, dry_run=True).entries, "translation_missing") == {"b.zh": ["en"], "c": ["zh-Hant"]}
    bring(faq)
    faq.write_text(lines({"id": "b.en", "group": "b", "lang": "en", "body_markdown": text(5)}))
    assert not told(bring(faq, dry_run=True).entries, "translation_missing")
    only = tmp_path / "one.jsonl"
    only.write_text(lines({"id": "x", "body_markdown": text(6)}))
    assert not bring(only, dry_run=True).to_look_at


def test_a_batch_of_many_is_compared_in_seconds() -> None:
    began = time.monotonic()
    sketches = [sketch([text(n, 300)]) for n in range(1_000)]
    assert not list(alike(sketches, len(sketches)))
    assert time.monotonic() - began < 5
