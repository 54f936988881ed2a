"""A Whoosh codec that keeps a term's postings as two plain arrays: documents (16 bits) and frequencies (8 bits).

Whoosh's own codec pickles and compresses blocks of 128 postings; these are read where they lie, without decoding.
Everything else (segments, tables of contents, term index, columns, deletions) is Whoosh's. Its native search works on
it too.
"""

from __future__ import annotations

import struct
from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from whoosh.codec.whoosh3 import W3Codec, W3FieldWriter
from whoosh.matching import ListMatcher
from whoosh.reading import SegmentReader
from whoosh.writing import SegmentWriter

from indexer.engines.whoosh.term_index import TermIndex
from indexer.shards import Postings

# Of a segment: they are numbered in 16 bits.
MAX_DOCUMENTS = 1 << 16
MAX_FREQUENCY = 0xFF
WRITTEN_AT_ONCE = 10_000
# What is known of a term, as Whoosh packs it: one of it, and many.
_INFO = struct.Struct("!BfIBBfIIqi")
_INFOS = np.dtype(
    [("inlined", "u1"), ("weight", ">f4"), ("count", ">u4"), ("shortest", "u1"), ("longest", "u1"), ("most", ">f4"),
     ("first", ">u4"), ("last", ">u4"), ("position", ">i8"), ("size", ">i4")]
)  # fmt: skip


class SegmentFull(Exception):
    """There are no numbers for so many documents in one segment."""


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

    _tindex: Any

    def __init__(self, codec: W3Codec, storage: Any, segment: Any) -> None:
        super().__init__(codec, storage, segment)
        # In the place of Whoosh's own, which takes one term at a time.
        self._tindex.dbfile.close()
        self._tindex = TermIndex(self._create_file(codec.TERMS_EXT))
        self._fieldmap: dict[str, int] = {}
        self._tindex.extras["fieldmap"] = self._fieldmap

    def add_packed(self, name: str, spec: Any, lists: Lists) -> None:
        self.start_field(name, spec)
        prefix = struct.pack("!H", self._fieldid)
        for first in range(0, len(lists.terms), WRITTEN_AT_ONCE):
            some = lists.terms[first : first + WRITTEN_AT_ONCE]
            ends = lists.ends[first : first + WRITTEN_AT_ONCE]
            start = int(lists.ends[first - 1]) if first else 0
            documents, frequencies = lists.documents[start : ends[-1]], lists.frequencies[start : ends[-1]]
            packed, infos = _packed(ends - start, documents, frequencies, self._postfile.tell())
            self._postfile.write(packed)
            self._tindex.add_all_of([prefix + term for term in some], infos, _INFOS.itemsize)
        self.finish_field()


