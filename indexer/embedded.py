"""What engines with an index in a folder of their own do alike: they search the generation that serves, at its newest
commit, and write it or a fresh one beside it."""

from __future__ import annotations

import errno
import logging
import os
import re
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, Self, TypeVar

from indexer.analysis import Analysis
from indexer.answering import Answering
from indexer.caching import CACHE_MB, Cache
from indexer.generations import NO_PLACE, Generations, fingerprint_of, octets_of, sync_folder
from indexer.sealing import Seal, mark_of, seal, sealed
from indexer.sources import Source
from indexer.vocabulary import Vocabularies
from indexer.weights import Weights, weights_of
from kb.entitlements import Scope
from kb.logs import Trouble
from kb.question import Query
from kb.search import Busy, EngineDown, Hits, IndexDamaged, IndexStatus, Respelled, Suggestion, Writer

if TYPE_CHECKING:
    from kb.config import Config

LOOKS = 5
# So many seconds pass at most before a file that was damaged is known.
LOOKED_AT = 1.0
PANIC = "PanicException"
PASSING = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EINTR, errno.EACCES, errno.EPERM})
# How tantivy tells what the machine said.
_SAID_BY_THE_MACHINE = re.compile(r"Os \{ code: ([0-9]+)|\(os error ([0-9]+)\)")

log = logging.getLogger(__name__)

# Which one it is; of a file, so that it is another one after an index was removed, when numbers begin again.
Commit = tuple[int, ...]


class Batch(Writer, Protocol):
    """Changes on their way into an index."""

    def commit(self) -> None:
        """Everything shows at once; nothing of it does when this raises: `cancel` then. Files may yet be unsynced."""

    def cancel(self) -> None:
        """Nothing of it shows, and the next batch can be written, whatever has gone wrong."""


class Opened(ABC):
    """A generation as it stood at one commit: its `name`, and the `source` that is searched."""

    name: str
    source: Source

    def __init__(self, path: Path, commit: Commit) -> None:
        self.path, self.commit = path, commit
        self.fingerprint = fingerprint_of(path)

    @property
    @abstractmethod
    def documents(self) -> int: ...

    @property
    def kept_by(self) -> Collection[str]:
        """The names by which something is kept in the cache."""
        return (self.source.name,)

    @abstractmethod
    def contents(self) -> Mapping[int, Mapping[str, str]]:
        """See `kb.search.Engine`."""


G = TypeVar("G", bound=Opened)


