"""Ranking: which documents match a query, and in which order. Ours, the same for every engine.

Every statistic is counted over the documents the viewer's scope reads, so that nothing hidden shows in any score. The
score is BM25F with term frequencies summed over fields before saturation (Robertson, Zaragoza, Taylor: Simple BM25
extension to multiple weighted fields, 2004), plus how well the title matches, plus what a closer look at the best
finds.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.caching import Cache
from indexer.planning import Evidence, Plan, Rewording, Unit, Weighted
from indexer.shards import EMPHASIS, EVERYTHING, NUMBER, TITLE, Floats, Mask, Postings, Shard
from indexer.vocabulary import Origin
from kb.config import ConfigError

FREQUENCIES_KEPT = 10_000
OCTETS_OF_DOCUMENT = 1 + 4 + 3 * 4  # mask, norm, languages
OCTETS_OF_TERM = 100
HAN_LANGS = ("zh-Hant", "zh-Hans")


@dataclass(frozen=True)
class Weights:
    """What counts how much. Tuned on the tuning part of the judged queries; see docs/search.md."""

    k1: float = 1.2
    b: float = 0.75
    title: float = 6.0
    emphasis: float = 1.0
    word: float = 0.42
    pair: float = 0.35
    character: float = 0.1
    exact: float = 0.5
    stem: float = 0.7
    code: float = 1.0
    part: float = 0.3
    title_match: float = 2.5
    cover: float = 0.3
    look: int = 100
    title_equals: float = 1.0
    title_contains: float = 0.7
    body_contains: float = 1.3
    pairs: float = 0.5
    codes: float = 3.0
    completeness: float = 0.5
    least: float = 0.1
    loose: float = 0.2
    number: float = 20.0
    prefer: float = 0.3
    helpful: float = 0.03
    confidence: float = 0.02
    age: float = 0.01
    foreign: float = 0.8
    script_apart: float = 0.85

    script: float = 1.0
    synonym: float = 0.6
    translation: float = 1.0

    @classmethod
    def read(cls, path: Path | None) -> Weights:
        """Weights of a TOML file, `name = number`, others as shipped. ConfigError says what is wrong with it."""
        if path is None:
            return cls()
        kinds: dict[str, Any] = {each.name: type(each.default) for each in fields(cls)}
        try:
            given = tomllib.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigError(f"KB_WEIGHTS: {path} cannot be read: {error}") from None
        for name, value in given.items():
            if name not in kinds:
                raise ConfigError(f"KB_WEIGHTS: {path} has {name!r}; the weights are {', '.join(kinds)}")
            is_number = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
            if not is_number or (kinds[name] is int and not isinstance(value, int)):
                raise ConfigError(f"KB_WEIGHTS: {path}: {name} is {value!r}; it must be a number from 0")
        return cls(**given)

    def trust(self, origin: Origin) -> float:
        """How far a term of the vocabulary stands for what was asked."""
        return {"asked": 1.0, "script": self.script, "synonym": self.synonym, "translation": self.translation}[origin]

    def of(self, kind: str) -> float:
        return {
            "w": self.word, "g": self.pair, "c": self.character, "e": self.exact, "s": self.stem, "k": self.code,
            "p": self.part,
        }[kind]  # fmt: skip


class Found(NamedTuple):
    """The documents that hold a term, as numpy takes them fastest, and how often, titles and headings weighted."""

    documents: NDArray[np.intp]
    frequencies: Floats

    @property
    def octets(self) -> int:
        return self.documents.nbytes + self.frequencies.nbytes


NOT_FOUND = Found(np.zeros(0, np.intp), np.zeros(0, np.float32))


@dataclass
class View:
    """A shard under a scope: what is readable and the length norms that follow from it."""

    shard: Shard
    mask: Mask
    norms: Floats
    cache: Cache
    _of_language: dict[str, Floats] = field(default_factory=dict, repr=False)

    def of_language(self, lang: str) -> Floats:
        """1 for each document of the language, 0 for any other."""
        if lang not in self._of_language:
            langs = self.shard.columns.lang
            flags = np.array([name == lang for name in langs.names] or [False], np.float32)
            self._of_language[lang] = flags[langs.codes]
        return self._of_language[lang]

    def weighted(self, term: str, weights: Weights) -> Found:
        """Where a term occurs. The same under every scope, so kept for as long as the shard."""
        key = (self.shard.name, "weighted", term)
        return self.cache.get(key, lambda: _weighted(self.shard, term, weights), lambda found: found.octets)

    def documents(self, name: str, term: str) -> NDArray[np.intp]:
        """The documents that hold a term in a field."""
        key = (self.shard.name, name, term)
        return self.cache.get(key, lambda: _documents(self.shard, name, term), lambda found: found.nbytes)


def _documents(shard: Shard, name: str, term: str) -> NDArray[np.intp]:
    postings = shard.postings(name, term)
    return postings.documents.astype(np.intp) if postings else NOT_FOUND.documents


def _weighted(shard: Shard, term: str, weights: Weights) -> Found:
    postings = shard.postings(EVERYTHING, term)
    if postings is None:
        return NOT_FOUND
    frequencies = postings.frequencies.astype(np.float32)
    for name, weight in ((TITLE, weights.title - 1), (EMPHASIS, weights.emphasis)):
        if weight and (more := shard.postings(name, term)):
            places = np.searchsorted(postings.documents, more.documents)
            frequencies[places] += np.float32(weight) * more.frequencies
    return Found(postings.documents.astype(np.intp), frequencies)


@dataclass
class Readable:
    """All shards under a scope, with the statistics of what it reads."""

    views: list[View]
    count: int
    average: float
    weights: Weights
    frequencies: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, masks: Sequence[tuple[Shard, Mask]], weights: Weights, cache: Cache) -> Readable:
        count = sum(int(mask.sum()) for _, mask in masks)
        total = sum(int(shard.columns.lengths[mask].astype(np.int64).sum()) for shard, mask in masks)
        average = total / count if count else 1.0
        base, slope = weights.k1 * (1 - weights.b), weights.k1 * weights.b / max(average, 1.0)
        views = [
            View(shard, mask, np.float32(base) + np.float32(slope) * shard.columns.lengths, cache)
            for shard, mask in masks
        ]
        return cls(views, count, average, weights)

    @property
    def octets(self) -> int:
        """With what it will come to hold of languages and frequencies."""
        return sum(view.shard.size * OCTETS_OF_DOCUMENT for view in self.views) + FREQUENCIES_KEPT * OCTETS_OF_TERM

    def frequency(self, term: str) -> int:
        """In how many readable documents a term occurs."""
        if term not in self.frequencies:
            found = 0
            for view in self.views:
                found += int(np.count_nonzero(view.mask.take(view.weighted(term, self.weights).documents)))
            if len(self.frequencies) >= FREQUENCIES_KEPT:
                self.frequencies.clear()
            self.frequencies[term] = found
            return found
        return self.frequencies[term]

    def idf(self, term: str) -> float:
        """0 for a term no readable document has."""
        frequency = self.frequency(term)
        return math.log(1 + (self.count - frequency + 0.5) / (frequency + 0.5)) if frequency else 0.0


@dataclass
class Scored:
    """A shard's documents with their scores, how much of the query each covers, and, where asked for, what each step
    of scoring added."""

    view: View
    score: Floats
    cover: Floats
    parts: dict[str, Floats] = field(default_factory=dict)

    def parts_of(self, document: int) -> dict[str, float]:
        return {name: float(added[document]) for name, added in self.parts.items() if added[document]}


class Ledger:
    """What each step of scoring added, for whoever wants to know why."""

    def __init__(self, wanted: bool, size: int) -> None:
        self.parts: dict[str, Floats] = {}
        self._before = np.zeros(size, np.float32) if wanted else None

    def note(self, step: str, total: Floats) -> None:
        if self._before is not None:
            self.parts[step] = total - self._before
            self._before = total.copy()


def unit_idf(unit: Unit, readable: Readable) -> float:
    """How telling a unit is: the rarest of its terms counts.

    A unit nothing readable contains is as telling as can be.
    """
    for asked in (True, False):
        found = [readable.idf(term) for one in unit.evidence if (one.origin == "asked") == asked for term in one.shares]
        if best := max(found, default=0.0):
            return best
    return math.log(1 + (readable.count + 0.5) / 0.5)


def score(plan: Plan, readable: Readable, weights: Weights, explain: bool = False) -> list[Scored]:
    """Every document's score. Documents the scope does not read are scored too, and masked by the caller."""
    idfs = [(unit, unit_idf(unit, readable)) for unit in plan.units]
    mass = sum(idf for _, idf in idfs) or 1.0
    worths = [_worth(rewording.asked, readable, weights) for rewording in plan.rewordings]
    scored = []
    for view in readable.views:
        total = np.zeros(view.shard.size, np.float32)
        ledger = Ledger(explain, view.shard.size)
        for weighted in plan.terms:
            idf = readable.idf(weighted.term)
            if idf:
                _add_term(total, view, weighted, np.float32(idf * weights.of(weighted.kind)), weights)
        ledger.note("words", total)
        for rewording, worth in zip(plan.rewordings, worths, strict=True):
            total += _reworded(view, rewording, worth, readable, weights)
        ledger.note("vocabulary", total)
        cover, title = _covers(view, idfs, mass, weights)
        total += title * np.float32(weights.title_match * mass)
        ledger.note("title_match", total)
        if weights.completeness:
            total *= np.minimum(cover, 1) ** np.float32(weights.completeness)
        ledger.note("missing", total)
        if plan.han:
            total *= _by_language(view, _nearness(plan, weights), weights.foreign)
        if plan.langs:
            total += _by_language(view, _preference(plan.langs)) * np.float32(weights.prefer * mass)
        ledger.note("language", total)
        for number in plan.numbers:
            if postings := view.shard.postings(NUMBER, number):
                total[postings.documents] += np.float32(weights.number * mass)
                cover[postings.documents] = 1
        ledger.note("number", total)
        scored.append(Scored(view, total, cover, ledger.parts))
    return scored


