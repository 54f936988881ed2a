"""The embedded default: a Whoosh index with packed postings, searched by our own ranking over its segments."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whoosh.filedb.filestore import FileStorage
from whoosh.index import EmptyIndexError, FileIndex

from indexer.analysis import Analysis
from indexer.caching import Cache
from indexer.embedded import Embedded
from indexer.engines.whoosh import codec as codec_module
from indexer.engines.whoosh import term_index as term_index_module
from indexer.engines.whoosh import writing as writing_module
from indexer.engines.whoosh.shards import MappedStorage, Segment
from indexer.engines.whoosh.writing import BatchWriter, schema
from indexer.generations import sync_folder
from indexer.shards import Shards
from indexer.vocabulary import Vocabularies
from indexer.weights import weights_of
from kb.search import IndexStatus, Writer

if TYPE_CHECKING:
    from kb.config import Config

STAMP = "stamp.json"
# Its number; when its file was written, and which that is: after an index was removed, numbers begin again.
Commit = tuple[int, int, int]
_COMMIT = re.compile(r"_MAIN_([0-9]+)\.toc")


def open_engine(config: Config, cache: Cache) -> WhooshEngine:
    folder, weights = config.home / "index" / "whoosh", weights_of(config.weights)
    return WhooshEngine(folder, Analysis(), weights, Vocabularies(config.terms), cache)


class Opened:
    """A generation as it stood at one commit: its segments, opened."""

    def __init__(self, path: Path, commit: Commit, segments: list[Segment], stamp: str) -> None:
        self.path, self.commit, self.segments, self.fingerprint = path, commit, segments, stamp
        self.source = Shards(".".join([self.name, *(f"{each:x}" for each in commit[1:])]), segments)

    @property
    def name(self) -> str:
        return f"{self.path.name}.{self.commit[0]}"


class WhooshEngine(Embedded):
    """An index of Whoosh's."""

    _opened: Opened | None = None

    @contextmanager
    def writer(self, *, rebuild: bool = False) -> Iterator[Writer]:
        with self._generations.lock():
            self._generations.sweep()
            serving = self._generations.serving()
            fresh = rebuild or serving is None or not _has_index(serving)
            path = self._generations.fresh() if fresh or serving is None else serving
            index = _created(path, self._fingerprint()) if fresh else FileIndex(FileStorage(str(path)))
            batch = BatchWriter(index, path, self._answering.analysis, fresh=rebuild)
            try:
                yield batch
            except BaseException:
                batch.cancel()
                raise
            batch.commit()
            if fresh:
                self._generations.serve(path)
                self._generations.sweep()
            else:
                sync_folder(path)

    def _contents(self) -> Mapping[int, Mapping[str, str]]:
        opened = self._newest()
        found: dict[int, dict[str, str]] = {}
        for segment in opened.segments if opened else ():
            living = segment.living()
            keys, digests = segment.values("key"), segment.values("digest")
            for document, article in enumerate(segment.columns.article.tolist()):
                if living[document]:
                    found.setdefault(article, {})[keys[document].decode()] = digests[document].decode()
        return found

    def _status(self) -> IndexStatus:
        opened = self._newest()
        if opened is None:
            return IndexStatus("whoosh", "", 0, "", self._fingerprint(), 0)
        documents = sum(int(segment.living().sum()) for segment in opened.segments)
        size = sum(file.stat().st_size for file in opened.path.iterdir() if file.is_file())
        return IndexStatus("whoosh", opened.name, documents, opened.fingerprint, self._fingerprint(), size)

    def close(self) -> None:
        self._opened = None
        self._cache.keep_only(())

    def _fingerprint(self) -> str:
        """Changes whenever what is written to an index would."""
        return self._answering.fingerprint(codec_module, term_index_module, writing_module)

    def _newest(self) -> Opened | None:
        with self._lock:
            for _ in range(5):
                path = self._generations.serving()
                if path is None:
                    return None
                try:
                    self._follow(path)
                except (FileNotFoundError, EmptyIndexError):
                    continue  # a writer replaced what we were about to open: look again
                return self._opened
        return None

    def _follow(self, path: Path) -> None:
        commit = _newest_commit(path)
        if self._opened and (self._opened.path, self._opened.commit) == (path, commit):
            return
        storage = MappedStorage(path)
        toc = FileIndex(storage)._read_toc()
        known = {segment.name: segment for segment in self._opened.segments} if self._opened else {}
        segments = [
            known[found.segment_id()].reopened(found)
            if found.segment_id() in known
            else Segment(storage, toc.schema, found, self._cache)
            for found in toc.segments
        ]
        stamp = json.loads((path / STAMP).read_text(encoding="utf-8"))
        self._opened = Opened(path, commit, segments, stamp["fingerprint"])
        self._cache.keep_only({self._opened.source.name, *(segment.name for segment in segments)})


def _newest_commit(path: Path) -> Commit:
    # Looked at with every search.
    commits = [int(found[1]) for found in map(_COMMIT.fullmatch, os.listdir(path)) if found]
    if not commits:
        raise EmptyIndexError(str(path))
    file = (path / f"_MAIN_{max(commits)}.toc").stat()
    return max(commits), file.st_mtime_ns, file.st_ino


def _has_index(path: Path) -> bool:
    return any(path.glob("_MAIN_*.toc"))


def _created(path: Path, fingerprint: str) -> Any:
    (path / STAMP).write_text(json.dumps({"fingerprint": fingerprint}) + "\n", encoding="utf-8")
    return FileIndex.create(FileStorage(str(path)), schema())
