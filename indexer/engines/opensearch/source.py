"""Answers to a search (`indexer.sources.Source`) by an index of OpenSearch, as it stood at one commit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextvars import copy_context
from functools import cached_property
from itertools import takewhile
from typing import Any

import numpy as np

from indexer.documents import HELPFUL_UNIT
from indexer.engines.opensearch.cluster import Cluster
from indexer.engines.opensearch.commits import State
from indexer.engines.opensearch.mapping import place
from indexer.engines.opensearch.translating import Json, holds, measured, valued
from indexer.sources import TERM_FACETS, Counting, Counts, Measure, Rows, Title, Whole
from indexer.tree import Node, Worth

# Of one facet there are not so many.
MAX_VALUES = 20_000
# The fewer, the sooner those are told that begin with what few do; the more, the sooner all of many are.
VALUES_AT_ONCE = 2_000
COUNTED_AT_ONCE = 500
# The most that a search gives by default.
PAGE = 10_000
# A document's id is made of the first two.
_PLACE = ("key", "born")
_COLUMNS = (*_PLACE, "article", "lang", "confidence", "title_length", "updated", "helpful", "group")
_SPECIAL = re.compile(r"[*?\\]")
# All documents, those that do not show any more, too: OpenSearch goes straight to the values asked for, in their order.
EVERY: Json = {"match_all": {}}

Found = Mapping[str, Any]


class Snapshot:
    """See `indexer.sources.Source`. What is asked later is of the same commit.

    `beside`: where it asks for several things at once.
    """

    def __init__(self, cluster: Cluster, state: State, beside: Executor) -> None:
        self._cluster, self.state, self._beside = cluster, state, beside
        self.generation = f"{state.index}.{state.commit}"
        self.name = f"{self.generation}.{state.made}"

    @property
    def index(self) -> str:
        return self.state.index

    @cached_property
    def _audiences(self) -> Sequence[str]:
        return sorted(self._values("audience", self.state.shown))

    def audiences(self) -> Sequence[str]:
        return self._audiences

    def documents(self) -> int:
        return int(self._cluster.ask("POST", f"/{self.index}/_count", {"query": self.state.shown})["count"])

    def frequencies(self, among: Node, parts: Sequence[Node]) -> Sequence[int]:
        counts: list[int] = []
        for at in range(0, len(parts), COUNTED_AT_ONCE):
            some = [holds(part) for part in parts[at : at + COUNTED_AT_ONCE]]
            found = self._aggregated(self._among(among), {"parts": {"filters": {"filters": some}}})
            counts += [bucket["doc_count"] for bucket in found["parts"]["buckets"]]
        return counts

    def counts(self, counting: Counting) -> Callable[[], Counts]:
        # As impatient as who asks.
        return self._beside.submit(copy_context().run, self._counted, counting).result

    def _counted(self, counting: Counting) -> Counts:
        """One search: each facet counts among what the filters of the others leave."""
        inner: dict[str, Json] = {facet: _terms(facet) for facet in TERM_FACETS}
        inner["date"] = {"range": {"field": "updated", "ranges": counting.ranges, "keyed": True}}
        asked: dict[str, Json] = {"total": {"filter": holds(counting.wanted)}}
        for facet, counted in inner.items():
            asked[facet] = {"filter": holds(counting.without(facet)), "aggs": {"values": counted}}
        found = self._aggregated(self._among(counting.among), asked)
        facets = {facet: _counted(found[facet]["values"]) for facet in inner}
        return Counts(found["total"]["doc_count"], facets)

    def best(self, among: Node, worth: Worth, limit: int) -> Rows:
        return _rows(self._hits(valued(self._among(among), worth), limit, docvalue_fields=_COLUMNS))

    def newest(self, among: Node, limit: int) -> Rows:
        order = [{"updated": "desc"}, {"article": "asc"}]
        return _rows(self._hits(self._among(among), limit, docvalue_fields=_COLUMNS, sort=order))

    def alphabetical(self, among: Node, limit: int) -> Sequence[int]:
        hits = self._hits(self._among(among), limit, docvalue_fields=("article",), sort=["order"])
        return [_value(hit, "article") for hit in hits]

    def measuring(self, measures: Callable[[], Sequence[Worth]]) -> Measure:
        return lambda rows: self._measured(rows, measures())

    def _measured(self, rows: Rows, worths: Sequence[Worth]) -> Sequence[Whole]:
        places = {place: at for at, place in enumerate(rows.places)}
        found = [np.zeros(len(rows), np.int64) for _ in worths]
        for hit in self._hits(measured(_these(rows), worths), len(rows), docvalue_fields=_PLACE):
            for name, score in hit.get("matched_queries", {}).items():
                found[int(name)][places[_place(hit)]] = round(score)
        return found

    def texts(self, rows: Rows) -> Sequence[tuple[str, bytes]]:
        hits = self._told(_these(rows), len(rows), ["title", "body"], docvalue_fields=_PLACE)
        texts = {_place(hit): (hit["_source"]["title"], hit["_source"]["body"].encode()) for hit in hits}
        return [texts[place] for place in rows.places]

    def titles(self, among: Node, limit: int) -> Sequence[Title]:
        newest = [{"article": "desc"}]
        hits = self._told(self._among(among), limit, ["title"], docvalue_fields=("article", "lang"), sort=newest)
        return [Title(_value(hit, "article"), hit["_source"]["title"], _value(hit, "lang")) for hit in hits]

    def terms(self, field: str, prefix: str) -> Sequence[str]:
        itself = [prefix] if self._hits({"term": {field: prefix}}, 1) else []
        return [*itself, *takewhile(lambda term: term.startswith(prefix), self._values(field, EVERY, prefix))]

    def quoting(self, among: Node, text: str, titles_only: bool) -> frozenset[int]:
        anywhere = "*" + _SPECIAL.sub(r"\\\g<0>", text) + "*"
        fields = ("title",) if titles_only else ("title", "body")
        quoted = {"bool": {"should": [{"wildcard": {field: {"value": anywhere}}} for field in fields]}}
        query = {"bool": {"filter": [self._among(among), quoted]}}
        return frozenset(article for (article,) in self._all(query, ["article"]))

    def contents(self) -> Iterator[tuple[int, str, str]]:
        """The article, key and digest of every document that shows."""
        yield from self._all(self.state.shown, ["article", "key", "digest"])

    def _all(self, query: Json, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """The columns of every document, page by page. An article's documents are told apart by their keys."""
        after: dict[str, Any] = {}
        while True:
            hits = self._hits(
                query, PAGE, docvalue_fields=(*columns, "key"), sort=[{"article": "asc"}, {"key": "asc"}], **after
            )
            yield from (tuple(_value(hit, column) for column in columns) for hit in hits)
            if len(hits) < PAGE:
                return
            after = {"search_after": hits[-1]["sort"]}

    def _among(self, node: Node) -> Json:
        """What holds among the documents that show."""
        return {"bool": {"filter": [self.state.shown, holds(node)]}}

    def _hits(self, query: Json, limit: int, **more: Any) -> Sequence[Found]:
        """Columns alone. What is stored is not touched: to unpack it for each hit takes longer than to find it."""
        return self._found({"query": query, "size": limit, "stored_fields": "_none_", **more})

    def _told(self, query: Json, limit: int, texts: Sequence[str], **more: Any) -> Sequence[Found]:
        """Columns and texts."""
        return self._found({"query": query, "size": limit, "_source": texts, **more})

    def _found(self, body: Json) -> Sequence[Found]:
        if body["size"] < 1:
            return ()
        hits: Sequence[Found] = self._cluster.search(self.index, {"track_total_hits": False, **body})["hits"]["hits"]
        return hits

    def _aggregated(self, query: Json, asked: Json) -> Found:
        body = {"size": 0, "query": query, "track_total_hits": False, "aggs": asked}
        found: Found = self._cluster.search(self.index, body)["aggregations"]
        return found

    def _values(self, field: str, query: Json, after: str = "") -> Iterator[str]:
        """All values that come after one, in their order, page by page."""
        sources = [{"value": {"terms": {"field": field}}}]
        while True:
            counted = {"size": VALUES_AT_ONCE, "sources": sources, "after": {"value": after}}
            buckets = self._aggregated(query, {"values": {"composite": counted}})["values"]["buckets"]
            yield from (bucket["key"]["value"] for bucket in buckets)
            if len(buckets) < VALUES_AT_ONCE:
                return
            after = buckets[-1]["key"]["value"]


