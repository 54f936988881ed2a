"""A tantivy index at one commit as a source (`indexer.sources.Source`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import cached_property
from typing import Any

import numpy as np
from tantivy import Document, Index, Occur, Order, Query, Searcher

from indexer.documents import HELPFUL_UNIT
from indexer.engines.tantivy.having import Having, Reading, amounts, named, readings
from indexer.engines.tantivy.translating import Translator
from indexer.engines.tantivy.writing import (
    CHARSET,
    DAY,
    KINDS_OF_CONFIDENCE,
    LANGS,
    PARTS,
    STORED_BODY,
    STORED_TITLE,
)
from indexer.sources import TERM_FACETS, Counting, Counts, Measure, Rows, Title, Whole
from indexer.tree import Node, Worth

FACET_VALUES = 10_000


class TantivySource:
    """See `indexer.sources.Source`. Holds the searcher of its commit: what is asked later is of the same documents.

    `beside`: where it asks for several things at once.
    """

    def __init__(self, name: str, index: Index, beside: Executor) -> None:
        self.name, self._beside = name, beside
        self._searcher: Searcher = index.searcher()
        self._translator = Translator(index.schema, self._searcher)

    @cached_property
    def _audiences(self) -> Sequence[str]:
        return sorted(term for term, _ in self._searcher.terms_with_prefix("audience", ""))

    def audiences(self) -> Sequence[str]:
        return self._audiences

    @property
    def documents(self) -> int:
        return self._searcher.num_docs

    def frequencies(self, among: Node, parts: Sequence[Node]) -> Sequence[int]:
        readable = self._translator.query(among)
        return [self._frequency(readable, part) for part in parts]

    def _frequency(self, readable: Query, part: Node) -> int:
        if not self._translator.may_hold(part):
            return 0
        both = Query.boolean_query([(Occur.Must, readable), (Occur.Must, self._translator.query(part))])
        return self._count(both)

    def _count(self, query: Query) -> int:
        count: int = self._searcher.search(query, 1, count=True).count  # type: ignore[attr-defined]
        return count

    def counts(self, counting: Counting) -> Callable[[], Counts]:
        return self._beside.submit(self._counted, counting).result

    def _counted(self, counting: Counting) -> Counts:
        """One pass for what all filters hold of, and one for each facet with a filter of its own."""
        wanted = self._aggregated(counting.wanted, counting)
        facets = dict(wanted)
        for facet in counting.filters:
            facets[facet] = self._aggregated(counting.without(facet), counting)[facet]
        return Counts(sum(wanted["date"].values()), facets)

    def _aggregated(self, among: Node, counting: Counting) -> dict[str, Mapping[str, int]]:
        asked: dict[str, Any] = {name: {"terms": {"field": name, "size": FACET_VALUES}} for name in TERM_FACETS}
        asked["date"] = {"range": {"field": "updated", "ranges": counting.ranges}}
        found = self._searcher.aggregate(self._translator.query(among), asked)
        names = {name for name, _, _ in counting.buckets}
        return {
            facet: {
                bucket["key"]: bucket["doc_count"]
                for bucket in _buckets(found[facet])
                if facet != "date" or bucket["key"] in names
            }
            for facet in asked
        }

    def best(self, among: Node, worth: Worth, limit: int) -> Rows:
        query = self._translator.worth(self._translator.query(among), worth)
        hits = self._searcher.search(query, limit, count=False).hits
        return self._rows([address for _, address in hits], [round(score) for score, _ in hits])

    def newest(self, among: Node, limit: int) -> Rows:
        addresses = self._ordered(among, limit, "recency", Order.Desc)
        return self._rows(addresses, [0] * len(addresses))

    def alphabetical(self, among: Node, limit: int) -> Sequence[int]:
        addresses = self._ordered(among, limit, "sort_key", Order.Asc)
        return [int(article or 0) for article in self._searcher.fast_field_values("article", addresses)]

    def _ordered(self, among: Node, limit: int, field: str, order: Order) -> list[Any]:
        if limit < 1:
            return []
        found = self._searcher.search(
            self._translator.query(among), limit, count=False, order_by_field=field, order=order
        )
        return [address for _, address in found.hits]

    @cached_property
    def _has_groups(self) -> bool:
        """Not in an index that was written before there were any."""
        try:
            self._searcher.fast_field_values("group", [])
        except ValueError:
            return False
        return True

    def _rows(self, addresses: list[Any], scores: list[int]) -> Rows:
        def column(name: str) -> list[Any]:
            return self._searcher.fast_field_values(name, addresses)

        days = np.array(column("recency"), np.int64)
        rows = column("row")
        return Rows(
            DAY - 1 - days % DAY,
            np.array(scores, np.int64),
            [LANGS[code] for code in column("lang_code")],
            [KINDS_OF_CONFIDENCE[code] for code in column("confidence_code")],
            np.array(column("title_length"), np.float32),
            days // DAY,
            np.array(column("helpful"), np.float32) / np.float32(HELPFUL_UNIT),
            np.array(column("group") if self._has_groups else [0] * len(addresses), np.int64),
            list(zip(rows, addresses, strict=True)),
        )

    def measuring(self, measures: Callable[[], Sequence[Worth]]) -> Measure:
        ready = self._beside.submit(self._ready, measures)
        return lambda rows: self._measured(rows, *ready.result())

    def _ready(self, measures: Callable[[], Sequence[Worth]]) -> tuple[Sequence[Worth], Sequence[Reading]]:
        worths = measures()
        return worths, list(readings(self._translator, [each for worth in worths for each in named(worth)]))

    def _measured(self, rows: Rows, worths: Sequence[Worth], ready: Sequence[Reading]) -> Sequence[Whole]:
        none = np.zeros(len(rows), np.int64)
        if not len(rows):
            return [none for _ in worths]
        among = self._translator.few("row", sorted(row for row, _ in rows.places))
        at = {(address.segment_ord, address.doc): place for place, (_, address) in enumerate(rows.places)}

        def told(some: Sequence[Reading]) -> dict[Having, Whole]:
            has: dict[Having, Whole] = {}
            for reading in some:
                found = np.zeros(len(rows), np.int64)
                for score, address in self._searcher.search(reading.of(among), len(rows), count=False).hits:
                    found[at[address.segment_ord, address.doc]] = score
                for share in reading.shares:
                    has.update(share.read(found))
            return has

        # tantivy lets go of Python's lock while it searches: half of it meanwhile, as handing on each takes longer.
        half = len(ready) // 2
        others = self._beside.submit(told, ready[:half])
        has = told(ready[half:]) | others.result()
        return [amounts(worth, has, none) for worth in worths]

    def texts(self, rows: Rows) -> Sequence[tuple[str, bytes]]:
        return [self._text(address) for _, address in rows.places]

    def _text(self, address: Any) -> tuple[str, bytes]:
        document = self._searcher.doc(address)
        return _stored(document, STORED_TITLE), _stored(document, STORED_BODY).encode()

    def quoting(self, among: Node, text: str, titles_only: bool) -> frozenset[int]:
        query, quoted = self._translator.query(among), text.encode()
        most = self._count(query)
        if not most:
            return frozenset()
        addresses = [address for _, address in self._searcher.search(query, most, count=False).hits]
        articles = self._searcher.fast_field_values("article", addresses)
        found = set()
        for article, address in zip(articles, addresses, strict=True):
            title, body = self._text(address)
            if text in title or (not titles_only and quoted in body):
                found.add(int(article or 0))
        return frozenset(found)

    def titles(self, among: Node, limit: int) -> Sequence[Title]:
        addresses = self._ordered(among, limit, "article", Order.Desc)
        articles = self._searcher.fast_field_values("article", addresses)
        langs = self._searcher.fast_field_values("lang_code", addresses)
        return [
            Title(int(article or 0), _stored(self._searcher.doc(address), STORED_TITLE), LANGS[int(lang or 0)])
            for article, lang, address in zip(articles, langs, addresses, strict=True)
        ]

    def terms(self, field: str, prefix: str) -> Sequence[str]:
        return sorted(term for term, _ in self._searcher.terms_with_prefix(field, prefix))

    def contents(self, keep: Callable[[int, str, str], None]) -> None:
        """Tell the article, key and digest of every document."""
        if not self.documents:
            return
        hits = self._searcher.search(Query.all_query(), self.documents, count=False).hits
        addresses = [address for _, address in hits]
        for row, address in zip(self._searcher.fast_field_values("row", addresses), addresses, strict=True):
            article, part = divmod(int(row or 0), PARTS)
            digest = bytes(self._searcher.doc(address).get_first("digest") or b"")
            keep(article, f"{article}.{part}", digest.hex())


def _stored(document: Document, name: str) -> str:
    """Nothing, of an index that was written before there was this field."""
    return bytes(document.get_first(name) or b"").decode(CHARSET)


def _buckets(found: Any) -> list[dict[str, Any]]:
    buckets = found["buckets"]
    return list(buckets.values()) if isinstance(buckets, dict) else buckets
