"""Conditions of a query, facts and not wishes: phrases, exclusions, alternatives, fields and prefixes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from indexer.analysis import CHARACTER, CODE, EXACT, PAIR, STEM, Analysis
from indexer.folding import fold
from indexer.planning import article_number
from indexer.sources import EVERYTHING, NUMBER, TITLE
from indexer.tree import ALWAYS, NEVER, Articles, Node, Not, OneOf, Prefix, Term, all_of, any_of
from kb.query import Clause

# The articles, among those with every word of it, that hold a text as it stands; in the title only, if told so.
Quoting = Callable[[Node, str, bool], frozenset[int]]


def condition(clauses: Iterable[Clause], analysis: Analysis, quoting: Quoting) -> Node:
    """What must hold for a query's conditions: in each group any clause, all of the groups."""
    groups: dict[int, list[Node]] = {}
    for clause in clauses:
        node = _clause(clause, analysis, quoting)
        groups.setdefault(-clause.group if clause.negated else clause.group, []).append(
            Not(node) if clause.negated else node
        )
    return all_of(any_of(group) for group in groups.values())


def _clause(clause: Clause, analysis: Analysis, quoting: Quoting) -> Node:
    if clause.kind == "value":
        return OneOf(clause.field, frozenset({clause.text}))
    if clause.field == "number":
        number = article_number(fold(clause.text))
        return Term(NUMBER, number) if number else NEVER
    name = TITLE if clause.field == "title" else EVERYTHING
    if clause.kind == "prefix":
        return _prefix(fold(clause.text), name)
    words = _all_words(clause.text, name, analysis)
    if clause.kind == "phrase" and words != NEVER:
        return Articles(quoting(words, fold(clause.text), name == TITLE))
    return words


def _all_words(text: str, name: str, analysis: Analysis) -> Node:
    """Every word of the text occurs: a Han word by its pairs of characters, so that no cut loses it."""
    found: list[Node] = []
    for _, start, end in analysis.words(text):
        terms = sorted({token.term for token in analysis.tokens(text[start:end])})
        pairs = [term for term in terms if term[0] == PAIR] or [term for term in terms if term[0] == CHARACTER]
        found.append(all_of(Term(name, term) for term in pairs) if pairs else _latin(terms, name))
    return all_of(found) if found else NEVER


def _latin(terms: Iterable[str], name: str) -> Node:
    """A Latin word by its stem or as it stands; a code whole, or by all of its atoms."""
    kinds: dict[str, list[Node]] = {}
    for term in terms:
        kinds.setdefault(term[0], []).append(Term(name, term))
    exact = kinds.get(EXACT, [])
    atoms = any_of(exact + kinds.get(STEM, [])) if len(exact) == 1 else all_of(exact)
    return any_of([atoms, *kinds.get(CODE, [])]) if atoms != ALWAYS else ALWAYS


def _prefix(folded: str, name: str) -> Node:
    return any_of(Prefix(name, kind + folded) for kind in ("ewkc" if len(folded) == 1 else "ewk"))
