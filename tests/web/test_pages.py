"""What the pages say."""

from __future__ import annotations

import logging
import re
from html import unescape
from urllib.parse import quote, unquote

import pytest

from kb import patience
from tests.site import ReadySite, Visitor


def links(page: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'href="([^"]+)"', page)]


def hits(page: str) -> list[str]:
    return re.findall(r'<h2 lang="[\w-]+"><a href="/articles/(\w+)"', page)


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", page)))


def test_home_shows_what_one_may_read(visitors: dict[str, Visitor]) -> None:
    anonymous = visitors["anonymous"].get("/").get_data(as_text=True)
    assert "/search?product=support" in links(anonymous)
    assert "/search?product=windchill" not in links(anonymous)
    gold = visitors["gold"].get("/").get_data(as_text=True)
    assert "/search?product=windchill" in links(gold) and "/search?product=creo" not in links(gold)
    assert "隨選系統掃描" in gold, "what the package includes"
    assert "合約已到期" in visitors["ended"].get("/").get_data(as_text=True)
    assert "內部檢視" in visitors["engineer"].get("/").get_data(as_text=True)


def test_home_shows_one_language_of_an_article(visitors: dict[str, Visitor]) -> None:
    page = visitors["gold"].get("/").get_data(as_text=True)
    assert "KB900002" in page and "KB900003" not in page and "KB900004" not in page
    page = visitors["gold"].get("/", headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert "KB900004" in page and "KB900002" not in page


def test_results_count_and_mark(visitors: dict[str, Visitor]) -> None:
    page = visitors["gold"].get("/search?q=LDAP&lang=zh-Hant").get_data(as_text=True)
    assert hits(page)[0] == "KB900002"
    assert "「LDAP」" not in page and "<q>LDAP</q>找到" in page
    assert "<mark>LDAP</mark>" in page


def test_facets_count_choose_and_take_back(visitors: dict[str, Visitor]) -> None:
    visitor = visitors["engineer"]
    page = visitor.get("/search?q=Windchill").get_data(as_text=True)
    assert "/search?q=Windchill&lang=en" in links(page)
    chosen = visitor.get("/search?q=Windchill&lang=en").get_data(as_text=True)
    assert 'aria-current="true"><span class="box"' in chosen
    assert "/search?q=Windchill" in links(chosen), "takes it back"
    assert "/search?q=Windchill&lang=en&lang=zh-Hans" in links(chosen), "any of several"
    both = visitor.get("/search?q=Windchill&lang=en&lang=zh-Hans").get_data(as_text=True)
    assert set(hits(both)) == {"KB900003", "KB900004"}
    for key in ("product", "version", "type", "lang", "date"):
        assert re.search(rf"[?&]{key}=", unescape(page)), key


def test_a_product_is_named_to_those_who_see_an_article_of_it(visitors: dict[str, Visitor]) -> None:
    address = "/search?q=登入&product=integrity"
    assert "Integrity Lifecycle" in visitors["gold_plus"].get(address).get_data(as_text=True)
    assert "Integrity Lifecycle" not in visitors["anonymous"].get(address).get_data(as_text=True)


def test_what_was_typed_of_a_facet_is_chosen_in_it(visitors: dict[str, Visitor]) -> None:
    visitor = visitors["engineer"]
    for typed in ("product:windchill+lang:en+login", "login+PRODUCT:Windchill+lang:English"):
        page = visitor.get(f"/search?q={typed}").get_data(as_text=True)
        assert "/search?q=login&product=windchill" in links(page), "takes the language back"
        assert hits(page) == hits(visitor.get("/search?q=login&product=windchill&lang=en").get_data(as_text=True)) != []
    page = visitor.get("/search?q=product:windchill+登入").get_data(as_text=True)
    assert f"/search?q={quote('登入')}&product=support&product=windchill" in links(page), "any of several"
    total = visitor.get("/api/v1/search?q=product:windchill+login&product=creo").get_json()["total"]
    assert total == visitor.get("/api/v1/search?q=login&product=creo&product=windchill").get_json()["total"] > 0
    page = visitor.get("/search?q=product:windchill+-login").get_data(as_text=True)
    assert "/search?q=-login" not in page, "what to leave out alone is no question"
    nonsense = visitor.get("/search?q=type:nonsense+login")
    assert nonsense.status_code == 200 and hits(nonsense.get_data(as_text=True))


def test_a_version_that_no_article_is_of_is_words(visitors: dict[str, Visitor]) -> None:
    pasted = "/search?q=登入+version:16.0.4266"
    page = visitors["gold"].get(pasted).get_data(as_text=True)
    assert hits(page) == hits(visitors["gold"].get("/search?q=登入+version:+16.0.4266").get_data(as_text=True)) != []
    assert visitors["gold"].get("/api/v1" + pasted).get_json()["total"] > 0
    assert "&version=" not in page.partition('rel="canonical"')[0] and 'value="登入 version: 16.0.4266"' in page


def test_a_product_is_known_by_name_to_those_who_see_an_article_of_it(visitors: dict[str, Visitor]) -> None:
    address = '/search?q=product:"Integrity+Lifecycle"+登入'
    assert "/search?q=%E7%99%BB%E5%85%A5&product=integrity" not in links(
        visitors["anonymous"].get(address).get_data(as_text=True)
    )
    page = visitors["anonymous"].get(address).get_data(as_text=True)
    absent = visitors["anonymous"].get('/search?q=product:"Nowhere+Lifecycle"+登入').get_data(as_text=True)
    assert page.replace("integrity", "nowhere").replace("Integrity", "Nowhere") == absent


def test_what_was_searched_for_as_it_stands_is_said_and_left_out_on_demand(visitors: dict[str, Visitor]) -> None:
    page = visitors["gold"].get("/search?q=windchill+ant+-f").get_data(as_text=True)
    assert "<q>-f</q> 照原樣搜尋" in page and "已略過" not in page
    assert "/search?q=windchill+ant+-%22f%22" in links(page)
    assert "照原樣" not in visitors["gold"].get('/search?q=windchill+ant+-"f"').get_data(as_text=True)
    answer = visitors["gold"].get("/api/v1/search?q=windchill+ant+-f").get_json()
    assert answer["literal"] == ["-f"]


def test_what_is_left_out_is_said_and_taken_back(visitors: dict[str, Visitor]) -> None:
    page = visitors["gold"].get("/search?q=登入+-Windchill").get_data(as_text=True)
    assert "已略過寫有 Windchill 的文章" in text_of(page)
    assert "/search?q=%E7%99%BB%E5%85%A5+Windchill" in links(page)
    assert "已略過" not in visitors["gold"].get("/search?q=登入").get_data(as_text=True)


def test_a_misspelt_word_is_offered_as_titles_have_it(visitors: dict[str, Visitor]) -> None:
    for asked in ("Wnidchill+登入", "Wnidchill"):
        page = visitors["gold"].get(f"/search?q={asked}").get_data(as_text=True)
        assert "您要找的是不是： windchill" in text_of(page), asked
    assert "您要找的是不是" not in visitors["gold"].get("/search?q=Windchill").get_data(as_text=True)
    assert "您要找的是不是" not in visitors["anonymous"].get("/search?q=Wnidchill").get_data(as_text=True)


def test_pages_and_order(visitor: Visitor) -> None:
    first = visitor.get("/search?q=分頁&sort=title").get_data(as_text=True)
    second = visitor.get("/search?q=分頁&sort=title&page=2").get_data(as_text=True)
    assert len(hits(first)) == 10 and len(hits(second)) == 2
    assert not set(hits(first)) & set(hits(second))
    assert 'rel="next"' in first and 'rel="prev"' in second and 'rel="next"' not in second
    newest = visitor.get("/search?q=分頁&sort=updated").get_data(as_text=True)
    dates = re.findall(r'<time datetime="([\d-]+)"', newest)
    assert dates == sorted(dates, reverse=True)


def test_browsing_a_product(visitors: dict[str, Visitor]) -> None:
    page = visitors["gold"].get("/search?product=windchill").get_data(as_text=True)
    assert "KB900006" in hits(page) and "KB900001" not in hits(page)


def test_nothing_found_helps(visitors: dict[str, Visitor]) -> None:
    page = visitors["gold"].get("/search?q=LDAP&lang=zh-Hant&type=faq").get_data(as_text=True)
    assert "找不到符合" in page
    assert re.search(r"不套用篩選時有 \d+ 篇", page)
    page = visitors["anonymous"].get("/search?q=zzzqqqxxx").get_data(as_text=True)
    assert "可以試試" in page and "登入後再搜尋" in page


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "{0}", "%(a)s"]
)
def test_what_was_asked_is_text(visitor: Visitor, text: str) -> None:
    for path in ("/search", "/api/v1/search"):
        page = visitor.get(path, query_string={"q": text}).get_data(as_text=True)
        assert "<script>alert" not in page and "<img src=x" not in page and "49" not in text_of(page).partition("找")[0]


