"""Where a batch stands row by row before it is written: tables of one connection alone, which nobody waits for.

Writing it is then a few statements within the database, and SQLite, which has one writer, is held no longer.
"""

from __future__ import annotations

import glob
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Engine, Integer, MetaData, Table
from sqlalchemy.schema import CreateTable, DropTable

from kb.store import database
from kb.store.tables import article, article_section, attachment

# The schema of a connection's own tables, made within a transaction of somebody else's.
OWN = {"sqlite": "temp", "postgresql": "pg_temp"}
# What is the same of all articles of a batch, its moment, is not staged.
MOMENTS = ("created_at", "text_at", "changed_at")
# SQLite: a file beside the store, for batches that memory should not hold.
FILE = "staged"


@dataclass(frozen=True, slots=True)
class Staged:
    """The tables. Of an article `existed` says whether it takes the place of one that is there; attachments keep their
    order by `place`."""

    article: Table
    section: Table
    attachment: Table

    def make(self, connection: Connection) -> None:
        for table in (self.article, self.section, self.attachment):
            connection.execute(CreateTable(table))

    def drop(self, connection: Connection) -> None:
        for table in (self.article, self.section, self.attachment):
            connection.execute(DropTable(table))


@cache
def _tables(schema: str) -> Staged:
    def like(table: Table, name: str, key: tuple[str, ...], *more: Column[Any]) -> Table:
        columns = [
            Column(each.name, each.type, primary_key=each.name in key, autoincrement=False, key=each.key)
            for each in table.columns
            if each.name in key or each.name not in ("id", *MOMENTS)
        ]
        return Table(f"staged_{name}", MetaData(), *columns, *more, schema=schema)

    return Staged(
        like(article, "article", ("id",), Column("existed", Boolean, nullable=False)),
        like(article_section, "section", ("article_id", "ordinal")),
        like(attachment, "attachment", (), Column("place", Integer, primary_key=True, autoincrement=False)),
    )


@contextmanager
def within(connection: Connection) -> Iterator[Staged]:
    """Tables within a transaction, for batches that are small. Gone at the end of the block."""
    staged = _tables(OWN[connection.dialect.name])
    staged.make(connection)
    yield staged
    staged.drop(connection)


@contextmanager
def beside(engine: Engine) -> Iterator[tuple[Connection, Staged]]:
    """A connection with tables that take no lock of the store's, and hold whatever a disk holds. Gone at the end."""
    with engine.connect() as connection:
        # What it has must not be the next user's.
        connection.detach()
        schema = OWN["postgresql"]
        if engine.dialect.name == "sqlite":
            _attach(connection, database.is_private_file(engine))
            schema = FILE
        yield connection, _tables(schema)


def sweep(engine: Engine, before: float) -> None:
    """Removes files from before this time that were killed off before they lost their name."""
    if store := database.is_private_file(engine):
        for path in store.parent.glob(f"{glob.escape(store.name)}.{FILE}-*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    path.unlink()


def _attach(connection: Connection, store: Path | None) -> None:
    """A file without a name, so that nothing is left of it whatever happens; it need not outlive a crash."""
    path = store.with_name(f"{store.name}.{FILE}-{secrets.token_hex(8)}") if store else None
    raw = connection.connection.dbapi_connection
    assert raw is not None  # noqa: S101 (it is connected)
    cursor = raw.cursor()
    if path:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        cursor.execute(f"ATTACH DATABASE ? AS {FILE}", (str(path or ""),))
    finally:
        if path:
            path.unlink()
    for pragma in ("page_size=65536", "journal_mode=OFF", "synchronous=OFF", "cache_size=-8000"):
        cursor.execute(f"PRAGMA {FILE}.{pragma}")
    cursor.close()
