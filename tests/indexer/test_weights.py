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


def test_a_message_with_words_wrong_is_found_beyond_those_that_are_looked_at(tmp_path: Path) -> None:
    engine = WhooshEngine(tmp_path / "index", Analysis(), Weights(look=1))
    message = "Login attempt by tenant from remote network was delayed"
    put(
        engine,
        [
            document(1, "Logs", f"{'nothing of this is about it' * 40}\n{message}, gateway failed\n"),
            document(2, "Granite quartz", "granite quartz. delayed. network. remote. login."),
            document(3, "Login", "login"),
        ],
    )
    found = engine.search(Query(f"{message}, granite quartz", explain=True), PUBLIC).hits
    assert [hit.article for hit in found][:2] == [1, 2] and found[0].parts["nearly"] > 0
    engine.close()