def test_an_article(visitors: dict[str, Visitor]) -> None:
    page = visitors["gold"].get("/articles/KB900002").get_data(as_text=True)
    assert 'data-copy="KB900002"' in page
    assert "適用版本" in page and ">12.1<" in page
    assert 'href="#' in page and "本文內容" in page
    assert "/articles/KB900002/attachments/sample.log" in links(page)
    assert {"/articles/KB900003", "/articles/KB900004"} <= set(links(page))
    assert "相關文章" in page
    assert "<table" in page and "<pre>" in page


def test_yes_it_helped(site: ReadySite) -> None:
    visitor = site.visitor("gold")
    answer = visitor.post("/articles/KB900002/helpful", {"helpful": "yes"}, form="/articles/KB900002")
    assert answer.headers["Location"] == "/articles/KB900002?answer=yes#helpful"
    assert "很高興有幫上忙" in visitor.get(answer.headers["Location"]).get_data(as_text=True)


def test_no_and_why(site: ReadySite) -> None:
    visitor = Visitor(site.app.test_client())
    answer = visitor.post("/articles/KB900001/helpful", {"helpful": "no"}, form="/articles/KB900001")
    asked = answer.headers["Location"]
    assert asked == "/articles/KB900001?answer=no#helpful"
    assert "照著做仍未解決" in visitor.get(asked).get_data(as_text=True)
    form = {"helpful": "no", "reason": "outdated", "comment": "12.0 之後不同了"}
    answer = visitor.post("/articles/KB900001/helpful", form, form=asked.partition("#")[0])
    assert answer.headers["Location"] == "/articles/KB900001?answer=thanks#helpful"


