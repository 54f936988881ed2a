"""Which column of a source's tables is which key of ours, as its last import had it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, delete, insert, select

from kb.store.tables import column_mapping


def find(connection: Connection, source: str) -> dict[str, str]:
    """Column → key; nothing when the source has none."""
    found = connection.scalar(select(column_mapping.c["keys"]).where(column_mapping.c.source == source))
    return dict(found or {})


def keep(connection: Connection, source: str, keys: Mapping[str, str]) -> None:
    """Instead of what was kept before."""
    connection.execute(delete(column_mapping).where(column_mapping.c.source == source))
    connection.execute(insert(column_mapping).values({"source": source, "keys": dict(keys)}))
