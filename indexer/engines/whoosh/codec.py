"""A Whoosh codec that keeps a term's postings as two plain arrays: documents (16 bits) and frequencies (8 bits).

Whoosh's own codec pickles and compresses blocks of 128 postings; these are read where they lie, without decoding.
Everything else (segments, tables of contents, term index, columns, deletions) is Whoosh's. Its native search works on
it too.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from whoosh.codec.whoosh3 import W3Codec, W3FieldWriter
from whoosh.matching import ListMatcher
from whoosh.reading import SegmentReader
from whoosh.writing import SegmentWriter

from indexer.shards import Postings

MAX_DOCUMENTS = 0xFFFF
MAX_FREQUENCY = 0xFF
_INFO = struct.Struct("!BfIBBfIIqi")


class PackedCodec(W3Codec):  # type: ignore[misc]
    """See the module."""

    length_stats = False

    def field_writer(self, storage: Any, segment: Any) -> PackedFieldWriter:
        return PackedFieldWriter(self, storage, segment)

    def postings_reader(self, dbfile: Any, terminfo: Any, format_: Any, term: Any = None, scorer: Any = None) -> Any:
        """Whoosh's view of a posting list, for its native search."""
        offset, (length,) = terminfo.extent()  # Whoosh leaves the length in the tuple that struct gave it
        found = unpacked(dbfile.get(offset, length), terminfo.doc_frequency())
        return ListMatcher(
            found.documents.tolist(),
            found.frequencies.astype(float).tolist(),
            format=format_,
            scorer=scorer,
            term=term,
            terminfo=terminfo,
        )


def unpacked(packed: bytes | memoryview, count: int) -> Postings:
    """Postings as they lie in a segment's file: `count` documents, then as many frequencies."""
    return Postings(
        np.frombuffer(packed, np.dtype("<u2"), count), np.frombuffer(packed, np.uint8, count, offset=2 * count)
    )


class PackedFieldWriter(W3FieldWriter):  # type: ignore[misc]
    """Writes whole posting lists, term by term in their order."""

    def add_packed(self, name: str, spec: Any, lists: Iterable[tuple[bytes, Postings]]) -> None:
        self.start_field(name, spec)
        prefix = struct.pack("!H", self._fieldid)
        position = self._postfile.tell()
        write, add = self._postfile.write, self._tindex.add
        for term, (documents, frequencies) in lists:
            packed = documents.tobytes() + frequencies.tobytes()
            if len(packed) % 2:
                packed += b"\0"
            count, most = len(documents), float(frequencies.max())
            total = float(frequencies.sum(dtype=np.int64))
            first, last = int(documents[0]), int(documents[-1])
            add(prefix + term, _INFO.pack(0, total, count, 0, 0, most, first, last, position, len(packed)))
            write(packed)
            position += len(packed)
        self.finish_field()


class PostingBuffer:
    """Postings of the documents being added, kept as flat arrays and sorted once, at the end."""

    def __init__(self) -> None:
        self._terms: dict[str, defaultdict[str, int]] = {}
        self._chunks: dict[str, list[tuple[NDArray[np.uint32], NDArray[np.uint16], NDArray[np.uint8]]]] = {}

    def add(self, field: str, document: int, by_frequency: Sequence[Sequence[str]]) -> None:
        """Terms that the document has once, terms that it has twice, …"""
        counts = [len(terms) for terms in by_frequency]
        if total := sum(counts):
            ids = self._ids(field)
            terms = np.fromiter(map(ids.__getitem__, chain.from_iterable(by_frequency)), np.uint32, total)
            frequencies = np.repeat(np.arange(1, len(counts) + 1, dtype=np.uint32), counts)
            self._keep(field, terms, np.full(total, document, np.uint16), frequencies)

    def add_list(self, field: str, term: str, documents: NDArray[np.uint16], frequencies: NDArray[np.uint8]) -> None:
        terms = np.full(len(documents), self._ids(field)[term], np.uint32)
        self._keep(field, terms, documents, frequencies.astype(np.uint32))

    def _keep(self, field: str, terms: Any, documents: Any, frequencies: NDArray[np.uint32]) -> None:
        small = np.minimum(frequencies, MAX_FREQUENCY).astype(np.uint8)
        self._chunks.setdefault(field, []).append((terms, documents, small))

    def _ids(self, field: str) -> defaultdict[str, int]:
        if field not in self._terms:
            found: defaultdict[str, int] = defaultdict()
            found.default_factory = found.__len__
            self._terms[field] = found
        return self._terms[field]

    @property
    def fields(self) -> list[str]:
        return sorted(self._terms)

    def lists(self, field: str) -> Iterator[tuple[bytes, Postings]]:
        """Each term of the field in the order of its bytes, with its postings in the order of the documents."""
        chunks = self._chunks.pop(field)
        terms = np.concatenate([chunk[0] for chunk in chunks])
        documents = np.concatenate([chunk[1] for chunk in chunks])
        frequencies = np.concatenate([chunk[2] for chunk in chunks])
        del chunks
        names = [name.encode("utf-8", "replace") for name in self._terms.pop(field)]
        order = sorted(range(len(names)), key=names.__getitem__)
        rank = np.empty(len(names), np.uint64)
        rank[order] = np.arange(len(names), dtype=np.uint64)
        by_term = np.argsort((rank[terms] << np.uint64(16)) | documents)
        documents, frequencies = documents[by_term], frequencies[by_term]
        ends = np.cumsum(np.bincount(terms, minlength=len(names))[order]).tolist()
        start = 0
        for at, end in zip(order, ends, strict=True):
            yield names[at], Postings(documents[start:end], frequencies[start:end])
            start = end