@pytest.mark.parametrize(
    "form", [{"helpful": "maybe"}, {"helpful": "no", "reason": "dull"}, {"helpful": "no", "comment": "x" * 1001}]
)
def test_a_wrong_answer_is_refused_by_name(site: ReadySite, form: dict[str, str]) -> None:
    visitor = site.visitor("gold")
    answer = visitor.post("/articles/KB900002/helpful", form, form="/articles/KB900002")
    assert answer.status_code == 400
    assert f"參數 {list(form)[-1]} " in answer.get_data(as_text=True)


def test_nobody_votes_on_what_he_cannot_read(site: ReadySite) -> None:
    visitor = site.visitor("silver")
    for number in ("KB900002", "KB999999"):
        assert (
            visitor.post(f"/articles/{number}/helpful", {"helpful": "yes"}, form="/articles/KB900001").status_code
            == 404
        )


def test_a_broken_store_is_told_plainly(broken_site: ReadySite) -> None:
    client = broken_site.app.test_client()
    page = client.get("/")
    assert page.status_code == 503 and "服務暫時無法使用" in page.get_data(as_text=True)
    assert page.headers["Retry-After"]
    assert client.get("/api/v1/search?q=a").status_code == 503
    assert client.get("/livez").status_code == 200
    ready = client.get("/readyz")
    assert ready.status_code == 503 and ready.get_json()["store"] == "failing"


def warned(site: ReadySite, caplog: pytest.LogCaptureFixture, *paths: str) -> list[str]:
    for path in paths:
        site.app.test_client().get(path)
    records = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert not any(record.exc_info for record in records)
    return [record.getMessage() for record in records]


def test_a_store_that_is_away_is_logged_in_a_line(broken_site: ReadySite, caplog: pytest.LogCaptureFixture) -> None:
    empty = "the store is empty; run: kb init"
    said = warned(broken_site, caplog, "/", "/readyz", "/readyz")
    assert said == [f"{part}: {empty}" for part in ("unavailable", "store", "index")]


def test_an_index_that_is_away_is_logged_in_a_line(plain_site: ReadySite, caplog: pytest.LogCaptureFixture) -> None:
    assert warned(plain_site, caplog, "/readyz", "/readyz") == ["index: there is no index"]


