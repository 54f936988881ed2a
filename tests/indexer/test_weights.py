"""Weights of one's own: whatever counts for nothing, searches are answered."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from indexer.analysis import Analysis
from indexer.engines.whoosh import WhooshEngine
from indexer.weights import Weights
from kb.question import Query
from tests.documents import PUBLIC, document, put


@pytest.mark.parametrize("name", [each.name for each in fields(Weights) if isinstance(each.default, float)])
def test_whatever_counts_for_nothing_searches_are_answered(tmp_path: Path, name: str) -> None:
    file = tmp_path / "weights.toml"
    file.write_text(f"{name} = 0\n", "utf-8")
    engine = WhooshEngine(tmp_path / "index", Analysis(), Weights.read(file))
    put(engine, [document(1, "授權", "ORA-01017: 登入失敗"), document(2, "登入", "登入失敗時請看授權。")])
    found = engine.search(Query("登入失敗 ORA-01017", explain=True), PUBLIC).hits
    assert [hit.article for hit in found][:1] == [1]
    assert found[0].score == pytest.approx(sum(found[0].parts.values()), rel=1e-4)
    engine.close()
