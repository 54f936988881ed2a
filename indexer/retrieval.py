"""One search, whatever the engine: rights, what matches, facets, candidates, order and page."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from indexer.analysis import Analysis
from indexer.caching import CACHE_MB, Cache
from indexer.conditions import condition
from indexer.folding import fold
from indexer.looking import Looked, holds_whole, is_near, look, nearly_quoting, with_words_wrong
from indexer.matching import Match, matching
from indexer.planning import HAN_LANGS, Unit, plan
from indexer.ranking import FREQUENCIES_KEPT, Floats, Ranking, Scored, Statistics, ranking, scored, terms_of
from indexer.sources import EVERYTHING, Counting, Counts, Rows, Source, rights
from indexer.translations import better_translations, translations
from indexer.tree import Articles, Node, Not, OneOf, Term, Updated, Worth, all_of, any_of
from indexer.vocabulary import Vocabularies, Vocabulary
from indexer.weights import Weights
from kb.entitlements import Scope
from kb.query import Clause, Parsed, as_words, doubtful, literally, understood, unquoted
from kb.question import DATE_BUCKETS, FACETS, MAX_DEPTH, Filters, Query
from kb.search import NOTHING, Hit, Hits
from kb.snippets import Marks

OCTETS_OF_TERM = 100
QUOTED_UNITS = 2
# So many of those found tell whether what looks like an operator is one.
LOOKED_INTO = 20
# So many that are worth the same are looked at.
MAX_ALIKE = 2_000
# What covers so much of a query covers it, but for what was rounded.
WHOLE = 0.999
# Where the best answer in English to a Chinese question stands at the least: one that says more than any in Chinese,
# and one that says about as much.
FIRST_ABROAD, LAST_ABROAD = 3, 10
# As rare as what half of the articles say; as long as a little Latin word is.
COMMON, LITTLE = math.log(2), 3


class Known:
    """What was counted for each reader's rights, for as long as the index stays at one commit."""

    def __init__(self, cache: Cache | None = None) -> None:
        self._cache = cache or Cache(CACHE_MB)

    def of(self, source: Source, scope: Scope, without: frozenset[int] = frozenset()) -> tuple[Node, Statistics]:
        """What the scope reads, and its statistics."""
        if without:
            return self._made(source, scope, without)
        key = (source.name, "known", scope.grants)
        return self._cache.get(
            key, lambda: self._made(source, scope, without), lambda _: FREQUENCIES_KEPT * OCTETS_OF_TERM
        )

    @staticmethod
    def _made(source: Source, scope: Scope, without: frozenset[int]) -> tuple[Node, Statistics]:
        among = rights(source, scope, without)

        def ask(terms: Sequence[str]) -> Sequence[int]:
            return source.frequencies(among, [Term(EVERYTHING, term) for term in terms])

        return among, Statistics(source.frequencies(among, [among])[0], ask)


