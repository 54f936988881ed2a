"""Every engine gives the same answers: the same articles in the same order, with the same scores, totals and facets."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kb.entitlements import Audience, Scope
from kb.question import Filters, Query, Sort
from kb.search import Document, Engine
from tests.contracts.engines import Opener, open_whoosh
from tests.documents import document, put

WORDS = (
    "登入 登录 失敗 失败 密碼 伺服器 服务器 資料庫 数据库 逾時 記憶體 内存 憑證 授權 過期 磁碟 已滿 印表機 卡紙 景點 "
    "經典 ORA-01017 0x80070005 WTException java.lang.OutOfMemoryError 12.1.2 C++ login failed sign in account server "
    "certificate expired printing"
).split()
RIGHTS = ["public", "windchill:silver", "windchill:gold", "creo:gold", "staff"]
LANGS = ["zh-Hant", "zh-Hans", "en"]
SORTS: list[Sort] = ["relevance", "relevance", "relevance", "relevance", "updated", "title"]
ARTICLES, TODAY = 250, date(2026, 6, 1)


def some_text(chance: random.Random, most: int) -> str:
    return " ".join(chance.choices(WORDS, k=chance.randint(1, most)))


def documents(chance: random.Random) -> Iterator[Document]:
    for article in range(1, ARTICLES + 1):
        grants = tuple(sorted(chance.sample(RIGHTS, chance.randint(1, 2))))
        more: dict[str, Any] = {
            "lang": chance.choice(LANGS),
            "product": chance.choice(["windchill", "creo"]),
            "type": chance.choice(["solution", "faq"]),
            "versions": tuple(sorted(chance.sample(["11.2", "12.1", "13.0"], chance.randint(0, 2)))),
            "updated": date.fromordinal(TODAY.toordinal() - chance.randint(0, 900)),
            "confidence": chance.choice(["validated", "not_validated"]),
            "helpful": chance.choice([-0.5, 0.0, 0.25]),
            "headings": (some_text(chance, 2),),
            "group": chance.choice([0, 0, chance.randint(1, 60)]),
        }
        title, body = some_text(chance, 5), some_text(chance, 40)
        if chance.random() < 0.2 and "staff" not in grants:
            yield document(article, title, body, audience=Audience((grants,), (("staff",),)), **more)
            richer = Audience((grants, ("staff",)))
            yield document(
                article, title, f"{body} {some_text(chance, 9)}", key=f"{article}.1", audience=richer, **more
            )
        else:
            yield document(article, title, body, grants=grants, **more)


def questions(chance: random.Random) -> Iterator[tuple[Query, Scope]]:
    def one(text: str) -> Query:
        filters = Filters(
            products=frozenset(chance.sample(["windchill", "creo"], 1)) if chance.random() < 0.2 else frozenset(),
            langs=frozenset(chance.sample(LANGS, 2)) if chance.random() < 0.2 else frozenset(),
            dates=frozenset({"quarter", "older"}) if chance.random() < 0.1 else frozenset(),
        )
        return Query(
            text, filters, today=TODAY, explain=True, page=chance.choice([1, 1, 1, 2]),
            sort=chance.choice(SORTS), page_size=chance.choice([10, 30]),
            loose=chance.random() < 0.1, prefers=("en",) if chance.random() < 0.2 else (),
        )  # fmt: skip

    for text in [
        *(some_text(chance, 4) for _ in range(25)),
        '"sign in"', "登入 -失敗", "印表機 OR 磁碟", "title:登入", "acc* 登入", "KB000023", "23", "number:7",
        "version:12.1 授權", "記憶體不足", "資料庫連線逾時怎麼辦", "out of memory error", "80070005", '"授權 過期" *',
        " ".join(WORDS), " ".join(chance.choices(WORDS, k=300)),
    ]:  # fmt: skip
        yield one(text), Scope(frozenset(chance.sample(RIGHTS, chance.randint(1, 4))))


@pytest.fixture
def both(opening: Opener, tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    """The same documents in the engine and in Whoosh; in one written at once, in the other bit by bit."""
    made = list(documents(random.Random(11)))
    one, other = opening(tmp_path / "one"), open_whoosh(tmp_path / "other")
    put(other, made)
    put(one, [each for each in made if each.article <= 200])
    put(one, [document(3, "登入", "別的"), document(200, "別的")])
    put(one, [each for each in made if each.article > 200 or each.article in (3, 200)])
    yield one, other
    one.close()
    other.close()


@pytest.mark.slow
def test_every_engine_gives_the_same_answers(both: tuple[Engine, Engine]) -> None:
    one, other = both
    found = 0
    for query, scope in questions(random.Random(5)):
        answer = one.search(query, scope)
        assert answer == other.search(query, scope), (query, scope)
        found += answer.total > 0
    assert found > 30
    for typed in (
        "登",
        "登入",
        "lo",
        "log",
        "serv",
        "denglu",
        "ㄉㄥㄌㄨ",
        "登路",
        "certifcate",
        "kb00",
        "12",
        "c++",
        "授權過",
    ):
        for scope in (Scope(frozenset({"public"})), Scope(frozenset(RIGHTS))):
            assert list(one.suggest(typed, scope)) == list(other.suggest(typed, scope)), (typed, scope)
