"""Ranking: what a query is worth to a document, in sums that every engine adds up alike. The same for every engine.

Every statistic is counted over the documents the viewer's scope reads, so that nothing hidden shows in any score. Terms
count by their impact (`indexer.impacts`) and by how rare they are; then how well the title matches, how much of the
query is there, and the language. `indexer.looking` adds what a closer look at the best finds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import chain, compress

import numpy as np
from numpy.typing import NDArray

from indexer.analysis import CODE, PART
from indexer.asking import asks
from indexer.impacts import GRADED, IMPACTS, UNGRADED
from indexer.planning import HAN_LANGS, Evidence, Plan, Rewording, Unit, Weighted, code_term, is_code, solid_term
from indexer.presence import present
from indexer.sources import EVERYTHING, NUMBER, TITLE, Rows, Whole
from indexer.tree import NEVER, Best, Graded, Node, OneOf, Sum, Term, Within, Worth, any_of
from indexer.tree import Weighted as Worthwhile
from indexer.weights import Weights
from indexer.worths import greatest, merged, mostly, roughly, times

# Sums are exact in an engine's scores, 32-bit floats, up to 2^24: one that chooses, or two measures, in so many parts
# each, one above the other.
FINE = 1 << 22
PARTS = 3_800
SHIFT = 1 << 12
# How much it counts that a title says no more than what was asked.
PRECISION = 0.7
NOTHING = Sum(())
# The most telling of a long text do: so many terms, so many units.
MAX_TERMS = 120
FREQUENCIES_KEPT = 10_000
MAX_UNITS = 60

Floats = NDArray[np.float64]


@dataclass
class Statistics:
    """What is known of the documents a scope reads: how many, and in how many of them each term occurs."""

    count: int
    ask: Callable[[Sequence[str]], Sequence[int]]
    frequencies: dict[str, int] = field(default_factory=dict)

    def of(self, terms: Iterable[str]) -> Statistics:
        """The same, of these terms alone: what is not known yet is asked for, all at once."""
        wanted = list(dict.fromkeys(terms))
        known = self.frequencies
        found = {term: known[term] for term in wanted if term in known}
        if unknown := [term for term in wanted if term not in found]:
            found.update(zip(unknown, self.ask(unknown), strict=True))
            # A new one: another thread may be reading the one there is.
            self.frequencies = {**known, **found} if len(known) < FREQUENCIES_KEPT else found
        return Statistics(self.count, self.ask, found)

    def idf(self, term: str) -> float:
        """0 for a term no readable document has."""
        frequency = self.frequencies[term]
        return math.log(1 + (self.count - frequency + 0.5) / (frequency + 0.5)) if frequency else 0.0

    @property
    def most(self) -> float:
        """As telling as can be: what nothing readable contains."""
        return math.log(1 + (self.count + 0.5) / 0.5)


def terms_of(plan: Plan) -> Iterator[str]:
    """Every term that ranking and matching ask the frequency of."""
    yield from (weighted.term for weighted in plan.terms)
    for rewording in plan.rewordings:
        yield from (weighted.term for weighted in chain(rewording.asked, *rewording.ways))
    for unit in plan.units:
        yield from (term for evidence in unit.evidence for term in evidence.shares)


def is_told_by_code(unit: Unit, statistics: Statistics) -> bool:
    """Whether an article that has it exactly as it was typed has it above others."""
    return is_code(unit.surface) and not hyphenated(unit, statistics)


def hyphenated(unit: Unit, statistics: Statistics) -> bool:
    """Whether it is a word that most write without the hyphens it was typed with: `fail-over`, but not `Get-Date`."""
    solid, known = solid_term(unit.surface), statistics.frequencies
    return bool(solid) and known.get(solid, 0) > known.get(code_term(unit.surface), 0)


def rarity(unit: Unit, statistics: Statistics) -> float:
    """How rare a unit is: as rare as its terms. One that nothing readable contains is as rare as can be.

    A Han word is no rarer than other words for it in Chinese: few articles say 打不開, many 無法開啟.
    """
    if not unit.surface.isascii():
        chinese = (one for one in unit.evidence if one.origin in ("asked", "synonym", "script"))
        if ways := [idf for one in chinese if (idf := max(map(statistics.idf, one.shares), default=0.0))]:
            return min(ways)
    if hyphenated(unit, statistics):
        return statistics.idf(solid_term(unit.surface))
    for asked in (True, False):
        terms = (term for one in unit.evidence if (one.origin == "asked") == asked for term in one.shares)
        if found := [idf for idf in map(statistics.idf, terms) if idf]:
            # A plain word is there by any of its terms, be it a part of a name; another by most of them.
            return min(found) if unit.is_plain else max(found)
    return statistics.most


@dataclass(frozen=True)
class Ranking:
    """A plan made ready to rank by: how telling each unit is, and what is summed up for a document.

    `idfs` are how telling the units are, `mass` how telling all are together: what other parts of a score are measured
    in. `telling` are the most telling units with their idfs.
    """

    plan: Plan
    statistics: Statistics
    weights: Weights
    idfs: tuple[float, ...]
    mass: float
    scale: float
    telling: tuple[tuple[float, Unit], ...]
    words: Sum
    vocabulary: tuple[Best, ...]
    codes: Sum

    @property
    def worth(self) -> Worth:
        """What chooses the candidates: near the score, as far as sums go."""
        weights, unit = self.weights, self.mass * self.scale
        # Of the language wanted most alone: that of the others is much to walk through for little.
        bonus = [
            Worthwhile(OneOf("lang", frozenset({lang})), round(_language_chooses(self.plan, weights) * unit))
            for lang in self.plan.langs[:1]
        ]
        if self.plan.numbers:
            bonus.append(Worthwhile(self.numbered, round(weights.number * unit)))
        titled = times(self._there(TITLE), weights.title_chooses * unit / PARTS)
        covering = times(mostly(self._there(EVERYTHING)), weights.cover_chooses * unit / PARTS)
        others = mostly(Sum(tuple(map(roughly, self.vocabulary))))
        coded = times(self.codes, weights.codes_choose)
        return merged(Sum((mostly(self.words), others, coded, titled, covering, *bonus)))

    @property
    def numbered(self) -> Node:
        return any_of(Term(NUMBER, number) for number in sorted(self.plan.numbers))

    def _there(self, field: str) -> Sum:
        frequencies = self.statistics.frequencies
        nodes = ((present(unit, frequencies, field, anywhere=True), idf) for idf, unit in self.telling)
        return Sum(tuple(Worthwhile(node, self._share(idf, 1)) for node, idf in nodes if node != NEVER))

    @cached_property
    def measures(self) -> tuple[Worth, ...]:
        """What `scored` asks of the candidates: words and cover, title and letters, and what not every query has."""
        cover = (self._covers(unit, EVERYTHING, partial(self._above, idf, 0)) for idf, unit in self.telling)
        titled = (self._covers(unit, TITLE, partial(self._above, idf, _letters(unit))) for idf, unit in self.telling)
        said = Sum((*cover, times(self.words, PARTS / self.most_words)))
        return merged(said), merged(Sum(tuple(titled))), *(one for _, one in self.further)

    def _covers(self, unit: Unit, name: str, worth: Callable[[float], int]) -> Worth:
        """What a document has by the best of a unit's evidence, by what a part of the unit is worth."""
        found = (_shown(evidence, name, worth, self.weights, self.statistics) for evidence in unit.evidence)
        return Best(tuple(each for each in found if each != NOTHING))

    def _above(self, idf: float, letters: int, part: float) -> int:
        """How much of the query a part of a unit is, above how many of its letters."""
        return self._share(idf, part) * SHIFT + round(part * letters / self.all_letters * PARTS)

    def _share(self, idf: float, part: float) -> int:
        return round(part * idf / self.mass * PARTS)

    @cached_property
    def all_letters(self) -> int:
        return sum(_letters(unit) for _, unit in self.telling) or 1

    @property
    def most_words(self) -> float:
        return greatest(self.words) or 1

    @property
    def further(self) -> tuple[tuple[str, Worth], ...]:
        """Measures that are 0 for most queries."""
        number = Sum((Worthwhile(self.numbered, 1),) if self.plan.numbers else ())
        found = {"vocabulary": Sum(self.vocabulary), "codes": self.codes, "number": number}
        return tuple((name, one) for name, one in found.items() if one.parts)


