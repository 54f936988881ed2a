"""Answers over shards: parts of an index as arrays over their documents, and posting lists. For an embedded index whose
posting lists can be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from heapq import nlargest
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.documents import sort_key
from indexer.sources import EVERYTHING, Counting, Counts, Measure, Rows, Title, Whole
from indexer.tree import (
    Articles,
    AtLeast,
    Best,
    Graded,
    Groups,
    Node,
    Not,
    OneOf,
    Prefix,
    Sum,
    Term,
    Updated,
    Weighted,
    Within,
    Worth,
)  # fmt: skip
from kb.question import FACETS, MAX_DEPTH

APART = "\x1f"

Mask = NDArray[np.bool_]
Amounts = NDArray[np.int64]


class Postings(NamedTuple):
    """The documents that hold a term, ascending, and how often each does: in EVERYTHING, with which impact."""

    documents: NDArray[np.integer[Any]]
    frequencies: NDArray[np.uint8]


@dataclass(frozen=True)
class Values:
    """A column of few different values: `codes[d]` is the place of document d's value in `names`."""

    names: tuple[str, ...]
    codes: NDArray[np.int32]

    def where(self, keeps: Callable[[str], bool]) -> Mask:
        return np.array([*map(keeps, self.names), False], bool)[self.codes]

    def of(self, documents: Sequence[int]) -> list[str]:
        return [self.names[code] for code in self.codes[documents].tolist()]

    def narrowed(self, documents: NDArray[np.integer[Any]]) -> Values:
        return Values(self.names, self.codes[documents])


@dataclass(frozen=True)
class Columns:
    """What is known of each document of a shard, by document number. A document's versions are joined to one value."""

    article: NDArray[np.int64]
    group: NDArray[np.int64]
    title_lengths: NDArray[np.float32]
    updated: NDArray[np.int32]
    helpful: NDArray[np.float32]
    confidence: Values
    audience: Values
    lang: Values
    product: Values
    type: Values
    version: Values

    def of(self, documents: NDArray[np.integer[Any]]) -> Columns:
        """The columns of these documents alone."""
        narrowed: dict[str, Any] = {
            each.name: value.narrowed(documents) if isinstance(value, Values) else value[documents]
            for each, value in ((each, getattr(self, each.name)) for each in fields(self))
        }
        return Columns(**narrowed)

    def having(self, chosen: OneOf) -> Mask:
        """Where a column has one of the values."""
        values = chosen.values
        if chosen.column == "version":
            return self.version.where(lambda name: not values.isdisjoint(name.split(APART)))
        column: Values = getattr(self, chosen.column)
        return column.where(values.__contains__)


class Documents(Protocol):
    """Documents numbered from 0, and the terms they hold."""

    @property
    def size(self) -> int: ...

    @property
    def columns(self) -> Columns: ...

    def postings(self, field: str, term: str) -> Postings | None: ...

    def having(self, chosen: OneOf) -> Mask:
        """Where a column has one of the values: asked for again and again, so kept."""

    def terms(self, field: str, prefix: str) -> list[str]:
        """All terms that begin so, in their order: a limit would tell of terms that the scope does not read."""


class Shard(Documents, Protocol):
    """A part of an index that does not change but for deletions."""

    @property
    def name(self) -> str:
        """Unique and never used again: caches go by it."""

    def living(self) -> Mask:
        """False for documents deleted since."""

    def body(self, document: int) -> bytes:
        """The folded body, in UTF-8."""

    def title(self, document: int) -> str:
        """The folded title."""


def holds(node: Node, shard: Documents) -> Mask:
    """Where it holds; of deleted documents, too."""
    columns = shard.columns
    match node:
        case Term(field, text):
            found = np.zeros(shard.size, bool)
            if postings := shard.postings(field, text):
                found[postings.documents] = True
            return found
        case Prefix(field, text):
            found = np.zeros(shard.size, bool)
            for term in shard.terms(field, text):
                if postings := shard.postings(field, term):
                    found[postings.documents] = True
            return found
        case OneOf():
            return shard.having(node)
        case Updated(first, last):
            return (columns.updated >= (-1 << 30 if first is None else first)) & (
                columns.updated <= (1 << 30 if last is None else last)
            )
        case Articles(ids):
            return np.isin(columns.article, np.fromiter(ids, np.int64, len(ids)))
        case Groups(ids):
            return np.isin(columns.group, np.fromiter(ids, np.int64, len(ids)))
        case Not(part):
            return ~holds(part, shard)
        case AtLeast(least, parts):
            return _at_least(least, parts, shard)


def _at_least(least: int, parts: Sequence[Node], shard: Documents) -> Mask:
    if least <= 0:
        return np.ones(shard.size, bool)
    if least == len(parts):
        found = holds(parts[0], shard)
        for part in parts[1:]:
            found = found & holds(part, shard)
        return found
    counted = np.zeros(shard.size, np.int16)
    for part in parts:
        counted += holds(part, shard)
    return counted >= least


