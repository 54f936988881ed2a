"""The embedded default: a Whoosh index with packed postings, searched by our own ranking over its segments."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from whoosh.filedb.filestore import FileStorage
from whoosh.index import EmptyIndexError, FileIndex

from indexer.embedded import Commit, Embedded, Opened
from indexer.engines.whoosh import codec as codec_module
from indexer.engines.whoosh import term_index as term_index_module
from indexer.engines.whoosh import writing as writing_module
from indexer.engines.whoosh.shards import MappedStorage, Segment
from indexer.engines.whoosh.writing import BatchWriter, schema
from indexer.shards import Shards

_COMMIT = re.compile(r"_MAIN_([0-9]+)\.toc")


class Segments(Opened):
    """The segments of a commit, opened."""

    def __init__(self, path: Path, commit: Commit, segments: list[Segment]) -> None:
        super().__init__(path, commit)
        self.segments = segments
        self.name = f"{path.name}.{commit[0]}"
        self.source = Shards(".".join([self.name, *(f"{each:x}" for each in commit[1:])]), segments)

    @property
    def documents(self) -> int:
        return sum(int(segment.living().sum()) for segment in self.segments)

    @property
    def kept_by(self) -> set[str]:
        return {self.source.name, *(segment.name for segment in self.segments)}

    def contents(self) -> Mapping[int, Mapping[str, str]]:
        found: dict[int, dict[str, str]] = {}
        for segment in self.segments:
            living = segment.living()
            keys, digests = segment.values("key"), segment.values("digest")
            for document, article in enumerate(segment.columns.article.tolist()):
                if living[document]:
                    found.setdefault(article, {})[keys[document].decode()] = digests[document].decode()
        return found


class WhooshEngine(Embedded[Segments]):
    """An index of Whoosh's."""

    name = "whoosh"
    written_by = (codec_module, term_index_module, writing_module)
    replaced = (FileNotFoundError, EmptyIndexError)

    def _commit(self, path: Path) -> Commit:
        commits = [int(found[1]) for found in map(_COMMIT.fullmatch, os.listdir(path)) if found]
        if not commits:
            raise FileNotFoundError(str(path))
        file = (path / f"_MAIN_{max(commits)}.toc").stat()
        return max(commits), file.st_mtime_ns, file.st_ino

    def _head(self, path: Path) -> str:
        return f"_MAIN_{self._commit(path)[0]}.toc"

    def _open(self, path: Path, commit: Commit, before: Segments | None) -> Segments:
        storage = MappedStorage(path)
        toc = FileIndex(storage)._read_toc()
        known = {segment.name: segment for segment in before.segments} if before else {}
        segments = [
            known[found.segment_id()].reopened(found)
            if found.segment_id() in known
            else Segment(storage, toc.schema, found, self._cache)
            for found in toc.segments
        ]
        return Segments(path, commit, segments)

    def _batch(self, path: Path, fresh: bool) -> BatchWriter:
        storage = FileStorage(str(path))
        index = FileIndex.create(storage, schema()) if fresh else FileIndex(storage)
        return BatchWriter(index, self._answering.analysis, fresh)


open_engine = WhooshEngine.of
