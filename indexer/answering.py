"""What every engine does with a source: answers searches, keeps answers, suggests."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import Any

from indexer import analysis as analysis_module
from indexer import documents as documents_module
from indexer import folding as folding_module
from indexer import impacts as impacts_module
from indexer import planning as planning_module
from indexer import segmenting as segmenting_module
from indexer import sounds as sounds_module
from indexer.analysis import Analysis
from indexer.caching import CACHE_MB, Cache
from indexer.readable import Readable
from indexer.respelling import Respelling
from indexer.retrieval import Known, Retrieval
from indexer.sources import COLUMNS, EVERYTHING, NUMBER, SOUND, TITLE, Source
from indexer.suggesting import Suggester
from indexer.vocabulary import Vocabularies
from indexer.weights import Weights
from kb.articles import CONFIDENCES, LANGUAGES
from kb.entitlements import Audience, Scope, audiences
from kb.query import clean
from kb.question import Query
from kb.search import NOTHING, OCTETS_OF_CHARACTER, Hits, Respelled, Suggestion

OCTETS_OF_VALUE, OCTETS_OF_SUGGESTION = 150, 500
# What decides what is written: modules, of large ones these parts alone, the names that things go by, and packages that
# segment, stem, convert and sound.
WRITTEN_BY: tuple[ModuleType | Callable[..., Any], ...] = (
    analysis_module, folding_module, segmenting_module, documents_module, impacts_module, sounds_module,
    planning_module.article_number, Audience, audiences,
)  # fmt: skip
NAMES = (TITLE, EVERYTHING, NUMBER, SOUND, *COLUMNS, *LANGUAGES, *CONFIDENCES)
PACKAGES = ("jieba", "rjieba", "opencc", "pypinyin", "whoosh")


class Answering:
    """Answers from a source. The same question under the same rights of the same commit has the same answer.

    What it keeps is kept in the cache by the name of the source it was made from.
    """

    def __init__(
        self, analysis: Analysis, weights: Weights, vocabularies: Vocabularies | None = None, cache: Cache | None = None
    ) -> None:
        self.analysis = analysis
        self._cache = cache or Cache(CACHE_MB)
        self._retrieval = Retrieval(analysis, weights, vocabularies or Vocabularies(), Known(self._cache))
        self._suggester = Suggester(analysis)

    def search(self, query: Query, scope: Scope, source: Source) -> Hits:
        if not scope:
            return NOTHING
        number, vocabulary = self._retrieval.vocabularies.numbered()
        key = (source.name, "answer", number, scope.grants, query)
        return self._cache.get(
            key, lambda: self._with_words(self._retrieval.search(query, scope, source, vocabulary)), _octets
        )

    def _with_words(self, hits: Hits) -> Hits:
        """With what cuts texts, by which single characters are marked; of a question of nothing else, wherever they
        stand."""
        if all(len(mark) == 1 for mark in hits.marks.asked):
            return hits
        return replace(hits, marks=replace(hits.marks, words=self.analysis.words))

    def suggest(
        self,
        typed: str,
        scope: Scope,
        source: Source,
        limit: int,
        without: frozenset[int] = frozenset(),
        prefers: tuple[str, ...] = (),
    ) -> Sequence[Suggestion]:
        if not scope:
            return ()
        key = (source.name, "suggested", scope.grants, typed, limit, without, prefers)

        def made() -> tuple[Suggestion, ...]:
            among, _ = self._retrieval.known.of(source, scope, without)
            return tuple(self._suggester.suggest(typed, Readable(source, among), limit, prefers))

        return self._cache.get(
            key,
            made,
            lambda found: OCTETS_OF_CHARACTER * len(typed) + OCTETS_OF_SUGGESTION * len(found),
        )

    def respelled(
        self, text: str, scope: Scope, source: Source, without: frozenset[int] = frozenset()
    ) -> Respelled | None:
        if not scope:
            return None
        number, vocabulary = self._retrieval.vocabularies.numbered()
        key = (source.name, "respelled", number, scope.grants, text, without)

        def made() -> tuple[Respelled | None]:
            among, statistics = self._retrieval.known.of(source, scope, without)
            return (Respelling(clean(text), Readable(source, among), statistics, vocabulary).respelled(),)

        # In a tuple: that there is nothing to mend is kept, too.
        (found,) = self._cache.get(
            key,
            made,
            lambda _: 2 * OCTETS_OF_CHARACTER * len(text),
        )
        return found

    def fingerprint(self, *adapter: ModuleType) -> str:
        """Changes whenever what is written to an index would; `adapter` are the modules that write it."""
        parts = [
            [inspect.getsource(part) for part in (*WRITTEN_BY, *adapter)],
            planning_module._NUMBER.pattern,
            NAMES,
            list(_versions()),
            sorted(self.analysis.own_words),
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _versions() -> Iterator[str]:
    for package in PACKAGES:
        try:
            yield version(package)
        except PackageNotFoundError:
            yield ""


def _octets(hits: Hits) -> int:
    values = sum(map(len, hits.facets.values())) + len(hits.marks.asked) + len(hits.marks.others)
    return OCTETS_OF_VALUE * (2 * len(hits.hits) + values)
