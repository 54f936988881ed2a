"""The tree of a query (`indexer.tree`) in OpenSearch's words. Scores are sums of whole numbers, exact in its floats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from indexer.engines.opensearch.mapping import GRADED, graded
from indexer.sources import EVERYTHING
from indexer.tree import (
    Articles,
    AtLeast,
    Best,
    Graded,
    Groups,
    Node,
    Not,
    OneOf,
    Prefix,
    Sum,
    Term,
    Updated,
    Weighted,
    Within,
    Worth,
)  # fmt: skip
from indexer.worths import times

# A `terms` condition may have 65,536 by default.
TERMS = 60_000

Json = Mapping[str, Any]


def holds(node: Node) -> Json:
    """A condition, for where no score is asked."""
    match node:
        case Term(field, text):
            return {"term": {field: text}}
        case Prefix(field, text):
            return {"prefix": {field: text}}
        case OneOf(column, values):
            return {"terms": {column: sorted(values)}}
        case Updated(first, last):
            limits = {name: day for name, day in (("gte", first), ("lte", last)) if day is not None}
            return {"range": {"updated": limits}}
        case Articles(ids):
            ordered = sorted(ids)
            some = [{"terms": {"article": ordered[at : at + TERMS]}} for at in range(0, len(ordered), TERMS)]
            return some[0] if len(some) == 1 else {"bool": {"should": some}} if some else {"match_none": {}}
        case Groups(ids):
            return {"terms": {"group": sorted(ids)}}
        case Not(part):
            return {"bool": {"must_not": [holds(part)]}}
        case AtLeast(least, parts):
            return _at_least(least, parts)


def _at_least(least: int, parts: Sequence[Node]) -> Json:
    if least <= 0:
        return {"match_all": {}}
    if least > len(parts):
        return {"match_none": {}}
    if least == len(parts):
        return {"bool": {"filter": [holds(part) for part in parts]}}
    return {"bool": {"should": [holds(part) for part in parts], "minimum_should_match": least}}


def valued(among: Json, worth: Worth) -> Json:
    """What is among, scored by its worth."""
    return {"bool": {"filter": [among], "should": _clauses(worth)}}


def measured(among: Json, worths: Sequence[Worth]) -> Json:
    """What is among, each worth a clause of its own that OpenSearch tells the score of, by its place."""
    named = [
        {"bool": {"should": clauses, "_name": str(at)}}
        for at, worth in enumerate(worths)
        if (clauses := _clauses(worth))
    ]
    return {"bool": {"filter": [among], "should": named}}


def _clauses(worth: Worth) -> list[Json]:
    """Clauses whose scores add up to the worth; none for one that is always 0."""
    match worth:
        case Weighted(part, weight):
            return [{"constant_score": {"filter": holds(part), "boost": weight}}] if weight else []
        case Graded(text, weights):
            return _graded(text, weights)
        case Sum(parts):
            return _sum(parts)
        case Best(parts):
            ways = [_one(clauses) for part in parts if (clauses := _clauses(part))]
            return ways if len(ways) < 2 else [{"dis_max": {"queries": ways}}]
        case Within(condition, part):
            clauses = _clauses(part)
            return [{"bool": {"filter": [holds(condition)], "must": [_one(clauses)]}}] if clauses else []


def _graded(text: str, weights: Sequence[int]) -> list[Json]:
    """Every document that has the term is worth the least level at least."""
    if not any(weights):
        return []
    functions: list[Json] = [{"weight": weights[0]}]
    for level, weight in enumerate(weights[1:], 1):
        functions.append({"filter": holds(Term(GRADED, graded(text, level))), "weight": weight})
    return [_function_score(holds(Term(EVERYTHING, text)), functions, "max")]


def _sum(parts: Sequence[Worth]) -> list[Json]:
    """Terms of a field in one clause: OpenSearch allows a query so many clauses, and counts no function.

    What is there twice is there once with twice the weight: of clauses that are alike Lucene keeps one and adds up
    their boosts, which a function that replaces the score does not see.
    """
    terms: dict[str, list[tuple[str, int]]] = {}
    clauses: list[Json] = []
    for part, often in Counter(parts).items():
        match part:
            case Weighted(Term(field, text), weight):
                if weight:
                    terms.setdefault(field, []).append((text, weight * often))
            case _:
                clauses += _clauses(times(Sum((part,)), often).parts[0] if often > 1 else part)
    for field, its in terms.items():
        if len(its) == 1:
            clauses += _clauses(Weighted(Term(field, its[0][0]), its[0][1]))
        else:
            functions = [{"filter": holds(Term(field, text)), "weight": weight} for text, weight in its]
            clauses.append(_function_score({"terms": {field: [text for text, _ in its]}}, functions, "sum"))
    return clauses


def _function_score(query: Json, functions: Sequence[Json], mode: str) -> Json:
    return {"function_score": {"query": query, "functions": functions, "score_mode": mode, "boost_mode": "replace"}}


def _one(clauses: Sequence[Json]) -> Json:
    return clauses[0] if len(clauses) == 1 else {"bool": {"should": clauses}}
