"""Codes: each form is found first as it stands in the article, as people type it from memory, and by a part of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kb.question import Query
from kb.search import Engine
from tests.contracts.engines import open_whoosh
from tests.documents import PUBLIC, document, put

TABLE = Path(__file__).parents[1] / "data" / "codes.txt"
ROWS = [line.split(" | ") for line in TABLE.read_text("utf-8").splitlines() if not line.startswith("#")]
WHOLE = [(code, typed) for code, ways, _ in ROWS for typed in [code, *ways.split(", ")] if typed]
PARTS = [(code, part) for code, _, part in ROWS]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = open_whoosh(tmp_path_factory.mktemp("codes"))
    articles = [
        document(at, f"問題 {at}", f"執行時出現錯誤 {code} 。請依步驟處理。") for at, (code, _, _) in enumerate(ROWS, 1)
    ]
    noise = [
        "版本 12 的更新 1.2",
        "error in the server",
        "null 值與 pointer",
        "status 與 access 的說明",
        "path 設定",
        "net 與 c",
    ]
    articles += [document(1000 + at, f"說明 {at}", text) for at, text in enumerate(noise)]
    put(engine, articles)
    yield engine
    engine.close()


def article_of(code: str) -> int:
    return [row[0] for row in ROWS].index(code) + 1


def test_the_table_has_at_least_sixty_forms() -> None:
    assert len(ROWS) >= 60


@pytest.mark.parametrize(("code", "typed"), WHOLE)
def test_a_code_is_first_however_it_is_typed(engine: Engine, code: str, typed: str) -> None:
    assert [hit.article for hit in engine.search(Query(typed), PUBLIC).hits][:1] == [article_of(code)]


@pytest.mark.parametrize(("code", "part"), PARTS)
def test_a_part_of_a_code_finds_it(engine: Engine, code: str, part: str) -> None:
    assert article_of(code) in [hit.article for hit in engine.search(Query(part), PUBLIC).hits]
