"""Totals and facets against brute force: every article a search finds, counted one by one from what the store says."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from indexer.folding import fold
from indexer.spelling import spellings
from indexer.sync import rebuild
from kb.articles import Draft, Section
from kb.entitlements import Scope
from kb.question import DATE_BUCKETS, FACETS, Filters, Query
from kb.search import Search
from kb.store.articles import ArticleRow
from tests.contracts.engines import Opener
from tests.contracts.stores import apply, draft, sqlite

TODAY = date(2026, 6, 1)
WORDS = (
    "登入 失敗 伺服器 服务器 逾時 ORA-01017 0x80070005 login failed certificate 憑證 證書 磁碟 已滿 C++ 12.1".split()
)
RIGHTS = ["public", "windchill:silver", "windchill:gold", "creo:silver", "creo:gold", "staff"]
VERSIONS = ["11.2", "12.0", "12.1", "13.0"]
TYPES = ["solution", "how_to", "faq", "release_note"]
LANGS = ["zh-Hant", "zh-Hans", "en"]
VIEWERS = 10
# By engine: one that is asked over the network takes its time.
QUERIES = {"whoosh": 500, "tantivy": 20, "opensearch": 3}


@pytest.fixture(scope="module")
def search(opening: Opener, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Search]:
    chance = random.Random(7)
    folder: Path = tmp_path_factory.mktemp("facets")
    with sqlite(folder) as store:
        apply(store, *(article(chance, n) for n in range(400)))
        engine = opening(folder)
        rebuild(store, engine)
        yield Search(store, engine, fold, spellings)
        engine.close()


def article(chance: random.Random, n: int) -> Draft:
    def text(most: int) -> str:
        return " ".join(chance.choices(WORDS, k=chance.randint(1, most)))

    sections = [Section(text(12))]
    if chance.random() < 0.3:
        sections.append(Section(text(6), tuple(chance.sample(RIGHTS, chance.randint(1, 2)))))
    return draft(
        f"a{n}",
        *sections,
        title=text(5),
        lang=chance.choice(LANGS),
        product=chance.choice(["windchill", "creo"]),
        type=chance.choice(TYPES),
        versions=tuple(sorted(chance.sample(VERSIONS, chance.randint(0, 3)))),
        updated=date.fromordinal(TODAY.toordinal() - chance.randint(0, 900)),
        grants=tuple(chance.sample(RIGHTS, chance.randint(0, 3))),
        confidence="archived" if chance.random() < 0.05 else "validated",
    )


def values(row: ArticleRow, facet: str) -> list[str]:
    if facet == "date":
        age = (TODAY - row.updated).days
        return [next(name for name, days in DATE_BUCKETS if days is None or age <= days)]
    if facet == "version":
        return list(row.versions)
    return [str(getattr(row, facet))]


def chosen(chance: random.Random) -> Filters:
    def some(of: list[str]) -> frozenset[str]:
        return frozenset(chance.sample(of, chance.randint(1, 2))) if chance.random() < 0.3 else frozenset()

    dates = [name for name, _ in DATE_BUCKETS]
    return Filters(some(["windchill", "creo"]), some(VERSIONS), some(TYPES), some(LANGS), some(dates))


def keeps(row: ArticleRow, filters: Filters, but: str = "") -> bool:
    return all(
        not filters.chosen(facet) or filters.chosen(facet).intersection(values(row, facet))
        for facet in FACETS
        if facet != but
    )


def everything(search: Search, text: str, scope: Scope) -> list[ArticleRow]:
    """Every article found without a filter, page by page, as the store gives it."""
    found: list[ArticleRow] = []
    page = 1
    while results := search.find(Query(text, page=page, page_size=100, today=TODAY), scope).results:
        found += [result.article for result in results]
        page += 1
    return found


@pytest.mark.slow
@pytest.mark.parametrize("viewer", range(VIEWERS))
def test_totals_and_facets_are_what_counting_gives(search: Search, engine_name: str, viewer: int) -> None:
    chance = random.Random(viewer)
    scope = Scope(frozenset(chance.sample(RIGHTS, chance.randint(1, 4))))
    for _ in range(QUERIES[engine_name]):
        text, filters = " ".join(chance.choices(WORDS, k=chance.randint(1, 3))), chosen(chance)
        every = everything(search, text, scope)
        assert len({row.id for row in every}) == len(every)
        assert all(row.readable_by(scope) for row in every)
        results = search.find(Query(text, filters, today=TODAY), scope)
        assert results.total == sum(keeps(row, filters) for row in every), (text, filters)
        assert search.total(Query(text, filters, today=TODAY), scope) == results.total
        for facet in FACETS:
            counted = Counter(value for row in every if keeps(row, filters, but=facet) for value in values(row, facet))
            assert dict(results.facets[facet]) == dict(counted), (text, filters, facet)
        shown = {result.article.id for result in results.results}
        assert shown <= {row.id for row in every if keeps(row, filters)}
        assert len(shown) == min(results.total, 10), "every page is full"
