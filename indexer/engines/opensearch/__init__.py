"""Many machines: a cluster of OpenSearch nodes, ranked by our own sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from indexer.analysis import Analysis
from indexer.answering import Answering
from indexer.caching import Cache
from indexer.engines.opensearch import mapping as mapping_module
from indexer.engines.opensearch.cluster import Cluster, Missing
from indexer.engines.opensearch.commits import Commits
from indexer.engines.opensearch.lease import Lease
from indexer.engines.opensearch.source import Snapshot
from indexer.engines.opensearch.writing import BatchWriter, batch
from indexer.vocabulary import Vocabularies
from indexer.weights import Weights, weights_of
from kb.entitlements import Scope
from kb.patience import within
from kb.question import Query
from kb.search import NOTHING, EngineDown, Hits, IndexStatus, Respelled, Suggestion

if TYPE_CHECKING:
    from kb.config import Config


A = TypeVar("A")


def open_engine(config: Config, cache: Cache) -> OpenSearchEngine:
    return OpenSearchEngine(config, Analysis(), weights_of(config.weights), Vocabularies(config.terms), cache)


class OpenSearchEngine:
    """See `kb.search.Engine`. Nothing is asked of the cluster until it is needed; readers ask it for its newest commit
    with every search."""

    name = "opensearch"

    def __init__(
        self,
        config: Config,
        analysis: Analysis,
        weights: Weights,
        vocabularies: Vocabularies | None = None,
        cache: Cache | None = None,
    ) -> None:
        self._config = config
        self._cluster = Cluster(config)
        self._commits = Commits(self._cluster, config)
        self._cache = cache or Cache(config.cache_mb)
        self._answering = Answering(analysis, weights, vocabularies, self._cache)
        self._snapshot: Snapshot | None = None
        self._lock = Lock()
        self._threads: ThreadPoolExecutor | None = None

    def search(self, query: Query, scope: Scope) -> Hits:
        return self._asked(lambda source: self._answering.search(query, scope, source)) if scope else NOTHING

    def suggest(
        self,
        prefix: str,
        scope: Scope,
        limit: int = 8,
        without: frozenset[int] = frozenset(),
        prefers: tuple[str, ...] = (),
    ) -> Sequence[Suggestion]:
        if not scope:
            return ()
        return self._asked(lambda source: self._answering.suggest(prefix, scope, source, limit, without, prefers))

    def respelled(self, text: str, scope: Scope, without: frozenset[int] = frozenset()) -> Respelled | None:
        return self._asked(lambda source: self._answering.respelled(text, scope, source, without)) if scope else None

    @contextmanager
    def writer(self, *, rebuild: bool = False, mark: int | None = None) -> Iterator[BatchWriter]:
        lease = Lease(self._cluster, f"{self._commits.alias}-lock", self._config.opensearch_replicas)
        with (
            lease.held(),
            batch(self._commits, self._answering.analysis, lease, self._fingerprint(), rebuild) as writer,
        ):
            writer.mark(mark)
            yield writer

    def contents(self) -> Mapping[int, Mapping[str, str]]:
        found: dict[int, dict[str, str]] = {}
        if snapshot := self._newest():
            for article, key, digest in snapshot.contents():
                found.setdefault(article, {})[key] = digest
        return found

    def tidy(self) -> None:
        """The next writer does."""

    def status(self) -> IndexStatus:
        snapshot = self._newest()
        if snapshot is None:
            return IndexStatus(self.name, "", 0, "", self._fingerprint(), 0)
        index = snapshot.index
        size = self._cluster.ask("GET", f"/{index}/_stats/store")["_all"]["primaries"]["store"]["size_in_bytes"]
        state, expected = snapshot.state, self._fingerprint()
        written = self._commits.fingerprint(state)
        return IndexStatus(self.name, snapshot.generation, snapshot.documents(), written, expected, size, state.mark)

    def close(self) -> None:
        with self._lock:
            self._snapshot = None
            if self._threads:
                self._threads.shutdown()
                self._threads = None
        self._cluster.close()
        self._cache.keep_only(())

    def _fingerprint(self) -> str:
        return self._answering.fingerprint(mapping_module)

    def _asked(self, ask: Callable[[Snapshot], A]) -> A:
        """What the newest commit answers, all in all within the seconds of the settings. One that was swept away
        meanwhile is asked again, as it is now."""
        with within(self._config.opensearch_seconds):
            snapshot = self._current()
            try:
                return ask(snapshot)
            except Missing:
                now = self._current()
                if now.state.generation == snapshot.state.generation:
                    raise
                return ask(now)

    def _current(self) -> Snapshot:
        if snapshot := self._newest():
            return snapshot
        raise EngineDown("there is no index: run kb build")

    def _newest(self) -> Snapshot | None:
        state = self._commits.serving()
        if state is None:
            return None
        with self._lock:
            if self._snapshot is None or self._snapshot.state != state:
                self._threads = self._threads or ThreadPoolExecutor(self._config.threads, self.name)
                self._snapshot = Snapshot(self._cluster, state, self._threads)
                self._cache.keep_only({self._snapshot.name})
            return self._snapshot
