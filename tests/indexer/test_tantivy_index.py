"""What an index of tantivy's holds beside what is asked of it."""

from __future__ import annotations

import json
from pathlib import Path

from indexer.engines.tantivy.writing import STORED_AT_ONCE
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
