"""The peers, each doing the same work as a search of ours: rights, the best ten, the total, three facets, passages.

Each takes the words of jieba where it cannot cut Chinese itself, matches any of them, and ranks as it does by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, Protocol

from tests.bench.corpus import Prepared


class Missing(Exception):
    """A peer is not installed: says how to get it."""


class Found(NamedTuple):
    """What a peer gave: how many there are, the best, and how many values its facets have."""

    total: int
    best: int
    values: int


class Peer(Protocol):
    """One that was filled and can be asked."""

    def ask(self, text: str) -> Found: ...

    def octets(self) -> int:
        """Of its index on disk."""


Opened = Callable[[Prepared, Path], AbstractContextManager[Peer]]

# By name: (module, what it is called).
PEERS = {
    "whoosh": ("whoosh_native", "Whoosh by its manual"),
    "fts5": ("fts5", "SQLite FTS5, jieba words"),
    "tsvector": ("postgresql", "PostgreSQL tsvector, jieba words"),
    "trigram": ("postgresql", "PostgreSQL pg_trgm"),
    "xapian": ("xapian_peer", "Xapian, jieba words"),
    "tantivy-bare": ("tantivy_raw", "tantivy, bare top ten"),
    "tantivy-raw": ("tantivy_raw", "tantivy: filter, one facet, ten texts"),
    "opensearch-node": ("opensearch_node", "one OpenSearch node asked directly"),
}


def opened(name: str, prepared: Prepared, folder: Path) -> AbstractContextManager[Peer]:
    """The peer, filled if need be. Missing says what it lacks."""
    module, _ = PEERS[name]
    found: Callable[[str, Prepared, Path], AbstractContextManager[Peer]]
    found = import_module(f"tests.bench.peers.{module}").opened
    return found(name, prepared, folder)


def octets_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