def _worth(terms: Sequence[Weighted], readable: Readable, weights: Weights) -> float:
    """How much terms can add to a score. What nothing readable contains is worth as much as can be."""
    found = sum(readable.idf(weighted.term) * weights.of(weighted.kind) for weighted in terms)
    return found or math.log(1 + (readable.count + 0.5) / 0.5)


def _reworded(view: View, rewording: Rewording, worth: float, readable: Readable, weights: Weights) -> Floats:
    """What each document gains by the best of the ways to say it otherwise."""
    best = np.zeros(view.shard.size, np.float32)
    for way in rewording.ways:
        limit = min(1.0, worth / _worth(way, readable, weights))
        gained = np.zeros(view.shard.size, np.float32)
        for weighted in way:
            trust = weights.trust(weighted.origin) * weighted.certainty * limit
            if idf := readable.idf(weighted.term):
                _add_term(gained, view, weighted, np.float32(idf * weights.of(weighted.kind) * trust), weights)
        best = np.maximum(best, gained)
    return best


def _preference(langs: Sequence[str]) -> dict[str, float]:
    """1 for the language wanted most, less for each after it; 0 for any other."""
    return {lang: 1 - at / len(langs) for at, lang in enumerate(langs)}


def _add_term(total: Floats, view: View, weighted: Weighted, factor: np.float32, weights: Weights) -> None:
    documents, frequencies = view.weighted(weighted.term, weights)
    gain = factor * (frequencies * np.float32(weights.k1 + 1)) / (frequencies + view.norms.take(documents))
    if weighted.lang:
        gain *= view.of_language(weighted.lang).take(documents)
    total[documents] += gain


