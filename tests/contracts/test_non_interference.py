"""The law of silence: what a viewer may not read changes nothing that the viewer can observe, on every engine.

Answers over everything must equal answers over an index that holds only what the viewer may read, to the last digit.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb.articles import LANGUAGES
from kb.entitlements import Audience, Scope
from kb.question import Filters, Query
from kb.search import Document, Engine
from tests.contracts.engines import EMBEDDED, open_opensearch
from tests.documents import document

WORDS = (
    "登入 登錄 失敗 密碼 伺服器 服务器 資料庫 逾時 ORA-01017 login failed account 12.1.2 C++ 景點 經典 授權 過期 磁碟"
).split()
MISSPELT = ("lgoin faild", "acount", "密馬", "伺服氣逾時", "登入失拜", "受權過期")
PREFIXES = ["登", "lo", "ser", "密碼", "denglu", "ㄉㄥ", "景", "kb1", "失敗 密碼", "lo gin", "登入failed"]
MOST = 14
GRANTS = ["public", "windchill:silver", "windchill:gold", "creo:gold", "staff"]

texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join)
grant_sets = st.lists(st.sampled_from(GRANTS), min_size=1, max_size=3, unique=True).map(tuple)


@st.composite
def articles(draw: st.DrawFn, article: int) -> list[Document]:
    title, grants, product = draw(texts), draw(grant_sets), draw(st.sampled_from(["windchill", "creo"]))
    lang, group = draw(st.sampled_from(LANGUAGES)), draw(st.integers(0, 2))
    day = date(2026, 1, 1 + article % 28)
    made = document(article, title, draw(texts), grants=grants, product=product, updated=day, lang=lang, group=group)
    if not draw(st.booleans()):
        return [made]
    secret = draw(grant_sets)
    if set(grants) <= set(secret):
        return [made]
    richer = f"{made.body} {draw(texts)}"
    return [
        replace(made, audience=Audience((grants,), (secret,))),
        replace(made, key=f"{article}.1", body=richer, audience=Audience((grants, secret))),
    ]


@st.composite
def bases(draw: st.DrawFn) -> list[Document]:
    return [one for article in range(1, draw(st.integers(2, MOST))) for one in draw(articles(article))]


queries = st.builds(
    Query,
    texts,
    filters=st.sampled_from([Filters(), Filters(products=frozenset({"creo"})), Filters(langs=frozenset({"en"}))]),
    sort=st.sampled_from(["relevance", "updated", "title"]),
    today=st.just(date(2026, 1, 20)),
    explain=st.just(True),
)


def become(engine: Engine, documents: list[Document]) -> None:
    """Hold these, whatever it held before."""
    with engine.writer() as writer:
        for article in range(1, MOST):
            writer.replace(article, [one for one in documents if one.article == article])


def silent(
    worlds: tuple[Engine, Engine], base: list[Document], grants: set[str], asked: list[Query], prefixes: list[str]
) -> None:
    scope = Scope(frozenset(grants))
    whole, seen = worlds
    become(whole, base)
    become(seen, [each for each in base if each.audience.includes(scope)])
    for query in asked:
        assert whole.search(query, scope) == seen.search(query, scope)
    for prefix in prefixes:
        assert list(whole.suggest(prefix, scope)) == list(seen.suggest(prefix, scope))
    for text in MISSPELT:
        assert whole.respelled(text, scope) == seen.respelled(text, scope)


worlds_and_questions = given(
    base=bases(),
    grants=st.sets(st.sampled_from(GRANTS), max_size=3),
    asked=st.lists(queries, min_size=1, max_size=4),
    prefixes=st.lists(st.sampled_from(PREFIXES), min_size=1, max_size=3),
)
at_leisure = partial(settings, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("name", EMBEDDED)
@at_leisure(max_examples=40)
@worlds_and_questions
def test_what_one_may_not_read_changes_nothing(
    name: str, base: list[Document], grants: set[str], asked: list[Query], prefixes: list[str]
) -> None:
    # New folders each time: hypothesis resets chance itself, which Whoosh makes the names of its files by.
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        worlds = EMBEDDED[name](Path(one)), EMBEDDED[name](Path(other))
        silent(worlds, base, grants, asked, prefixes)
        for each in worlds:
            each.close()


@at_leisure(max_examples=15)
@worlds_and_questions
def test_nor_does_it_on_a_server(
    servers_worlds: tuple[Engine, Engine],
    base: list[Document],
    grants: set[str],
    asked: list[Query],
    prefixes: list[str],
) -> None:
    silent(servers_worlds, base, grants, asked, prefixes)


@pytest.fixture
def servers_worlds(opensearch: str, tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    """The same two for every example: each has a past, of which nothing must show either."""
    opened = open_opensearch(opensearch, tmp_path / "whole"), open_opensearch(opensearch, tmp_path / "seen")
    yield opened
    for each in opened:
        each.close()
