"""Writing a Whoosh index: documents to segments, deletions, merging, and a durable commit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from whoosh import columns, fields
from whoosh.index import FileIndex
from whoosh.reading import SegmentReader

from indexer.analysis import Analysis
from indexer.documents import Indexed
from indexer.engines.whoosh.codec import PackedWriter, term_extent, unpacked
from indexer.making import Made, Making
from indexer.sources import EVERYTHING, NUMBER, SOUND, TITLE
from kb.search import Document

ARTICLE = "id"
SEGMENT_SIZE = 25_000
MERGE_BELOW = 2_000
MERGE_FROM = 8


def schema() -> Any:
    """Posting lists of terms counted by our analysis, and columns of what ranking, facets and the audit read."""
    number, text = columns.NumericColumn, columns.VarBytesColumn
    few = columns.RefBytesColumn
    return fields.Schema(
        **{name: fields.KEYWORD() for name in (ARTICLE, NUMBER, TITLE, EVERYTHING, SOUND)},
        key=fields.COLUMN(text()),
        digest=fields.COLUMN(text()),
        article=fields.COLUMN(number("q")),
        group=fields.COLUMN(number("q")),
        title_length=fields.COLUMN(number("i")),
        updated=fields.COLUMN(number("i")),
        helpful=fields.COLUMN(number("i")),
        confidence=fields.COLUMN(few()),
        audience=fields.COLUMN(few()),
        lang=fields.COLUMN(few()),
        product=fields.COLUMN(few()),
        type=fields.COLUMN(few()),
        versions=fields.COLUMN(few()),
        title=fields.COLUMN(text()),
        body=fields.COLUMN(text()),
    )


class BatchWriter:
    """Collects replacements and puts them in place at `commit`, as one new segment and the deletions it brings."""

    def __init__(self, index: FileIndex, folder: Path, analysis: Analysis, fresh: bool) -> None:
        self._index, self._folder, self._fresh = index, folder, fresh
        self._making = Making(analysis, many=fresh)
        self._writer = PackedWriter(index)
        self._pending: dict[int, Sequence[Document]] = {}

    def replace(self, article: int, documents: Sequence[Document]) -> None:
        if not self._fresh:
            self._pending[article] = documents
            return
        self._make(article, documents)

    def commit(self) -> None:
        """Everything shows at once; nothing of it does when this raises."""
        self._delete(self._pending)
        try:
            for article, documents in self._pending.items():
                self._make(article, documents)
            for _, made in self._making.rest():
                self._add(made)
        finally:
            self._making.close()
        self._writer.commit(mergetype=_merge)

    def cancel(self) -> None:
        self._making.close()
        self._writer.cancel()

    def _make(self, article: int, documents: Sequence[Document]) -> None:
        for _, made in self._making.add(article, documents):
            self._add(made)

    def _add(self, documents: Made) -> None:
        for made in documents:
            document = made.document
            terms = {
                ARTICLE: [[str(document.article)]],
                NUMBER: [[made.number]],
                TITLE: [made.titled.split()],
                SOUND: [made.grams.split()],
                EVERYTHING: [terms.split() for terms in made.levels],
            }
            self._writer.add_terms(terms, _columns(made))
        if self._fresh and self._writer.docnum >= SEGMENT_SIZE:
            self._writer.commit(merge=False)
            self._writer = PackedWriter(self._index)

    def _delete(self, articles: Any) -> None:
        storage, names = self._index.storage, [str(article) for article in articles]
        for segment in self._writer.segments:
            reader = SegmentReader(storage, self._writer.schema, segment)
            for name in names:
                if extent := term_extent(reader, ARTICLE, name):
                    offset, length, count = extent
                    packed = reader._terms._postfile.get(offset, length)
                    for document in unpacked(packed, count).documents.tolist():
                        segment.delete_document(document)
            reader.close()


def _columns(made: Indexed) -> dict[str, Any]:
    document = made.document

    def packed(text: str) -> bytes:
        return text.encode("utf-8", "replace")

    return {
        "key": packed(document.key),
        "digest": packed(document.digest),
        "article": document.article,
        "group": document.group,
        "title_length": made.title_length,
        "updated": document.updated.toordinal(),
        "helpful": made.helpful,
        "confidence": packed(document.confidence),
        "audience": packed(document.audience.key),
        "lang": packed(document.lang),
        "product": packed(document.product),
        "type": packed(document.type),
        "versions": packed("\x1f".join(document.versions)),
        "title": packed(made.title),
        "body": packed(made.body),
    }


def _merge(writer: PackedWriter, segments: list[Any]) -> list[Any]:
    """Small segments become one when there are too many; so does one that is mostly deletions; empty ones go."""
    living = {segment.segment_id(): segment.doc_count_all() - segment.deleted_count() for segment in segments}
    segments = [segment for segment in segments if living[segment.segment_id()]]
    small = [segment for segment in segments if living[segment.segment_id()] < MERGE_BELOW]
    chosen = small if len(small) >= MERGE_FROM else []
    for segment in segments:
        if segment not in chosen and segment.deleted_count() * 2 > segment.doc_count_all():
            chosen.append(segment)
    for segment in chosen:
        reader = SegmentReader(writer.storage, writer.schema, segment)
        writer.add_reader(reader)
        reader.close()
    return [segment for segment in segments if segment not in chosen]