def _nearness(plan: Plan, weights: Weights) -> dict[str, float]:
    """What a Chinese question makes of an article in either script."""
    script = plan.langs[0] if plan.certain and plan.langs and plan.langs[0] in HAN_LANGS else ""
    return {lang: weights.script_apart if script and lang != script else 1.0 for lang in HAN_LANGS}


def _by_language(view: View, factors: Mapping[str, float], other: float = 0.0) -> Floats:
    """A factor for each document by its language; `other` where none is given."""
    lang = view.shard.columns.lang
    return np.array([factors.get(name, other) for name in lang.names] or [other], np.float32)[lang.codes]


def _covers(view: View, idfs: list[tuple[Unit, float]], mass: float, weights: Weights) -> tuple[Floats, Floats]:
    """How much of the query each document has, and how well its title matches: recall times root of precision."""
    size = view.shard.size
    cover, in_title, letters = np.zeros(size, np.float32), np.zeros(size, np.float32), np.zeros(size, np.float32)
    for unit, idf in idfs:
        share = np.float32(idf / mass)
        cover += share * _cover(view, unit.evidence, EVERYTHING, weights)
        found = _cover(view, unit.evidence, TITLE, weights)
        in_title += share * found
        letters += found * np.float32(sum(map(str.isalnum, unit.surface)))
    precision = np.minimum(letters / np.maximum(view.shard.columns.title_lengths, 1), 1)
    return cover, in_title * np.sqrt(precision)


def _cover(view: View, evidence: Sequence[Evidence], field_name: str, weights: Weights) -> Floats:
    best: Floats | None = None
    for one in evidence:
        found = np.zeros(view.shard.size, np.float32)
        for term, share in one.shares.items():
            found[view.documents(field_name, term)] += np.float32(share)
        if one.lang:
            found *= view.of_language(one.lang) * np.float32(weights.trust(one.origin) * one.certainty)
        best = found if best is None else np.maximum(best, found)
    return best if best is not None else np.zeros(view.shard.size, np.float32)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document worth a closer look."""

    score: float
    article: int
    of: Scored
    document: int

    @property
    def view(self) -> View:
        return self.of.view

    def parts(self) -> dict[str, float]:
        """What its score is made of, or the score as one."""
        return self.of.parts_of(self.document) or {"words": self.score}


def candidates(scored: Sequence[Scored], matches: Sequence[Mask], limit: int) -> list[Candidate]:
    """The best `limit` matches, best first, ties by article."""
    found: list[Candidate] = []
    for one, mask in zip(scored, matches, strict=True):
        documents = np.flatnonzero(mask)
        values = one.score[documents]
        if len(values) > limit:
            least = np.partition(values, -limit)[-limit]
            documents, values = documents[values >= least], values[values >= least]
        articles = one.view.shard.columns.article[documents]
        order = np.lexsort((articles, -values))[:limit]
        found += [Candidate(float(values[at]), int(articles[at]), one, int(documents[at])) for at in order.tolist()]
    return sorted(found, key=lambda candidate: (-candidate.score, candidate.article))[:limit]


__all__ = ["Candidate", "Mask", "NDArray", "Postings", "Readable", "Scored", "View", "Weights", "candidates", "score"]