def ranking(plan: Plan, statistics: Statistics, weights: Weights) -> Ranking:
    """`statistics` are of `terms_of(plan)`."""
    rarities = [rarity(unit, statistics) for unit in plan.units]
    all_idfs = tuple(rare * _asked(unit.surface, weights) for unit, rare in zip(plan.units, rarities, strict=True))
    mass = sum(all_idfs) or 1.0
    # To be a part of a name makes no word more telling: `in` is rare there.
    most = {kind + unit.surface: rare for unit, rare in zip(plan.units, rarities, strict=True) for kind in (CODE, PART)}
    worths = {
        one.term: min(statistics.idf(one.term), most.get(one.term, statistics.most))
        * weights.of(one.kind, one.is_word)
        * _asked(one.term[1:], weights)
        for one in plan.terms
    }
    chosen = sorted((term for term in worths if worths[term]), key=lambda term: (-worths[term], term))[:MAX_TERMS]
    ways = [_ways(rewording, statistics, weights) for rewording in plan.rewordings]
    titles = mass * (weights.title_chooses + weights.cover_chooses + _language_chooses(plan, weights))
    titles += weights.number * mass if plan.numbers else 0
    telling = sorted(zip(all_idfs, plan.units, strict=True), key=lambda pair: -pair[0])[:MAX_UNITS]
    codes = [(code_term(unit.surface), idf) for idf, unit in telling if is_told_by_code(unit, statistics)]
    codes = [(term, worth) for term, worth in codes if statistics.frequencies.get(term)]
    titles += weights.codes_choose * _total(codes)
    whole = IMPACTS[-1] * (sum(worths[term] for term in chosen) + sum(max(map(_total, way), default=0) for way in ways))
    scale = FINE / max(whole + titles, 1e-9)

    return Ranking(
        plan=plan,
        statistics=statistics,
        weights=weights,
        idfs=all_idfs,
        mass=mass,
        scale=scale,
        telling=tuple(telling),
        words=Sum(tuple(_graded(term, worths[term] * scale) for term in chosen)),
        vocabulary=tuple(Best(tuple(_way(way, scale) for way in each)) for each in ways if each),
        codes=Sum(tuple(Worthwhile(Term(EVERYTHING, term), round(worth * scale)) for term, worth in codes)),
    )


