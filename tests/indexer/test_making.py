"""Documents on their way into an index."""

from __future__ import annotations

import subprocess
import sys

from indexer.analysis import Analysis
from indexer.documents import Indexed, indexed
from indexer.making import AT_ONCE, Making
from kb.limited import Limits
from kb.search import Document
from tests.documents import document

DOCUMENTS = [
    [document(article, f"無法登入 {article}", "伺服器 WTException 0x80070005 " * (article % 50))]
    for article in range(1, 2 * AT_ONCE)
]


def made(making: Making, given: list[list[Document]]) -> list[tuple[int, list[Indexed]]]:
    found = []
    try:
        for documents in given:
            found += [(article, list(ready)) for article, ready in making.add(documents[0].article, documents)]
        found += [(article, list(ready)) for article, ready in making.rest()]
    finally:
        making.close()
    return found


def expected(analysis: Analysis, given: list[list[Document]]) -> list[tuple[int, list[Indexed]]]:
    return [(documents[0].article, [indexed(one, analysis) for one in documents]) for documents in given]


def test_children_make_what_this_process_would_in_the_order_given() -> None:
    analysis = Analysis(["無法登入"])
    assert made(Making(analysis, many=True), DOCUMENTS) == expected(analysis, DOCUMENTS)
    assert made(Making(analysis, many=False), DOCUMENTS) == expected(analysis, DOCUMENTS)


def test_what_children_cannot_do_is_not_left_out() -> None:
    analysis, given = Analysis(), DOCUMENTS[: AT_ONCE + 5]
    too_little = Limits(seconds=20.0, memory_mb=1)
    assert made(Making(analysis, True, too_little), given) == expected(analysis, given)


def test_children_know_of_no_database() -> None:
    asked = "import sys, kb.limited.child, indexer.making; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in run.stdout.split()} | set(run.stdout.split())
    assert "indexer.analysis" in loaded
    assert not loaded & {"sqlalchemy", "kb.store", "whoosh.index", "tantivy"}