@dataclass(frozen=True)
class Retrieval:
    """Searches a source with one analysis and one set of weights."""

    analysis: Analysis
    weights: Weights
    vocabularies: Vocabularies = field(default_factory=Vocabularies)
    known: Known = field(default_factory=Known)

    def search(self, query: Query, scope: Scope, source: Source, vocabulary: Vocabulary | None = None) -> Hits:
        """What it finds; what looks like an operator is a word where articles that are found have it as it was typed;
        when nothing says what the query quotes, what it finds without the quotation marks.

        `vocabulary`: the one of now, if it is known.
        """
        parsed, filters = understood(query)
        vocabulary = vocabulary or self.vocabularies.current()
        literal = self._literal(parsed, query, scope, source, vocabulary)
        if literal:
            parsed = as_words(parsed, literal)
        found = self._found(parsed, filters, query, scope, source, vocabulary)
        if not found.total and (words := unquoted(parsed)):
            others = self._found(words, filters, query, scope, source, vocabulary)
            if others.total:
                found = replace(others, unquoted=True)
        return replace(found, literal=tuple(clause.typed for clause in literal)) if literal else found

    def _literal(
        self, parsed: Parsed, query: Query, scope: Scope, source: Source, vocabulary: Vocabulary
    ) -> tuple[Clause, ...]:
        """The clauses that the articles found by all the words have as they were typed."""
        clauses = doubtful(parsed)
        if not clauses or not scope:
            return ()
        first = replace(query, sort="relevance", page=1, page_size=LOOKED_INTO, explain=False)
        hits = self._found(as_words(parsed, clauses), parsed.filters, first, scope, source, vocabulary).hits
        if not hits:
            return ()
        readable, _ = self.known.of(source, scope, query.without)
        found = source.newest(all_of([readable, Articles(frozenset(hit.article for hit in hits))]), len(hits))
        texts = [text for title, body in source.texts(found) for text in (title, body.decode())]
        return tuple(clause for clause in clauses if any(map(literally(clause, fold).search, texts)))

    def _found(
        self, parsed: Parsed, filters: Filters, query: Query, scope: Scope, source: Source, vocabulary: Vocabulary
    ) -> Hits:
        planned = plan(parsed, vocabulary)
        if query.prefers and not planned.certain:
            # Latin words alone are as likely an error message, pasted by someone who reads another language.
            others = [lang for lang in planned.langs if planned.han and lang not in query.prefers]
            planned = replace(planned, langs=(*query.prefers, *others), certain=True)
        if not scope or (not planned.units and not filters.any and not planned.conditions):
            return NOTHING
        among, known = self.known.of(source, scope, query.without)
        statistics = known.of(terms_of(planned))
        conditions = condition(
            planned.conditions,
            self.analysis,
            lambda words, text, titles: source.quoting(all_of([among, words]), text, titles),
        )
        chosen = {facet: _chosen(facet, filters, query) for facet in FACETS if filters.chosen(facet)}
        ready = ranking(planned, statistics, self.weights)
        for match in self._matches(ready, statistics, query):
            counting = Counting(all_of([among, conditions, match.found]), chosen, _buckets(query))
            counted = source.counts(counting)
            telling = all_of([among, conditions, match.telling, *chosen.values()])
            hits = Searched(ready, source, counting.wanted, telling, among, query, counted).page()
            counts = counted()
            if counts.total or any(counts.facets.values()):
                facets = {facet: _ordered(counts.facets.get(facet, {})) for facet in FACETS}
                return Hits(counts.total, hits, facets, marks(ready))
        return replace(NOTHING, facets={facet: () for facet in FACETS}, marks=marks(ready))

    def _matches(self, ready: Ranking, statistics: Statistics, query: Query) -> Sequence[Match]:
        planned = ready.plan
        if not planned.units or not planned.wishes:
            return [Match()]
        part = self.weights.loose if query.loose else self.weights.cover
        return matching(planned, ready.idfs, statistics, part)


class Abroad(NamedTuple):
    """A candidate in a language that was not asked in, and the place that it has at the least."""

    at: int
    place: int