def _letters(unit: Unit) -> int:
    return sum(map(str.isalnum, unit.surface))


def _asked(word: str, weights: Weights) -> float:
    """What is left of a word's worth: one that only asks tells less than it is rare."""
    return weights.asking if asks(word) else 1.0


def _graded(term: str, worth: float) -> Worth:
    if term[0] not in GRADED:
        return Worthwhile(Term(EVERYTHING, term), round(worth * UNGRADED))
    return Graded(term, tuple(round(worth * impact) for impact in IMPACTS))


def _ways(rewording: Rewording, statistics: Statistics, weights: Weights) -> list[list[tuple[Weighted, float]]]:
    """For each other way to say it, its terms with what they are worth: never more together than what was asked."""

    def total(terms: Sequence[Weighted]) -> float:
        return sum(statistics.idf(one.term) * weights.of(one.kind, one.is_word) for one in terms) or statistics.most

    asked, found = total(rewording.asked), []
    for way in rewording.ways:
        limit = min(1.0, asked / total(way))
        worths = [(one, statistics.idf(one.term) * weights.of(one.kind, one.is_word) * limit) for one in way]
        found.append([(one, w * weights.trust(one.origin) * one.certainty) for one, w in worths if w])
    return [way for way in found if way]


def _total(way: Iterable[tuple[object, float]]) -> float:
    return sum(worth for _, worth in way)


def _way(way: Sequence[tuple[Weighted, float]], scale: float) -> Worth:
    lang = way[0][0].lang
    found = Sum(tuple(_graded(one.term, worth * scale) for one, worth in way))
    return Within(OneOf("lang", frozenset({lang})), found) if lang else found


def _shown(
    evidence: Evidence, name: str, worth: Callable[[float], int], weights: Weights, statistics: Statistics
) -> Worth:
    trust = weights.trust(evidence.origin) * evidence.certainty
    shares = {term: share for term, share in evidence.shares.items() if statistics.frequencies[term]}
    found = Sum(tuple(Worthwhile(Term(name, term), worth(share * trust)) for term, share in shares.items()))
    return Within(OneOf("lang", frozenset({evidence.lang})), found) if evidence.lang and shares else found


