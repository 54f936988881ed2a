"""Which documents match a query: a rule that every engine counts exactly, with no score in it.

A unit of the query is there when any of its evidence is: at least half of a word's terms, all of those of another word
for it. A document matches when it has enough of the telling units: those that together carry most of the query's
weight, as few of them as carry the part asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from indexer.asking import asks
from indexer.planning import Plan, Unit
from indexer.presence import present
from indexer.ranking import Statistics
from indexer.sources import EVERYTHING, NUMBER
from indexer.tree import ALWAYS, NEVER, AtLeast, Node, Term, any_of

TELLING = 0.8
MAX_TELLING = 16
# Of so many documents, those worth the most are the best there are.
ENOUGH = 8_000


@dataclass(frozen=True, slots=True)
class Match:
    """What a document must have to be found; and, of those, to be a candidate, where enough can be: one of the words
    that tell the most. Documents that have but the others are many to go through, and seldom worth as much."""

    found: Node = ALWAYS
    telling: Node = ALWAYS


def matching(plan: Plan, idfs: Sequence[float], statistics: Statistics, part: float) -> list[Match]:
    """Ways to match, strictest first: the first that any document fulfils counts.

    `part` is how much of the query's weight must be there; what no readable document has is no part of it, nor are
    words that ask rather than tell, where there are others.
    """
    numbers = [Term(NUMBER, number) for number in sorted(plan.numbers)]
    units = [(idf, unit) for idf, unit in zip(idfs, plan.units, strict=True) if not asks(unit.surface)]
    found = [
        (idf, present(unit, statistics.frequencies, EVERYTHING), _frequency(unit, statistics.frequencies))
        for idf, unit in units or zip(idfs, plan.units, strict=True)
    ]
    found = sorted((each for each in found if each[1] != NEVER), key=lambda each: -each[0])
    mass = sum(idf for idf, _, _ in found)
    telling: list[tuple[float, Node, int]] = []
    for each in found[:MAX_TELLING]:
        if sum(idf for idf, _, _ in telling) >= TELLING * mass:
            break
        telling.append(each)
    needed, carried = 0, 0.0
    while needed < len(telling) and carried < part * mass:
        carried += telling[needed][0]
        needed += 1
    parts = tuple(node for _, node, _ in telling)
    enough, documents = 0, 0
    while enough < len(telling) and documents < ENOUGH:
        documents += telling[enough][2]
        enough += 1
    ways = []
    for least in range(max(needed, 1), 0, -1):
        all_found = any_of([AtLeast(least, parts), *numbers])
        ways.append(Match(all_found, any_of([*parts[:enough], *numbers]) if least == 1 else all_found))
    return ways


def _frequency(unit: Unit, frequencies: Mapping[str, int]) -> int:
    """In about how many documents it is."""
    return max((min(frequencies[term] for term in one.shares) for one in unit.evidence), default=0)
