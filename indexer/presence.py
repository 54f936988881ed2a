"""Whether a unit of a query is there: in a text, or in a title."""

from __future__ import annotations

import math
from collections.abc import Mapping

from indexer.analysis import PAIR
from indexer.planning import Evidence, Unit
from indexer.tree import NEVER, AtLeast, Node, OneOf, Term, all_of, any_of

# How many of a Han word's pairs, and of a Latin compound's words, stand for it: both of 執行緒, not 執行 alone.
PART_OF_WORD, PART_OF_COMPOUND = 0.6, 0.5


def present(unit: Unit, frequencies: Mapping[str, int], field: str, *, anywhere: bool = False) -> Node:
    """Any of its evidence: most of a word's terms, half of a compound's, all of a code's or of another word for it.

    `frequencies` are of readable documents. `anywhere`: in articles of any language, which is told more quickly, and
    for nearly the same.
    """
    return any_of([_shown(evidence, frequencies, field, anywhere) for evidence in unit.evidence])


def _shown(evidence: Evidence, frequencies: Mapping[str, int], field: str, anywhere: bool) -> Node:
    asked, there = evidence.origin == "asked", [term for term in evidence.shares if frequencies[term]]
    all_of_them = evidence.whole or not asked
    if not there or (len(there) < len(evidence.shares) and all_of_them):
        return NEVER
    shown: Node = Term(field, there[0])
    if len(there) > 1:
        # What no readable document has whole, or most of, is there where any of it is.
        part = PART_OF_WORD if there[0][0] == PAIR else PART_OF_COMPOUND
        least = len(there) if all_of_them else min(math.ceil(len(evidence.shares) * part), len(there))
        shown = AtLeast(least, tuple([Term(field, term) for term in sorted(there)]))
    if anywhere or not evidence.lang:
        return shown
    return all_of([OneOf("lang", frozenset({evidence.lang})), shown])