def _packed(
    ends: NDArray[np.int64], documents: NDArray[np.uint16], frequencies: NDArray[np.uint8], position: int
) -> tuple[bytes, bytes]:
    """Posting lists as they lie in a file, from `position` on, and the `_INFO` of each."""
    counts = np.diff(ends, prepend=0)
    starts = ends - counts
    sizes = 3 * counts + counts % 2
    places = np.cumsum(sizes) - sizes
    packed = np.zeros(int(sizes.sum()), np.uint8)
    nth = np.arange(len(documents)) - np.repeat(starts, counts)
    packed.view("<u2")[np.repeat(places // 2, counts) + nth] = documents
    packed[np.repeat(places + 2 * counts, counts) + nth] = frequencies
    infos = np.zeros(len(ends), _INFOS)
    infos["weight"] = np.add.reduceat(frequencies, starts, dtype=np.int64)
    infos["count"] = counts
    infos["most"] = np.maximum.reduceat(frequencies, starts)
    infos["first"], infos["last"] = documents[starts], documents[ends - 1]
    infos["position"], infos["size"] = places + position, sizes
    return packed.tobytes(), infos.tobytes()


class Lists(NamedTuple):
    """The posting lists of a field, one after the other: its terms in the order of their bytes, where the list of each
    ends, and documents and frequencies of all."""

    terms: Sequence[bytes]
    ends: NDArray[np.int64]
    documents: NDArray[np.uint16]
    frequencies: NDArray[np.uint8]


class _Field:
    """Postings of a field as they come: numbers of terms, documents, frequencies."""

    def __init__(self) -> None:
        self.numbers: defaultdict[str, int] = defaultdict()
        self.numbers.default_factory = self.numbers.__len__
        self.terms, self.documents, self.frequencies = array("I"), array("H"), bytearray()


class PostingBuffer:
    """Postings of the documents being added, kept as flat arrays and sorted once, at the end."""

    def __init__(self) -> None:
        self._fields: defaultdict[str, _Field] = defaultdict(_Field)

    def add(self, field: str, document: int, by_frequency: Sequence[Sequence[str]]) -> None:
        """Terms that the document has once, terms that it has twice, …"""
        for frequency, terms in enumerate(by_frequency, 1):
            if terms:
                kept = self._fields[field]
                kept.terms.extend(map(kept.numbers.__getitem__, terms))
                kept.documents.extend(array("H", (document,)) * len(terms))
                kept.frequencies += bytes((min(frequency, MAX_FREQUENCY),)) * len(terms)

    def add_list(self, field: str, term: str, documents: NDArray[np.uint16], frequencies: NDArray[np.uint8]) -> None:
        kept = self._fields[field]
        kept.terms.extend(array("I", (kept.numbers[term],)) * len(documents))
        kept.documents.frombytes(documents.tobytes())
        kept.frequencies += frequencies.tobytes()

    @property
    def fields(self) -> list[str]:
        return sorted(self._fields)

    def lists(self, field: str) -> Lists:
        """Each term of the field in the order of its bytes, with its postings in the order of the documents."""
        kept = self._fields.pop(field)
        terms, documents = np.frombuffer(kept.terms, np.uint32), np.frombuffer(kept.documents, np.uint16)
        names = [name.encode("utf-8", "replace") for name in kept.numbers]
        order = sorted(range(len(names)), key=names.__getitem__)
        rank = np.empty(len(names), np.uint64)
        rank[order] = np.arange(len(names), dtype=np.uint64)
        # Term, document and frequency in one number: sorting takes half as long as asking for the order.
        postings = rank[terms] << np.uint64(24)
        postings |= documents.astype(np.uint64) << np.uint64(8)
        postings |= np.frombuffer(kept.frequencies, np.uint8)
        postings.sort()
        return Lists(
            [names[at] for at in order],
            np.cumsum(np.bincount(terms, minlength=len(names))[order]),
            (postings >> np.uint64(8)).astype(np.uint16),
            postings.astype(np.uint8),
        )


class PackedWriter(SegmentWriter):  # type: ignore[misc]
    """Whoosh's segment writer, taking terms instead of text. `indexer.generations` sees to it that there is but one."""

    def __init__(self, index: Any) -> None:
        super().__init__(index, codec=PackedCodec(), compound=False, limitmb=1, _lk=False)
        self.buffer = PostingBuffer()

    @property
    def room(self) -> int:
        """For how many more documents there are numbers in the segment being written."""
        return MAX_DOCUMENTS - int(self.docnum)

    def next_segment(self) -> None:
        """Ends the segment being written and begins another: all of them show at the commit, and none before it."""
        self.segments.append(self._finalize_segment())
        self.newsegment = self.codec.new_segment(self.storage, self.indexname)
        self.perdocwriter = self.codec.per_document_writer(self.storage, self.newsegment)
        self.fieldwriter = self.codec.field_writer(self.storage, self.newsegment)
        self.buffer, self.docnum, self._added = PostingBuffer(), 0, False

    def add_terms(self, terms: Mapping[str, Sequence[Sequence[str]]], columns: Mapping[str, Any]) -> None:
        """Add a document: for each field its terms by how often it has them, from once, and its column values."""
        self._take_room(1)
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
        self._take_room(int(np.count_nonzero(living)))
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

    def _take_room(self, documents: int) -> None:
        if documents > self.room:
            raise SegmentFull(f"a segment of {self.docnum} documents has no numbers for {documents} more")

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
