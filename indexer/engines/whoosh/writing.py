"""Writing a Whoosh index: documents to segments, deletions, merging, and a durable commit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
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
    """See `indexer.embedded.Batch`. Collects replacements, and puts them in place as segments and the deletions they
    bring.

    A fresh index has nothing to replace: what it is given is written as it comes, but for articles given before.
    """

    def __init__(self, index: FileIndex, analysis: Analysis, fresh: bool) -> None:
        self._fresh = fresh
        self._making = Making(analysis, many=fresh)
        self._writer = PackedWriter(index)
        self._written: set[int] = set()
        self._pending: dict[int, Sequence[Document]] = {}

    def replace(self, article: int, documents: Sequence[Document]) -> None:
        if not self._fresh or article in self._written:
            self._pending[article] = documents
            return
        self._written.add(article)
        self._add(self._making.add(article, documents))

    def commit(self) -> None:
        self._add(self._making.rest())
        if self._pending and self._writer.docnum:
            self._writer.next_segment()
        self._delete(self._pending)
        for article, documents in self._pending.items():
            self._add(self._making.add(article, documents))
        self._add(self._making.rest())
        self._making.close()
        self._writer.commit(mergetype=_merge)

    def cancel(self) -> None:
        self._making.close()
        # What could not be written can often not be ended, either. A later commit removes files that nothing names.
        with suppress(Exception):
            self._writer.cancel()

    def _add(self, ready: Iterable[tuple[int, Made]]) -> None:
        for _, made in ready:
            self._write(made)
            if self._writer.docnum >= SEGMENT_SIZE:
                self._writer.next_segment()

    def _write(self, documents: Made) -> None:
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

    def _delete(self, articles: Iterable[int]) -> None:
        names = [str(article) for article in articles]
        for segment in self._writer.segments if names else ():
            reader = SegmentReader(self._writer.storage, self._writer.schema, segment)
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
    """Small segments become one when there are too many; so does one that is mostly deletions; empty ones go.

    One for whose documents no numbers are left stays as it is until a later commit.
    """
    living = {segment.segment_id(): segment.doc_count_all() - segment.deleted_count() for segment in segments}
    segments = [segment for segment in segments if living[segment.segment_id()]]
    small = [segment for segment in segments if living[segment.segment_id()] < MERGE_BELOW]
    chosen = small if len(small) >= MERGE_FROM else []
    for segment in segments:
        if segment not in chosen and segment.deleted_count() * 2 > segment.doc_count_all():
            chosen.append(segment)
    merged = []
    for segment in chosen:
        if living[segment.segment_id()] <= writer.room:
            reader = SegmentReader(writer.storage, writer.schema, segment)
            writer.add_reader(reader)
            reader.close()
            merged.append(segment)
    return [segment for segment in segments if segment not in merged]
