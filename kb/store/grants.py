"""Sets of grants in the store: written once, referred to by articles, sections and attachments."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from kb.entitlements import Grants, Scope
from kb.store.tables import grant_set


def readable_sets(connection: Connection, scope: Scope) -> list[int]:
    """The sets of which the scope holds a grant."""
    rows = connection.execute(select(grant_set.c.id, grant_set.c.grants))
    return [id_ for id_, grants in rows if scope.reads(grants)]


class GrantSets:
    """Finds sets of grants, and writes those that are new where `writing` says."""

    def __init__(self, connection: Connection, writing: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._connection, self._writing = connection, writing
        self._known: dict[Grants, int] = {}

    def id_of(self, grants: Iterable[str]) -> int:
        wanted = frozenset(grants)
        if wanted not in self._known:
            self.know([wanted])
        return self._known[wanted]

    def id_or_none(self, grants: Iterable[str]) -> int | None:
        """None for no grants at all, where that means: the article's own."""
        wanted = frozenset(grants)
        return self.id_of(wanted) if wanted else None

    def know(self, sets: Iterable[Grants]) -> None:
        """Finds or writes these, all that are new at once."""
        wanted = {_digest(each): each for each in sets if each not in self._known}
        if not wanted:
            return
        self._find(self._connection, wanted)
        # In one order, so that two who write the same never wait for each other.
        new = [
            {"digest": digest, "grants": sorted(each)}
            for digest, each in sorted(wanted.items())
            if each not in self._known
        ]
        if not new:
            return
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        with self._writing() as connection:
            connection.execute(insert(grant_set).on_conflict_do_nothing(), new)
            self._find(connection, wanted)

    def _find(self, connection: Connection, wanted: Mapping[str, Grants]) -> None:
        statement = select(grant_set.c.digest, grant_set.c.id).where(grant_set.c.digest.in_(list(wanted)))
        self._known.update((wanted[digest], id_) for digest, id_ in connection.execute(statement))


def _digest(grants: Grants) -> str:
    return hashlib.sha256(json.dumps(sorted(grants)).encode()).hexdigest()