def amounts(worth: Worth, shard: Documents) -> Amounts:
    """What each document is worth; deleted ones, too."""
    total = np.zeros(shard.size, np.int64)
    for documents, added in _added(worth, shard, None):
        total[documents] += added
    return total


def _added(worth: Worth, shard: Documents, within: Mask | None) -> Iterator[tuple[Any, Amounts | int]]:
    """Documents, no one twice, and what is to be added to each or all; of those `within` alone."""
    match worth:
        case Graded(text, weights):
            if postings := _postings(shard, EVERYTHING, text, within):
                yield postings.documents, np.array(weights, np.int64)[postings.frequencies - 1]
        case Weighted(Term(field, text), weight):
            if postings := _postings(shard, field, text, within):
                yield postings.documents, weight
        case Weighted(part, weight):
            held = holds(part, shard)
            yield slice(None), weight * (held if within is None else held & within)
        case Sum(parts):
            for part in parts:
                yield from _added(part, shard, within)
        case Best((only,)):
            yield from _added(only, shard, within)
        case Best(parts):
            yield slice(None), _best(parts, shard, within)
        case Within(condition, part):
            held = holds(condition, shard)
            yield from _added(part, shard, held if within is None else held & within)


def _best(parts: Sequence[Worth], shard: Documents, within: Mask | None) -> Amounts:
    """The greatest of the parts for each document: most are of one term, few documents of many."""
    best = np.zeros(shard.size, np.int64)
    for part in parts:
        found = list(_added(part, shard, within))
        if len(found) == 1:
            documents, added = found[0]
            best[documents] = np.maximum(best[documents], added)
        elif found:
            total = np.zeros(shard.size, np.int64)
            for documents, added in found:
                total[documents] += added
            np.maximum(best, total, out=best)
    return best


def _postings(shard: Documents, field: str, text: str, within: Mask | None) -> Postings | None:
    found = shard.postings(field, text)
    if found is None or within is None:
        return found
    kept = within[found.documents]
    return Postings(found.documents[kept], found.frequencies[kept])


class Narrowed:
    """Some documents of a shard, renumbered from 0, to find out more of: the terms of the others are passed over.

    `documents` ascend.
    """

    def __init__(self, shard: Documents, documents: NDArray[np.integer[Any]]) -> None:
        self._shard, self._documents = shard, documents
        self._known: dict[tuple[str, str], Postings | None] = {}
        self._having: dict[OneOf, Mask] = {}
        self.size, self.columns = len(documents), shard.columns.of(documents)

    def postings(self, field: str, term: str) -> Postings | None:
        key = field, term
        if key not in self._known:
            self._known[key] = self._narrowed(self._shard.postings(field, term))
        return self._known[key]

    def having(self, chosen: OneOf) -> Mask:
        if chosen not in self._having:
            self._having[chosen] = self.columns.having(chosen)
        return self._having[chosen]

    def _narrowed(self, found: Postings | None) -> Postings | None:
        if found is None or not len(found.documents):
            return None
        at = np.minimum(np.searchsorted(found.documents, self._documents), len(found.documents) - 1)
        here = np.flatnonzero(found.documents[at] == self._documents)
        return Postings(here, found.frequencies[at[here]]) if len(here) else None

    def terms(self, field: str, prefix: str) -> list[str]:
        return self._shard.terms(field, prefix)


