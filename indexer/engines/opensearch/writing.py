"""Writing an index of OpenSearch: documents in bulk, and a commit that shows them all at once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from indexer.analysis import Analysis
from indexer.engines.opensearch.cluster import Action
from indexer.engines.opensearch.commits import Commits, Replaced, State
from indexer.engines.opensearch.lease import Lease
from indexer.engines.opensearch.mapping import place, written
from indexer.making import Made, Making
from kb.search import Document, EngineDown

log = logging.getLogger(__name__)

PUT_AT_ONCE = 200
ASKED_AT_ONCE = 10_000
# Longer than any search takes.
GRACE_SECONDS = 30.0


@dataclass
class BatchWriter:
    """Puts documents under the number of the commit to come, which nobody sees, and shows them at `commit`.

    `check` raises when this process must not write any more.
    """

    commits: Commits
    state: State
    analysis: Analysis
    fresh: bool
    check: Callable[[], None]
    _waiting: dict[int, Sequence[Document]] = field(default_factory=dict)
    _sent: set[int] = field(default_factory=set)
    _making: Making = field(init=False)

    def __post_init__(self) -> None:
        self._making = Making(self.analysis, many=self.fresh)

    @property
    def _next(self) -> int:
        return self.state.commit + (not self.fresh)

    def mark(self, mark: int | None) -> None:
        """What the index carries with this batch; None: what it does."""
        if mark is not None:
            self.state = replace(self.state, mark=mark)

    def replace(self, article: int, documents: Sequence[Document]) -> None:
        if article in self._sent:
            self._send(whole=True)
            self._take_back(article)
        self._waiting[article] = documents
        if len(self._waiting) >= PUT_AT_ONCE:
            self._send()

    def commit(self) -> State:
        """Everything shows at once; nothing of it does when this raises. The state that shows it."""
        self._send(whole=True)
        self.commits.refresh(self.state.index)
        kept = self.state.replaced
        if not self.fresh and (old := tuple(self._old())):
            kept = (*kept, Replaced(self._next, old, time.time()))
        shown = replace(self.state, commit=self._next, replaced=kept)
        self.check()
        self.commits.put(shown, first=self.fresh)
        return shown

    def cancel(self) -> bool:
        """Nothing of it shows, now or later; whether it could all be deleted now."""
        try:
            # Asked anew: the cluster may have shown the batch and failed to say so.
            shown = self.commits.newest(self.state.index) or self.state
            self.commits.refresh(shown.index)
            self.commits.forget(shown.index, {"range": {"born": {"gt": shown.commit}}})
        except EngineDown as error:
            log.warning("what was written of a batch that failed is left for the next writer: %s", error)
            return False
        return True

    def close(self) -> None:
        """Whatever has become of it."""
        self._making.close()

    def _send(self, whole: bool = False) -> None:
        """What is ready; `whole`: all there is."""
        self.check()
        self.commits.cluster.put_all(self.state.index, self._actions(whole))
        self._sent.update(self._waiting)
        self._waiting.clear()

    def _actions(self, whole: bool) -> Iterator[Action]:
        for ready in self._ready(whole):
            for made in ready:
                yield Action(place(made.document.key, self._next), written(made, self._next))

    def _ready(self, whole: bool) -> Iterator[Made]:
        for article, documents in self._waiting.items():
            yield from (made for _, made in self._making.add(article, documents))
        if whole:
            yield from (made for _, made in self._making.rest())

    def _take_back(self, article: int) -> None:
        """What this batch said of an article before is not what it says now."""
        self.commits.refresh(self.state.index)
        of_this_batch = [{"term": {"article": article}}, {"term": {"born": self._next}}]
        self.commits.forget(self.state.index, {"bool": {"filter": of_this_batch}})
        self._sent.discard(article)

    def _old(self) -> Iterator[int]:
        """The articles of this batch that the index has older documents of."""
        articles = sorted(self._sent)
        for at in range(0, len(articles), ASKED_AT_ONCE):
            some = articles[at : at + ASKED_AT_ONCE]
            conditions = [{"terms": {"article": some}}, self.state.shown]
            counted = {"articles": {"terms": {"field": "article", "size": len(some)}}}
            body = {"size": 0, "query": {"bool": {"filter": conditions}}, "aggs": counted}
            found = self.commits.cluster.tell("POST", f"/{self.state.index}/_search", body)
            yield from sorted(bucket["key"] for bucket in found["aggregations"]["articles"]["buckets"])


@contextmanager
def batch(commits: Commits, analysis: Analysis, lease: Lease, fingerprint: str, rebuild: bool) -> Iterator[BatchWriter]:
    """A batch of changes, or a generation filled anew beside the one that serves. Call with the lease held."""
    if not lease.clean:
        commits.sweep()
    serving = None if rebuild else commits.newest()
    if serving is None:
        with _generation(commits, analysis, lease, fingerprint) as writer:
            yield writer
        return
    writer = BatchWriter(commits, _tidied(commits, serving, lease.clean), analysis, False, lease.check)
    try:
        yield writer
        writer.commit()
    except BaseException:
        lease.finished = writer.cancel()
        raise
    finally:
        writer.close()
    lease.finished = True


@contextmanager
def _generation(commits: Commits, analysis: Analysis, lease: Lease, fingerprint: str) -> Iterator[BatchWriter]:
    state = commits.fresh(fingerprint)
    writer = BatchWriter(commits, state, analysis, True, lease.check)
    try:
        yield writer
        writer.commit()
        commits.serve(state.index)
    except BaseException:
        try:
            # Asked: the cluster may have swapped and failed to say so.
            if (serving := commits.newest()) is None or serving.index != state.index:
                commits.drop(state.index)
        except EngineDown as error:
            log.warning("the index %s, half made, is left for the next writer: %s", state.index, error)
        raise
    finally:
        writer.close()
    commits.sweep()
    lease.finished = True


def _tidied(commits: Commits, state: State, clean: bool) -> State:
    """The index without what a writer that died left behind, and what has been replaced for long enough."""
    gone = [one for one in state.replaced if one.at < time.time() - GRACE_SECONDS]
    if clean and not gone:
        return state
    commits.refresh(state.index)
    left = {"range": {"born": {"gt": state.commit}}}
    commits.forget(state.index, {"bool": {"should": [left, *(one.hidden for one in gone)]}})
    return replace(state, replaced=tuple(one for one in state.replaced if one not in gone))
