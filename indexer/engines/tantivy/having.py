"""What a few documents have of all that their worth is made of, read in few searches and added up here.

tantivy walks through a stretch of every list in a union to find what one document has. Where each list stands by
itself, it goes straight to the documents asked for: so every list gets digits of its own in a score.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from tantivy import Occur, Query

from indexer.engines.tantivy.translating import Clause, Translator, by_itself
from indexer.impacts import LEVELS
from indexer.sources import EVERYTHING, Whole
from indexer.tree import Best, Graded, Node, Sum, Term, Weighted, Within, Worth

# A score, a 32-bit float, is exact in so many binary digits.
DIGITS = 24

# What holds or not, or the text of a term that is there in some degree.
Having = Node | str


@dataclass(frozen=True, slots=True)
class Share:
    """Which digits of a score tell of what: from one on, so many."""

    of: Having
    first: int
    digits: int

    def read(self, scores: Whole) -> Iterator[tuple[Having, Whole]]:
        """What documents have of it; where it is there in any degree, it is there."""
        amount = scores >> self.first & (1 << self.digits) - 1
        yield self.of, amount
        if isinstance(self.of, str):
            yield Term(EVERYTHING, self.of), np.minimum(amount, 1)


@dataclass(frozen=True, slots=True)
class Reading:
    """One search, and what its scores tell."""

    clauses: Sequence[Clause]
    shares: Sequence[Share]

    def of(self, among: Query) -> Query:
        return Query.boolean_query([(Occur.Must, Query.const_score_query(among, 0.0)), *self.clauses])


def readings(translator: Translator, wanted: Iterable[Having]) -> Iterator[Reading]:
    """The searches that tell what documents have of it, each once; what nothing in the index has, none tells."""
    clauses: list[Clause] = []
    shares: list[Share] = []
    first = 0
    once = dict.fromkeys(wanted)
    for each in once:
        if isinstance(each, Term) and each.field == EVERYTHING and each.text in once:
            continue
        if lists := _lists(translator, each):
            digits = LEVELS.bit_length() if isinstance(each, str) else 1
            if first + digits > DIGITS:
                yield Reading(clauses, shares)
                clauses, shares, first = [], [], 0
            clauses += (by_itself(query, amount << first) for amount, query in lists)
            shares.append(Share(each, first, digits))
            first += digits
    if shares:
        yield Reading(clauses, shares)


def amounts(worth: Worth, has: dict[Having, Whole], none: Whole) -> Whole:
    """What the documents are worth, by what they have: 1 where a condition holds, 1 more than the level of a term."""
    match worth:
        case Weighted(part, weight):
            held = has.get(part)
            return none if held is None else held * weight
        case Graded(text, weights):
            levels = has.get(text)
            return none if levels is None else np.array((0, *weights), np.int64)[levels]
        case Sum(parts):
            return sum([amounts(part, has, none) for part in parts], none)
        case Best(parts):
            found = none
            for part in parts:
                found = np.maximum(found, amounts(part, has, none))
            return found
        case Within(condition, part):
            return amounts(part, has, none) * has.get(condition, none)


def named(worth: Worth) -> Iterator[Having]:
    """All that is to be known of a document to tell its worth; some of it again and again."""
    match worth:
        case Weighted(part, _):
            yield part
        case Graded(text, _):
            yield text
        case Sum(parts) | Best(parts):
            for each in parts:
                yield from named(each)
        case Within(condition, part):
            yield condition
            yield from named(part)


def _lists(translator: Translator, one: Having) -> list[tuple[int, Query]]:
    """Queries of one list each, and what they add up to: 1 for what is there, at every level, and the level."""
    if isinstance(one, str):
        return [(level or 1, query) for level, query in translator.levels(one)]
    if isinstance(one, Term) and not translator.occurs(one):
        return []
    return [(1, translator.query(one))]
