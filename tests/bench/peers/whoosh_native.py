"""Whoosh as its manual says: its own parser, `filter=` for the rights, `groupedby=` for facets, its highlighter."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from whoosh import analysis, fields, highlight, index, query

from tests.bench.corpus import Prepared, words
from tests.bench.peers import Found, octets_of

FACETED = ("product", "lang", "year")


@contextmanager
def opened(_: str, prepared: Prepared, folder: Path) -> Iterator[WhooshPeer]:
    if not index.exists_in(str(folder)):
        _fill(prepared, folder)
    found = index.open_dir(str(folder))
    peer = WhooshPeer(found, prepared, folder)
    yield peer
    peer.close()


def _fill(prepared: Prepared, folder: Path) -> None:
    spaced = analysis.SpaceSeparatedTokenizer()
    schema = fields.Schema(
        id=fields.ID(stored=True),
        scope=fields.ID(),
        title=fields.TEXT(analyzer=spaced, stored=True, field_boost=2.0),
        text=fields.TEXT(analyzer=spaced, stored=True),
        **{name: fields.ID(sortable=True) for name in FACETED},
    )
    writer = index.create_in(str(folder), schema).writer(limitmb=512)
    for row in prepared.cut():
        writer.add_document(**row)
    writer.commit()


class WhooshPeer:
    def __init__(self, found: index.FileIndex, prepared: Prepared, folder: Path) -> None:
        self._folder, self._index, self._searcher = folder, found, found.searcher()
        self._rights = query.Or([query.Term("scope", scope) for scope in prepared.scopes])

    def ask(self, text: str) -> Found:
        terms = [query.Term(field, word) for word in words(text) for field in ("title", "text")]
        # `groupedby` makes it collect them all, so the total is exact.
        found = self._searcher.search(query.Or(terms), filter=self._rights, limit=10, groupedby=list(FACETED))
        found.fragmenter = highlight.ContextFragmenter()
        best = list(itertools.islice(found, 10))
        for hit in best:
            hit.highlights("text")
            hit.highlights("title")
        return Found(len(found), len(best), sum(len(found.groups(name)) for name in FACETED))

    def octets(self) -> int:
        return octets_of(self._folder)

    def close(self) -> None:
        self._searcher.close()
        self._index.close()
