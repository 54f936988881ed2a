"""The law of silence: what a viewer may not read changes nothing that the viewer can observe, on every engine.

Answers over everything must equal answers over an index that holds only what the viewer may read, to the last digit.
"""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.entitlements import Audience, Scope
from kb.question import Filters, Query
from kb.search import Document
from tests.contracts.engines import OPENERS
from tests.documents import document, put

WORDS = (
    "登入 登錄 失敗 密碼 伺服器 服务器 資料庫 逾時 ORA-01017 login failed account 12.1.2 C++ 景點 經典 授權 過期 磁碟"
).split()
GRANTS = ["public", "windchill:silver", "windchill:gold", "creo:gold", "staff"]

texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join)
grant_sets = st.lists(st.sampled_from(GRANTS), min_size=1, max_size=3, unique=True).map(tuple)


@st.composite
def articles(draw: st.DrawFn, article: int) -> list[Document]:
    title, grants, product = draw(texts), draw(grant_sets), draw(st.sampled_from(["windchill", "creo"]))
    made = document(
        article, title, draw(texts), grants=grants, product=product, updated=date(2026, 1, 1 + article % 28)
    )
    if not draw(st.booleans()):
        return [made]
    secret = draw(grant_sets)
    if set(grants) <= set(secret):
        return [made]
    poorer = document(article, title, made.body, product=product, audience=Audience((grants,), (secret,)))
    richer = document(
        article,
        title,
        f"{made.body} {draw(texts)}",
        product=product,
        key=f"{article}.1",
        audience=Audience((grants, secret)),
    )
    return [poorer, richer]


@st.composite
def bases(draw: st.DrawFn) -> list[Document]:
    return [one for article in range(1, draw(st.integers(2, 14))) for one in draw(articles(article))]


queries = st.builds(
    Query,
    texts,
    filters=st.sampled_from([Filters(), Filters(products=frozenset({"creo"}))]),
    sort=st.sampled_from(["relevance", "updated", "title"]),
    today=st.just(date(2026, 1, 20)),
    explain=st.just(True),
)


@pytest.mark.parametrize("name", sorted(OPENERS))
@settings(max_examples=40, deadline=None)
@given(
    base=bases(),
    grants=st.sets(st.sampled_from(GRANTS), max_size=3),
    asked=st.lists(queries, min_size=1, max_size=4),
    prefixes=st.lists(st.sampled_from(["登", "lo", "ser", "密碼", "denglu", "ㄉㄥ", "景"]), min_size=1, max_size=3),
)
def test_what_one_may_not_read_changes_nothing(
    name: str, base: list[Document], grants: set[str], asked: list[Query], prefixes: list[str]
) -> None:
    scope = Scope(frozenset(grants))
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        whole, seen = OPENERS[name](Path(one)), OPENERS[name](Path(other))
        put(whole, base)
        put(seen, [each for each in base if each.audience.includes(scope)])
        for query in asked:
            assert whole.search(query, scope) == seen.search(query, scope)
        for prefix in prefixes:
            assert list(whole.suggest(prefix, scope)) == list(seen.suggest(prefix, scope))
        whole.close()
        seen.close()
