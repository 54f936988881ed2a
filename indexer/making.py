"""Documents on their way into an index: analysed with every core, in the order they come."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeAlias

from indexer.analysis import Analysis
from indexer.documents import Indexed, indexed, whole
from kb.limited import Done, Limits, Pool
from kb.limited.pool import BATCH_JOBS, BATCH_WEIGHT
from kb.search import Document

# So many articles are analysed long before children would have started; when there are as many as `FEW`, they are
# started.
AT_ONCE, FEW = 300, 100

Made: TypeAlias = Sequence[Indexed]
# What a child made of a document: the document itself need not come back.
Parts: TypeAlias = tuple[Any, ...]
_NAMES = [each.name for each in fields(Indexed) if each.name != "document"]
_parts: Callable[[Indexed], Parts] = attrgetter(*_NAMES)


@dataclass(frozen=True, slots=True)
class Job:
    """The documents of an article. `own_words` are those of the analysis."""

    article: int
    documents: Sequence[Document]
    own_words: frozenset[str]


class Making:
    """Takes the documents of one article after another, and gives them back as they are written, when they are ready.

    `many`: so many that children are worth their start. What they cannot do within their limits is done here: nothing
    is left out.
    """

    def __init__(self, analysis: Analysis, many: bool, limits: Limits | None = None) -> None:
        self._analysis, self._many = analysis, many
        self._pool: Pool[Job, Sequence[Parts]] = Pool("indexer.making:maker", _weight, limits)
        self._jobs: list[Job] = []
        self._weight = self._taken = 0
        self._waiting: deque[tuple[list[Job], Future[list[Done[Sequence[Parts]]]]]] = deque()

    def add(self, article: int, documents: Sequence[Document]) -> Iterator[tuple[int, Made]]:
        """Takes those of an article; gives articles that are ready."""
        self._taken += 1
        job = Job(article, documents, self._analysis.own_words)
        if self._many and self._taken == FEW:
            self._pool.open()
        if not self._many or self._taken <= AT_ONCE:
            yield article, _made(job, self._analysis)
            return
        self._jobs.append(job)
        self._weight += _weight(job)
        if len(self._jobs) >= BATCH_JOBS or self._weight >= BATCH_WEIGHT:
            self._send()
            if len(self._waiting) > 2 * self._pool.workers:
                yield from self._oldest()

    def rest(self) -> Iterator[tuple[int, Made]]:
        """The articles that are not ready yet."""
        self._send()
        while self._waiting:
            yield from self._oldest()

    def close(self) -> None:
        self._pool.close()

    def _send(self) -> None:
        if self._jobs:
            self._waiting.append((self._jobs, self._pool.start(self._jobs)))
            self._jobs, self._weight = [], 0

    def _oldest(self) -> Iterator[tuple[int, Made]]:
        jobs, done = self._waiting.popleft()
        for job, each in zip(jobs, done.result(), strict=True):
            yield job.article, _made(job, self._analysis) if each.result is None else _joined(job, each.result)


def _weight(job: Job) -> int:
    return sum(len(document.body) for document in job.documents)


def _made(job: Job, analysis: Analysis) -> Made:
    return [indexed(document, analysis) for document in job.documents]


def _joined(job: Job, parts: Sequence[Parts]) -> Made:
    pairs = zip(job.documents, parts, strict=True)
    return [Indexed(whole(document), **dict(zip(_NAMES, each, strict=True))) for document, each in pairs]


def maker() -> Callable[[Job], Sequence[Parts]]:
    """What the children do."""
    return lambda job: [_parts(each) for each in _made(job, _analysis(job.own_words))]


@lru_cache(maxsize=1)
def _analysis(own_words: frozenset[str]) -> Analysis:
    return Analysis(own_words)
