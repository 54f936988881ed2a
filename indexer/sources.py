"""What a search needs of an engine, at one commit of its index. Everything asked is under `among`: the reader's rights.

Each answer is exact and the same on every engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from indexer.tree import Articles, Node, Not, OneOf, Worth, all_of
from kb.entitlements import Audience, Scope
from kb.question import FACETS

# The fields with terms, and the columns with values.
TITLE, EVERYTHING, NUMBER, SOUND = "t", "b", "n", "s"
COLUMNS = ("audience", "product", "version", "type", "lang")
# The facets that are counted by the values of a column; the date is counted by days.
TERM_FACETS = tuple(facet for facet in FACETS if facet != "date")

Whole = NDArray[np.int64]
Measure: TypeAlias = Callable[["Rows"], Sequence[Whole]]


@dataclass(frozen=True)
class Rows:
    """Documents found, a place in each array for each. Of an article, a reader finds one document at most.

    `title_lengths` count the characters of the squashed title, `updated` is the ordinal of the day, `groups`
    are those of translations, 0 for none.
    """

    articles: Whole
    scores: Whole
    langs: Sequence[str] = ()
    confidences: Sequence[str] = ()
    title_lengths: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    updated: Whole = field(default_factory=lambda: np.zeros(0, np.int64))
    helpful: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    groups: Whole = field(default_factory=lambda: np.zeros(0, np.int64))
    # Where the engine finds them again.
    places: Sequence[Any] = ()

    def __len__(self) -> int:
        return len(self.articles)

    def chosen(self, at: Sequence[int]) -> Rows:
        """Those at these places, in this order."""
        where = np.array(at, np.intp)
        return Rows(
            self.articles[where],
            self.scores[where],
            [self.langs[place] for place in at],
            [self.confidences[place] for place in at],
            self.title_lengths[where],
            self.updated[where],
            self.helpful[where],
            self.groups[where],
            [self.places[place] for place in at],
        )

    @classmethod
    def joined(cls, parts: Iterable[Rows]) -> Rows:
        kept = [part for part in parts if len(part)]
        if len(kept) < 2:
            return kept[0] if kept else cls(np.zeros(0, np.int64), np.zeros(0, np.int64))
        return cls(
            np.concatenate([part.articles for part in kept]),
            np.concatenate([part.scores for part in kept]),
            [lang for part in kept for lang in part.langs],
            [confidence for part in kept for confidence in part.confidences],
            np.concatenate([part.title_lengths for part in kept]),
            np.concatenate([part.updated for part in kept]),
            np.concatenate([part.helpful for part in kept]),
            np.concatenate([part.groups for part in kept]),
            [place for part in kept for place in part.places],
        )


class Title(NamedTuple):
    """A folded title, and the language of its article."""

    article: int
    title: str
    lang: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many documents there are, and of each facet how many with each value."""

    total: int
    facets: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Counting:
    """What to count: `among` is what matches but for the filters; each facet counts as if its own filter were off.

    `buckets` are the date facet's: name, and the days as ordinals, from and to; None is open.
    """

    among: Node
    filters: Mapping[str, Node]
    buckets: tuple[tuple[str, int | None, int | None], ...]

    def without(self, facet: str) -> Node:
        return all_of([self.among, *(node for name, node in self.filters.items() if name != facet)])

    @property
    def wanted(self) -> Node:
        return self.without("")

    @property
    def ranges(self) -> Sequence[Mapping[str, Any]]:
        """The buckets, as engines that aggregate take them: up to the day before `to`."""
        return [
            {"key": name}
            | ({} if first is None else {"from": float(first)})
            | ({} if last is None else {"to": float(last + 1)})
            for name, first, last in self.buckets
        ]


class Source(Protocol):
    """An index as it stood at one commit."""

    @property
    def name(self) -> str:
        """Unique and never used again: caches go by it."""

    def audiences(self) -> Sequence[str]:
        """The keys of all audiences there are."""

    def frequencies(self, among: Node, parts: Sequence[Node]) -> Sequence[int]:
        """In how many documents `among` and each of the parts hold."""

    def counts(self, counting: Counting) -> Callable[[], Counts]:
        """Begins to count the total under all filters, and the facets, beside what is asked next where the engine can:
        what is given waits for them."""

    def best(self, among: Node, worth: Worth, limit: int) -> Rows:
        """So many documents of the greatest worth, greatest first; which of two alike, and in which order, is open."""

    def newest(self, among: Node, limit: int) -> Rows:
        """Last updated first, then by article; every score 0."""

    def alphabetical(self, among: Node, limit: int) -> Sequence[int]:
        """The articles in the order of their titles (`indexer.documents.sort_key`)."""

    def measuring(self, measures: Callable[[], Sequence[Worth]]) -> Measure:
        """Begins to get ready, beside what is asked next where the engine can: what is given tells what any documents
        are worth by each of the measures."""

    def texts(self, rows: Rows) -> Sequence[tuple[str, bytes]]:
        """The folded title, and the folded body in UTF-8, of each document."""

    def titles(self, among: Node, limit: int) -> Sequence[Title]:
        """The titles of the newest articles, by their ids."""

    def terms(self, field: str, prefix: str) -> Sequence[str]:
        """All terms that begin so, whoever may read them: count them under a scope before anything is told."""

    def quoting(self, among: Node, text: str, titles_only: bool) -> frozenset[int]:
        """The articles whose folded title or body holds the folded text as it stands."""


def rights(source: Source, scope: Scope, without: frozenset[int] = frozenset()) -> Node:
    """What a scope reads: by audience, whole and exactly, but for these articles."""
    allowed = [key for key in source.audiences() if scope and Audience.from_key(key).includes(scope)]
    audience = OneOf("audience", frozenset(allowed))
    return all_of([audience, Not(Articles(without))]) if without else audience