class Shards:
    """A source (`indexer.sources.Source`) over shards."""

    def __init__(self, name: str, shards: Sequence[Shard]) -> None:
        self.name, self.shards = name, tuple(shards)

    def audiences(self) -> Sequence[str]:
        return sorted({name for shard in self.shards for name in shard.columns.audience.names})

    def _where(self, node: Node) -> Iterator[tuple[Shard, Mask]]:
        """Where a condition holds."""
        for shard in self.shards:
            yield shard, shard.living() & holds(node, shard)

    def frequencies(self, among: Node, parts: Sequence[Node]) -> Sequence[int]:
        counts = [0] * len(parts)
        for shard, mask in self._where(among):
            for at, part in enumerate(parts):
                if isinstance(part, Term):
                    postings = shard.postings(part.field, part.text)
                    counts[at] += int(np.count_nonzero(mask[postings.documents])) if postings else 0
                else:
                    counts[at] += int(np.count_nonzero(mask & holds(part, shard)))
        return counts

    def counts(self, counting: Counting) -> Callable[[], Counts]:
        found = self._counted(counting)
        return lambda: found

    def _counted(self, counting: Counting) -> Counts:
        total, found = 0, {facet: Counter[str]() for facet in FACETS}
        for shard, mask in self._where(counting.among):
            kept = {facet: holds(node, shard) for facet, node in counting.filters.items()}
            wanted = mask.copy()
            for keeps in kept.values():
                wanted &= keeps
            total += int(np.count_nonzero(wanted))
            for facet, counter in found.items():
                others = wanted
                if facet in kept:
                    others = mask.copy()
                    for name, keeps in kept.items():
                        if name != facet:
                            others &= keeps
                counter.update(dict(_values(shard, facet, others, counting)))
        return Counts(total, found)

    def best(self, among: Node, worth: Worth, limit: int) -> Rows:
        parts = []
        for shard, mask in self._where(among):
            documents = np.flatnonzero(mask)
            scores = amounts(worth, shard)[documents]
            if len(documents) > limit:
                kept = np.argpartition(-scores, limit - 1)[:limit]
                documents, scores = documents[kept], scores[kept]
            parts.append(_rows(shard, documents, scores))
        found = Rows.joined(parts)
        return found.chosen(np.argsort(-found.scores, kind="stable")[:limit].tolist())

    def newest(self, among: Node, limit: int) -> Rows:
        parts = []
        for shard, mask in self._where(among):
            documents = np.flatnonzero(mask)
            order = np.lexsort((shard.columns.article[documents], -shard.columns.updated[documents]))[:limit]
            parts.append(_rows(shard, documents[order], np.zeros(len(order), np.int64)))
        found = Rows.joined(parts)
        return found.chosen(np.lexsort((found.articles, -found.updated))[:limit].tolist())

    def alphabetical(self, among: Node, limit: int) -> Sequence[int]:
        keyed = (
            (sort_key(shard.title(document), article := int(shard.columns.article[document])), article)
            for shard, mask in self._where(among)
            for document in np.flatnonzero(mask).tolist()
        )
        return [article for _, article in sorted(keyed)[: min(limit, MAX_DEPTH)]]

    def measuring(self, measures: Callable[[], Sequence[Worth]]) -> Measure:
        return lambda rows: self._measured(rows, measures())

    def _measured(self, rows: Rows, worths: Sequence[Worth]) -> Sequence[Whole]:
        found = [np.zeros(len(rows), np.int64) for _ in worths]
        for shard, at, documents in _by_shard(rows):
            ascending = np.unique(documents)
            narrowed, where = Narrowed(shard, ascending), np.searchsorted(ascending, documents)
            for amount, worth in zip(found, worths, strict=True):
                amount[at] = amounts(worth, narrowed)[where]
        return found

    def texts(self, rows: Rows) -> Sequence[tuple[str, bytes]]:
        return [(shard.title(document), shard.body(document)) for shard, document in rows.places]

    def quoting(self, among: Node, text: str, titles_only: bool) -> frozenset[int]:
        quoted = text.encode()
        return frozenset(
            int(shard.columns.article[document])
            for shard, mask in self._where(among)
            for document in np.flatnonzero(mask).tolist()
            if text in shard.title(document) or (not titles_only and quoted in shard.body(document))
        )

    def terms(self, field: str, prefix: str) -> Sequence[str]:
        return sorted({term for shard in self.shards for term in shard.terms(field, prefix)})

    def titles(self, among: Node, limit: int) -> Sequence[Title]:
        places = [
            (int(shard.columns.article[document]), at, document)
            for at, (shard, mask) in enumerate(self._where(among))
            for document in np.flatnonzero(mask).tolist()
        ]
        newest = nlargest(limit, places)
        found = [(article, self.shards[at], one) for article, at, one in newest]
        return [Title(article, shard.title(one), shard.columns.lang.of([one])[0]) for article, shard, one in found]


def _by_shard(rows: Rows) -> Iterator[tuple[Shard, list[int], list[int]]]:
    groups: dict[str, tuple[Shard, list[int], list[int]]] = {}
    for at, (shard, document) in enumerate(rows.places):
        _, places, documents = groups.setdefault(shard.name, (shard, [], []))
        places.append(at)
        documents.append(document)
    yield from groups.values()


def _rows(shard: Shard, documents: NDArray[np.intp], scores: Amounts) -> Rows:
    columns, where = shard.columns, documents.tolist()
    return Rows(
        columns.article[documents],
        scores,
        columns.lang.of(where),
        columns.confidence.of(where),
        columns.title_lengths[documents],
        columns.updated[documents].astype(np.int64),
        columns.helpful[documents],
        columns.group[documents],
        [(shard, document) for document in where],
    )


def _values(shard: Shard, facet: str, mask: Mask, counting: Counting) -> Iterator[tuple[str, int]]:
    columns = shard.columns
    if facet == "date":
        for name, first, last in counting.buckets:
            yield name, int(np.count_nonzero(mask & holds(Updated(first, last), shard)))
        return
    values: Values = getattr(columns, facet)
    counted: Counter[str] = Counter()
    for names, n in zip(
        values.names, np.bincount(values.codes[mask], minlength=len(values.names)).tolist(), strict=True
    ):
        for name in names.split(APART) if facet == "version" else (names,):
            counted[name] += n
    yield from counted.items()
