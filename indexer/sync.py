"""Keeping an index in step with the store: what changed goes in, batch by batch; a rebuild fills a fresh generation.

The store writes a change note in the transaction that changes an article. A note is crossed off only after the commit
of the index that holds the change: killed at any moment, the next run does the rest, at worst some of it again.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from threading import Event

from indexer.audit import audit
from indexer.documents import documents_of
from indexer.extracting import read_out
from indexer.filling import Progress, Source, put, sources
from indexer.generations import NO_PLACE
from indexer.sounds import read_dictionaries
from kb.limited import Limits
from kb.logs import Trouble
from kb.search import Busy, Engine, EngineDown, IndexDamaged, Writer
from kb.store import StoreError

log = logging.getLogger(__name__)

# Of reading a file out, as KB_RENDER_SECONDS and KB_RENDER_MEMORY_MB are without a setting.
LIMITS = Limits()
BATCH = 2_000
PAUSE = 0.05
LOOKED_AT = 5.0
LONGEST_PAUSE = 30.0
HOPELESS_PAUSE = 600.0
TOLD_EVERY = 30.0
LOOKS = 3
HIGHEST_MARK = 2**31 - 1
EVERY_NOTE = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Synced:
    """How many articles were put in the index, or taken out of it."""

    articles: int


def drain(store: Source, engine: Engine, progress: Progress | None = None, limits: Limits = LIMITS) -> Synced:
    """Bring the index in step with every change noted so far. `limits` are those of reading a file out.

    An index that is not there, empty or damaged, or was written by other rules than today's, is rebuilt. One that
    missed changes, since that of another engine learnt of them, or that is of another time than the store, is compared
    with the store first. Raises Busy when another process is writing it, IndexDamaged when it cannot be read even then.
    """
    try:
        status = engine.status()
    except IndexDamaged:
        log.warning("the index is made anew: it is damaged")
        synced = rebuild(store, engine, progress, limits)
        engine.status()
        return synced
    engine.tidy()
    if status.stale and status.documents:
        log.warning("the index is made anew: it was written by other rules than today's")
    if status.stale or (not status.documents and store.waiting()):
        return rebuild(store, engine, progress, limits)
    missed = store.take_notes(status.engine, missed=not _belong_together(store, engine, status.mark))
    mended = _caught_up(store, engine, status.engine, progress, limits) if missed else 0
    return Synced(mended + _drained(store, engine, progress, limits))


def _caught_up(store: Source, engine: Engine, name: str, progress: Progress | None, limits: Limits) -> int:
    """How many articles were put right that the index had missed the changes of."""
    log.warning("the index of %s is not known to have learnt of all that changed: it is compared with the store", name)
    findings = audit(store, engine, progress)
    if findings.damaged:
        return rebuild(store, engine, progress, limits).articles
    with store.alone(), marked(store, engine) as writer:
        put(store, writer, findings.articles)
    store.caught_up(name)
    return len(findings.articles)


@contextmanager
def marked(store: Source, engine: Engine, *, rebuild: bool = False) -> Iterator[Writer]:
    """A batch whose mark store and index share afterwards.

    The store knows it before the index carries it, and what that carries now, too: killed at any moment, they are known
    to belong together. A store or an index that is put back from another time does not know the other's.
    """
    mark = secrets.randbelow(HIGHEST_MARK) + 1
    with engine.writer(rebuild=rebuild, mark=mark) as writer:
        now = _mark_of(engine)
        if not store.expects(now):
            # Should this batch fail, the index is still to be compared.
            store.take_notes(engine.name, missed=True)
        store.expect(now, mark)
        yield writer


def _mark_of(engine: Engine) -> int:
    try:
        return engine.status().mark
    except IndexDamaged:
        return 0


def _belong_together(store: Source, engine: Engine, mark: int) -> bool:
    """Looked at again where it seems not so: another process may write a batch just now."""
    return store.expects(mark) or any(store.expects(engine.status().mark) for _ in range(LOOKS))


def _drained(store: Source, engine: Engine, progress: Progress | None, limits: Limits) -> int:
    done = 0
    while some := _drain_some(store, engine, limits):
        done += some
        if progress:
            progress(done, done + store.waiting())
    return done


def _drain_some(store: Source, engine: Engine, limits: Limits) -> int:
    """How many articles a batch had; 0 when no note is left that another process does not have."""
    with store.claimed(BATCH) as notes:
        ids = sorted({note.article_id for note in notes})
        if ids:
            read_out(store, ids, limits)
            with marked(store, engine) as writer:
                put(store, writer, ids)
    return len(ids)


def rebuild(
    store: Source,
    engine: Engine,
    progress: Progress | None = None,
    limits: Limits = LIMITS,
    *,
    serving: bool = True,
    patience: float = 0,
) -> Synced:
    """Index every article into a fresh generation; the old one serves until it is complete.

    An engine that is not `serving` yet leaves the notes to the one that is, which goes on meanwhile. Busy when others
    still bring the index up to date after so many seconds.
    """
    with store.alone(patience) if serving else nullcontext(_alone) as check_alone:
        notes = store.notes(EVERY_NOTE) if serving else []
        total, done = len(store.article_ids()), 0
        if serving:
            store.forget_file_texts()
        read_out(store, None, limits)
        filling = marked(store, engine, rebuild=True) if serving else engine.writer(rebuild=True, mark=0)
        with filling as writer:
            for source in sources(store):
                writer.replace(source.row.id, list(documents_of(source)))
                done += 1
                if progress and (done % 100 == 0 or done >= total):
                    progress(done, max(total, done))
            # Another may have taken notes since, and told the old generation alone.
            check_alone()
        if serving:
            name = engine.status().engine
            store.take_notes(name)
            store.caught_up(name)
            store.done([note.id for note in notes])
    return Synced(done)


def _alone() -> None:
    """Nobody else tells an index that does not serve."""


def follow(store: Source, engine: Engine, stop: Event, limits: Limits = LIMITS) -> None:
    """Drain what is noted, until `stop` is set. Trouble is logged and tried again, ever more patiently.

    Whether the index itself is as it should be is looked at now and then, too.
    """
    read_dictionaries()
    pause, due, trouble = PAUSE, 0.0, Trouble(log, "the index waits")
    while not stop.is_set():
        try:
            if store.waiting() or time.monotonic() >= due:
                synced = drain(store, engine, _telling(), limits)
                due = time.monotonic() + LOOKED_AT
                if synced.articles:
                    log.info("indexed %d articles", synced.articles)
            pause = PAUSE
            trouble.over()
        except Busy:
            pause = PAUSE
        except IndexDamaged:
            pause = HOPELESS_PAUSE
            log.exception("the index cannot be read although it was made anew; next try in %.0f s", pause)
        except Exception as error:
            pause = min(pause * 2, LONGEST_PAUSE)
            if _says_all(error):
                trouble.met(type(error).__name__, error)
            else:
                trouble.broke(error)
        stop.wait(pause)


def _says_all(error: Exception) -> bool:
    return isinstance(error, EngineDown | StoreError) or (isinstance(error, OSError) and error.errno in NO_PLACE)


def _telling() -> Progress:
    """Logs how far it is, now and then."""
    told = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() >= told + TOLD_EVERY:
            told = time.monotonic()
            log.info("indexed %d of %d articles so far", done, total)

    return tell
