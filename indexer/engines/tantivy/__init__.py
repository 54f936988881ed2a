"""One machine, hundreds of thousands of articles: a tantivy index on disk, ranked by our own sums."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

from tantivy import Index

from indexer.embedded import Commit, Embedded, Opened
from indexer.engines.tantivy import writing as writing_module
from indexer.engines.tantivy.source import TantivySource
from indexer.engines.tantivy.writing import META, BatchWriter, created


class Searched(Opened):
    """The searcher of a commit."""

    source: TantivySource

    def __init__(self, path: Path, commit: Commit, before: Searched | None, beside: Executor) -> None:
        super().__init__(path, commit)
        if before and before.path == path:
            self._index: Index = before._index
            self._index.reload()
        else:
            self._index = Index.open(str(path))
            self._index.config_reader("manual")
        self.name = ".".join([path.name, *(f"{each:x}" for each in commit)])
        self.source = TantivySource(self.name, self._index, beside)

    @property
    def documents(self) -> int:
        return self.source.documents

    def contents(self) -> Mapping[int, Mapping[str, str]]:
        found: dict[int, dict[str, str]] = {}

        def keep(article: int, key: str, digest: str) -> None:
            found.setdefault(article, {})[key] = digest

        self.source.contents(keep)
        return found


class TantivyEngine(Embedded[Searched]):
    """An index of tantivy's."""

    name = "tantivy"
    written_by = (writing_module,)
    replaced = (FileNotFoundError, ValueError)

    _threads: ThreadPoolExecutor | None = None

    def close(self) -> None:
        super().close()
        with self._lock:
            if self._threads:
                self._threads.shutdown()
                self._threads = None

    def _commit(self, path: Path) -> Commit:
        meta = (path / META).stat()
        return meta.st_mtime_ns, meta.st_ino

    def _head(self, path: Path) -> str:
        return META

    def _open(self, path: Path, commit: Commit, before: Searched | None) -> Searched:
        self._threads = self._threads or ThreadPoolExecutor(thread_name_prefix=self.name)
        return Searched(path, commit, before, self._threads)

    def _batch(self, path: Path, fresh: bool) -> BatchWriter:
        index = created(path) if fresh else Index.open(str(path))
        return BatchWriter(index, self._answering.analysis, fresh)


open_engine = TantivyEngine.of
