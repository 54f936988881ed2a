"""PostgreSQL: `tsvector` over words cut by jieba, and `pg_trgm` over the text as it is, each with its own index."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests import components
from tests.bench.corpus import Prepared, words
from tests.bench.peers import Found, Missing
from tests.servers import postgres_url

TABLE = """CREATE TABLE article (
    id integer PRIMARY KEY, scope text, product text, lang text, year text, title text, body text, words tsvector
)"""
INDEXES = {
    "tsvector": ("CREATE INDEX ON article USING gin (words)",),
    "trigram": (
        "CREATE INDEX ON article USING gin (title gin_trgm_ops)",
        "CREATE INDEX ON article USING gin (body gin_trgm_ops)",
    ),
}
MATCH = {
    "tsvector": ("words @@ %(asked)s::tsquery", "ts_rank_cd(words, %(asked)s::tsquery)"),
    "trigram": ("(title %%> %(asked)s OR body %%> %(asked)s)", "word_similarity(%(asked)s, title)"),
}
BEST = """SELECT id, ts_headline('simple', body, %(shown)s::tsquery) FROM (
    SELECT id, body FROM article WHERE {match} AND scope = ANY(%(scopes)s) ORDER BY {rank} DESC, id LIMIT 10
) AS best"""
COUNTED = """SELECT product, lang, year, count(*) FROM article
    WHERE {match} AND scope = ANY(%(scopes)s) GROUP BY product, lang, year"""


@contextmanager
def opened(name: str, prepared: Prepared, _: Path) -> Iterator[PostgresPeer]:
    if components.postgresql() is None:
        raise Missing("PostgreSQL: make setup installs it, or says how")
    with postgres_url() as url:
        address = url.replace("postgresql+psycopg", "postgresql")
        with psycopg.connect(address, autocommit=True) as connection:
            _fill(connection, name, prepared)
            yield PostgresPeer(connection, name, prepared)


def _fill(connection: Any, name: str, prepared: Prepared) -> None:
    # The server of the tests keeps everything small; a peer is to have what its manual would give it.
    for setting in ("work_mem = '64MB'", "maintenance_work_mem = '256MB'", "max_parallel_workers_per_gather = 2"):
        connection.execute(f"SET {setting}")
    connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    connection.execute(TABLE)
    columns = "id, scope, product, lang, year, title, body" + (", words" if name == "tsvector" else "")
    with connection.cursor() as cursor, cursor.copy(f"COPY article ({columns}) FROM STDIN") as copy:
        for at, row in enumerate(prepared.cut()):
            values = [at, *(row[key] for key in ("scope", "product", "lang", "year", "title", "text"))]
            copy.write_row([*values, _vector(row)] if name == "tsvector" else values)
    for statement in INDEXES[name]:
        connection.execute(statement)
    connection.execute("VACUUM ANALYZE article")


def _vector(row: Any) -> str:
    """Words with their places, those of the title weighing most."""
    found: dict[str, list[str]] = {}
    for at, word in enumerate(row["title"].split()):
        found.setdefault(_quoted(word), []).append(f"{at + 1}A")
    for at, word in enumerate(row["text"].split()):
        if at < 16_000:
            found.setdefault(_quoted(word), []).append(f"{at + 100}")
    return " ".join(f"{word}:{','.join(places[:200])}" for word, places in found.items())


def _quoted(word: str) -> str:
    return "'{}'".format(word[:500].replace("\\", "\\\\").replace("'", "''"))


class PostgresPeer:
    def __init__(self, connection: Any, name: str, prepared: Prepared) -> None:
        self._connection, self._name, self._scopes = connection, name, prepared.scopes
        match, rank = MATCH[name]
        self._best, self._counted = BEST.format(match=match, rank=rank), COUNTED.format(match=match)

    def ask(self, text: str) -> Found:
        any_of = " | ".join(map(_quoted, words(text)))
        asked = any_of if self._name == "tsvector" else " ".join(words(text))
        given = {"asked": asked, "shown": any_of, "scopes": self._scopes}
        best = self._connection.execute(self._best, given).fetchall()
        counts = self._connection.execute(self._counted, given).fetchall()
        values = sum(len({row[at] for row in counts}) for at in range(3))
        return Found(sum(row[3] for row in counts), len(best), values)

    def octets(self) -> int:
        found: int = self._connection.execute("SELECT pg_total_relation_size('article')").fetchone()[0]
        return found
