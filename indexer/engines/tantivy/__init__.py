"""One machine, hundreds of thousands of articles: a tantivy index on disk, ranked by our own sums."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tantivy import Index

from indexer.analysis import Analysis
from indexer.caching import Cache
from indexer.embedded import Embedded
from indexer.engines.tantivy import writing as writing_module
from indexer.engines.tantivy.source import TantivySource
from indexer.engines.tantivy.writing import META, BatchWriter, created
from indexer.generations import sync_folder
from indexer.vocabulary import Vocabularies
from indexer.weights import weights_of
from kb.search import IndexStatus, Writer

if TYPE_CHECKING:
    from kb.config import Config

NAME = "tantivy"
STAMP = "stamp.json"


def open_engine(config: Config, cache: Cache) -> TantivyEngine:
    folder, weights = config.home / "index" / NAME, weights_of(config.weights)
    return TantivyEngine(folder, Analysis(), weights, Vocabularies(config.terms), cache)


class TantivyEngine(Embedded):
    """An index of tantivy's."""

    _opened: Opened | None = None
    _threads: ThreadPoolExecutor | None = None

    @contextmanager
    def writer(self, *, rebuild: bool = False) -> Iterator[Writer]:
        with self._generations.lock():
            self._generations.sweep()
            serving = self._generations.serving()
            fresh = rebuild or serving is None or not (serving / META).exists()
            path = self._generations.fresh() if fresh or serving is None else serving
            if fresh:
                stamp = json.dumps({"fingerprint": self._fingerprint()})
                (path / STAMP).write_text(stamp + "\n", encoding="utf-8")
            index = created(path) if fresh else Index.open(str(path))
            batch = BatchWriter(index, self._answering.analysis, fresh)
            try:
                yield batch
            except BaseException:
                batch.cancel()
                raise
            batch.commit()
            if not fresh:
                sync_folder(path)
            batch.finish()
            if fresh:
                self._generations.serve(path)
                self._generations.sweep()

    def _contents(self) -> Mapping[int, Mapping[str, str]]:
        found: dict[int, dict[str, str]] = {}

        def keep(article: int, key: str, digest: str) -> None:
            found.setdefault(article, {})[key] = digest

        if opened := self._newest():
            opened.source.contents(keep)
        return found

    def _status(self) -> IndexStatus:
        opened = self._newest()
        if opened is None:
            return IndexStatus(NAME, "", 0, "", self._fingerprint(), 0)
        size = sum(file.stat().st_size for file in opened.path.iterdir() if file.is_file())
        fingerprint = json.loads((opened.path / STAMP).read_text(encoding="utf-8"))["fingerprint"]
        return IndexStatus(NAME, opened.source.name, opened.source.documents, fingerprint, self._fingerprint(), size)

    def close(self) -> None:
        with self._lock:
            self._opened = None
            if self._threads:
                self._threads.shutdown()
                self._threads = None
        self._cache.keep_only(())

    def _fingerprint(self) -> str:
        return self._answering.fingerprint(writing_module)

    def _newest(self) -> Opened | None:
        with self._lock:
            for _ in range(5):
                path = self._generations.serving()
                if path is None:
                    return None
                try:
                    meta = (path / META).stat()
                    commit = (meta.st_mtime_ns, meta.st_ino)
                    if self._opened is None or (self._opened.path, self._opened.commit) != (path, commit):
                        self._threads = self._threads or ThreadPoolExecutor(thread_name_prefix=NAME)
                        self._opened = Opened(path, commit, self._opened, self._threads)
                        self._cache.keep_only({self._opened.source.name})
                    return self._opened
                except (OSError, ValueError):
                    continue  # a writer replaced what we were about to open: look again
        return None


class Opened:
    """A generation as it stood at one commit."""

    def __init__(self, path: Path, commit: tuple[int, int], before: Opened | None, beside: Executor) -> None:
        self.path, self.commit = path, commit
        if before and before.path == path:
            self._index: Index = before._index
            self._index.reload()
        else:
            self._index = Index.open(str(path))
            self._index.config_reader("manual")
        self.source = TantivySource(f"{path.name}.{commit[0]:x}.{commit[1]:x}", self._index, beside)
