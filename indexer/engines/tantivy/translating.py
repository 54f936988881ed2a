"""What is asked (`indexer.tree`), said in tantivy's queries. Worth is in constant scores: no statistics of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from tantivy import FieldType, Occur, Query, Schema, Searcher

from indexer.engines.tantivy.writing import LEVEL_FIELDS
from indexer.sources import EVERYTHING
from indexer.tree import (
    ALWAYS,
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
)

Clause = tuple[Occur, Query]

KEPT_TERMS = 10_000
KEPT_CHOICES = 100
ANYWAY = Occur.Must, Query.const_score_query(Query.all_query(), 0.0)


class Translator:
    """Says conditions and worth in queries to one searcher: what nothing in its index has is left out."""

    def __init__(self, schema: Schema, searcher: Searcher) -> None:
        self._schema = schema
        self._searcher = searcher
        self.levels = lru_cache(KEPT_TERMS)(self._levels)
        self.occurs = lru_cache(KEPT_TERMS)(self._occurs)
        self._one_of = lru_cache(KEPT_CHOICES)(self._any_value)

    def query(self, node: Node) -> Query:
        match node:
            case Term(field, text):
                return self._term(field, text)
            case Prefix(field, text):
                return Query.fuzzy_term_query(self._schema, field, text, distance=0, prefix=True)
            case OneOf(column, values):
                return self._one_of(column, values)
            case Updated(first, last):
                if first is None and last is None:
                    return Query.all_query()
                return Query.range_query(self._schema, "updated", FieldType.Integer, first, last)
            case Articles(ids):
                return self.rows("article", sorted(ids))
            case Groups(ids):
                return self.few("group", sorted(ids))
            case Not(part):
                return Query.boolean_query([(Occur.Must, Query.all_query()), (Occur.MustNot, self.query(part))])
            case AtLeast(least, parts):
                return self._at_least(least, parts)

    def _at_least(self, least: int, parts: tuple[Node, ...]) -> Query:
        if least <= 0:
            return Query.all_query()
        if least > len(parts):
            return Query.empty_query()
        if least == len(parts):
            return Query.boolean_query(list(self._musts(parts)))
        if least == 1:
            return self._any(map(self.query, parts))
        return Query.boolean_query([(Occur.Should, self.query(part)) for part in parts], least)

    def _musts(self, parts: Iterable[Node]) -> Iterator[Clause]:
        """Clauses for what must all hold, nested ones flat."""
        excluding = False
        some = False
        for part in parts:
            match part:
                case AtLeast(least, inner) if inner and least == len(inner):
                    yield from self._musts(inner)
                    some = True
                case Not(inner):
                    yield Occur.MustNot, self.query(inner)
                    excluding = True
                case _:
                    yield Occur.Must, self.query(part)
                    some = True
        if excluding and not some:
            yield Occur.Must, Query.all_query()

    def _any_value(self, column: str, values: frozenset[str]) -> Query:
        """Kept: the audiences that a reader is of may be hundreds, and are asked for in every query of his."""
        return self._any(self._term(column, value) for value in sorted(values))

    @staticmethod
    def _any(queries: Iterable[Query]) -> Query:
        found = list(queries)
        if not found:
            return Query.empty_query()
        return found[0] if len(found) == 1 else Query.boolean_query([(Occur.Should, query) for query in found])

    def few(self, field: str, ids: list[int]) -> Query:
        """The same as `rows`: of some hundred, found in half the time."""
        return self._any(Query.term_query(self._schema, field, each, index_option="basic") for each in ids)

    def rows(self, field: str, ids: list[int]) -> Query:
        return Query.term_set_query(self._schema, field, ids) if ids else Query.empty_query()

    def worth(self, among: Query, worth: Worth) -> Query:
        """Documents of `among`, scored by what they are worth."""
        clauses: list[Clause] = [(Occur.Must, Query.const_score_query(among, 0.0))]
        self._add(worth, clauses)
        return Query.boolean_query(clauses)

    def _add(self, worth: Worth, clauses: list[Clause]) -> None:
        """Appends what adds up to the worth: of thousands of parts, faster than handing on each."""
        match worth:
            case Graded(text, weights):
                lowest = weights[0]
                for level, query in self.levels(text):
                    if weight := weights[level] - (lowest if level else 0):
                        clauses.append((Occur.Should, Query.const_score_query(query, float(weight))))
            case Weighted(OneOf() as part, weight):
                clauses.append(by_itself(self.query(part), weight))
            case Weighted(part, weight):
                if weight:
                    clauses.append((Occur.Should, Query.const_score_query(self.query(part), float(weight))))
            case Sum(parts) | Best((Sum(parts),)):
                for part in parts:
                    self._add(part, clauses)
            case Best((only,)):
                self._add(only, clauses)
            case Best(parts):
                if found := [way for way in map(self._inside, parts) if way]:
                    ways = [Query.boolean_query(way) for way in found]
                    clauses.append((Occur.Should, Query.disjunction_max_query(ways)))
            case Within(condition, part):
                if condition == ALWAYS:
                    self._add(part, clauses)
                elif inner := self._inside(part):
                    held = Query.const_score_query(self.query(condition), 0.0)
                    # Both must hold: else each is a walk over all that the condition holds of, such as a language.
                    worth_having = inner[0][1] if len(inner) == 1 else Query.boolean_query(inner)
                    both = Query.boolean_query([(Occur.Must, held), (Occur.Must, worth_having)])
                    clauses.append((Occur.Should, both))

    def _inside(self, worth: Worth) -> list[Clause]:
        clauses: list[Clause] = []
        self._add(worth, clauses)
        return clauses

    def _levels(self, text: str) -> tuple[tuple[int, Query], ...]:
        """The term at each level some document has it at. The lowest is of all documents with the term."""
        fields = (EVERYTHING, *LEVEL_FIELDS[1:])
        found = [(level, field) for level, field in enumerate(fields) if self._searcher.doc_freq(field, text)]
        return tuple((level, self._term(field, text)) for level, field in found)

    def _occurs(self, term: Term) -> bool:
        """Whether any document has it, or had before it was deleted."""
        return bool(self._searcher.doc_freq(term.field, term.text))

    def may_hold(self, node: Node) -> bool:
        """False where terms that no document has, or had before it was deleted, tell that it holds of none."""
        match node:
            case Term():
                return self.occurs(node)
            case AtLeast(least, parts):
                return sum(map(self.may_hold, parts)) >= least
            case _:
                return True

    def _term(self, field: str, text: str) -> Query:
        return Query.term_query(self._schema, field, text, index_option="basic")


def by_itself(query: Query, amount: int) -> Clause:
    """Adds an amount where the query holds, and is no condition. Other than in a union, of which tantivy walks through
    every list, only the documents that the others leave are looked up in it."""
    return Occur.Must, Query.boolean_query([ANYWAY, (Occur.Should, Query.const_score_query(query, float(amount)))])