def _terms(field: str) -> Json:
    return {"terms": {"field": field, "size": MAX_VALUES}}


def _counted(found: Found) -> dict[str, int]:
    buckets = found["buckets"]
    if isinstance(buckets, Mapping):
        return {key: bucket["doc_count"] for key, bucket in buckets.items()}
    return {bucket["key"]: bucket["doc_count"] for bucket in buckets}


def _these(rows: Rows) -> Json:
    return {"ids": {"values": list(rows.places)}}


def _place(hit: Found) -> str:
    return place(_value(hit, "key"), _value(hit, "born"))


def _value(hit: Found, column: str) -> Any:
    return hit["fields"][column][0]


def _rows(hits: Sequence[Found]) -> Rows:
    def column(name: str) -> list[Any]:
        return [_value(hit, name) for hit in hits]

    return Rows(
        np.array(column("article"), np.int64),
        np.array([round(hit["_score"] or 0) for hit in hits], np.int64),
        column("lang"),
        column("confidence"),
        np.array(column("title_length"), np.float32),
        np.array(column("updated"), np.int64),
        np.array(column("helpful"), np.float32) / np.float32(HELPFUL_UNIT),
        # In an index that was written before there were any: none.
        np.array([hit["fields"].get("group", (0,))[0] for hit in hits], np.int64),
        [_place(hit) for hit in hits],
    )
