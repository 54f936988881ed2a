"""What is asked (`indexer.tree`), said in tantivy's queries. Worth is in constant scores: no statistics of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tantivy import FieldType, Occur, Query, Schema

from indexer.impacts import LEVELS
from indexer.sources import EVERYTHING
from indexer.tree import (
    ALWAYS,
    Articles,
    AtLeast,
    Best,
    Graded,
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

# A term's level, from 1, is told by a field for each; the lowest is told by EVERYTHING alone.
LEVEL_FIELDS = tuple(f"{EVERYTHING}{level}" for level in range(LEVELS))

Clause = tuple[Occur, Query]


class Translator:
    """Says conditions and worth in queries of one schema."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def query(self, node: Node) -> Query:
        match node:
            case Term(field, text):
                return self._term(field, text)
            case Prefix(field, text):
                return Query.fuzzy_term_query(self._schema, field, text, distance=0, prefix=True)
            case OneOf(column, values):
                return self._any(self._term(column, value) for value in sorted(values))
            case Updated(first, last):
                if first is None and last is None:
                    return Query.all_query()
                return Query.range_query(self._schema, "updated", FieldType.Integer, first, last)
            case Articles(ids):
                return self.rows("article", sorted(ids))
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

    @staticmethod
    def _any(queries: Iterable[Query]) -> Query:
        found = list(queries)
        if not found:
            return Query.empty_query()
        return found[0] if len(found) == 1 else Query.boolean_query([(Occur.Should, query) for query in found])

    def rows(self, field: str, ids: list[int]) -> Query:
        return Query.term_set_query(self._schema, field, ids) if ids else Query.empty_query()

    def worth(self, among: Query, worth: Worth) -> Query:
        """Documents of `among`, scored by what they are worth."""
        return Query.boolean_query([(Occur.Must, Query.const_score_query(among, 0.0)), *self._shoulds(worth)])

    def _shoulds(self, worth: Worth) -> Iterator[Clause]:
        match worth:
            case Weighted(part, weight):
                if weight:
                    yield Occur.Should, Query.const_score_query(self.query(part), float(weight))
            case Graded(text, weights):
                base = weights[0]
                if base:
                    yield Occur.Should, Query.const_score_query(self._term(EVERYTHING, text), float(base))
                for field, weight in zip(LEVEL_FIELDS[1:], weights[1:], strict=True):
                    if weight > base:
                        yield Occur.Should, Query.const_score_query(self._term(field, text), float(weight - base))
            case Sum(parts) | Best((Sum(parts),)):
                for part in parts:
                    yield from self._shoulds(part)
            case Best((only,)):
                yield from self._shoulds(only)
            case Best(parts):
                ways = [list(self._shoulds(part)) for part in parts]
                if found := [way for way in ways if way]:
                    yield Occur.Should, Query.disjunction_max_query([Query.boolean_query(way) for way in found])
            case Within(condition, part):
                if condition == ALWAYS:
                    yield from self._shoulds(part)
                elif inner := list(self._shoulds(part)):
                    held = Query.const_score_query(self.query(condition), 0.0)
                    yield Occur.Should, Query.boolean_query([(Occur.Must, held), *inner])

    def _term(self, field: str, text: str) -> Query:
        return Query.term_query(self._schema, field, text, index_option="basic")
