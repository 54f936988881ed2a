"""Whether a unit of a query is there: in a text, or in a title."""

from __future__ import annotations

from collections.abc import Mapping

from indexer.planning import Evidence, Unit
from indexer.tree import NEVER, AtLeast, Node, OneOf, Term, all_of, any_of


def present(unit: Unit, frequencies: Mapping[str, int], field: str, *, anywhere: bool = False) -> Node:
    """Any of its evidence: at least half of a word's terms, all of those of another word for it. `frequencies` are of
    readable documents. `anywhere`: in articles of any language, which is told more quickly, and for nearly the same."""
    return any_of([_shown(evidence, frequencies, field, anywhere) for evidence in unit.evidence])


def _shown(evidence: Evidence, frequencies: Mapping[str, int], field: str, anywhere: bool) -> Node:
    asked, there = evidence.origin == "asked", [term for term in evidence.shares if frequencies[term]]
    if not there or (len(there) < len(evidence.shares) and not asked):
        return NEVER
    shown: Node = Term(field, there[0])
    if len(there) > 1:
        # What no readable document has whole, or half, is there where any of it is.
        least = min(-(-len(evidence.shares) // 2) if asked else len(there), len(there))
        shown = AtLeast(least, tuple([Term(field, term) for term in sorted(there)]))
    if anywhere or not evidence.lang:
        return shown
    return all_of([OneOf("lang", frozenset({evidence.lang})), shown])
