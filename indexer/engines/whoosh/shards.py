"""A Whoosh segment as a shard: columns read once, posting lists where they lie in the mapped file."""

from __future__ import annotations

import mmap
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.structfile import StructFile
from whoosh.reading import SegmentReader

from indexer.caching import Cache
from indexer.documents import HELPFUL_UNIT
from indexer.engines.whoosh.codec import term_extent, unpacked
from indexer.shards import Columns, Mask, Postings, Values
from indexer.tree import OneOf


class MappedFile(StructFile):  # type: ignore[misc]
    """A file of an index, mapped: what lies at a place is read without moving a shared position, by any thread."""

    def __init__(self, path: Path, name: str) -> None:
        with path.open("rb") as file:
            self.view = (
                memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
                if path.stat().st_size
                else memoryview(b"")
            )
        super().__init__(self.view.obj if self.view.nbytes else BytesIO(), name)
        self.is_real = False

    def get(self, position: int, length: int) -> bytes:
        return self.view[position : position + length].tobytes()

    def close(self) -> None:
        """Unmapped when nothing refers to it any more: posting lists may still be in use."""
        self.is_closed = True


class MappedStorage(FileStorage):  # type: ignore[misc]
    """The folder of an index, for reading."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder), readonly=True)

    def open_file(self, name: str, **_: Any) -> MappedFile:
        return MappedFile(Path(self.folder) / name, name)


class Segment:
    """An immutable segment opened for reading. Deletions come with each opening: `reopened` shares all but those."""

    def __init__(self, storage: MappedStorage, schema: Any, segment: Any, cache: Cache) -> None:
        self._reader = SegmentReader(storage, schema, segment)
        self.name: str = segment.segment_id()
        self.size: int = segment.doc_count_all()
        self._living = _living(segment, self.size)
        self._cache = cache
        self._lock = Lock()
        self._postings: memoryview = self._reader._terms._postfile.view
        self.columns = _columns(self._reader)
        self._bodies = self._reader.column_reader("body", translate=False)
        self._titles = self._reader.column_reader("title", translate=False)

    def reopened(self, segment: Any) -> Segment:
        """The same with the deletions of now."""
        other = object.__new__(Segment)
        other.__dict__.update(self.__dict__)
        other._living = _living(segment, self.size)
        return other

    def living(self) -> Mask:
        return self._living

    def postings(self, field: str, term: str) -> Postings | None:
        """As numpy takes them fastest. The same under every scope, so kept for as long as the segment."""
        return self._cache.get((self.name, field, term), lambda: self._read(field, term), _octets)

    def _read(self, field: str, term: str) -> Postings | None:
        with self._lock:
            extent = term_extent(self._reader, field, term)
        if extent is None:
            return None
        offset, length, count = extent
        documents, frequencies = unpacked(self._postings[offset : offset + length], count)
        return Postings(documents.astype(np.intp), frequencies)

    def having(self, chosen: OneOf) -> Mask:
        key = (self.name, chosen)
        return self._cache.get(key, lambda: self.columns.having(chosen), lambda mask: mask.nbytes)

    def terms(self, field: str, prefix: str) -> list[str]:
        found: list[str] = []
        with self._lock:
            for name, term in self._reader._terms.terms_from(field, prefix.encode()):
                text = term.decode("utf-8")
                if name != field or not text.startswith(prefix):
                    break
                found.append(text)
        return found

    def body(self, document: int) -> bytes:
        body: bytes = self._bodies[document]
        return body

    def title(self, document: int) -> str:
        title: bytes = self._titles[document]
        return title.decode("utf-8")

    def values(self, column: str) -> list[bytes]:
        """A column of byte strings, whole: for the audit."""
        return list(self._reader.column_reader(column, translate=False))


def _octets(postings: Postings | None) -> int:
    return postings.documents.nbytes + postings.frequencies.nbytes if postings else 0


def _living(segment: Any, size: int) -> Mask:
    living = np.ones(size, bool)
    living[list(segment.deleted_docs())] = False
    return living


def _columns(reader: Any) -> Columns:
    def numbers(name: str, dtype: Any) -> Any:
        return np.fromiter(reader.column_reader(name, translate=False), dtype, reader.doc_count_all())

    def values(name: str) -> Values:
        names: dict[str, int] = {}
        codes = [
            names.setdefault(value.decode("utf-8"), len(names)) for value in reader.column_reader(name, translate=False)
        ]
        return Values(tuple(names), np.array(codes, np.int32))

    return Columns(
        article=numbers("article", np.int64),
        # In an index that was written before there were any: none.
        group=numbers("group", np.int64) if "group" in reader.schema else np.zeros(reader.doc_count_all(), np.int64),
        title_lengths=numbers("title_length", np.float32),
        updated=numbers("updated", np.int32),
        helpful=numbers("helpful", np.float32) / np.float32(HELPFUL_UNIT),
        confidence=values("confidence"),
        audience=values("audience"),
        lang=values("lang"),
        product=values("product"),
        type=values("type"),
        version=values("versions"),
    )