@dataclass(frozen=True)
class Searched:
    """What matches a query, to be put in order; `telling`: what of it has a word that tells the most. `readable`: what
    else its reader may read."""

    ranking: Ranking
    source: Source
    among: Node
    telling: Node
    readable: Node
    query: Query
    counts: Callable[[], Counts]

    @property
    def weights(self) -> Weights:
        return self.ranking.weights

    def page(self) -> tuple[Hit, ...]:
        query = self.query
        first = (query.page - 1) * query.page_size
        last = min(first + query.page_size, MAX_DEPTH)
        if first >= last:
            return ()
        if query.sort == "updated":
            return _plain(self.source.newest(self.among, last).articles.tolist()[first:])
        if query.sort == "title":
            return _plain(self.source.alphabetical(self.among, last)[first:])
        measured = self.source.measuring(lambda: self.ranking.measures)
        chosen = self.candidates(self.weights.candidates)
        if not len(chosen):
            return ()
        others = translations(self.source, self.readable, chosen)
        candidates = Rows.joined([chosen, others])
        near = scored(self.ranking, candidates, measured(candidates))
        looked = self._looked(near, len(chosen), last)
        if last > len(chosen) and self.counts().total > len(chosen):
            known = set(chosen.articles.tolist())
            further = self.candidates(MAX_DEPTH)
            beyond = [at for at, article in enumerate(further.articles.tolist()) if article not in known]
            more = further.chosen(beyond)
            rest = scored(self.ranking, more, measured(more), near.reach)
            looked += [_as_scored(rest, at) for at in _order(rest.scores, rest.rows)]
        return tuple(Hit(one.article, one.score, one.parts if query.explain else {}) for one in looked[first:last])

    def candidates(self, limit: int) -> Rows:
        """The documents of the greatest worth, at most `limit`. Of those that are alike at the border none, so that it
        is never a matter of an engine's own order which are among them; or, when that leaves few, those with the
        shortest titles."""
        worth, among = self.ranking.worth, self.telling
        found = self.source.best(among, worth, limit + 1)
        if len(found) <= limit and among != self.among:
            among = self.among
            found = self.source.best(among, worth, limit + 1)
        if len(found) <= limit:
            return found
        border = int(found.scores[limit])
        kept = found.chosen([at for at, score in enumerate(found.scores.tolist()) if score > border])
        enough = min(limit, MAX_DEPTH) if limit >= MAX_DEPTH else min(self.weights.look, limit)
        if len(kept) >= enough:
            return kept
        return Rows.joined([kept, self._alike(among, worth, border, limit - len(kept))])

    def _alike(self, among: Node, worth: Worth, border: int, limit: int) -> Rows:
        """Of documents that are worth the same those with the shortest titles; of too many to look at, the newest,
        those in the language wanted most first."""
        found = self.source.best(among, worth, MAX_ALIKE)
        scores = found.scores.tolist()
        if len(found) == MAX_ALIKE and scores[-1] == border:
            better = frozenset(found.articles[: scores.index(border)].tolist())
            others = all_of([among, Not(Articles(better))])
            wanted = OneOf("lang", frozenset(self.ranking.plan.langs[:1]))
            first = self.source.newest(all_of([others, wanted]), limit)
            more = self.source.newest(all_of([others, Not(wanted)]), limit - len(first))
            return Rows.joined([first, more])
        alike = [at for at, score in enumerate(scores) if score == border]
        alike.sort(key=lambda at: (found.title_lengths[at], found.articles[at]))
        return found.chosen(alike[:limit])

    def _looked(self, near: Scored, count: int, last: int) -> list[Looked]:
        """The first `count` of those scored in their final order, down to the `last`; the rest are translations of some
        of them."""
        contents = near.scores - near.steps["language"]
        better = better_translations(near.rows.groups.tolist(), contents.round(9).tolist(), near.rows.articles.tolist())
        lifts = np.zeros(count)
        for at, other in better.items():
            if at < count:
                lifts[at] = self.weights.translated * (contents[other] - contents[at])
        order = _order(near.scores[:count] + lifts, near.rows)
        best, rest = order[: self.weights.look], order[self.weights.look :]
        whole = self.ranking.plan.whole.encode()
        covering = (
            [at for at in rest if near.covers[at] >= WHOLE] if len(self.ranking.plan.units) >= QUOTED_UNITS else []
        )
        heard = sorted({better[at] for at in best if at in better}.difference(best, covering))
        abroad = self._abroad(near.rows.langs[:count], contents[:count], near.rows.articles.tolist())
        read = list(dict.fromkeys((*best, *covering, *heard, *([abroad.at] if abroad else []))))
        texts = dict(zip(read, self.source.texts(near.rows.chosen(read)), strict=True))
        first = [*best, *(at for at in covering if holds_whole(texts[at][1], whole))]
        if abroad and abroad.at not in first:
            first.append(abroad.at)
        closer = [*first, *heard]
        looked = look(self.ranking, near, [(at, *texts[at]) for at in closer], self.query.today)
        found = dict(zip(closer, looked, strict=True))
        if with_words_wrong(self.ranking.plan, near) and not any(is_near(self.ranking, one) for one in looked):
            unread = [at for at in rest if at not in found]
            quoting = self._nearly_quoting(near, sorted(unread, key=lambda at: -near.steps["words"][at]))
            found |= quoting
            first += quoting
        lifted = [self._lifted(found[at], found.get(better.get(at, at))) for at in first]
        taken = frozenset(first)
        others = [at for at in rest if at not in taken][: max(0, last - len(lifted))]
        ordered = sorted(lifted, key=lambda one: (-one.score, one.article))
        if abroad:
            ordered = _placed(ordered, int(near.rows.articles[abroad.at]), abroad.place)
        return [*ordered, *(_as_scored(near, at, float(lifts[at])) for at in others)]

    def _nearly_quoting(self, near: Scored, others: Sequence[int]) -> dict[int, Looked]:
        """Which of the first of these have most of a message with words wrong in one place: as many again as are looked
        at anyway; the wrong words have put others before them."""
        looked_at = others[: self.weights.look]
        texts = zip(looked_at, self.source.texts(near.rows.chosen(looked_at)), strict=True)
        quoting = nearly_quoting(self.ranking, near, [(at, *text) for at, text in texts], self.query.today)
        looked = look(self.ranking, near, quoting, self.query.today)
        return dict(zip((at for at, *_ in quoting), looked, strict=True))

    def _abroad(self, langs: Sequence[str], contents: Floats, articles: Sequence[int]) -> Abroad | None:
        """The best answer in English to a Chinese question, where it says about as much as the best one in Chinese."""
        own = [at for at, lang in enumerate(langs) if lang in HAN_LANGS]
        english = [at for at, lang in enumerate(langs) if lang not in HAN_LANGS]
        if not self.ranking.plan.han or not own or not english:
            return None
        at, best = min(english, key=lambda at: (-contents[at], articles[at])), float(contents[own].max())
        if contents[at] < self.weights.abroad * best:
            return None
        return Abroad(at, FIRST_ABROAD if contents[at] > self.weights.abroad_first * best else LAST_ABROAD)

    def _lifted(self, one: Looked, other: Looked | None) -> Looked:
        """With what a translation that fits better says for it."""
        if other is None or (more := _content(other) - _content(one)) <= 0:
            return one
        added = self.weights.translated * more
        return Looked(one.article, one.score + added, {**one.parts, "translated": added})


