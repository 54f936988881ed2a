"""SQLite's full text search over words cut by jieba: rights by a join, facets by one GROUP BY, its own snippets."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.bench.corpus import Prepared, words
from tests.bench.peers import Found, octets_of

FOUND = "FROM found JOIN article ON article.id = found.rowid WHERE found MATCH ? AND article.scope IN ({scopes})"
BEST = (
    f"SELECT article.id, snippet(found, 1, '[', ']', '…', 32) {FOUND} ORDER BY bm25(found, 6, 1), article.id LIMIT 10"
)
COUNTED = f"SELECT product, lang, year, count(*) {FOUND} GROUP BY product, lang, year"


@contextmanager
def opened(_: str, prepared: Prepared, folder: Path) -> Iterator[Fts5Peer]:
    path = folder / "fts5.sqlite3"
    with closing(sqlite3.connect(path)) as base:
        if not base.execute("SELECT 1 FROM sqlite_master WHERE name = 'whole'").fetchone():
            _fill(base, prepared)
        yield Fts5Peer(base, prepared, folder)


def _fill(base: sqlite3.Connection, prepared: Prepared) -> None:
    base.executescript(
        "CREATE TABLE article (id INTEGER PRIMARY KEY, scope TEXT, product TEXT, lang TEXT, year TEXT);"
        "CREATE VIRTUAL TABLE found USING fts5(title, text, tokenize='unicode61');"
    )
    with base:
        for at, row in enumerate(prepared.cut()):
            values = (at, row["scope"], row["product"], row["lang"], row["year"])
            base.execute("INSERT INTO article VALUES (?, ?, ?, ?, ?)", values)
            base.execute("INSERT INTO found (rowid, title, text) VALUES (?, ?, ?)", (at, row["title"], row["text"]))
        base.execute("INSERT INTO found (found) VALUES ('optimize')")
        base.execute("CREATE TABLE whole (yes)")


class Fts5Peer:
    def __init__(self, base: sqlite3.Connection, prepared: Prepared, folder: Path) -> None:
        self._base, self._folder, self._scopes = base, folder, prepared.scopes
        marks = ", ".join("?" * len(prepared.scopes))
        self._best, self._counted = BEST.format(scopes=marks), COUNTED.format(scopes=marks)

    def ask(self, text: str) -> Found:
        any_of = " OR ".join('"{}"'.format(word.replace('"', '""')) for word in words(text))
        best = self._base.execute(self._best, (any_of, *self._scopes)).fetchall()
        counts = self._base.execute(self._counted, (any_of, *self._scopes)).fetchall()
        values = sum(len({row[at] for row in counts}) for at in range(3))
        return Found(sum(row[3] for row in counts), len(best), values)

    def octets(self) -> int:
        return octets_of(self._folder)
