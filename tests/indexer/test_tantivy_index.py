"""What an index of tantivy's holds beside what is asked of it."""

from __future__ import annotations

import json
from pathlib import Path

from indexer.analysis import EXACT, STEM
from indexer.engines.tantivy import TantivyEngine
from indexer.engines.tantivy.writing import STORED_AT_ONCE
from indexer.impacts import LEVELS
from indexer.sources import EVERYTHING, TITLE
from indexer.tree import ALWAYS, Best, Graded, OneOf, Sum, Term, Weighted, Within, Worth, any_of
from kb.question import Query
from tests.contracts.engines import open_tantivy
from tests.documents import PUBLIC, document, put


def test_nothing_is_kept_that_nobody_asks_for(tmp_path: Path) -> None:
    engine = open_tantivy(tmp_path)
    put(engine, [document(1, "無法登入"), document(2, "磁碟已滿")], rebuild=True)
    put(engine, [document(3, "登入之後")])
    engine.close()

    (path,) = tmp_path.glob("tantivy/*/meta.json")
    description = json.loads(path.read_text(encoding="utf-8"))
    fields = {field["name"]: field["options"] for field in description["schema"]}
    assert description["index_settings"]["docstore_blocksize"] == STORED_AT_ONCE
    assert "indexing" not in fields["sort_key"] and fields["sort_key"]["fast"]
    assert not any(options.get("indexing", {}).get("fieldnorms") for options in fields.values())
    assert {name for name, options in fields.items() if options["stored"]} == {"digest", "title_gb", "body_gb"}

    again = open_tantivy(tmp_path)
    by_title = again.search(Query("登入", sort="title"), PUBLIC)
    assert [hit.article for hit in by_title.hits] == [1, 3]
    again.close()


def test_what_documents_are_worth_is_what_they_are_chosen_by(tmp_path: Path) -> None:
    engine = open_tantivy(tmp_path)
    assert isinstance(engine, TantivyEngine)
    words = ["zq" + first + last for first in "bcdfgh" for last in "klmnpqrt"]
    put(
        engine,
        [
            document(1, words[0], " ".join(words[1:] * 3)),
            document(2, words[1], " ".join(words[::2]), lang="en"),
            document(3, "nothing", "of it"),
            document(4, " ".join(words[:3]), "short", lang="en"),
        ],
        rebuild=True,
    )
    source = engine._serving()
    # More than one search has digits for, more than once, and what no document has.
    said = [Graded(STEM + word, tuple(range(at, at + LEVELS))) for at, word in enumerate((*words, "nowhere"))]
    ways: list[Worth] = [Weighted(Term(EVERYTHING, EXACT + word), at) for at, word in enumerate((*words, "nowhere"))]
    titled = any_of(Term(TITLE, EXACT + word) for word in words[:2])
    worths: list[Worth] = [
        Sum((*said, *ways)),
        Best((*ways, Sum((*ways[:3], *said[:2])), *said)),
        Within(OneOf("lang", frozenset({"en"})), Sum((Weighted(titled, 100), *said[5:9]))),
        Sum(()),
    ]
    rows = source.newest(ALWAYS, 10).chosen([2, 0, 3, 1])
    for worth, found in zip(worths, source.measuring(lambda: worths)(rows), strict=True):
        best = source.best(ALWAYS, worth, 10)
        chosen = dict(zip(best.articles.tolist(), best.scores.tolist(), strict=True))
        assert dict(zip(rows.articles.tolist(), found.tolist(), strict=True)) == chosen
        assert any(chosen.values()) == (worth != Sum(()))
    engine.close()
