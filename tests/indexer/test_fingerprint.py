"""The fingerprint of an index changes with whatever decides what is written, and with nothing else."""

from __future__ import annotations

import inspect
import re
from importlib.metadata import version
from typing import Any

import pytest

from indexer import analysis, answering, documents, folding, impacts, planning, ranking, segmenting, sounds, suggesting
from indexer.answering import Answering
from indexer.engines.opensearch import OpenSearchEngine
from indexer.engines.opensearch import mapping as opensearch_mapping
from indexer.engines.tantivy import writing as tantivy_writing
from indexer.engines.whoosh import codec, term_index
from indexer.engines.whoosh import writing as whoosh_writing
from indexer.weights import Weights
from kb import entitlements
from kb.config import Config
from kb.entitlements import Audience, audiences
from kb.search import Engine
from tests.contracts.engines import ANALYSIS, open_tantivy, open_whoosh

BY_EACH = [analysis, folding, segmenting, documents, impacts, sounds, planning.article_number, Audience, audiences]
BY_ONE: dict[str, list[Any]] = {
    "whoosh": [codec, term_index, whoosh_writing],
    "tantivy": [tantivy_writing],
    "opensearch": [opensearch_mapping],
}


@pytest.fixture(params=BY_ONE)
def engine(request: pytest.FixtureRequest, tmp_path: Any) -> Engine:
    if request.param == "opensearch":
        return OpenSearchEngine(Config(home=tmp_path), ANALYSIS, Weights())
    return {"whoosh": open_whoosh, "tantivy": open_tantivy}[request.param](tmp_path)


def fingerprint(engine: Any) -> str:
    made: str = engine._fingerprint()
    return made


def test_it_changes_with_the_rules_that_an_index_is_written_by(
    engine: Any, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, before = inspect.getsource, fingerprint(engine)
    assert fingerprint(engine) == before
    for changed in (*BY_EACH, *BY_ONE[request.node.callspec.params["engine"]]):
        with monkeypatch.context() as patched:
            patched.setattr(inspect, "getsource", lambda part, at=changed: source(part) + " " * (part is at))
            assert fingerprint(engine) != before, changed
    for changed in (planning, ranking, suggesting, entitlements, answering):
        with monkeypatch.context() as patched:
            patched.setattr(inspect, "getsource", lambda part, at=changed: source(part) + " " * (part is at))
            assert fingerprint(engine) == before, changed


def test_it_changes_with_what_an_article_number_is(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Answering(ANALYSIS, Weights()).fingerprint()
    monkeypatch.setattr(planning, "_NUMBER", re.compile("kb([0-9]+)"))
    assert Answering(ANALYSIS, Weights()).fingerprint() != before


@pytest.mark.parametrize("package", ["jieba", "rjieba", "opencc", "pypinyin", "whoosh"])
def test_it_changes_with_the_packages_that_analyse(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Answering(ANALYSIS, Weights()).fingerprint()
    monkeypatch.setattr("indexer.answering.version", lambda name: version(name) + ".1" * (name == package))
    assert Answering(ANALYSIS, Weights()).fingerprint() != before


def test_it_changes_with_words_of_ones_own() -> None:
    other = analysis.Analysis(["無法登入"])
    assert Answering(ANALYSIS, Weights()).fingerprint() != Answering(other, Weights()).fingerprint()
