"""What every engine promises (kb.search.Engine), run against each."""

from __future__ import annotations

import errno
import os
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.analysis import Analysis
from indexer.documents import Indexed, indexed
from indexer.embedded import Embedded
from indexer.engines.opensearch import OpenSearchEngine
from indexer.engines.whoosh import codec as whoosh_codec
from indexer.engines.whoosh import writing as whoosh_writing
from indexer.folding import fold
from indexer.looking import SEEN
from indexer.making import AT_ONCE
from kb.entitlements import NOBODY, Audience
from kb.question import Filters, Query
from kb.search import PARTS, Busy, Document, Engine, EngineDown, Hits, Respelled
from kb.snippets import marked
from tests.documents import PUBLIC, document, put, scope
from tests.site_articles import LOGIN

Opener = Callable[[], Engine]
# More than are analysed without children.
MANY = AT_ONCE + 100


@pytest.fixture
def opener(opening: Callable[[Path], Engine], tmp_path: Path) -> Opener:
    return lambda: opening(tmp_path)


@pytest.fixture
def engine(opener: Opener) -> Iterator[Engine]:
    engine = opener()
    yield engine
    engine.close()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an index is of parts, each takes but a few documents."""
    monkeypatch.setattr(whoosh_codec, "MAX_DOCUMENTS", 50)
    monkeypatch.setattr(whoosh_writing, "SEGMENT_SIZE", 20)
    monkeypatch.setattr(whoosh_writing, "MERGE_BELOW", 15)
    monkeypatch.setattr(whoosh_writing, "MERGE_FROM", 4)


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> str:
    """The title of a document that nobody has room to write."""

    def making(document: Document, analysis: Analysis) -> Indexed:
        if document.title == "FULL":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return indexed(document, analysis)

    monkeypatch.setattr("indexer.making.indexed", making)
    return "FULL"


def found(engine: Engine, text: str, *grants: str, **query: object) -> list[int]:
    hits = engine.search(Query(text, **query), scope(*grants or ("public",)))  # type: ignore[arg-type]
    return [hit.article for hit in hits.hits]


def test_an_index_never_built_says_so_rather_than_answer(engine: Engine) -> None:
    with pytest.raises(EngineDown, match="kb build"):
        engine.search(Query("登入"), PUBLIC)
    with pytest.raises(EngineDown, match="kb build"):
        engine.suggest("登", PUBLIC)
    assert dict(engine.contents()) == {}
    assert engine.status().documents == 0


def test_what_is_written_shows_when_the_writer_is_left_and_not_before(engine: Engine) -> None:
    put(engine, [])
    with engine.writer() as writer:
        writer.replace(1, [document(1, "無法登入")])
        assert found(engine, "登入") == []
    assert found(engine, "登入") == [1]


def test_an_error_while_writing_leaves_the_index_as_it_was(engine: Engine) -> None:
    put(engine, [document(1, "無法登入")])
    with pytest.raises(RuntimeError), engine.writer() as writer:
        writer.replace(1, [document(1, "磁碟已滿")])
        writer.replace(2, [document(2, "磁碟已滿")])
        raise RuntimeError
    assert found(engine, "登入") == [1]
    assert found(engine, "磁碟") == []
    put(engine, [document(2, "磁碟已滿")])
    assert found(engine, "磁碟") == [2]


def test_the_index_carries_the_mark_of_its_last_batch_that_had_one(engine: Engine) -> None:
    put(engine, [document(1, "無法登入")], rebuild=True)
    assert engine.status().mark == 0
    with engine.writer(mark=7):
        assert engine.status().mark == 0, "not before it is done"
    put(engine, [document(2, "無法登入")])
    assert engine.status().mark == 7
    with pytest.raises(RuntimeError), engine.writer(mark=8):
        raise RuntimeError
    assert engine.status().mark == 7
    with engine.writer(rebuild=True, mark=9) as writer:
        writer.replace(1, [document(1, "無法登入")])
    assert engine.status().mark == 9
    put(engine, [document(1, "無法登入")], rebuild=True)
    assert engine.status().mark == 0


@pytest.mark.parametrize("rebuild", [False, True])
def test_a_commit_that_fails_leaves_the_index_as_it_was_and_the_next_writer_at_work(
    engine: Engine, full_disk: str, rebuild: bool
) -> None:
    put(engine, [document(1, "無法登入")])
    with pytest.raises(OSError, match="No space left") as held:
        put(engine, [document(1, "磁碟已滿"), document(2, full_disk)], rebuild=rebuild)
    assert (found(engine, "登入"), found(engine, "磁碟")) == ([1], [])
    put(engine, [document(3, "授權過期")])
    assert (found(engine, "登入"), found(engine, "磁碟"), found(engine, "授權")) == ([1], [], [3])
    assert held.value.errno == errno.ENOSPC, "whoever keeps the error keeps nobody from writing"


def test_a_batch_of_any_size_shows_whole_or_not_at_all(engine: Engine, small: None, full_disk: str) -> None:
    put(engine, [document(1, "無法登入"), document(2, "磁碟已滿")])
    rights = [f"creo:{at}" for at in range(33)]

    def of(article: int, title: str) -> list[Document]:
        return [document(article, title, key=f"{article}.{at}", grants=[one]) for at, one in enumerate(rights)]

    with pytest.raises(OSError, match="No space left"), engine.writer() as writer:
        for article in range(1, 5):
            writer.replace(article, of(article, "授權過期"))
        writer.replace(9, [document(9, full_disk)])
    assert (found(engine, "登入"), found(engine, "磁碟"), engine.status().documents) == ([1], [2], 2)
    with engine.writer() as writer:
        for article in range(1, 5):
            writer.replace(article, of(article, "授權過期"))
        assert engine.status().documents == 2
    assert (found(engine, "登入"), found(engine, "磁碟"), engine.status().documents) == ([], [], 4 * len(rights))
    for right in rights:
        assert found(engine, "授權", right) == [1, 2, 3, 4]
    put(engine, of(2, "無法登入"))
    assert found(engine, "授權", rights[7]) == [1, 3, 4]


def test_whatever_is_taken_out_the_others_are_found_by_their_own_words_alone(engine: Engine, small: None) -> None:
    chance, there = random.Random(3), set(range(1, 181))
    put(engine, [document(at, f"zq{at}x", grants=["staff"] if at % 2 else ["public"]) for at in there], rebuild=True)
    gone = chance.sample(sorted(there), 150)
    for at in range(0, len(gone), 30):
        some = gone[at : at + 30]
        with engine.writer() as writer:
            for article in some:
                writer.replace(article, [])
            writer.replace(200 + at, [document(200 + at, f"zq{200 + at}x")])
        there = (there | {200 + at}) - set(some)
        assert set(engine.contents()) == there
    for article in (*sorted(there), *gone[:20]):
        hidden = article % 2 and article < 200
        assert found(engine, f"zq{article}x") == [article] * (article in there and not hidden)
        assert found(engine, f"zq{article}x", "public", "staff") == [article] * (article in there)


@pytest.mark.parametrize("built", [False, True])
@pytest.mark.parametrize("rebuild", [False, True])
def test_what_is_said_of_an_article_last_replaces_what_the_batch_said_before(
    engine: Engine, small: None, built: bool, rebuild: bool
) -> None:
    if built:
        put(engine, [document(1, "授權過期")])
    with engine.writer(rebuild=rebuild) as writer:
        for article in range(1, 31):
            writer.replace(article, [document(article, "無法登入"), document(article, "逾時", key=f"{article}.1")])
        writer.replace(1, [document(1, "磁碟已滿")])
        writer.replace(2, [])
        writer.replace(3, [])
        writer.replace(3, [document(3, "印表機")])
        writer.replace(40, [])
        writer.replace(41, [document(41, "印表機")])
        writer.replace(41, [])
    assert (found(engine, "磁碟"), found(engine, "印表機"), found(engine, "授權")) == ([1], [3], [])
    assert sorted(found(engine, "登入", page_size=100)) == list(range(4, 31))
    assert set(engine.contents()) == {1, 3, *range(4, 31)}
    assert engine.status().documents == 2 + 2 * 27


def test_replacing_takes_the_place_of_all_an_article_had(engine: Engine) -> None:
    put(engine, [document(1, "無法登入"), document(2, "磁碟已滿")])
    put(engine, [document(1, "授權過期")])
    assert found(engine, "登入") == []
    assert found(engine, "授權") == [1]
    assert found(engine, "磁碟") == [2]


def test_replacing_by_nothing_removes(engine: Engine) -> None:
    put(engine, [document(1, "無法登入"), document(2, "無法登入")])
    with engine.writer() as writer:
        writer.replace(1, [])
    assert found(engine, "登入") == [2]
    assert set(engine.contents()) == {2}


def test_a_second_writer_is_refused_while_one_is_at_work(opener: Opener) -> None:
    one, other = opener(), opener()
    with one.writer() as writer:
        writer.replace(1, [document(1, "無法登入")])
        with pytest.raises(Busy), other.writer():
            pass
    assert found(other, "登入") == [1]


def test_readers_of_other_processes_follow_commits_and_rebuilds(opener: Opener) -> None:
    writing, reading = opener(), opener()
    put(writing, [document(1, "無法登入")])
    assert found(reading, "登入") == [1]
    put(writing, [document(2, "無法登入", "登入")])
    assert set(found(reading, "登入")) == {1, 2}
    put(writing, [document(3, "無法登入")], rebuild=True)
    assert found(reading, "登入") == [3]


def removed(engine: Engine) -> None:
    """As by a careless hand: the index is gone, whole."""
    if isinstance(engine, OpenSearchEngine):
        index = engine.status().generation.partition(".")[0]
        engine._cluster.tell("DELETE", f"/{index}")
    elif isinstance(engine, Embedded):
        shutil.rmtree(engine._generations.folder)


def test_an_index_that_was_removed_is_not_taken_for_the_one_made_after_it(opener: Opener) -> None:
    writing, reading = opener(), opener()
    put(writing, [document(1, "無法登入")])
    first = reading.status()
    assert (found(reading, "登入"), found(reading, "逾時")) == ([1], [])
    removed(writing)
    put(writing, [document(2, "登入逾時")])
    assert first.generation.partition(".")[0] == reading.status().generation.partition(".")[0]
    assert (found(reading, "登入"), found(reading, "逾時"), set(reading.contents())) == ([2], [2], {2})
    assert [each.article for each in reading.suggest("登入逾", PUBLIC) if each.article] == [2]
    for engine in (writing, reading):
        engine.close()


def test_the_old_index_serves_until_a_rebuild_is_complete(opener: Opener) -> None:
    writing, reading = opener(), opener()
    put(writing, [document(1, "無法登入")])
    with writing.writer(rebuild=True) as writer:
        writer.replace(2, [document(2, "無法登入")])
        assert found(reading, "登入") == [1]
    assert found(reading, "登入") == [2]


def test_many_small_commits_keep_every_article_once(engine: Engine) -> None:
    for article in range(25):
        put(engine, [document(article % 20 + 1, f"無法登入 {article}")])
    assert sorted(found(engine, "登入", page_size=100)) == list(range(1, 21))
    assert engine.search(Query("登入"), PUBLIC).total == 20
    assert engine.status().documents == 20


@pytest.mark.parametrize("rebuild", [False, True])
def test_hundreds_at_once_are_each_there_as_last_said(engine: Engine, rebuild: bool) -> None:
    put(engine, [document(article, "磁碟已滿") for article in (1, 2, MANY)])
    expected = {}
    with engine.writer(rebuild=rebuild) as writer:
        for article in range(1, MANY + 1):
            expected[article] = document(article, f"無法登入 {article}", "說明 x17" * (article % 7))
            writer.replace(article, [expected[article]])
        for article in (150, MANY - 10):
            expected[article] = document(article, f"授權過期 {article}")
            writer.replace(article, [expected[article]])
        for article in (3, MANY):
            del expected[article]
            writer.replace(article, [])
    assert {article: dict(keys) for article, keys in engine.contents().items()} == {
        article: {one.key: one.digest} for article, one in expected.items()
    }
    assert found(engine, "磁碟") == []
    assert set(found(engine, "授權")) == {150, MANY - 10}
    assert found(engine, "登入 257")[0] == 257


def test_an_error_among_hundreds_leaves_the_index_as_it_was(engine: Engine) -> None:
    put(engine, [document(1, "無法登入")])
    with pytest.raises(RuntimeError), engine.writer(rebuild=True) as writer:
        for article in range(1, MANY + 1):
            writer.replace(article, [document(article, "磁碟已滿")])
        raise RuntimeError
    assert found(engine, "登入") == [1]
    assert found(engine, "磁碟") == []
    put(engine, [document(2, "磁碟已滿")])
    assert found(engine, "磁碟") == [2]


def test_contents_give_every_document_with_its_digest(engine: Engine) -> None:
    put(
        engine,
        [document(1, "甲", digest="0a"), document(1, "甲", key="1.1", digest="0b"), document(7, "乙", digest="0c")],
    )
    assert {article: dict(keys) for article, keys in engine.contents().items()} == {
        1: {"1.0": "0a", "1.1": "0b"},
        7: {"7.0": "0c"},
    }


def test_texts_are_kept_whole_in_every_script(engine: Engine) -> None:
    put(engine, [document(1, "𠮷野家 🙂 안녕", "設定 ✓ naïve Ω"), document(2, "吉野家", "設定 ✗ naive ω \ue5e5")])
    put(engine, [document(3, "かな カナ", "設定 ✓ 한국어")])
    assert found(engine, '"𠮷野家 🙂"') == [1]
    assert set(found(engine, '"設定 ✓"')) == {1, 3}
    assert found(engine, '"ω \ue5e5"') == [2]
    assert found(engine, '"✓ 한국어"') == [3]
    assert "𠮷野家 🙂 안녕" in [each.text for each in engine.suggest("𠮷野", PUBLIC)]


def test_only_who_holds_a_grant_finds(engine: Engine) -> None:
    put(engine, [document(1, "登入", grants=["windchill:gold"]), document(2, "登入", grants=["windchill:silver"])])
    assert found(engine, "登入", "public") == []
    assert found(engine, "登入", "public", "windchill:gold") == [1]
    assert set(found(engine, "登入", "windchill:gold", "windchill:silver")) == {1, 2}
    assert found(engine, "登入", "creo:gold", "windchill") == []
    assert engine.search(Query("登入"), NOBODY).total == 0


def test_an_audience_that_lacks_sees_the_poorer_document_only(engine: Engine) -> None:
    reader, gold = ("windchill:silver", "windchill:gold"), ("windchill:gold",)
    put(
        engine,
        [
            document(1, "登入", "公開", key="1.0", audience=Audience((reader,), (gold,))),
            document(1, "登入", "公開 秘訣", key="1.1", audience=Audience((reader, gold))),
        ],
    )
    assert found(engine, "秘訣", "windchill:silver") == []
    assert found(engine, "秘訣", "windchill:gold") == [1]
    assert engine.search(Query("登入"), scope("windchill:silver", "windchill:gold")).total == 1


def test_articles_refused_by_the_store_are_left_out_of_everything(engine: Engine) -> None:
    put(engine, [document(1, "登入"), document(2, "登入")])
    hits = engine.search(Query("登入", without=frozenset({1})), PUBLIC)
    assert (hits.total, [hit.article for hit in hits.hits]) == (1, [2])
    assert sum(count for _, count in hits.facets["product"]) == 1


def test_facets_count_as_if_their_own_filter_were_off(engine: Engine) -> None:
    put(
        engine,
        [
            document(1, "登入", product="windchill", versions=("12.1", "13.0")),
            document(2, "登入", product="creo", versions=("13.0",), type="faq"),
            document(3, "登入", product="creo", lang="en"),
        ],
    )
    hits = engine.search(Query("登入", Filters(products=frozenset({"creo"}))), PUBLIC)
    assert hits.total == 2
    assert hits.facets["product"] == (("creo", 2), ("windchill", 1))
    assert hits.facets["type"] == (("faq", 1), ("solution", 1))
    assert hits.facets["lang"] == (("en", 1), ("zh-Hant", 1))
    assert hits.facets["version"] == (("13.0", 1),)
    both = engine.search(Query("登入", Filters(products=frozenset({"creo", "windchill"}))), PUBLIC)
    assert both.total == 3


def test_dates_fall_into_buckets_of_the_day_asked(engine: Engine) -> None:
    days = [date(2026, 1, 31), date(2026, 1, 1), date(2025, 12, 1), date(2025, 3, 1), date(2020, 1, 1)]
    put(engine, [document(at, "登入", updated=day) for at, day in enumerate(days, 1)])
    hits = engine.search(Query("登入", today=date(2026, 1, 31)), PUBLIC)
    assert dict(hits.facets["date"]) == {"month": 2, "quarter": 1, "year": 1, "older": 1}
    chosen = Filters(dates=frozenset({"quarter", "older"}))
    assert set(found(engine, "登入", today=date(2026, 1, 31), filters=chosen)) == {3, 5}


def test_filters_alone_browse(engine: Engine) -> None:
    put(engine, [document(1, "登入", product="creo"), document(2, "磁碟")])
    assert found(engine, "", filters=Filters(products=frozenset({"creo"}))) == [1]
    assert found(engine, "") == []


def test_pages_hold_every_match_once_in_one_order(engine: Engine) -> None:
    put(engine, [document(article, f"登入問題 {article % 7}", "登入 " * (article % 5)) for article in range(1, 48)])
    pages = [found(engine, "登入", page=page) for page in range(1, 7)]
    assert [len(page) for page in pages] == [10, 10, 10, 10, 7, 0]
    assert sorted(article for page in pages for article in page) == list(range(1, 48))
    assert [article for page in pages for article in page] == found(engine, "登入", page_size=47)


def test_sorting_by_date_and_title(engine: Engine) -> None:
    put(
        engine,
        [
            document(1, "b 登入", updated=date(2026, 1, 1)),
            document(2, "a 登入", updated=date(2025, 1, 1)),
            document(3, "c 登入", updated=date(2026, 5, 1)),
        ],
    )
    assert found(engine, "登入", sort="updated") == [3, 1, 2]
    assert found(engine, "登入", sort="title") == [2, 1, 3]


@pytest.mark.parametrize("query", ["資料庫連線逾時", "资料库连线逾时", "資料庫　連線逾時", "連線逾時 資料庫"])
def test_script_width_and_order_do_not_matter(engine: Engine, query: str) -> None:
    put(engine, [document(1, "資料庫連線逾時的處理"), document(2, "印表機卡紙")])
    assert found(engine, query) == [1]


def test_a_word_in_mid_sentence_is_found(engine: Engine) -> None:
    put(engine, [document(1, "問題", "當使用者嘗試同步行事曆時發生錯誤"), document(2, "問題", "印表機卡紙")])
    assert found(engine, "行事曆") == [1]
    assert found(engine, "ＣＡＬＥＮＤＡＲ") == [1], "by the vocabulary"
    assert found(engine, "ＰＲＩＮＴＬＮ") == []


def test_what_is_in_the_language_asked_comes_before_what_is_translated(engine: Engine) -> None:
    english = "Sign in again. Log in with your login name; the logon and every other sign-in is logged."
    put(
        engine,
        [
            document(1, "Sign in to the portal: login and logon", english, lang="en"),
            document(2, "账号", "无法登录时请联系管理员", lang="zh-Hans"),
            document(3, "帳號", "無法登入時請洽管理員", lang="zh-Hant"),
        ],
    )
    assert found(engine, "登入")[:1] == [3]
    assert set(found(engine, "登入")) == {1, 2, 3}
    assert found(engine, "sign in")[:1] == [1]
    assert found(engine, "登录")[:1] == [2]


def test_the_number_of_an_article_finds_it_first(engine: Engine) -> None:
    put(engine, [document(1, "見 KB000023", "KB000023 KB000023"), document(23, "別的"), document(230, "另一篇")])
    for query in ("KB000023", "kb23", "000023", "number:23", "KB-23"):
        assert found(engine, query)[:1] == [23], query


@pytest.mark.parametrize("asked", ["kb 000002", "KB: 2", "kb#000002", "what is kb 000002", "安裝 KB 000002 失敗"])
def test_however_the_number_of_an_article_is_written_it_is_one(engine: Engine, asked: str) -> None:
    put(engine, [document(at, "安裝失敗 kb 說明", "what is this kb") for at in (1, 2, 3)])
    assert found(engine, asked)[0] == 2


def test_a_number_that_no_article_has_or_says_finds_none(engine: Engine) -> None:
    put(engine, [document(at, "授權 kb", "ORA and what else is of a kb") for at in (12154, 50126)])
    for asked in ("kb 5034441", "KB5034441", "kb:5034441", "ORA-12154", "TNS-12154", "error 50126", "#012154"):
        assert 12154 not in found(engine, asked) and not (asked.startswith("kb ") and found(engine, asked)), asked
    assert found(engine, "KB012154") == [12154] == found(engine, "012154")


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [("fail-over", 1), ("fail-over cluster", 1), ("log-on failure", 2), ("Get-Date format", 4), ("App-V 5.0SP3", 5)],
)
def test_words_and_versions_are_found_without_the_hyphens_and_blanks_that_others_do_without(
    engine: Engine, asked: str, wanted: int
) -> None:
    said = {
        1: "A failover cluster",
        2: "Logon failure",
        3: "Get over the date of the log",
        4: "The Get-Date cmdlet and its format",
        5: "App-V 5.0 SP3",
        6: "App-V 4.6 SP2",
        7: "On failure the log is over",
    }
    put(engine, [document(at, title, title, lang="en") for at, title in said.items()])
    assert found(engine, asked)[0] == wanted


def test_the_query_language(engine: Engine) -> None:
    put(
        engine,
        [
            document(1, "登入失敗", "密碼錯誤 the account is locked"),
            document(2, "登入成功", "帳號 account locked 密碼"),
            document(3, "磁碟已滿", "空間不足", product="creo", versions=("12.1",), lang="en"),
        ],
    )
    assert found(engine, '"account is locked"') == [1]
    assert found(engine, "登入 -失敗") == [2]
    assert set(found(engine, "失敗 OR 磁碟")) == {1, 3}
    assert found(engine, "title:失敗") == [1]
    assert found(engine, "product:creo 空間") == [3]
    assert set(found(engine, "登入 OR 空間 -product:creo")) == {1, 2}
    assert found(engine, "登入 OR 空間 -lang:zh-Hant") == [3]
    assert found(engine, "version:12.1 磁碟") == [3]
    assert found(engine, "lang:en 磁碟") == [3]
    assert set(found(engine, "acc*")) == {1, 2}
    assert found(engine, '"登入失敗"') == [1]
    assert set(found(engine, "-登入")) == {1, 2}  # nothing but an exclusion asks for nothing: it is taken as words


def test_what_is_between_marks_of_print_is_searched_for_as_words_where_nothing_says_it(engine: Engine) -> None:
    secret = document(3, "無法連線到伺服器", "staff", grants=("staff",))
    put(engine, [document(1, "無法與伺服器連線", "錯誤 10061"), document(2, "磁碟已滿", "伺服器"), secret])
    hits = engine.search(Query("“無法連線到伺服器” 10061"), PUBLIC)
    assert hits.unquoted and [hit.article for hit in hits.hits][:1] == [1]
    assert not engine.search(Query("“伺服器連線”"), PUBLIC).unquoted
    assert not engine.search(Query("“無法連線到伺服器”"), scope("public", "staff")).unquoted
    assert found(engine, '"無法連線到伺服器" 10061') == [], "an operator is meant"
    assert engine.search(Query('打開的時候說 "無法連線到伺服器" 10061'), PUBLIC).unquoted, "a message that quotes"
    assert engine.search(Query('cannot open the "file" 伺服器 10061'), PUBLIC).unquoted
    assert found(engine, 'cannot open the -"伺服器" 磁碟 10061') == []
    assert found(engine, "title:“無法連線到伺服器”") == [], "what a field must say, it must say"
    assert found(engine, "“不存在的東西 zzqxy”") == []


def test_an_option_or_a_type_that_articles_have_as_it_was_typed_is_no_operator(engine: Engine) -> None:
    put(
        engine,
        [
            document(1, "Set-AzSetting", "Set-AzSetting -SettingName MCAS [-Force]"),
            document(2, "C2440", "無法從 void* 轉換成 char *", lang="zh-Hant"),
            document(3, "轉換 character", "字元 C2440"),
            document(4, "授權 浮動", "浮動之外 Set-AzSetting"),
            document(5, "授權", "固定"),
            document(6, "Set-AzSetting", "use -Secret", grants=("staff",)),
        ],
    )
    hits = engine.search(Query("Set-AzSetting -SettingName -force"), PUBLIC)
    assert (hits.hits[0].article, hits.literal) == (1, ("-SettingName", "-force"))
    hits = engine.search(Query("C2440 void* char*"), PUBLIC)
    assert (hits.hits[0].article, hits.literal) == (2, ("void*", "char*"))
    assert found(engine, "C2440 chara*") == [3] and not engine.search(Query("C2440 chara*"), PUBLIC).literal
    assert not engine.search(Query("Set-AzSetting -setting"), PUBLIC).literal, "the beginning of one is another"
    assert found(engine, "授權 -浮動") == [5]
    assert found(engine, 'Set-AzSetting -"SettingName"') == [4], "a phrase after a minus sign leaves out"
    assert not engine.search(Query("Set-AzSetting -secret"), PUBLIC).literal
    assert engine.search(Query("Set-AzSetting -secret"), scope("public", "staff")).literal == ("-secret",)


@pytest.mark.parametrize("asked", ["-bugreport（C# 編譯器選項）", "-bugreport(C# 編譯器選項)"])
def test_an_option_of_a_program_with_what_it_is_of_is_no_word_to_leave_out(engine: Engine, asked: str) -> None:
    put(engine, [document(1, "-bugreport (C# 編譯器選項)", "錯誤報告"), document(2, "-debug (C# 編譯器選項)", "偵錯")])
    assert found(engine, asked)[0] == 1


def test_a_pasted_stack_trace_finds_the_article_about_it(engine: Engine) -> None:
    trace = """java.lang.OutOfMemoryError: GC overhead limit exceeded
        at wt.method.MethodServerMain.main(MethodServerMain.java:412)
        at java.base/java.lang.Thread.run(Thread.java:833)
    Caused by: wt.util.WTException: (wt.fc.fcResource/0) -"quoted" OR title:x"""
    put(
        engine,
        [
            document(1, "方法伺服器記憶體不足", "java.lang.OutOfMemoryError: GC overhead limit exceeded"),
            document(2, "列印", "java.lang.Thread.run"),
            document(3, "登入", "帳號"),
        ],
    )
    assert found(engine, trace)[0] == 1


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=300) | st.text("登入\"'-*:()OR title:[]{}\\ \n", max_size=80))
def test_no_text_is_too_odd_to_ask(engine: Engine, text: str) -> None:
    if not engine.status().documents:
        put(engine, [document(1, "登入失敗 OR", "title: -x (12) \\n"), document(2, "b" * 300, "\udcff�")])
    hits = engine.search(Query(text), PUBLIC)
    assert hits.total >= len(hits.hits)


def test_text_of_any_length_is_searchable_to_its_last_word(engine: Engine) -> None:
    put(engine, [document(1, "長文", "文字 text " * 60_000 + "最後的詞彙"), document(2, "短文", "沒有")])
    assert found(engine, "最後的詞彙") == [1]
    assert found(engine, '"最後的詞彙"') == [1]


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("0x81234567", []),
        ("ORA-99999", []),
        ("3309", [1]),
        ("C 3309", [1]),
        ("event7023", [2]),
        ("0x80070005", [3]),
        ("ora 1017", [4]),
        ("12.1.2.3", [5]),
        ("12.1", [5]),
        ("執行緒", [6]),
    ],
)
def test_a_code_or_word_is_there_whole_or_in_a_part_that_tells(engine: Engine, asked: str, wanted: list[int]) -> None:
    texts = [
        "編譯器錯誤 C3309",
        "事件 ID 7023",
        "Access is denied: 0x80070005",
        "登入失敗 ORA-01017",
        "升級到 12.1.2.3 版",
    ]
    put(engine, [document(at, text) for at, text in enumerate([*texts, "工作執行緒", "執行檔 12 之 5"], 1)])
    assert found(engine, asked) == wanted


@pytest.mark.parametrize("asked", ["access", "express", "windows", "us"])
def test_a_word_is_not_what_comes_from_it(engine: Engine, asked: str) -> None:
    put(engine, [document(at, text, lang="zh-Hant") for at, text in enumerate("協助工具 運算式 視窗 使用".split(), 1)])
    assert found(engine, asked) == []


def test_a_question_in_latin_words_is_answered_in_the_language_of_its_reader(engine: Engine) -> None:
    titles = [("電子郵件", "zh-Hant"), ("电子邮件", "zh-Hans"), ("How email is delivered to a mailbox", "en")]
    put(engine, [document(at, title, lang=lang) for at, (title, lang) in enumerate(titles, 1)])
    for lang, first in (("en", 3), ("zh-Hant", 1), ("zh-Hans", 2)):
        assert found(engine, "email", prefers=(lang,))[0] == first, lang


def suggested(engine: Engine, typed: str, *grants: str) -> list[tuple[str, str, int | None]]:
    return [(one.kind, one.text, one.article) for one in engine.suggest(typed, scope(*grants or ("public",)))]


TITLES = [
    "無法登入系統",
    "登入失敗 401",
    "登入失敗的原因",
    "印表機卡紙",
    "Login failed after update",
    "Exchange mailbox full",
]


@pytest.fixture
def titled(engine: Engine) -> Engine:
    put(engine, [document(at, title) for at, title in enumerate(TITLES, 1)])
    return engine


def test_a_code_that_only_articles_of_another_language_have_is_answered_by_these(engine: Engine) -> None:
    others = [document(at, f"Bug check 0x7{at}", "A bug check of the system", lang="en") for at in range(1, 9)]
    put(engine, [document(9, "Bug 檢查 0x7E", "bug check 0x7E 系統"), *others])
    asked = Query("bug check 0x7E", prefers=("en",))
    assert engine.search(asked, PUBLIC).hits[0].article == 9
    put(engine, [document(10, "Bug check 0x7E", "A bug check of the system", lang="en")])
    assert engine.search(asked, PUBLIC).hits[0].article == 10


def test_of_very_many_alike_those_in_the_language_of_the_reader_come_first(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.retrieval.MAX_ALIKE", 20)
    english = [document(at, f"Excel {at}", "of it", lang="en", updated=date(2020, 1, 1)) for at in range(1, 201)]
    chinese = [document(at, f"Excel {at}", "of it", updated=date(2026, 1, 1)) for at in range(201, 401)]
    put(engine, [*english, *chinese])
    hits = engine.search(Query("excel", prefers=("en",)), PUBLIC).hits
    assert len(hits) == 10 and all(hit.article <= 200 for hit in hits)


def test_of_very_many_alike_few_in_the_language_of_the_reader_push_out_no_better_ones(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.retrieval.MAX_ALIKE", 20)
    titled = [document(at, f"授权 {at}", "内容", lang="zh-Hans") for at in range(101, 301)]
    put(engine, [*titled, *(document(at, f"其他 {at}", "也說到授權") for at in (1, 2, 3))])
    hits = engine.search(Query("授權", prefers=("zh-Hant", "zh-Hans")), PUBLIC).hits
    assert len(hits) == 10 and all(hit.article > 100 for hit in hits[:7])


def test_the_best_answer_in_english_to_a_chinese_question_has_a_place_among_the_first(engine: Engine) -> None:
    chinese = [document(at, f"印表機 {at}", "設定。重設。密碼") for at in range(1, 31)]
    english = [document(at, f"Display {at}", "printer password") for at in range(31, 40)]
    answer = document(40, "Reset the printer password", "How to reset the password of a printer", lang="en")
    put(engine, [*chinese, *(replace(each, lang="en") for each in english)])
    assert all(article <= 30 for article in found(engine, "重設印表機密碼")[:9])
    put(engine, [answer])
    first = found(engine, "重設印表機密碼")
    assert 2 <= first.index(40), "below the best in the language of the question"
    hits = engine.search(Query("重設印表機密碼", explain=True), PUBLIC).hits
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    lifted = hits[first.index(40)]
    assert lifted.parts["abroad"] > 0 and sum(lifted.parts.values()) == pytest.approx(lifted.score)
    assert 40 not in found(engine, "重設印表機密碼", filters=Filters(langs=frozenset({"zh-Hant"})))


@pytest.mark.parametrize("typed", ["登", "登入", "登入失", "登入失败", "login fa", "LOGIN", "mailb", "印表機"])
def test_suggestions_come_from_the_first_han_character_or_two_latin_letters(titled: Engine, typed: str) -> None:
    found = suggested(titled, typed)
    assert found
    assert {kind for kind, _, _ in found} <= {"term", "title"}


def test_what_titles_go_on_to_say_is_offered_with_the_most_usual_first(titled: Engine) -> None:
    assert suggested(titled, "登入")[0] == ("term", "登入失败", None)


@pytest.mark.parametrize(
    ("typed", "kind", "article"),
    [
        ("dengrushibai", "pinyin", 2),
        ("dengru", "pinyin", 1),
        ("ybjkz", "pinyin", 4),
        ("ㄉㄥㄖㄨˋㄕㄅㄞˋ", "zhuyin", 2),
        ("ㄉㄥㄖㄨㄕㄅㄞ", "zhuyin", 2),
        ("ㄧㄣˋㄅㄧㄠˇ", "zhuyin", 4),
        ("登入失拜", "typo", 2),
        ("exchagne", "typo", 6),
        ("mailbx", "typo", 6),
        ("KB000004", "number", 4),
        ("kb4", "number", 4),
    ],
)
def test_sounds_slips_and_numbers_are_offered_and_say_so(titled: Engine, typed: str, kind: str, article: int) -> None:
    assert (kind, article) in [(kind, article) for kind, _, article in suggested(titled, typed)]


def test_a_completion_ends_with_a_word_that_tells_something(engine: Engine) -> None:
    put(
        engine,
        [document(1, "無法在遠端電腦列印"), document(2, "無法在遠端電腦登入"), document(3, "登入失敗 - 不受信任")],
    )
    assert suggested(engine, "無法")[0] == ("term", "无法在远端", None), "not 無法在"
    assert suggested(engine, "登入失")[0] == suggested(engine, "登入失敗")[0] == ("term", "登入失败", None)


def test_what_titles_say_in_the_language_of_the_reader_comes_first(engine: Engine) -> None:
    put(
        engine,
        [
            document(1, "Outlook 網頁版", lang="zh-Hant"),
            document(2, "Outlook forms are slow", lang="en"),
            document(3, "Outlook 网页版", lang="zh-Hans"),
        ],
    )
    plain = engine.suggest("outl", PUBLIC, 8)
    for lang, article in (("zh-Hant", 1), ("en", 2), ("zh-Hans", 3)):
        found = engine.suggest("outl", PUBLIC, 8, prefers=(lang,))
        assert len(found) == len(plain)
        assert next(one.source for one in found if one.kind == "term") == article
        assert next(one.article for one in found if one.kind == "title") == article


SPACED = [
    "SharePoint 權限",
    "sharepoint權限不足",
    "Teams 會議錄製",
    "在 Teams 中錄製",
    "OneDrive is full",
    "Forms for MSDN",
    "LNK1201",
]


@pytest.mark.parametrize(
    ("typed", "articles"),
    [
        ("share point", {1, 2}),
        ("share point 權限", {1, 2}),
        ("sharepoint權", {1, 2}),
        ("SharePoint 權限", {1, 2}),
        ("Teams會議", {3}),
        ("在teams", {4}),
        ("one dr", {5}),
        ("for ms", {6}),
        ("lnk 12", {7}),
        ("are point", set()),
    ],
)
def test_blanks_make_no_difference_to_what_is_suggested(engine: Engine, typed: str, articles: set[int]) -> None:
    put(engine, [document(at, title) for at, title in enumerate(SPACED, 1)])
    assert {article for kind, _, article in suggested(engine, typed) if kind == "title"} == articles


def test_a_completion_has_the_blanks_of_its_title(engine: Engine) -> None:
    put(engine, [document(1, "關於 Share Point 權限不足的錯誤"), document(2, "SharePoint Online")])
    completions = {one.text: one.span for one in engine.suggest("share point權", PUBLIC) if one.kind == "term"}
    assert completions == {"share point 权限": (3, 17)}


def test_titles_with_all_the_words_are_suggested_where_none_has_them_as_typed(engine: Engine) -> None:
    titles = [*SPACED, "Recording of Teams", "Full mailbox of Outlook", "Outlook mailbox"]
    put(engine, [document(at, title, lang="zh-Hant" if at < 6 else "en") for at, title in enumerate(titles, 1)])
    assert suggested(engine, "teams 錄製") == [("title", "teams 会议录制", 3), ("title", "在 teams 中录制", 4)]
    assert suggested(engine, "錄製會議") == [("title", "teams 会议录制", 3)]
    assert suggested(engine, "teams rec") == [("title", "recording of teams", 8)]
    assert suggested(engine, "full outl") == [("title", "full mailbox of outlook", 9)]
    assert suggested(engine, "mailbox teams") == []
    both = [one.article for one in engine.suggest("mailbox outl", PUBLIC, 8, prefers=("en",))]
    assert both == [10, 9], "the shorter first"
    put(engine, [document(11, "Outlook 錯誤: mailbox", lang="zh-Hant")])
    assert [one.article for one in engine.suggest("mailbox outl", PUBLIC, 8, prefers=("zh-Hant",))] == [11, 10, 9]
    assert [one.article for one in engine.suggest("mailbox outl", PUBLIC, 1, prefers=("zh-Hant",))] == [11]


@pytest.mark.parametrize(
    ("typed", "articles"),
    [
        ("how do I renew RDP certificates", [1]),
        ("怎麼設定 Outlook 簽名", [4]),
        ("RDP certificates renewing", [1]),
        ("certificates RDP renewing tw", [1, 2]),
        ("certificates renewing twi", [2]),
        ("certificates renewal yearly RDP printer", []),
        ("mailbox full Outlook", [3]),
        ("printer mailbox Outlook", []),
        ("outlook can", [5]),
        ("can Outlook signat", [4]),
        ("Outlook 錯", [6, 7]),
        ("how", []),
    ],
)
def test_titles_with_most_of_what_tells_are_suggested(engine: Engine, typed: str, articles: list[int]) -> None:
    """Words that ask need not be there, of others the stem, and of three one may be missing where no title has all."""
    titles = [
        "RDP certificate renewed",
        "Certificates are renewed twice",
        "Full mailbox",
        "設定 Outlook 的簽名 (signatures)",
        "Cancelling in Outlook",
        "修正 Outlook 發生的錯誤",
        "偵錯 Outlook 巨集",
        "Printers",
    ]
    put(engine, [document(at, title) for at, title in enumerate(titles, 1)])
    assert [article for kind, _, article in suggested(engine, typed) if kind == "title"] == articles


def test_a_completion_is_no_word_that_was_cut_wrongly(engine: Engine) -> None:
    put(engine, [document(at, "导致出现蓝屏且具有离散式 GPU") for at in (1, 2)])
    assert [text for kind, text, _ in suggested(engine, "蓝屏") if kind == "term"] == ["蓝屏"]


def test_numbers_are_suggested_the_shortest_first(engine: Engine) -> None:
    hidden = [document(at, f"Hidden {at}", grants=["staff"]) for at in range(1000, 1150)]
    put(engine, [*hidden, *(document(at, f"Of {at}") for at in (1, 12, 199, 1049, 1300, 10491, 2))])
    assert [each.article for each in engine.suggest("KB1", PUBLIC, 20) if each.kind == "number"] == [
        1,
        12,
        199,
        1049,
        1300,
        10491,
    ]
    assert [each.article for each in engine.suggest("KB1", PUBLIC, 4) if each.kind == "number"] == [1, 12]
    assert suggested(engine, "KB1149") == []


def test_what_sounds_alike_begins_with_a_word(engine: Engine) -> None:
    put(engine, [document(1, "變更 Admin 密碼"), document(2, "移除 dumpcab(建立轉儲檔)")])
    assert suggested(engine, "adminmima")[0] == ("pinyin", "admin 密码", None)
    assert suggested(engine, "nmima") == [] == suggested(engine, "abjianli")


def assert_meant(engine: Engine, asked: str, meant: str | None) -> None:
    """What everyone is told that is meant, and who reads nothing is not."""
    found = engine.respelled(asked, PUBLIC)
    assert (found and found.text) == meant
    assert engine.respelled(asked, NOBODY) is None


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("exchagne mailbox full", "exchange mailbox full"),
        ("Mailbx 已滿", "mailbox 已滿"),
        ("LOGIN faild", "LOGIN failed"),
        ("mailBx full", "mailbox full"),
        ("MailBoxNo", None),
        ("login faild", "login failed"),
        ("login failed", None),
        ("loginx9 0x8007 mailboxes", None),
        ("-exchagne mailbox", None),
        ("title:exchagne mailbox", None),
        ("quartz", None),
        ("登入", None),
        ("", None),
    ],
)
def test_words_that_nothing_says_are_put_as_titles_have_them(titled: Engine, asked: str, meant: str | None) -> None:
    assert_meant(titled, asked, meant)


def test_no_word_is_put_as_what_only_others_read_has_it(engine: Engine) -> None:
    put(engine, [document(1, "Exchange mailbox", grants=["staff"]), document(2, "Outlook exchagned")])
    assert engine.respelled("exchagne", PUBLIC) is None
    assert engine.respelled("exchagne", scope("staff")) == Respelled("exchange", (("exchange", 1),))
    put(engine, [document(1, "Outlook", grants=["staff"])])
    assert engine.respelled("exchagne", scope("staff")) is None


def test_a_typo_that_next_to_nothing_says_is_one_all_the_same(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.respelling.ONE_IN", 100)
    many = [document(at, f"Windows update {at}", grants=["staff"]) for at in range(1, 101)]
    once = document(101, "Computers", "The windwos update fails. So does the excahnge of keys.")
    put(engine, [*many, once, document(102, "Windows and exchange of keys"), document(103, "Keys", "The certficates.")])
    assert engine.respelled("windwos update", scope("public", "staff")) == Respelled(
        "windows update", (("windows", 102),)
    )
    assert engine.respelled("windwos update", PUBLIC) is None, "of three articles, one is not next to nothing"
    assert engine.respelled("excahnge", scope("public", "staff")) is None, "not many times as usual"
    put(engine, [document(104, "Windwos")])
    assert engine.respelled("windwos update", scope("public", "staff")) is None, "a title has it"


def test_of_words_as_near_that_beside_the_others_is_meant(engine: Engine) -> None:
    titles = ["Visual styles", "Visual themes", "Visual", "Virtual machines", "計畫 virtual"]
    put(engine, [document(at, title) for at, title in enumerate(titles, 1)])
    put(engine, [document(at, "Visual machine", grants=["staff"]) for at in (11, 12)])
    for asked, meant in (
        ("vitual machine", "virtual machine"),
        ("vitual 計畫", "virtual 計畫"),
        ("the vitual", "the visual"),
    ):
        found = engine.respelled(asked, PUBLIC)
        assert found and found.text == meant
    found = engine.respelled("vitual machine", scope("public", "staff"))
    assert found and found.text == "visual machine"


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("out look 收不到信", "outlook 收不到信"),
        ("my Power Point crashes", "my powerpoint crashes"),
        ("sqlserver 連線", "sql server 連線"),
        ("the windowsserver sqlserver", "the windows server sql server"),
        ("data base", None),
        ("out-look", None),
        ("out, look", None),
        ("title:out look", None),
        ("server windows", None),
        ("serversql", None),
    ],
)
def test_words_run_together_or_apart_are_put_as_titles_have_them(engine: Engine, asked: str, meant: str | None) -> None:
    titles = "Outlook fails", "SQL Server", "Windows Server", "PowerPoint", "Database of one", "Data base", "Look out"
    put(engine, [document(at, title) for at, title in enumerate(titles, 1)])
    assert_meant(engine, asked, meant)


def test_no_word_is_parted_or_joined_as_what_only_others_read_has_it(engine: Engine) -> None:
    put(engine, [document(1, "SQL Server", grants=["staff"]), document(2, "Outlook", grants=["staff"])])
    put(engine, [document(3, "SQL"), document(4, "A server"), document(5, "Out"), document(6, "Look")])
    for asked, said, article in ("sqlserver", "sql server", 1), ("out look", "outlook", 2):
        assert engine.respelled(asked, PUBLIC) is None
        assert engine.respelled(asked, scope("public", "staff")) == Respelled(said, ((said, article),))


def test_what_the_vocabulary_knows_is_not_misspelt(engine: Engine) -> None:
    put(engine, [document(1, "Servers"), document(2, "Mailboxed"), document(3, "伺服器")])
    assert engine.respelled("server mailboxes", PUBLIC) is None
    assert engine.respelled("severs", PUBLIC) == Respelled("servers", (("servers", 1),))


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("憑正過期", "憑證過期"),
        ("凭正过期怎么办", "凭证过期怎么办"),
        ("Outlook 備分資料庫 faild", "Outlook 備份資料庫 failed"),
        ("文件家共用", "文件夾共用"),
        ("印表雞", "印表機"),
        ("組側略", "組策略"),
        ("憑證過期", None),
        ("登陸", None),
        ("過期憑正", "過期憑證"),
        ("-憑正", None),
        ("title:憑正", None),
        ("數句", None),
        ("憑", None),
    ],
)
def test_han_words_are_put_as_titles_have_what_sounds_the_same(engine: Engine, asked: str, meant: str | None) -> None:
    titles = "憑證過期", "備份資料庫", "文件夾共用", "印表機卡紙", "登錄 failed", "函數據說", "組策略"
    put(engine, [document(at, title, lang="zh-Hant") for at, title in enumerate(titles, 1)])
    assert_meant(engine, asked, meant)


def test_no_han_word_is_put_as_what_only_others_read_has_it(engine: Engine) -> None:
    put(engine, [document(1, "憑證過期", grants=["staff"]), document(2, "密碼", "過期")])
    assert engine.respelled("憑正過期", PUBLIC) is None
    assert engine.respelled("憑正過期", scope("public", "staff")) == Respelled("憑證過期", (("凭证", 1),))
    put(engine, [document(3, "密碼", "憑正過期")])
    assert engine.respelled("憑正過期", scope("public", "staff")) is None, "something says it"


def test_suggestions_are_within_the_scope(engine: Engine) -> None:
    put(engine, [document(1, "登入失敗", grants=["staff"]), document(2, "登入成功")])
    assert {article for _, _, article in suggested(engine, "登入") if article} == {2}
    assert suggested(engine, "登入失") == []
    assert suggested(engine, "KB000001") == []
    assert suggested(engine, "dengrushi") == []
    assert list(engine.suggest("登入", NOBODY)) == []


def test_suggestions_that_were_asked_before_are_of_what_there_is_now(engine: Engine) -> None:
    put(engine, [document(1, "登入失敗"), document(2, "登入成功", grants=["staff"])])
    assert {article for _, _, article in suggested(engine, "登入") if article} == {1}
    assert {article for _, _, article in suggested(engine, "登入", "public", "staff") if article} == {1, 2}
    put(engine, [document(1, "無法開啟"), document(3, "登入逾時")])
    assert {article for _, _, article in suggested(engine, "登入") if article} == {3}
    assert {article for _, _, article in suggested(engine, "登入", "public", "staff") if article} == {2, 3}


def test_homophones_are_suggested_never_found(engine: Engine) -> None:
    put(engine, [document(1, "經典文章"), document(2, "景點介紹")])
    assert found(engine, "景點") == [2]
    assert found(engine, "經典") == [1]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=80) | st.text("登入ㄉㄥlog '\"*-", max_size=20))
def test_no_text_is_too_odd_to_complete(titled: Engine, text: str) -> None:
    assert len(titled.suggest(text, PUBLIC)) <= 8


def test_of_two_alike_the_one_that_helped_comes_first(engine: Engine) -> None:
    put(engine, [document(1, "授權伺服器逾時", "重新啟動"), document(2, "授權伺服器逾時", "重新啟動", helpful=0.5)])
    assert [hit.article for hit in engine.search(Query("授權伺服器逾時"), PUBLIC).hits] == [2, 1]


def test_of_two_alike_the_validated_and_then_the_newer_comes_first(engine: Engine) -> None:
    alike = {
        1: document(1, "授權逾時", "重啟", confidence="work_in_progress"),
        2: document(2, "授權逾時", "重啟", updated=date(2018, 1, 1)),
        3: document(3, "授權逾時", "重啟"),
    }
    put(engine, alike.values())
    found = engine.search(Query("授權逾時", today=date(2026, 6, 1)), PUBLIC).hits
    assert [hit.article for hit in found] == [3, 2, 1]


@pytest.mark.parametrize("asked", ["授權伺服器逾時", "license server timeout", "ORA-01017", "逾時"])
def test_reputation_never_buries_a_literal_match(engine: Engine, asked: str) -> None:
    worst = document(1, asked, asked, helpful=-1.0, confidence="work_in_progress", updated=date(1990, 1, 1))
    best = [document(at, f"關於 {asked[:-1]} 的事", asked[:-1], helpful=1.0) for at in range(2, 8)]
    put(engine, [worst, *best])
    assert engine.search(Query(asked, today=date(2026, 6, 1)), PUBLIC).hits[0].article == 1


@pytest.mark.parametrize("asked", ["授權逾時", "license timeout", "KB000002", "ORA-01017 授權", "伺服器"])
def test_the_parts_of_a_score_add_up_to_it(engine: Engine, asked: str) -> None:
    texts = ("授權伺服器逾時", "License server timeout", "服务器 ORA-01017")
    put(engine, [document(at, text, text, helpful=0.2) for at, text in enumerate(texts, 1)])
    plain, explained = (engine.search(Query(asked, explain=explain), PUBLIC).hits for explain in (False, True))
    assert plain and not any(hit.parts for hit in plain)
    assert [(hit.article, hit.score) for hit in plain] == [(hit.article, hit.score) for hit in explained]
    for hit in explained:
        assert set(hit.parts) <= set(PARTS)
        assert sum(hit.parts.values()) == pytest.approx(hit.score, rel=1e-4)


def test_a_number_is_met_whole_or_not_at_all(engine: Engine) -> None:
    put(engine, [document(1, "Service stops", "event ID 1274 is logged"), document(2, "Other", "x event id 12 y " * 2)])
    assert [hit.article for hit in engine.search(Query("Event ID 12"), PUBLIC).hits][:1] == [2]
    parts = engine.search(Query("Event ID 12", explain=True), PUBLIC).hits[-1]
    assert parts.article == 1 and "quoted" not in parts.parts


def test_a_message_or_a_code_at_the_end_of_a_very_long_text_is_quoted_all_the_same(engine: Engine) -> None:
    log = "別的紀錄 another line of the log\n" * (SEEN // 30)
    put(engine, [document(1, "Long", f"{log}石英代理逾時 0x80070005\n"), document(2, "Short", "石英 代理 逾時")])
    found = {hit.article: hit.parts for hit in engine.search(Query("石英代理逾時", explain=True), PUBLIC).hits}
    assert found[1]["quoted"] > 0 and "quoted" not in found[2]
    (first,) = engine.search(Query("0x80070005", explain=True), PUBLIC).hits
    assert first.article == 1 and first.parts["codes"] > 0


def test_a_word_in_two_forms_counts_in_both(engine: Engine) -> None:
    put(engine, [document(1, "篩選條件", "如何設定"), document(2, "其他", "別的事情")])
    asked = "filter", "filters filter"
    once, twice = (engine.search(Query(each, explain=True), PUBLIC).hits[0].parts for each in asked)
    assert once["vocabulary"] > 0 and twice["vocabulary"] == pytest.approx(once["vocabulary"], rel=1e-3)


@pytest.mark.parametrize("asked", ["無法連線到伺服器", "「無法連線到伺服器」", "無法連線到伺服器。"])
def test_a_message_in_marks_comes_before_the_same_words_in_a_sentence(engine: Engine, asked: str) -> None:
    sentence = "若無法連線到伺服器請檢查網路，無法連線到伺服器時請重試。\n"
    shown = "其他的步驟請見下一節。\n畫面顯示 “無法連線到伺服器。”\n"
    put(engine, [document(1, "指南甲", sentence), document(2, "指南乙", shown), document(3, "指南丙", "伺服器")])
    first, second, *_ = engine.search(Query(asked, explain=True), PUBLIC).hits
    assert [first.article, second.article] == [2, 1]
    assert first.parts["in_marks"] > 0 and "in_marks" not in second.parts and second.parts["quoted"] > 0


@pytest.mark.parametrize(
    "asked",
    [
        "The web exchange failed with HTTP status 504: quartz timeout",
        "網頁代理伺服器傳回錯誤 (504) 要求未能完成，石英已經延長",
    ],
)
def test_a_message_with_words_wrong_finds_the_article_that_has_the_rest_of_it(engine: Engine, asked: str) -> None:
    apart = "The exchange of quartz. Web pages.\n\n石英延長了。網頁，錯誤，要求。\n\n"
    message = (
        "The web request failed with HTTP status 504: gateway timeout\n\n網頁遠端伺服器傳回錯誤 (504) 要求未能完成"
    )
    put(
        engine,
        [
            document(1, "Gateways", f"First this.\n\n{message}，逾時已經延長"),
            document(2, "quartz exchange 石英延長", apart),
        ],
    )
    put(engine, [document(at, f"Other {at}", f"{at} " + apart) for at in range(3, 9)])
    first, *others = engine.search(Query(asked, explain=True), PUBLIC).hits
    assert first.article == 1 and first.parts["nearly"] > 0
    assert not any("nearly" in each.parts for each in others)
    put(engine, [document(9, asked, "別的事情")])
    first, *others = engine.search(Query(asked, explain=True), PUBLIC).hits
    assert first.article == 9 and not any("nearly" in each.parts for each in (first, *others))


def test_an_article_about_it_comes_before_one_that_mentions_it(engine: Engine) -> None:
    other = "這裡說的是別的事情，與授權無關的步驟很多。\n" * 40
    put(
        engine,
        [
            document(1, "指南甲", f"{other}設定代理伺服器\n{other}"),
            document(2, "指南乙", f"設定代理伺服器\n{other}{other}"),
            document(3, "指南丙", f"{other}先設定網路，再看代理，最後是伺服器。\n{other}"),
        ],
    )
    assert found(engine, "設定代理伺服器") == [2, 1, 3]


def test_words_that_ask_count_less_than_what_is_asked_about(engine: Engine) -> None:
    put(
        engine,
        [
            document(1, "聯絡我們", "請問如何與我們聯絡，請來電。請問有什麼需要？"),
            document(2, "海葬", "海葬的費用由申請人繳交。"),
            *(document(at, f"公告{at}", "一般公告的內容，費用另計。") for at in range(3, 9)),
        ],
    )
    assert found(engine, "請問如何申請海葬？")[0] == 2


def test_a_product_named_in_a_question_counts_as_if_the_text_said_it(engine: Engine) -> None:
    put(
        engine,
        [
            document(1, "驗證碼", "無法取得驗證碼時，請重新傳送。", product="mathcad"),
            document(2, "驗證碼", "無法取得驗證碼時，請重新傳送。", product="creo"),
        ],
    )
    assert found(engine, "creo 驗證碼")[0] == 2


@pytest.mark.parametrize(("wanted", "asked"), [("zh-Hant", "登入 401"), ("zh-Hans", "登录 401"), ("en", "login 401")])
def test_of_translations_the_readers_own_comes_first_however_short_the_others(
    engine: Engine, wanted: str, asked: str
) -> None:
    titles = {"zh-Hant": "登入 Windchill 失敗", "zh-Hans": "登录 Windchill 失败", "en": "Login to Windchill fails"}
    texts = {lang: LOGIN[lang] + (LOGIN[lang] if lang == wanted else "") for lang in titles}
    langs = sorted(titles)
    put(engine, [document(at, titles[lang], texts[lang], lang=lang) for at, lang in enumerate(langs, 1)])
    assert found(engine, asked, prefers=(wanted,))[0] == langs.index(wanted) + 1


def test_an_article_of_another_language_is_looked_at_in_its_own_words(engine: Engine) -> None:
    much = "There is more to say about something else here. " * 30
    put(
        engine,
        [
            document(1, "Notes", f"{much}\n\nYou may merge cells.", lang="en"),
            document(2, "Notes", f"You may merge cells.\n\n{much}", lang="en"),
        ],
    )
    assert found(engine, "合併儲存格") == [2, 1], "who opens with it is about it"


def test_english_words_are_found_in_articles_of_any_language(engine: Engine) -> None:
    others = [document(at, f"公告{at}", "一般公告的內容") for at in range(2, 6)]
    put(engine, [document(1, "Paths", "This section contains the default paths of folders."), *others])
    assert found(engine, "路徑 預設值") == [1]


def test_a_word_that_no_article_says_takes_nothing_from_the_others(engine: Engine) -> None:
    put(
        engine,
        [document(1, "授權到期", "授權到期時請續約"), document(2, "授權", "授權說明"), document(3, "其他", "無關")],
    )
    hits = [engine.search(Query(text, explain=True), PUBLIC).hits for text in ("授權到期", "授權到期 zzqxy")]
    assert [hit.article for hit in hits[0]] == [hit.article for hit in hits[1]]
    assert hits[0][0].parts["covered"] == pytest.approx(hits[1][0].parts["covered"], rel=1e-2)


def test_words_that_ask_alone_are_no_match_where_there_are_others(engine: Engine) -> None:
    put(engine, [document(1, "Gateway", "reset it"), document(2, "Cooking", "how to cook the rice")])
    assert found(engine, "how to reset the gateway") == [1]
    assert found(engine, "how to") == [2], "all there is to go by"


def translated(engine: Engine, *, readers: str = "public") -> None:
    """Two articles that say as much of `trash`; the second has a translation that is all about it."""
    filler = "還有許多別的事情要說。" * 20
    put(
        engine,
        [
            document(1, "資料夾", f"{filler}資源回收筒 trash"),
            document(2, "資料夾", f"{filler}資源回收筒 trash", group=7),
            document(3, "Empty the trash", "How the trash is emptied.", lang="en", group=7, grants=(readers,)),
            *(document(at, f"公告{at}", "一般公告的內容") for at in range(4, 9)),
        ],
    )


def test_what_a_translation_says_counts_for_an_article(engine: Engine) -> None:
    translated(engine)
    chinese = Filters(langs=frozenset({"zh-Hant"}))
    hits = engine.search(Query("empty trash", chinese, explain=True), PUBLIC).hits
    assert [hit.article for hit in hits] == [2, 1]
    assert hits[0].parts["translated"] > 0
    assert "translated" not in hits[1].parts
    assert sum(hits[0].parts.values()) == pytest.approx(hits[0].score)


def test_a_translation_that_the_reader_may_not_read_says_nothing(engine: Engine) -> None:
    translated(engine, readers="staff")
    query = Query("empty trash", Filters(langs=frozenset({"zh-Hant"})), explain=True)
    hits = engine.search(query, PUBLIC).hits
    assert [hit.article for hit in hits] == [1, 2]
    assert hits[0].parts == hits[1].parts
    assert engine.search(query, scope("staff", "public")).hits[0].article == 2


def test_a_translation_left_out_of_a_search_says_nothing(engine: Engine) -> None:
    translated(engine)
    assert found(engine, "empty trash", without=frozenset({3}), filters=Filters(langs=frozenset({"zh-Hant"}))) == [1, 2]


def test_little_words_that_articles_are_full_of_are_not_marked(engine: Engine) -> None:
    put(engine, [document(at, f"第{at}篇的標題", "the text of it in an article 的內文") for at in range(1, 9)])
    put(engine, [document(9, "登入的密碼", "the password in the log")])
    assert set(engine.search(Query("登入的密碼 in the log"), PUBLIC).marks.asked) == {"登入", "密码", "log"}
    assert set(engine.search(Query("的 the"), PUBLIC).marks.asked) == {"的", "the"}, "all there is to mark"


def test_single_characters_are_marked_where_the_text_is_cut_so(engine: Engine) -> None:
    others = [document(id_, f"印表機 {id_}") for id_ in range(2, 9)]
    put(engine, [document(1, "設定電子郵件", "我了解了電子郵件的設定，可設信箱"), *others])
    found = engine.search(Query("子 設 了 信箱"), PUBLIC)
    assert shown_of("我了解了電子郵件的設定，可設信箱", found) == ["了", "設", "信箱"]
    assert shown_of("設定電子郵件", engine.search(Query("設"), PUBLIC)) == ["設"], "all there is to mark"
    assert engine.search(Query("設"), PUBLIC) == engine.search(Query("設"), PUBLIC)


def shown_of(text: str, found: Hits) -> list[str]:
    return [piece for piece, hit in marked(text, found.marks, fold).pieces() if hit]
