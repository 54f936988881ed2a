"""Which documents match a query: a rule that every engine counts exactly, with no score in it.

A unit of the query is there when any of its evidence is: at least half of a word's terms, all of those of another word
for it. A document matches when it has enough of the telling units: those that together carry most of the query's
weight, as few of them as carry the part asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

from indexer.planning import Evidence, Plan, Unit
from indexer.ranking import Statistics
from indexer.sources import EVERYTHING, NUMBER
from indexer.tree import NEVER, AtLeast, Node, OneOf, Term, all_of, any_of

TELLING = 0.8
MAX_TELLING = 16


def matching(plan: Plan, idfs: Sequence[float], statistics: Statistics, part: float) -> list[Node]:
    """Ways to match, strictest first: the first that any document fulfils counts.

    `part` is how much of the query's weight must be there; what no readable document has is no part of it.
    """
    numbers = [Term(NUMBER, number) for number in sorted(plan.numbers)]
    found = [(idf, present(unit, statistics)) for idf, unit in zip(idfs, plan.units, strict=True)]
    found = sorted((pair for pair in found if pair[1] != NEVER), key=lambda pair: -pair[0])
    mass = sum(idf for idf, _ in found)
    telling: list[tuple[float, Node]] = []
    for idf, node in found[:MAX_TELLING]:
        if sum(each for each, _ in telling) >= TELLING * mass:
            break
        telling.append((idf, node))
    needed, carried = 0, 0.0
    while needed < len(telling) and carried < part * mass:
        carried += telling[needed][0]
        needed += 1
    parts = tuple(node for _, node in telling)
    return [any_of([AtLeast(least, parts), *numbers]) for least in range(max(needed, 1), 0, -1)]


def present(unit: Unit, statistics: Statistics) -> Node:
    return any_of(node for evidence in unit.evidence if (node := _shown(evidence, statistics)) != NEVER)


def _shown(evidence: Evidence, statistics: Statistics) -> Node:
    terms = tuple(Term(EVERYTHING, term) for term in sorted(evidence.shares) if statistics.frequencies[term])
    if not terms or (len(terms) < len(evidence.shares) and evidence.origin != "asked"):
        return NEVER
    # What no readable document has whole, or half, is there where any of it is.
    least = min(-(-len(evidence.shares) // 2) if evidence.origin == "asked" else len(terms), len(terms))
    shown = terms[0] if len(terms) == 1 else AtLeast(least, terms)
    return all_of([OneOf("lang", frozenset({evidence.lang})), shown]) if evidence.lang else shown
