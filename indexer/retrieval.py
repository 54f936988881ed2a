"""One search over shards: the scope's view, matching, facets, order and page.

What an embedded engine does to search.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

import numpy as np

from indexer.analysis import Analysis
from indexer.caching import Cache
from indexer.conditions import holds
from indexer.looking import Looked, holds_whole, look
from indexer.planning import Plan, plan
from indexer.ranking import Candidate, Readable, Scored, Weights, candidates, score, unit_idf
from indexer.shards import Mask, Shard, Values, readable
from indexer.vocabulary import Vocabularies
from kb.entitlements import Scope
from kb.query import Clause, understood
from kb.question import DATE_BUCKETS, FACETS, MAX_DEPTH, Filters, Query
from kb.search import NOTHING, Hit, Hits
from kb.snippets import Marks

OCTETS_OF_VALUE = 150
QUOTED_UNITS = 2
QUOTING_LOOKED = 1_000


class Views:
    """The readable documents of each scope, kept for as long as the shards stay what they are."""

    _names = count()

    def __init__(self, shards: Sequence[Shard], weights: Weights, cache: Cache) -> None:
        self.shards = tuple(shards)
        self.name = f"views {next(self._names)}"
        self._weights, self._cache = weights, cache

    def of(self, scope: Scope, without: frozenset[int] = frozenset()) -> Readable:
        if without:
            return self._made(scope, without)
        key = (self.name, "view", scope.grants)
        return self._cache.get(key, lambda: self._made(scope, without), lambda made: made.octets)

    def answered(self, asked: tuple[object, ...], answer: Callable[[], Hits]) -> Hits:
        """What was answered before to the same, under the same rights, of the same documents."""
        return self._cache.get((self.name, "answer", *asked), answer, _octets)

    def forget_others(self) -> None:
        """Drops what is kept of shards that are no longer among these, and of how these stood before."""
        self._cache.keep_only({self.name, *(shard.name for shard in self.shards)})

    def _made(self, scope: Scope, without: frozenset[int]) -> Readable:
        masks = []
        for shard in self.shards:
            mask = readable(shard, scope)
            if without:
                mask = mask & ~np.isin(shard.columns.article, list(without))
            masks.append((shard, mask))
        return Readable.of(masks, self._weights, self._cache)


def _octets(hits: Hits) -> int:
    values = sum(map(len, hits.facets.values())) + len(hits.marks.asked) + len(hits.marks.others)
    return OCTETS_OF_VALUE * (2 * len(hits.hits) + values)


@dataclass(frozen=True)
class Retrieval:
    """Searches shards with one analysis and one set of weights."""

    analysis: Analysis
    weights: Weights
    vocabularies: Vocabularies = field(default_factory=Vocabularies)

    def search(self, query: Query, scope: Scope, views: Views) -> Hits:
        parsed, filters = understood(query)
        planned = plan(parsed, self.analysis, self.vocabularies.current())
        if query.prefers and not planned.certain:
            # Latin words alone are as likely an error message, pasted by someone who reads another language.
            others = [lang for lang in planned.langs if planned.han and lang not in query.prefers]
            planned = replace(planned, langs=(*query.prefers, *others), certain=True)
        if not scope or (not planned.units and not filters.any and not planned.conditions):
            return NOTHING
        seen = views.of(scope, query.without)
        scored = score(planned, seen, self.weights, query.explain)
        cover = self.weights.loose if query.loose else self.weights.cover
        needed = max(self.weights.least, cover * _best_cover(scored))
        matching = [self._matches(planned, one, needed) for one in scored]
        facets, wanted = _filtered(scored, matching, filters, query)
        total = sum(int(mask.sum()) for mask in wanted)
        return Hits(total, self._page(planned, scored, wanted, seen, query), facets, marks(planned, seen))

    def _matches(self, planned: Plan, one: Scored, needed: float) -> Mask:
        mask = one.view.mask.copy()
        if planned.units and planned.wishes:
            mask &= one.cover >= np.float32(needed - 1e-4)
        for group in _groups(planned):
            mask &= holds(group, one.view.shard, mask, self.analysis)
        return mask

    def _page(
        self, planned: Plan, scored: Sequence[Scored], wanted: Sequence[Mask], seen: Readable, query: Query
    ) -> tuple[Hit, ...]:
        first = (query.page - 1) * query.page_size
        last = min(first + query.page_size, MAX_DEPTH)
        if first >= last:
            return ()
        if query.sort != "relevance":
            return tuple(Hit(article, 0.0) for article in _sorted(scored, wanted, query.sort)[first:last])
        found = candidates(scored, wanted, max(last, self.weights.look))
        near = found[: self.weights.look]
        near += self._quoting(planned, scored, wanted, {one.article for one in near})
        best = look(planned, near, seen, self.weights, query.today)
        looked = {one.article for one in near}
        rest = [Looked(one, one.score, one.parts()) for one in found if one.article not in looked]
        return tuple(
            Hit(one.candidate.article, one.score, one.parts if query.explain else {})
            for one in [*best, *rest][first:last]
        )

    def _quoting(
        self, planned: Plan, scored: Sequence[Scored], wanted: Sequence[Mask], known: set[int]
    ) -> list[Candidate]:
        """Documents beyond the best that hold the whole query word for word, as an error message stands in a log."""
        if len(planned.units) < QUOTED_UNITS:
            return []
        whole = planned.text.encode()
        covering = [mask & (one.cover >= np.float32(0.999)) for one, mask in zip(scored, wanted, strict=True)]
        found = candidates(scored, covering, self.weights.look + QUOTING_LOOKED)
        return [
            one for one in found if one.article not in known and holds_whole(one.view.shard.body(one.document), whole)
        ]


def _best_cover(scored: Sequence[Scored]) -> float:
    """The greatest part of the query that one readable document has."""
    return max((float(one.cover[one.view.mask].max(initial=0)) for one in scored), default=0.0)


def _groups(planned: Plan) -> list[list[Clause]]:
    groups: dict[int, list[Clause]] = {}
    for clause in planned.conditions:
        groups.setdefault(clause.group if not clause.negated else -clause.group, []).append(clause)
    return list(groups.values())


def _filtered(
    scored: Sequence[Scored], matching: Sequence[Mask], filters: Filters, query: Query
) -> tuple[dict[str, tuple[tuple[str, int], ...]], list[Mask]]:
    """Facets, each counted as if its own filter were off, and the matches under all the filters."""
    counts: dict[str, dict[str, int]] = {facet: {} for facet in FACETS}
    wanted = []
    for one, mask in zip(scored, matching, strict=True):
        shard = one.view.shard
        kept = {facet: _keeps(shard, facet, filters.chosen(facet), query) for facet in FACETS if filters.chosen(facet)}
        for facet in FACETS:
            others = mask
            for name, keeps in kept.items():
                if name != facet:
                    others = others & keeps
            _count(counts[facet], shard, facet, others, query)
        for keeps in kept.values():
            mask = mask & keeps
        wanted.append(mask)
    ordered = {
        facet: tuple(sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))) for facet, found in counts.items()
    }
    return ordered, wanted


def _facet_values(shard: Shard, facet: str) -> Values:
    columns = shard.columns
    return {"product": columns.product, "type": columns.type, "lang": columns.lang, "version": columns.versions}[facet]


def _keeps(shard: Shard, facet: str, chosen: frozenset[str], query: Query) -> Mask:
    if facet == "date":
        names = np.array([name in chosen for name, _ in DATE_BUCKETS], bool)
        return names[_buckets(shard, query)]
    values = _facet_values(shard, facet)
    if facet == "version":
        keeps = [bool(chosen.intersection(name.split("\x1f"))) for name in values.names]
    else:
        keeps = [name in chosen for name in values.names]
    return np.array([*keeps, False], bool)[values.codes]


def _buckets(shard: Shard, query: Query) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """For each document the place in DATE_BUCKETS of the first bucket it falls into."""
    age = query.today.toordinal() - shard.columns.updated
    limits = [days for _, days in DATE_BUCKETS if days is not None]
    return np.searchsorted(np.array(limits), age, side="left")


def _count(counts: dict[str, int], shard: Shard, facet: str, mask: Mask, query: Query) -> None:
    if facet == "date":
        found = np.bincount(_buckets(shard, query)[mask], minlength=len(DATE_BUCKETS)).tolist()
        pairs = [(name, n) for (name, _), n in zip(DATE_BUCKETS, found, strict=True)]
    else:
        values = _facet_values(shard, facet)
        found = np.bincount(values.codes[mask], minlength=len(values.names)).tolist()
        pairs = list(zip(values.names, found, strict=True))
        if facet == "version":
            pairs = [(version, n) for names, n in pairs for version in names.split("\x1f")]
    for name, n in pairs:
        if n and name:
            counts[name] = counts.get(name, 0) + n


def _sorted(scored: Sequence[Scored], wanted: Sequence[Mask], sort: str) -> list[int]:
    keyed = []
    for one, mask in zip(scored, wanted, strict=True):
        shard = one.view.shard
        for document in np.flatnonzero(mask).tolist():
            article = int(shard.columns.article[document])
            key = -int(shard.columns.updated[document]) if sort == "updated" else shard.title(document)
            keyed.append((key, article))
    return [article for _, article in sorted(keyed)[:MAX_DEPTH]]


def marks(planned: Plan, seen: Readable) -> Marks:
    """What to mark in a passage, with how telling it is: the units, and other words that found them."""
    asked: dict[str, float] = {}
    others: dict[str, float] = {}
    for unit in planned.units:
        idf = unit_idf(unit, seen)
        asked[unit.surface] = max(idf, asked.get(unit.surface, 0.0))
        for one in unit.evidence:
            if one.surface:
                others[one.surface] = max(idf, others.get(one.surface, 0.0))
    return Marks(asked, others)


__all__ = ["Candidate", "Retrieval", "Views", "Weights"]
