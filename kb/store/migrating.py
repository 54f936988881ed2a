"""Bringing a schema to the newest, by Alembic; on PostgreSQL while others read and write."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from alembic import command, op
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from kb.store.database import HEAD, StoreError, writing

MIGRATIONS = Path(__file__).parents[1] / "migrations"
ONE_AT_A_TIME = 726_372
# Who waits for a table makes everyone wait who comes after: so not for long, but again and again.
LOCK_MS = 500
TRIES = 60
PAUSE = 1.0
LOCK_NOT_AVAILABLE = "55P03"
HALF_MADE = """
    SELECT 1 FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE relname = :name AND NOT indisvalid AND pg_table_is_visible(pg_class.oid)
"""


def upgrade(connection: Connection, revision: str) -> None:
    """In the transaction of this connection."""
    check_known(_revision(connection))
    settings = _settings()
    settings.attributes["connection"] = connection
    command.upgrade(settings, revision)


def upgrade_online(engine: Engine) -> None:
    """A transaction for each step, which holds its locks no longer than it takes and waits for none for long."""
    with _one_at_a_time(engine):
        for step in _steps(engine):
            _index_beforehand(engine, step)
            _patiently(engine, step.revision)


def _settings() -> Config:
    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return settings


@contextmanager
def _one_at_a_time(engine: Engine) -> Iterator[None]:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"SELECT pg_advisory_lock({ONE_AT_A_TIME})"))
        try:
            yield
        finally:
            connection.execute(text(f"SELECT pg_advisory_unlock({ONE_AT_A_TIME})"))


def _index_beforehand(engine: Engine, step: Script) -> None:
    """The indexes that a step names in INDEXES are made while others read and write; the step then finds them there."""
    for table, *columns in getattr(step.module, "INDEXES", ()):
        name = index_name(table, columns)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            # One that was given up half-way is there, but not valid.
            if connection.scalar(text(HALF_MADE), {"name": name}):
                connection.execute(text(f"DROP INDEX CONCURRENTLY {name}"))
            given = ", ".join(columns)
            connection.execute(text(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {table} ({given})"))


def index_name(table: str, columns: Sequence[str]) -> str:
    return f"ix_{table}_{'_'.join(columns)}"


def make_indexes(indexes: Iterable[Sequence[str]]) -> None:
    """Within a step: those of its INDEXES that are not there yet. On PostgreSQL they are made beforehand."""
    for table, *columns in indexes:
        op.create_index(op.f(index_name(table, columns)), table, columns, if_not_exists=True)


def _steps(engine: Engine) -> list[Script]:
    with engine.connect() as connection:
        now = _revision(connection)
    check_known(now)
    steps = ScriptDirectory.from_config(_settings()).iterate_revisions("head", now or "base")
    return list(steps)[::-1]


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def check_known(revision: str | None) -> None:
    """StoreError for a schema that this program has never heard of."""
    known = {step.revision for step in ScriptDirectory.from_config(_settings()).walk_revisions()}
    if revision is not None and revision not in known:
        raise StoreError(
            f"the store was made by a newer version of the program: it has schema {revision}, and this one knows those "
            f"up to {HEAD}; update the program"
        )


def _patiently(engine: Engine, revision: str) -> None:
    for _ in range(TRIES):
        try:
            with writing(engine) as connection:
                connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_MS}"))
                upgrade(connection, revision)
                return
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                raise
            time.sleep(PAUSE)
    raise StoreError("the store is in use by a transaction that does not end; nothing was changed by this step")
