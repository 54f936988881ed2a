"""What a document must have to be found, and what chooses among those found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from indexer.matching import Match, matching
from indexer.planning import plan
from indexer.ranking import Statistics, ranking, terms_of
from indexer.sources import EVERYTHING
from indexer.tree import AtLeast, Term
from indexer.vocabulary import Vocabulary
from indexer.weights import Weights
from kb.query import parse
from kb.question import Filters, Query
from tests.contracts.engines import open_tantivy
from tests.documents import PUBLIC, document, put

ARTICLES = 100_000


def _matching(asked: str, frequencies: Mapping[str, int]) -> Sequence[Match]:
    def ask(terms: Sequence[str]) -> Sequence[int]:
        return [frequencies.get(term, 0) for term in terms]

    planned = plan(parse(asked), Vocabulary())
    statistics = Statistics(ARTICLES, ask).of(terms_of(planned))
    weights = Weights()
    return matching(planned, ranking(planned, statistics, weights).idfs, statistics, weights.cover)


def test_where_enough_have_the_words_that_tell_the_most_candidates_are_of_those() -> None:
    gateway, token = Term(EVERYTHING, "sgatewai"), Term(EVERYTHING, "stoken")
    (match,) = _matching("gateway token", {gateway.text: 30_000, token.text: 9_000})
    assert match == Match(AtLeast(1, (token, gateway)), token)
    (match,) = _matching("gateway token", {gateway.text: 30_000, token.text: 900})
    assert match.telling == match.found == AtLeast(1, (token, gateway))


def test_whoever_asks_for_more_finds_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.matching.ENOUGH", 1)
    engine = open_tantivy(tmp_path)
    rare = [document(1, "gateway token"), document(2, "token", product="creo")]
    others = [document(at, "gateway" if at < 6 else "磁碟已滿") for at in range(3, 30)]
    put(engine, [*rare, *others], rebuild=True)
    assert {hit.article for hit in engine.search(Query("gateway token"), PUBLIC).hits} == {1, 2, 3, 4, 5}
    creo = Query("gateway token", filters=Filters(products=frozenset({"creo"})))
    assert {hit.article for hit in engine.search(creo, PUBLIC).hits} == {2}
    engine.close()
