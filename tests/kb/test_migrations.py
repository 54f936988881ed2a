"""Every step of the schema's history may run while others read and write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from sqlalchemy import event, inspect

from kb.store import database, migrating


def test_a_step_indexes_tables_that_were_there_beforehand_alone(tmp_path: Path) -> None:
    """Where PostgreSQL makes such an index within the step, everybody waits who writes the table."""
    engine = database.connect(f"sqlite:///{tmp_path / 'kb.sqlite3'}")
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    steps = list(ScriptDirectory.from_config(migrating._settings()).iterate_revisions("head", "base"))[::-1]
    assert steps[-1].revision == database.HEAD
    for step in steps:
        found = inspect(engine)
        there = {table: {each["name"] for each in found.get_indexes(table)} for table in found.get_table_names()}
        named = {migrating.index_name(table, columns) for table, *columns in getattr(step.module, "INDEXES", ())}
        asked.clear()
        with database.writing(engine) as connection:
            migrating.upgrade(connection, step.revision)
        assert not [each for each in map(_made, asked) if _late(each, there, named)], step.revision
    engine.dispose()


def _made(statement: str) -> tuple[str, str]:
    """The name of an index that a statement makes, and its table."""
    words = statement.replace("IF NOT EXISTS ", "").replace("UNIQUE ", "").split()
    return (words[2], words[4]) if words[:2] == ["CREATE", "INDEX"] else ("", "")


def _late(made: tuple[str, str], there: dict[str, Any], named: set[str]) -> bool:
    name, table = made
    # SQLite alters a table by copying it, its indexes with it.
    return table in there and name not in there[table] and name not in named