def _placed(ordered: Sequence[Looked], article: int, place: int) -> list[Looked]:
    """With an article at this place, if it stood further down."""
    at = next(at for at, one in enumerate(ordered) if one.article == article)
    if at < place:
        return list(ordered)
    one, score = ordered[at], (ordered[place - 2].score + ordered[place - 1].score) / 2
    one = Looked(article, score, {**one.parts, "abroad": score - one.score})
    others = [each for each in ordered if each.article != article]
    return [*others[: place - 1], one, *others[place - 1 :]]


def _content(one: Looked) -> float:
    return one.score - one.parts.get("language", 0.0)


def _order(scores: Floats, rows: Rows) -> list[int]:
    """Best first, ties by article."""
    keys = zip((-scores).tolist(), rows.articles.tolist(), range(len(scores)), strict=False)
    return [at for _, _, at in sorted(keys)]


def _as_scored(found: Scored, at: int, lift: float = 0.0) -> Looked:
    parts = found.parts_of(at)
    more = {"translated": lift} if lift else {}
    return Looked(int(found.rows.articles[at]), float(found.scores[at]) + lift, {**parts, **more})


def _says_little(unit: Unit, idf: float) -> bool:
    """Whether it is one of the little words that most articles are full of, such as 的, in, the."""
    return idf < COMMON and len(unit.surface) <= (LITTLE if unit.is_plain else 1)


def _plain(articles: Sequence[int]) -> tuple[Hit, ...]:
    return tuple(Hit(article, 0.0) for article in articles)


def _ordered(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(((name, n) for name, n in counts.items() if n and name), key=lambda pair: (-pair[1], pair[0])))


def _buckets(query: Query) -> tuple[tuple[str, int | None, int | None], ...]:
    """The date facet's buckets as days: each holds what the ones before it do not."""
    day = query.today.toordinal()
    last: int | None = None
    found: list[tuple[str, int | None, int | None]] = []
    for name, age in DATE_BUCKETS:
        first = None if age is None else day - age
        found.append((name, first, last))
        last = None if first is None else first - 1
    return tuple(found)


def _chosen(facet: str, filters: Filters, query: Query) -> Node:
    chosen = filters.chosen(facet)
    if facet == "date":
        return any_of(Updated(first, last) for name, first, last in _buckets(query) if name in chosen)
    return OneOf(facet, chosen)


def marks(ready: Ranking) -> Marks:
    """What to mark in a passage, with how telling it is: the units, and other words that found them."""
    asked: dict[str, float] = {}
    others: dict[str, float] = {}
    units = list(zip(ready.plan.units, ready.idfs, strict=True))
    for unit, idf in [pair for pair in units if not _says_little(*pair)] or units:
        asked[unit.surface] = max(idf, asked.get(unit.surface, 0.0))
        for one in unit.evidence:
            if one.surface:
                others[one.surface] = max(idf, others.get(one.surface, 0.0))
    return Marks(asked, others)
