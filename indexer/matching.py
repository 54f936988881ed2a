"""Which documents match a query: a rule that every engine counts exactly, with no score in it.

A unit of the query is there when any of its evidence is: at least half of a word's terms, all of those of another word
for it. A document matches when it has enough of the telling units: those that together carry most of the query's
weight, as few of them as carry the part asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

from indexer.asking import asks
from indexer.planning import Plan
from indexer.presence import present
from indexer.ranking import Statistics
from indexer.sources import EVERYTHING, NUMBER
from indexer.tree import NEVER, AtLeast, Node, Term, any_of

TELLING = 0.8
MAX_TELLING = 16


def matching(plan: Plan, idfs: Sequence[float], statistics: Statistics, part: float) -> list[Node]:
    """Ways to match, strictest first: the first that any document fulfils counts.

    `part` is how much of the query's weight must be there; what no readable document has is no part of it, nor are
    words that ask rather than tell, where there are others.
    """
    numbers = [Term(NUMBER, number) for number in sorted(plan.numbers)]
    units = [(idf, unit) for idf, unit in zip(idfs, plan.units, strict=True) if not asks(unit.surface)]
    found = [
        (idf, present(unit, statistics.frequencies, EVERYTHING))
        for idf, unit in units or zip(idfs, plan.units, strict=True)
    ]
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
