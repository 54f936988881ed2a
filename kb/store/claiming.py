"""Who tells the index what: change notes are one process's at a time, and a rebuild has them all to itself.

On PostgreSQL any number of processes drain the notes side by side. Two notes of one article are never in two hands:
the later state would be written over by the earlier. On SQLite a lock on a file beside the store lets one in at a time.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.exc import OperationalError

from kb.busy import Busy
from kb.store import database, indexing
from kb.store.articles import ChangeNote
from kb.store.database import StoreError
from kb.store.tables import change_note

# Each article claimed is a lock in the server's memory, of which there are some thousands.
CLAIMED = 500
DRAINING, ARTICLE = 726_373, 726_374
_LOCK_ARTICLES = text(
    "SELECT id FROM unnest(CAST(:ids AS integer[])) AS wanted (id) WHERE pg_try_advisory_xact_lock(:of, id)"
)
MOMENT = 0.05
LOCK_NOT_AVAILABLE = "55P03"
BUSY = "another process is bringing the index up to date"


@contextmanager
def claimed(engine: Engine, limit: int) -> Iterator[list[ChangeNote]]:
    """The oldest notes that nobody else has, crossed off on a clean exit, left on an error. Busy while one rebuilds."""
    if engine.dialect.name == "postgresql":
        with database.writing(engine) as connection:
            notes = _claim(connection, min(limit, CLAIMED))
            yield notes
            indexing.done(connection, [note.id for note in notes])
        return
    with _file_lock(engine):
        with database.reading(engine) as connection:
            notes = indexing.notes(connection, limit)
        yield notes
        if notes:
            with database.writing(engine) as connection:
                indexing.done(connection, [note.id for note in notes])


def _claim(connection: Connection, limit: int) -> list[ChangeNote]:
    if not connection.scalar(select(func.pg_try_advisory_xact_lock_shared(DRAINING))):
        raise Busy(BUSY)
    oldest = select(change_note.c.id, change_note.c.article_id).order_by(change_note.c.id).limit(limit)
    notes = [ChangeNote(*found) for found in connection.execute(oldest.with_for_update(skip_locked=True))]
    wanted = sorted({note.article_id for note in notes})
    ours = set(connection.scalars(_LOCK_ARTICLES, {"ids": wanted, "of": ARTICLE})) if wanted else set()
    return [note for note in notes if note.article_id in ours]


@contextmanager
def alone(engine: Engine, patience: float = 0) -> Iterator[Callable[[], None]]:
    """Nobody else claims notes meanwhile; Busy when somebody still does after so many seconds. Gives a check that this
    still holds."""
    if engine.dialect.name != "postgresql":
        with _file_lock(engine, patience):
            yield lambda: None
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        _take_draining(connection, patience)
        session = connection.scalar(select(func.pg_backend_pid()))

        def check() -> None:
            if connection.scalar(select(func.pg_backend_pid())) != session:
                raise StoreError("the store was away while the index was rebuilt; run it again")

        try:
            yield check
        finally:
            if not connection.invalidated:
                connection.execute(select(func.pg_advisory_unlock(DRAINING)))


def _take_draining(connection: Connection, patience: float) -> None:
    """Nobody begins to drain while we wait in line, so that those who are at it come to an end."""
    if connection.scalar(select(func.pg_try_advisory_lock(DRAINING))):
        return
    if not patience:
        raise Busy(BUSY)
    connection.execute(select(func.set_config("lock_timeout", f"{patience * 1000:.0f}ms", False)))
    try:
        connection.execute(select(func.pg_advisory_lock(DRAINING)))
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", "") != LOCK_NOT_AVAILABLE:
            raise
        raise Busy(BUSY) from None
    finally:
        if not connection.invalidated:
            connection.execute(select(func.set_config("lock_timeout", "0", False)))


@contextmanager
def _file_lock(engine: Engine, patience: float = 0) -> Iterator[None]:
    path = database.is_private_file(engine)
    if path is None:
        yield
        return
    with path.with_name(f"{path.name}.sync").open("w") as file:
        until = time.monotonic() + patience
        while not _locked(file.fileno()):
            if time.monotonic() >= until:
                raise Busy(BUSY)
            time.sleep(MOMENT)
        yield


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
