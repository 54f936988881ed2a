"""Sums of what a document is worth, made simpler to add up: scaled, shortened, or said once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import add

from indexer.impacts import IMPACTS
from indexer.sources import EVERYTHING
from indexer.tree import Best, Graded, Node, OneOf, Sum, Term, Weighted, Within, Worth, all_of, any_of

# How much of what a document may have its candidates are chosen by.
MOSTLY = 0.75
# What part of the strongest way to say something a strong one is worth.
STRONG = 0.6


def times(worth: Sum, factor: float) -> Sum:
    """Every weight so many times as great, in whole numbers."""

    def scaled(one: Worth) -> Worth:
        match one:
            case Weighted(part, weight):
                return Weighted(part, round(weight * factor))
            case Graded(text, given):
                return Graded(text, tuple(round(weight * factor) for weight in given))
            case Sum(parts):
                return Sum(tuple(map(scaled, parts)))
            case Best(parts):
                return Best(tuple(map(scaled, parts)))
            case Within(condition, part):
                return Within(condition, scaled(part))

    return Sum(tuple(map(scaled, worth.parts)))


def roughly(worth: Best) -> Weighted:
    """Near the best of several ways to say something, and quicker to find: where all of any of the strongest is said,
    in whatever article and however often, it counts as the strongest."""
    ways = [_whole(way) for way in worth.parts]
    most = max(way.weight for way in ways)
    return Weighted(any_of(way.part for way in ways if way.weight >= STRONG * most), most)


def _whole(worth: Worth) -> Weighted:
    match worth:
        case Weighted():
            return worth
        case Graded(text, given):
            return Weighted(Term(EVERYTHING, text), given[IMPACTS.index(1.0)])
        case Within(_, part):
            return _whole(part)
        case Sum(parts):
            wholes = [_whole(part) for part in parts]
            return Weighted(all_of(one.part for one in wholes), sum(one.weight for one in wholes))
        case _:
            raise TypeError(worth)


def merged(worth: Sum) -> Sum:
    """The same, with each term of the sum once, and one way that several languages have once: nobody goes through the
    articles of a term twice."""
    flat: dict[Term, int] = {}
    graded: dict[str, tuple[int, ...]] = {}
    others: list[Worth] = []
    for part in _flat(worth):
        match part:
            case Weighted(Term() as term, weight):
                flat[term] = flat.get(term, 0) + weight
            case Graded(text, given):
                graded[text] = tuple(map(add, graded[text], given)) if text in graded else given
            case Best(ways):
                others.append(_best(ways))
            case _:
                others.append(part)
    for text, given in graded.items():
        everywhere = flat.pop(Term(EVERYTHING, text), 0)
        others.append(Graded(text, tuple(weight + everywhere for weight in given)))
    return Sum((*(Weighted(term, weight) for term, weight in flat.items()), *others))


def _best(ways: Sequence[Worth]) -> Worth:
    langs: dict[Worth, frozenset[str]] = {}
    single: dict[Node, int] = {}
    others: list[Worth] = []
    for way in ways:
        match way:
            case Within(OneOf("lang", values), part):
                langs[part] = langs.get(part, frozenset()) | values
            case Weighted(node, weight) | Sum((Weighted(node, weight),)):
                single[node] = max(weight, single.get(node, 0))
            case _:
                others.append(way)
    return Best(
        (
            *(Weighted(node, weight) for node, weight in single.items()),
            *others,
            *(Within(OneOf("lang", values), part) for part, values in langs.items()),
        )
    )


def _flat(worth: Worth) -> Iterator[Worth]:
    match worth:
        case Sum(parts):
            for part in parts:
                yield from _flat(part)
        case Best((only,)):
            yield from _flat(only)
        case _:
            yield worth


def mostly(worth: Sum) -> Sum:
    """The parts that are worth the most, until they have so much of it together: the rest is what nearly every article
    has, and takes the longest to walk through."""
    ordered = sorted(((greatest(part), part) for part in worth.parts), key=lambda pair: -pair[0])
    kept, left = [], MOSTLY * sum(most for most, _ in ordered)
    for most, part in ordered:
        if left <= 0:
            break
        kept.append(part)
        left -= most
    return Sum(tuple(kept))


def greatest(worth: Worth) -> float:
    """The most that a document can have of it."""
    match worth:
        case Weighted(_, weight):
            return weight
        case Graded(_, given):
            return max(given)
        case Sum(parts):
            return sum(map(greatest, parts))
        case Best(parts):
            return max(map(greatest, parts), default=0)
        case Within(_, part):
            return greatest(part)