class PackedWriter(SegmentWriter):  # type: ignore[misc]
    """Whoosh's segment writer, taking terms instead of text."""

    def __init__(self, index: Any) -> None:
        super().__init__(index, codec=PackedCodec(), compound=False, limitmb=1)
        self.buffer = PostingBuffer()

    def add_terms(self, terms: Mapping[str, Sequence[Sequence[str]]], columns: Mapping[str, Any]) -> None:
        """Add a document: for each field its terms by how often it has them, from once, and its column values."""
        self.perdocwriter.start_doc(self.docnum)
        for field, by_frequency in terms.items():
            self.buffer.add(field, self.docnum, by_frequency)
        for name, value in columns.items():
            spec = self.schema[name]
            self.perdocwriter.add_column_value(name, spec.column_type, spec.to_column_value(value))
        self.perdocwriter.finish_doc()
        self._added = True
        self.docnum += 1

    def _flush_segment(self) -> None:
        self.perdocwriter.close()
        for field in self.buffer.fields:
            self.fieldwriter.add_packed(field, self.schema[field], self.buffer.lists(field))
        self.fieldwriter.close()

    def add_reader(self, reader: SegmentReader) -> None:
        """Take over the living documents of another segment: how segments are merged."""
        living = np.ones(reader.doc_count_all(), bool)
        living[list(reader._segment.deleted_docs())] = False
        moved = (np.cumsum(living) - 1 + self.docnum).astype(np.uint16)
        self._take_columns(reader, np.flatnonzero(living))
        for (field, term), info in reader._terms.items():
            offset, (length,) = info.extent()
            found = unpacked(reader._terms._postfile.get(offset, length), info.doc_frequency())
            kept = living[found.documents]
            if kept.any():
                documents = moved[found.documents[kept]]
                self.buffer.add_list(field, term.decode("utf-8"), documents, found.frequencies[kept])
        self._added = True

    def _take_columns(self, reader: SegmentReader, documents: NDArray[np.intp]) -> None:
        columns = {}
        for name, spec in self.schema.items():
            if spec.column_type and reader.has_column(name):
                columns[name] = (spec.column_type, reader.column_reader(name, translate=False))
        for document in documents.tolist():
            self.perdocwriter.start_doc(self.docnum)
            for name, (column, values) in columns.items():
                self.perdocwriter.add_column_value(name, column, values[document])
            self.perdocwriter.finish_doc()
            self.docnum += 1


def term_extent(reader: SegmentReader, field: str, term: str) -> tuple[int, int, int] | None:
    """Where a term's postings lie in the segment's file: offset, length, number of documents. None: not there."""
    terms = reader._terms
    try:
        packed = terms._tindex[terms._keycoder(field, term.encode("utf-8", "replace"))]
    except KeyError:
        return None
    info = _INFO.unpack(packed)
    return info[8], info[9], info[2]