def test_a_fault_of_ours_is_told_without_its_inside(site: ReadySite, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(type(site.store), "browse", fail)
    monkeypatch.setattr(site.app, "testing", False)
    answer = site.app.test_client().get("/")
    assert answer.status_code == 500
    assert "系統發生錯誤" in answer.get_data(as_text=True) and "secret" not in answer.get_data(as_text=True)
    assert 'http-equiv="refresh"' not in answer.get_data(as_text=True)


def test_budget_of_scripts_and_styles(site: ReadySite) -> None:
    files = site.app.extensions["kb-assets"].files
    packed = {name: len(asset.packed or asset.content) for name, asset in files.items()}
    assert sum(size for name, size in packed.items() if name.endswith(".js")) <= 25 * 1024
    assert sum(size for name, size in packed.items() if name.endswith(".css")) <= 15 * 1024


def test_what_is_asked_in_vain_is_noted_for_authors(site: ReadySite, visitors: dict[str, Visitor]) -> None:
    for kind in ("gold", "gold", "anonymous"):
        visitors[kind].get("/search?q=qqzzxxa")
    visitors["gold"].get("/search?q=qqzzxxb&product=creo")
    visitors["gold"].get("/search?q=登入")
    assert [(gap.asked, gap.count) for gap in site.store.gaps() if "qqzzxx" in gap.asked] == [("qqzzxxa", 2)]
    assert all(gap.asked != "登入" for gap in site.store.gaps())


def test_when_nothing_is_found_it_says_which_word_to_drop(visitors: dict[str, Visitor]) -> None:
    page = visitors["gold"].get('/search?q=登入+"no+such+phrase+anywhere"').get_data(as_text=True)
    assert "少一個條件就有結果" in page
    assert 'href="/search?q=%E7%99%BB%E5%85%A5"' in page
    assert "少一個條件就有結果" not in visitors["gold"].get("/search?q=zzzqqq").get_data(as_text=True)


def test_a_phrase_that_nothing_says_is_offered_without_its_marks(visitors: dict[str, Visitor]) -> None:
    page = visitors["gold"].get('/search?q="登入失敗的帳號"').get_data(as_text=True)
    assert "不加引號時有" in page
    assert 'href="/search?q=%E7%99%BB%E5%85%A5%E5%A4%B1%E6%95%97%E7%9A%84%E5%B8%B3%E8%99%9F"' in page
    page = visitors["gold"].get("/search?q=“登入失敗的帳號”").get_data(as_text=True)
    assert "沒有文章一字不差寫著引號中的文字" in page and hits(page)


def test_staff_alone_see_why_a_result_is_where_it_is(visitors: dict[str, Visitor]) -> None:
    page = visitors["engineer"].get("/search?q=Windchill").get_data(as_text=True)
    explained = re.findall(r'<details class="why">(.*?)</details>', page, re.S)
    assert len(explained) == len(hits(page)) > 0
    for table in explained:
        *parts, total = [float(figure) for figure in re.findall(r"<td>([-+.\d]+)</td>", table)]
        assert sum(parts) == pytest.approx(total, abs=0.01 * len(parts))
    for kind in ("anonymous", "gold", "ended"):
        assert "why" not in visitors[kind].get("/search?q=Windchill").get_data(as_text=True)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("記意體不足", "記憶體不足"), ("MethodServre 記憶體", "methodserver 記憶體"), ("記憶體不足", None)],
)
def test_a_misspelt_question_is_offered_as_titles_have_it(
    visitors: dict[str, Visitor], asked: str, meant: str | None
) -> None:
    page = visitors["gold"].get(f"/search?q={asked}").get_data(as_text=True)
    offered = re.search(r'class="meant">.*?<a href="/search\?q=([^"]*)">([^<]*)</a>', page)
    assert (offered and (unquote(offered[1].replace("+", " ")), offered[2])) == (meant and (meant, meant))
    assert 'class="meant"' not in visitors["anonymous"].get(f"/search?q={asked}").get_data(as_text=True)


def test_who_finds_nothing_is_led_to_people(asking_site: ReadySite) -> None:
    carried = "zzqx%20%26%3C"
    for kind, led_to in (("anonymous", {"https://ask"}), ("gold", {"https://ask", "https://case"})):
        page = asking_site.visitor(kind).get("/search?q=zzqx %26<").get_data(as_text=True)
        found = {link for link in links(page) if link.startswith("https://")}
        assert found == {f"{address}.example/new?text={carried}" for address in led_to}


def test_without_an_index_the_store_answers_and_says_so(plain_site: ReadySite) -> None:
    visitor = plain_site.visitor("gold")
    page = visitor.get("/search?q=LDAP").get_data(as_text=True)
    assert "搜尋引擎暫時無法使用" in page and hits(page)
    assert hits(visitor.get("/search?q=KB900002").get_data(as_text=True))[0] == "KB900002"
    answer = visitor.get("/api/v1/search?q=LDAP").get_json()
    assert answer["plain"] and answer["total"] == len(answer["results"]) > 0
    without = visitor.get("/api/v1/search?q=登入+-LDAP").get_json()
    assert 0 < without["total"] < visitor.get("/api/v1/search?q=登入").get_json()["total"]
    assert visitor.get("/suggest?q=LD").get_json() == {"suggestions": []}
    assert visitor.get("/articles/KB900002").status_code == 200
    ready = visitor.get("/readyz")
    assert (ready.status_code, ready.get_json()["status"], ready.get_json()["index"]) == (200, "degraded", "failing")


@pytest.mark.parametrize("kind", ["anonymous", "silver", "gold", "gold_plus", "mixed", "ended"])
def test_without_an_index_rights_hold(plain_site: ReadySite, visitors: dict[str, Visitor], kind: str) -> None:
    for path in ("/search?q=Windchill", "/search?q=%E6%94%AF%E6%8F%B4", "/search?product=windchill&q="):
        found = set(hits(plain_site.visitor(kind).get(path).get_data(as_text=True)))
        for number in found:
            assert visitors[kind].get(f"/articles/{number}").status_code == 200


def test_after_a_request_nobody_waits(visitors: dict[str, Visitor]) -> None:
    assert visitors["anonymous"].get("/search?q=x").status_code == 200
    assert patience.left(600) == 600
