"""One database, SQLite or PostgreSQL: opened so that what is committed stays, and brought to the newest schema."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

HEAD = "0025"
BUSY_SECONDS = 30
# A server that is gone without a word is given up after some ten seconds, not after the hours of TCP.
PATIENCE: Mapping[str, int] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
# A server that was there is waited for: its standby takes its place within this time. Who asks is answered late.
WAITING_SECONDS = 25.0
AGAIN_SECONDS = 0.5

# By SQLSTATE or SQLite's name: where the database is to blame though the driver may think otherwise, what is to do.
ADVICE: Mapping[str, str] = {
    "25006": "it is a standby, or has default_transaction_read_only; where there are several servers, "
    "KB_STORE_URL says target_session_attrs=read-write",
    "42501": "the database and what is in it are to belong to the account of KB_STORE_URL",
    "53100": "the disk of the database is full",
    # The first process that opens a store maps a file beside it into memory.
    "SQLITE_IOERR_SHMSIZE": "its disk is full",
}

_waits: ContextVar[bool] = ContextVar("waits", default=True)


class StoreError(Exception):
    """The store cannot be used as it is: says why and what to do."""


def connect(url: str) -> Engine:
    """An engine for the URL. SQLite's file and folder are made private when they are made."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(parsed)
        return _postgresql(parsed)
    except (ArgumentError, ValueError) as error:
        # What it says of the URL may show a password.
        raise StoreError("KB_STORE_URL is not a database URL; see docs/settings.md") from error
    except ModuleNotFoundError as error:
        raise StoreError(
            f"this store needs the package {error.name}; where the program is: .venv/bin/pip install -e '.[postgresql]'"
        ) from error


# Made once: an import writes six values for each article.
_encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
# What most columns hold of most articles.
_NOTHING = "[]", "{}"


def _json(value: Any) -> str:
    if not value and isinstance(value, list | dict):
        return _NOTHING[isinstance(value, dict)]
    return _encoded(value)


def _from_json(text: str) -> Any:
    return ([], {})[_NOTHING.index(text)] if text in _NOTHING else json.loads(text)


def _postgresql(url: URL) -> Engine:
    engine = create_engine(
        url,
        json_serializer=_json,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=20,
        pool_timeout=BUSY_SECONDS,
        # What the URL says itself stands.
        connect_args={name: value for name, value in PATIENCE.items() if name not in url.query},
    )
    event.listen(engine, "do_connect", _Waiting())
    return engine


class _Waiting:
    """Connects to a server; waits for one that was there before."""

    def __init__(self) -> None:
        self._was_there = False

    def __call__(self, dialect: Any, _record: object, arguments: Any, parameters: Any) -> Any:
        ends = time.monotonic() + WAITING_SECONDS
        while True:
            try:
                connection = dialect.connect(*arguments, **parameters)
            except dialect.loaded_dbapi.OperationalError:
                if not self._was_there or not _waits.get() or time.monotonic() >= ends:
                    raise
                time.sleep(AGAIN_SECONDS)
            else:
                self._was_there = True
                return connection


@contextmanager
def at_once() -> Iterator[None]:
    """A server that is away is not waited for in this block."""
    token = _waits.set(False)
    try:
        yield
    finally:
        _waits.reset(token)


def _sqlite(url: URL) -> Engine:
    if url.database and url.database != ":memory:":
        _make_private(Path(url.database))
    engine = create_engine(
        url,
        json_serializer=_json,
        json_deserializer=_from_json,
        hide_parameters=True,
        pool_size=5,
        max_overflow=20,
        connect_args={"timeout": BUSY_SECONDS},
    )
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreError(f"the store {path} cannot be opened: {error.strerror}") from error


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # The driver would begin transactions on its own, and only before writes: then two reads see two states.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-32000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A write that began as a read cannot wait for another writer: it fails at once instead.
    immediate = connection.get_execution_options().get("kb_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction whose statements all see the same state."""
    isolation: Literal["REPEATABLE READ"] = "REPEATABLE READ"
    options = {"isolation_level": isolation} if engine.dialect.name == "postgresql" else {}
    with engine.connect().execution_options(**options) as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that commits on a clean exit and changes nothing on an error."""
    with engine.connect().execution_options(kb_writes=True) as connection, connection.begin():
        yield connection


def upgrade(engine: Engine) -> None:
    """Brings the schema to the newest, once, whoever else tries at the same time; readers read on meanwhile."""
    from alembic.util import CommandError

    from kb.store import migrating

    try:
        if engine.dialect.name == "postgresql":
            migrating.upgrade_online(engine)
        else:
            with writing(engine) as connection:
                migrating.upgrade(connection, "head")
    except CommandError as error:
        raise StoreError(f"the store's schema is not one of this program: {error}") from error
    except DBAPIError as error:
        raise _not_opened(engine, error) from error


def check_schema(engine: Engine) -> None:
    """StoreError unless the schema is the one this code is written for."""
    try:
        with reading(engine) as connection:
            found = None
            if inspect(connection).has_table("alembic_version"):
                found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    except DBAPIError as error:
        raise _not_opened(engine, error) from error
    if found is None:
        raise StoreError("the store is empty; run: kb init")
    if found != HEAD:
        from kb.store import migrating

        migrating.check_known(found)
        raise StoreError(f"the store has schema {found}, this program needs {HEAD}; run: kb init")


def _not_opened(engine: Engine, error: DBAPIError) -> StoreError:
    setting = "" if is_private_file(engine) else " of KB_STORE_URL"
    return StoreError(f"the store{setting}, {place(engine)}, cannot be opened: {told(error)}")


def told(error: DBAPIError) -> str:
    """What the database says, in a line and without the statement, and what to do about it."""
    orig: Any = error.orig
    said = " ".join(str(getattr(getattr(orig, "diag", None), "message_primary", None) or orig).split())
    advice = ADVICE.get(_state(error))
    return f"{said} ({advice})" if advice else said


def _state(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", None) or ""


def cannot_be_used(error: DBAPIError) -> bool:
    """Whether the database is to blame. A constraint that does not hold, or a wrong statement, is a fault of ours."""
    kind = type(error).__name__
    return (
        error.connection_invalidated
        or _state(error) in ADVICE
        or kind in ("OperationalError", "InterfaceError", "DatabaseError")
    )


def place(engine: Engine) -> str:
    """Where the store is, for people: never with a password."""
    if file := is_private_file(engine):
        return str(file)
    url = engine.url
    given = url.query.get("host") or (f"{url.host}:{url.port}" if url.port else url.host) or "this machine"
    return f"database {url.database} at {given if isinstance(given, str) else ', '.join(given)}"


def is_private_file(engine: Engine) -> Path | None:
    """The file of an SQLite store; None for any other."""
    database = engine.url.database
    return Path(database) if engine.dialect.name == "sqlite" and database and database != ":memory:" else None
