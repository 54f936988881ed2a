"""Conditions of a query, facts and not wishes: phrases, exclusions, alternatives, fields and prefixes, as masks."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from indexer.analysis import CHARACTER, PAIR, Analysis
from indexer.folding import fold
from indexer.planning import article_number
from indexer.shards import EVERYTHING, NUMBER, TITLE, Mask, Shard
from kb.query import Clause


def holds(group: Iterable[Clause], shard: Shard, among: Mask, analysis: Analysis) -> Mask:
    """Where any clause of the group holds; only documents in `among` are looked at closely."""
    found = np.zeros(shard.size, bool)
    for clause in group:
        mask = _clause(clause, shard, among, analysis)
        found |= ~mask if clause.negated else mask
    return found


def _clause(clause: Clause, shard: Shard, among: Mask, analysis: Analysis) -> Mask:
    if clause.field == "number":
        return _number(clause.text, shard)
    name = TITLE if clause.field == "title" else EVERYTHING
    if clause.kind == "prefix":
        return _prefix(clause.text, name, shard)
    mask = _all_words(clause.text, name, shard, analysis)
    if clause.kind == "phrase":
        return _phrase(fold(clause.text), name, shard, mask & among)
    return mask


def _has(shard: Shard, name: str, term: str) -> Mask:
    found = np.zeros(shard.size, bool)
    if postings := shard.postings(name, term):
        found[postings.documents] = True
    return found


def _all_words(text: str, name: str, shard: Shard, analysis: Analysis) -> Mask:
    """Where every word of the text occurs: a Han word by its pairs of characters, so that no cut loses it."""
    found = np.ones(shard.size, bool)
    some = False
    for surface, start, end in analysis.words(text):
        terms = {token.term for token in analysis.tokens(text[start:end])}
        pairs = [term for term in terms if term[0] == PAIR] or [term for term in terms if term[0] == CHARACTER]
        if pairs:
            for term in pairs:
                found &= _has(shard, name, term)
        else:
            found &= _latin(surface, terms, name, shard)
        some = True
    return found if some else np.zeros(shard.size, bool)


def _latin(surface: str, terms: set[str], name: str, shard: Shard) -> Mask:
    """A Latin word by its stem or as it stands; a code whole, or by all of its atoms."""
    stems = [term for term in terms if term[0] == "s"]
    exact = [term for term in terms if term[0] == "e"]
    found = np.ones(shard.size, bool)
    for term in exact:
        mask = _has(shard, name, term)
        for other in stems:
            if len(exact) == 1:
                mask |= _has(shard, name, other)
        found &= mask
    for term in terms:
        if term[0] == "k":
            found |= _has(shard, name, term)
    return found


def _phrase(folded: str, name: str, shard: Shard, among: Mask) -> Mask:
    found = np.zeros(shard.size, bool)
    phrase = folded.encode()
    for document in np.flatnonzero(among).tolist():
        found[document] = folded in shard.title(document) or (name == EVERYTHING and phrase in shard.body(document))
    return found


def _prefix(text: str, name: str, shard: Shard) -> Mask:
    folded = fold(text)
    found = np.zeros(shard.size, bool)
    for kind in "ewkc" if len(folded) == 1 else "ewk":
        for term in [] if found.all() else shard.terms(name, kind + folded):
            if postings := shard.postings(name, term):
                found[postings.documents] = True
    return found


def _number(text: str, shard: Shard) -> Mask:
    number = article_number(fold(text))
    return _has(shard, NUMBER, number) if number else np.zeros(shard.size, bool)