def _language_chooses(plan: Plan, weights: Weights) -> float:
    """What the language wanted most is to which candidates are chosen: near what it adds to a score."""
    latin = plan.certain and not plan.han and not HAN_LANGS.intersection(plan.langs[:1])
    return weights.reader_chooses if latin else weights.prefer_chooses


def preference(langs: Sequence[str]) -> dict[str, float]:
    """1 for the language wanted most, less for each after it; 0 for any other."""
    return {lang: 1 - at / len(langs) for at, lang in enumerate(langs)}


def language(plan: Plan, weights: Weights) -> Callable[[str], float]:
    """What an article's language adds to its score: a Chinese question is answered in Chinese, in its own script; one
    of Latin words alone, whoever asks it, in Latin words as likely as in his own language, and in no third one."""
    first = plan.langs[0] if plan.certain and plan.langs else ""
    wanted = preference(plan.langs)

    def among_latin(lang: str) -> float:
        if lang not in HAN_LANGS:
            return weights.reader_apart
        return weights.script_apart if first in HAN_LANGS else weights.reader_foreign

    def added(lang: str) -> float:
        apart = 0.0
        if not plan.han:
            apart = among_latin(lang) if first and lang != first else 0.0
        elif lang not in HAN_LANGS:
            apart = weights.foreign
        elif first in HAN_LANGS and lang != first:
            apart = weights.script_apart
        return weights.prefer * wanted.get(lang, 0.0) - apart

    return added


def _languages(plan: Plan, weights: Weights, langs: Sequence[str], covers: Floats, coded: NDArray[np.bool_]) -> Floats:
    """What the languages of articles add to their scores. Where those that have a code of the query say more of it than
    any in the language wanted most, they are wanted as much."""
    added, wanted = language(plan, weights), plan.langs[0] if plan.langs else ""
    own = max(compress(covers.tolist(), (lang == wanted for lang in langs)), default=0.0)
    alone = coded & (covers > own)
    return np.array([added(wanted if only else lang) for lang, only in zip(langs, alone.tolist(), strict=True)], float)


@dataclass(frozen=True)
class Scored:
    """Candidates with their scores, how much of the query each covers, and what each step of scoring added.

    `reach` is how much of the query the best of them covers: what all are measured by, so that a word which no article
    says takes nothing from the others. `titled`: how much of it the title says that says the most.
    """

    rows: Rows
    scores: Floats
    covers: Floats
    reach: float
    titled: float
    steps: Mapping[str, Floats]

    @cached_property
    def _parts(self) -> Sequence[tuple[str, Sequence[float]]]:
        return [(name, added.tolist()) for name, added in self.steps.items() if added.any()]

    def parts_of(self, at: int) -> dict[str, float]:
        return {name: part for name, added in self._parts if (part := added[at])}


def scored(ranking: Ranking, rows: Rows, measured: Sequence[Whole], reach: float = 0.0) -> Scored:
    """The candidates' scores, by what they were found to be worth by `ranking.measures`. `reach`: of others that they
    are to be compared with."""
    weights, plan = ranking.weights, ranking.plan
    said, titled, *others = measured
    none: Floats = np.zeros(len(rows))
    further = {name: one.astype(np.float64) for (name, _), one in zip(ranking.further, others, strict=True)}
    numbered = further.get("number", none).astype(bool)
    covers = np.where(numbered, 1.0, np.minimum(said // SHIFT / PARTS, 1.0))
    reach = reach or float(covers.max(initial=0.0)) or 1.0
    whole = ranking.mass * ranking.scale * reach
    words = said % SHIFT / PARTS * ranking.most_words
    in_title, letters = titled // SHIFT / PARTS, titled % SHIFT / PARTS * ranking.all_letters
    precision = np.minimum(letters / np.maximum(rows.title_lengths, 1), 1)
    steps: dict[str, Floats] = {
        "words": weights.words * words / whole,
        "vocabulary": weights.vocabulary * further.get("vocabulary", none) / whole,
        "titled": weights.titled * in_title / reach * precision**PRECISION,
        "covered": weights.covered * covers / reach,
        "language": _languages(plan, weights, rows.langs, covers, further.get("codes", none) > 0),
        "number": weights.number * numbered,
        "codes": weights.codes * further.get("codes", none) / whole,
    }
    most_titled = float(in_title.max(initial=0.0))
    return Scored(rows, sum(steps.values(), np.zeros(len(rows))), covers, reach, most_titled, steps)
