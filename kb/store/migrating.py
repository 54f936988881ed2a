"""Bringing a schema to the newest, by Alembic; on PostgreSQL while others read and write."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from kb.store.database import StoreError, writing

MIGRATIONS = Path(__file__).parents[1] / "migrations"
ONE_AT_A_TIME = 726_372
# Who waits for a table makes everyone wait who comes after: so not for long, but again and again.
LOCK_MS = 500
TRIES = 60
PAUSE = 1.0
LOCK_NOT_AVAILABLE = "55P03"


def upgrade(connection: Connection, revision: str) -> None:
    """In the transaction of this connection."""
    settings = _settings()
    settings.attributes["connection"] = connection
    command.upgrade(settings, revision)


def upgrade_online(engine: Engine) -> None:
    """A transaction for each step, which holds its locks no longer than it takes and waits for none for long."""
    with _one_at_a_time(engine):
        for revision in _steps(engine):
            _patiently(engine, revision)


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


def _steps(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        now = MigrationContext.configure(connection).get_current_revision()
    steps = ScriptDirectory.from_config(_settings()).iterate_revisions("head", now or "base")
    return [step.revision for step in steps][::-1]


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
