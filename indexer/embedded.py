"""What engines with an index in a folder of their own do alike: they search the generation that serves."""

from __future__ import annotations

import errno
import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Protocol

from indexer.analysis import Analysis
from indexer.answering import Answering
from indexer.caching import CACHE_MB, Cache
from indexer.generations import Generations
from indexer.sources import Source
from indexer.vocabulary import Vocabularies
from indexer.weights import Weights
from kb.entitlements import Scope
from kb.question import Query
from kb.search import EngineDown, Hits, IndexDamaged, IndexStatus, Respelled, Suggestion

PANIC = "PanicException"
PASSING = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EINTR, errno.EACCES, errno.EPERM})

log = logging.getLogger(__name__)


class Generation(Protocol):
    """A generation as it stood at one commit."""

    @property
    def source(self) -> Source: ...


class Embedded(ABC):
    """See `kb.search.Engine`. Readers follow commits and generations of any process without being told."""

    def __init__(
        self,
        folder: Path,
        analysis: Analysis,
        weights: Weights,
        vocabularies: Vocabularies | None = None,
        cache: Cache | None = None,
    ) -> None:
        self._generations = Generations(folder)
        self._cache = cache or Cache(CACHE_MB)
        self._answering = Answering(analysis, weights, vocabularies, self._cache)
        self._lock = Lock()

    @abstractmethod
    def _newest(self) -> Generation | None:
        """The serving generation at its newest commit; None when there is none to open."""

    @abstractmethod
    def _status(self) -> IndexStatus: ...

    @abstractmethod
    def _contents(self) -> Mapping[int, Mapping[str, str]]: ...

    def search(self, query: Query, scope: Scope) -> Hits:
        with reading():
            return self._answering.search(query, scope, self._serving())

    def suggest(
        self,
        prefix: str,
        scope: Scope,
        limit: int = 8,
        without: frozenset[int] = frozenset(),
        prefers: tuple[str, ...] = (),
    ) -> Sequence[Suggestion]:
        with reading():
            return self._answering.suggest(prefix, scope, self._serving(), limit, without, prefers)

    def respelled(self, text: str, scope: Scope, without: frozenset[int] = frozenset()) -> Respelled | None:
        with reading():
            return self._answering.respelled(text, scope, self._serving(), without)

    def status(self) -> IndexStatus:
        with reading():
            return self._status()

    def contents(self) -> Mapping[int, Mapping[str, str]]:
        with reading():
            return self._contents()

    def _serving(self) -> Source:
        if found := self._newest():
            return found.source
        raise EngineDown("there is no index: run kb build")


@contextmanager
def reading() -> Iterator[None]:
    """What goes wrong within, with files that somebody may have damaged, is IndexDamaged; the store answers then.

    Trouble of the machine that passes, as when too many files are open, is EngineDown alone: the index stays.
    """
    try:
        yield
    except EngineDown:
        raise
    except MemoryError as error:
        raise EngineDown("there is no memory left to read the index") from error
    except OSError as error:
        if error.errno not in PASSING:
            raise _damaged() from error
        raise EngineDown(f"the index cannot be read now: {error.strerror}") from error
    except BaseException as error:
        # What tantivy gives up over is no Exception, as little as what stops a program.
        if not isinstance(error, Exception) and type(error).__name__ != PANIC:
            raise
        raise _damaged() from error


def _damaged() -> IndexDamaged:
    log.exception("the index cannot be read")
    return IndexDamaged("the index is damaged: run kb build")