class Embedded(ABC, Generic[G]):
    """See `kb.search.Engine`. Readers follow commits and generations of any process without being told."""

    name: ClassVar[str]
    # The modules that write an index.
    written_by: ClassVar[Sequence[ModuleType]]
    # What opening raises, too, when a writer replaces the files meanwhile.
    replaced: ClassVar[tuple[type[Exception], ...]] = (FileNotFoundError,)

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
        self._opened: G | None = None
        self._seal: tuple[Path, Commit, Seal | None] | None = None
        self._looked = 0.0
        self._trouble = Trouble(log, "the index cannot be read")

    @classmethod
    def of(cls, config: Config, cache: Cache) -> Self:
        """The one of the settings."""
        folder, weights = config.home / "index" / cls.name, weights_of(config.weights)
        return cls(folder, Analysis(), weights, Vocabularies(config.terms), cache)

    @abstractmethod
    def _commit(self, path: Path) -> Commit:
        """The newest of a generation. FileNotFoundError when it has none. Looked at with every search."""

    @abstractmethod
    def _head(self, path: Path) -> str:
        """The file that describes it."""

    @abstractmethod
    def _open(self, path: Path, commit: Commit, before: G | None) -> G:
        """A generation at its newest commit. What it shares with the one opened before need not be opened again."""

    @abstractmethod
    def _batch(self, path: Path, fresh: bool) -> Batch:
        """A batch for the generation in a folder; a `fresh` one has nothing but its stamp."""

    @contextmanager
    def writer(self, *, rebuild: bool = False, mark: int | None = None) -> Iterator[Writer]:
        with self._generations.lock():
            self._generations.sweep()
            try:
                with self._written_to(rebuild, mark) as writer:
                    yield writer
            except Exception as error:
                number = _said_by_the_machine(error)
                self._doubt(closely=number == 0)
                if number in NO_PLACE and not (isinstance(error, OSError) and error.filename):
                    raise OSError(number, os.strerror(number), str(self._generations.folder)) from error
                raise
            finally:
                self._generations.sweep()

    @contextmanager
    def _written_to(self, rebuild: bool, mark: int | None) -> Iterator[Writer]:
        serving = None if rebuild else self._written()
        path = serving or self._generations.fresh(self._fingerprint())
        batch = self._batch(path, fresh=serving is None)
        try:
            yield batch
            batch.commit()
        except BaseException:
            batch.cancel()
            raise
        seal(path, self._head(path), mark)
        if serving:
            sync_folder(path)
        else:
            self._generations.serve(path)

    def tidy(self) -> None:
        if self._generations.others() or self._is_unsealed():
            with suppress(Busy, OSError), self._generations.lock():
                self._generations.sweep()
                if self._is_unsealed() and (path := self._written()):
                    seal(path, self._head(path))

    def _is_unsealed(self) -> bool:
        """As one is that was written before there were seals, or whose writer was killed."""
        with suppress(OSError, ValueError):
            path = self._written()
            return path is not None and sealed(path, self._head(path)) is None
        return False

    def search(self, query: Query, scope: Scope) -> Hits:
        with self._reading():
            return self._answering.search(query, scope, self._serving())

    def suggest(
        self,
        prefix: str,
        scope: Scope,
        limit: int = 8,
        without: frozenset[int] = frozenset(),
        prefers: tuple[str, ...] = (),
    ) -> Sequence[Suggestion]:
        with self._reading():
            return self._answering.suggest(prefix, scope, self._serving(), limit, without, prefers)

    def respelled(self, text: str, scope: Scope, without: frozenset[int] = frozenset()) -> Respelled | None:
        with self._reading():
            return self._answering.respelled(text, scope, self._serving(), without)

    def status(self) -> IndexStatus:
        with self._reading():
            return self._status()

    def contents(self) -> Mapping[int, Mapping[str, str]]:
        with self._reading():
            found = self._contents()
            self._look_closely()
            return found

    def close(self) -> None:
        with self._lock:
            self._opened = None
        self._cache.keep_only(())

    def _status(self) -> IndexStatus:
        opened, expected = self._newest(), self._fingerprint()
        if opened is None:
            return IndexStatus(self.name, "", 0, "", expected, 0)
        octets = octets_of(opened.path)
        mark = mark_of(opened.path)
        return IndexStatus(self.name, opened.name, opened.documents, opened.fingerprint, expected, octets, mark)

    def _contents(self) -> Mapping[int, Mapping[str, str]]:
        opened = self._newest()
        return opened.contents() if opened else {}

    def _fingerprint(self) -> str:
        """Changes whenever what is written to an index would."""
        return self._answering.fingerprint(*self.written_by)

    def _written(self) -> Path | None:
        """The serving generation, if anything was ever written to it."""
        path = self._generations.serving()
        try:
            return path if path and self._commit(path) else None
        except FileNotFoundError:
            return None

    def _newest(self) -> G | None:
        """The serving generation at its newest commit; None when there is none."""
        with self._lock:
            for others in reversed(range(LOOKS)):
                path = self._generations.serving()
                if path is None:
                    return None
                try:
                    return self._followed(path)
                except self.replaced:
                    # A writer may have replaced what was about to be opened: look again.
                    if not others and self._written():
                        raise
        return None

    def _followed(self, path: Path) -> G:
        commit, opened = self._commit(path), self._opened
        if opened and (opened.path, opened.commit) != (path, commit):
            opened = None
        if opened is None or time.monotonic() >= self._looked + LOOKED_AT:
            self._check(path, commit)
        if opened is None:
            opened = self._opened = self._open(path, commit, self._opened)
            self._cache.keep_only(opened.kept_by)
        return opened

    def _check(self, path: Path, commit: Commit) -> None:
        """Whether its files are what was written, as far as that is known."""
        if self._seal is None or self._seal[:2] != (path, commit):
            self._trouble.over()
            self._seal = (path, commit, None)
        known = self._seal[2] or sealed(path, self._head(path))
        self._seal = (path, commit, known)
        if known:
            known.check()
        self._looked = time.monotonic()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            with reading():
                yield
        except IndexDamaged as error:
            cause = error.__cause__
            reason = _told(cause) if cause else str(error)
            self._trouble.met(type(cause or error).__name__, reason)
            self._doubt(closely=cause is not None)
            raise

    def _doubt(self, *, closely: bool) -> None:
        """Opens it afresh next time. `closely`: what failed may be for a file that is damaged though nobody wrote it;
        this is looked into once."""
        with self._lock:
            self._opened = None
            self._cache.keep_only(())
            known = self._seal and self._seal[2]
            if closely and known and not known.doubted:
                known.doubted = True
                with suppress(Exception):
                    known.check(closely=True)

    def _look_closely(self) -> None:
        with self._lock:
            if self._seal and self._seal[2]:
                self._seal[2].check(closely=True)

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
    except BaseException as error:
        # What tantivy gives up over is no Exception, as little as what stops a program.
        if not isinstance(error, Exception) and type(error).__name__ != PANIC:
            raise
        if (number := _said_by_the_machine(error)) in PASSING:
            raise EngineDown(f"the index cannot be read now: {os.strerror(number)}") from error
        log.debug("the index cannot be read", exc_info=True)
        raise IndexDamaged("the index is damaged: run kb build") from error


def _said_by_the_machine(error: BaseException) -> int:
    """The number of an error of the system's, 0 when it is none."""
    if isinstance(error, OSError):
        return error.errno or 0
    said = _SAID_BY_THE_MACHINE.search(str(error))
    return int(said[1] or said[2]) if said else 0


def _told(error: BaseException) -> str:
    """What went wrong with which file, or where in the program: words of an error may quote who asked."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    frames = traceback.extract_tb(error.__traceback__)
    place = f", {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
