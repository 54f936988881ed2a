"""The segments of an index of Whoosh's: none has more documents than it has numbers for."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from whoosh import columns, fields
from whoosh.filedb.filestore import FileStorage
from whoosh.index import FileIndex
from whoosh.reading import SegmentReader

from indexer.engines.whoosh import WhooshEngine, codec, writing
from indexer.engines.whoosh.codec import MAX_DOCUMENTS, PackedWriter, SegmentFull, term_extent, unpacked
from indexer.engines.whoosh.shards import MappedStorage
from indexer.weights import Weights
from tests.contracts.engines import ANALYSIS
from tests.documents import document, put

MOST, SIZE = 50, 20


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WhooshEngine:
    for module, name, value in (
        (codec, "MAX_DOCUMENTS", MOST),
        (writing, "SEGMENT_SIZE", SIZE),
        (writing, "MERGE_BELOW", 15),
        (writing, "MERGE_FROM", 4),
    ):
        monkeypatch.setattr(module, name, value)
    return WhooshEngine(tmp_path / "whoosh", ANALYSIS, Weights())


def sizes(engine: WhooshEngine) -> list[int]:
    opened = engine._newest()
    assert opened
    return [segment.size for segment in opened.segments]


def remove(engine: WhooshEngine, articles: Iterable[int]) -> None:
    with engine.writer() as writer:
        for article in articles:
            writer.replace(article, [])


@pytest.mark.parametrize("rebuild", [False, True])
def test_a_batch_is_cut_into_segments(engine: WhooshEngine, rebuild: bool) -> None:
    put(engine, [document(99, "無法登入")])
    put(engine, [document(article, "無法登入") for article in range(1, 71)], rebuild=rebuild)
    assert sizes(engine) == [*([] if rebuild else [1]), SIZE, SIZE, SIZE, 10]


def test_segments_are_merged_while_there_are_numbers_for_their_documents(engine: WhooshEngine) -> None:
    put(engine, [document(article, f"zq{article}x") for article in range(1, 201)], rebuild=True)
    assert sizes(engine) == [SIZE] * 10
    # Of each segment more than half, all in one batch: 90 documents are left.
    remove(engine, [article for article in range(1, 201) if article % 20 < 11])
    assert max(sizes(engine)) == 45 and len(sizes(engine)) == 6
    put(engine, [document(300, "zq300x")])
    assert sizes(engine) == [45, 46], "the others have waited"
    assert engine.status().documents == 91


def test_small_segments_are_merged(engine: WhooshEngine) -> None:
    for article in range(1, 5):
        put(engine, [document(article, "無法登入")])
    assert sizes(engine) == [1] * 4
    put(engine, [document(5, "無法登入")])
    assert sizes(engine) == [5]


def written(index: Any, terms: Iterable[str]) -> PackedWriter:
    writer = PackedWriter(index)
    for term in terms:
        writer.add_terms({"id": [[term]]}, {"article": 1})
    return writer


def test_no_document_is_given_a_number_twice(tmp_path: Path) -> None:
    schema = fields.Schema(id=fields.KEYWORD(), article=fields.COLUMN(columns.NumericColumn("q")))
    index = FileIndex.create(FileStorage(str(tmp_path)), schema)
    half = MAX_DOCUMENTS // 2
    written(index, ["first", *["other"] * (half - 1)]).commit(merge=False)
    written(index, ["second", *["other"] * half]).commit(merge=False)

    writer = written(index, [])
    storage = MappedStorage(tmp_path)
    first, second = (SegmentReader(storage, schema, segment) for segment in writer.segments)
    writer.add_reader(first)
    with pytest.raises(SegmentFull, match="no numbers for 32769 more"):
        writer.add_reader(second)
    second._segment.delete_document(1)
    writer.add_reader(second)
    with pytest.raises(SegmentFull):
        writer.add_terms({"id": [["third"]]}, {"article": 1})
    writer.commit(mergetype=lambda *_: [])

    (segment,) = index._segments()
    assert segment.doc_count_all() == MAX_DOCUMENTS
    merged = SegmentReader(storage, schema, segment)
    for term, number in (("first", 0), ("second", half)):
        extent = term_extent(merged, "id", term)
        assert extent
        offset, length, count = extent
        assert unpacked(merged._terms._postfile.get(offset, length), count).documents.tolist() == [number]
