"""Sets of grants in the store: written once, referred to by articles, sections and attachments."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
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
            self._known[wanted] = self._find_or_write(wanted)
        return self._known[wanted]

    def id_or_none(self, grants: Iterable[str]) -> int | None:
        """None for no grants at all, where that means: the article's own."""
        wanted = frozenset(grants)
        return self.id_of(wanted) if wanted else None

    def _find_or_write(self, grants: Grants) -> int:
        sorted_grants = sorted(grants)
        digest = hashlib.sha256(json.dumps(sorted_grants).encode()).hexdigest()
        there = select(grant_set.c.id).where(grant_set.c.digest == digest)
        if (known := self._connection.scalar(there)) is not None:
            return int(known)
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        new = insert(grant_set).values(digest=digest, grants=sorted_grants).on_conflict_do_nothing()
        with self._writing() as connection:
            connection.execute(new)
            return int(connection.execute(there).scalar_one())
