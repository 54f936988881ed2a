"""The shipped articles, imported as anyone would import them: whole, and found by those who may read them."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from indexer.engines import open_engine
from indexer.filling import sources
from indexer.folding import fold
from indexer.importing import ImportOptions, import_articles
from indexer.spelling import spellings
from indexer.sync import drain
from kb.config import Config
from kb.entitlements import EVERYONE, Scope, matrices, staff_grants
from kb.question import Query
from kb.reports import Report
from kb.search import Search
from kb.store import Store
from kb.store.articles import ArticleRow

ROOT = Path(__file__).parents[2]
QUESTIONS = tomllib.loads((ROOT / "tests/data/questions.toml").read_text("utf-8"))["question"]
FIRST = ("code", "number", "title")


@dataclass
class Shipped:
    """The shipped articles in a store and an index of their own."""

    report: Report
    store: Store
    search: Search
    rows: dict[str, ArticleRow]

    def found(self, text: str, scope: Scope, lang: str = "zh-Hant") -> list[str]:
        query = Query(text, today=date(2026, 11, 1), prefers=(lang,))
        return [result.article.number for result in self.search.find(query, scope).results]


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shipped]:
    config = Config(home=tmp_path_factory.mktemp("shipped"))
    with Store.create(config.store_url) as store:
        report = import_articles(ROOT / "articles", ImportOptions(), store, config)
        engine = open_engine(config)
        drain(store, engine)
        rows = {source.row.number: source.row for source in sources(store)}
        yield Shipped(report, store, Search(store, engine, fold, spellings), rows)
        engine.close()


@pytest.fixture(scope="module")
def staff(shipped: Shipped) -> Scope:
    return Scope(staff_grants(shipped.store.products(), matrices()))


def test_every_article_goes_in_without_a_remark(shipped: Shipped) -> None:
    assert shipped.report.entries == [] and shipped.report.remarks == []
    files = Counter(re.findall(r"\.(zh-Hant|zh-Hans|en)\.md$", path.name)[0] for path in ROOT.glob("articles/*/*.md"))
    assert Counter(row.lang for row in shipped.rows.values()) == files
    assert files["zh-Hant"] >= 60 and files["zh-Hans"] >= 30 and files["en"] >= 30


def test_there_is_something_for_every_kind_of_reader(shipped: Shipped) -> None:
    rights = {grant.partition(":")[2] or grant for row in shipped.rows.values() for grant in row.grants}
    assert rights >= {
        "public", "staff", "silver", "gold", "gold_plus", "software_updates", "extended_support",
        "proactive_monitoring", "performance_advisor_core", "performance_advisor_advanced", "on_demand_system_scan",
    }  # fmt: skip
    assert any(section.grants for source in sources(shipped.store) for section in source.sections)


@pytest.mark.parametrize("question", QUESTIONS, ids=[question["text"] for question in QUESTIONS])
def test_a_question_finds_its_article(shipped: Shipped, staff: Scope, question: dict[str, str]) -> None:
    lang = shipped.rows[question["article"]].lang
    found = shipped.found(question["text"], staff, lang)
    within = found[:1] if question["kind"] in FIRST else found[:3]
    assert question["article"] in within, [(number, shipped.rows[number].title) for number in found[:5]]


@pytest.mark.parametrize("question", QUESTIONS, ids=[question["text"] for question in QUESTIONS])
def test_who_may_not_read_it_never_sees_it(shipped: Shipped, question: dict[str, str]) -> None:
    row = shipped.rows[question["article"]]
    for scope in (EVERYONE, Scope(frozenset({"public", "creo:silver"}))):
        if not row.readable_by(scope):
            assert question["article"] not in shipped.found(question["text"], scope)
            assert shipped.store.read(question["article"], scope) is None
            offered = shipped.search.suggest(question["text"], scope)
            assert question["article"] not in [suggestion.number for suggestion in offered]
