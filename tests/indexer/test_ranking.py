"""What a query is worth, before any document is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from indexer.planning import plan
from indexer.ranking import Statistics, ranking, terms_of
from indexer.vocabulary import Vocabulary
from indexer.weights import Weights
from kb.query import parse

ARTICLES = 100


def _telling(asked: str, frequencies: Mapping[str, int]) -> Mapping[str, float]:
    """How telling each word of a query is where terms occur in so many of a hundred articles."""

    def ask(terms: Sequence[str]) -> Sequence[int]:
        return [frequencies.get(term, 0) for term in terms]

    planned = plan(parse(asked), Vocabulary())
    ready = ranking(planned, Statistics(ARTICLES, ask).of(terms_of(planned)), Weights(asking=1.0))
    return dict(zip((unit.surface for unit in planned.units), ready.idfs, strict=True))


def test_a_common_word_is_no_more_telling_for_being_a_part_of_a_name_somewhere() -> None:
    found = _telling("the gateway", {"sthe": 90, "ethe": 90, "pthe": 1, "kthe": 1, "sgatewai": 5, "egateway": 5})
    assert found["the"] < found["gateway"] / 10


def test_a_code_is_as_telling_as_it_is_rare_whatever_its_parts() -> None:
    found = _telling("ora-01017 gateway", {"kora-01017": 1, "sora": 40, "e01017": 1, "sgatewai": 5, "egateway": 5})
    assert found["ora-01017"] > found["gateway"]


def test_a_word_within_names_alone_is_as_telling_as_it_is_rare_there() -> None:
    found = _telling("nodejs gateway", {"knodejs": 2, "sgatewai": 5, "egateway": 5})
    assert found["nodejs"] > found["gateway"]
