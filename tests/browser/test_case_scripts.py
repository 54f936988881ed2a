"""What scripts add to the pages of cases: articles while a case is typed, and clocks that count on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, Request, expect
from sqlalchemy import update

from kb.store.case_tables import support_case
from tests.browser.chromium import LANGUAGES, Language
from tests.browser.conftest import OpenPage
from tests.browser.test_cases import open_case
from tests.browser.test_site import sign_in
from tests.site import ReadySite, served, site, untouched

__all__ = ["site", "untouched"]
TICK = 1_000
# The width of a sheet in CSS pixels, and how many sheets a few cases take at most.
A4, PAGES = 794, 4


@pytest.fixture(scope="module")
def address(site: ReadySite) -> Iterator[str]:
    with served(site.app) as url:
        yield url


def asking(opened: Page) -> list[str]:
    """What the page will have asked for articles with."""
    asked: list[str] = []

    def hear(request: Request) -> None:
        if request.url.endswith("/cases/new/suggest"):
            asked.append(request.post_data or "")

    opened.on("request", hear)
    return asked


def test_articles_while_a_case_is_typed(page: OpenPage, address: str, site: ReadySite) -> None:
    opened = page()
    sign_in(opened, address, site, "gold")
    asked = asking(opened)
    opened.goto(f"{address}/cases/new")
    opened.get_by_label("主旨").press_sequentially("登入 Windchill 失敗", delay=20)
    answers = opened.locator(".answers li")
    expect(answers.first).to_contain_text("登入 Windchill 失敗")
    assert len(asked) == 1, "asked once typing rested"
    opened.get_by_label("發生了什麼事").fill("java.lang.OutOfMemoryError: Java heap space")
    expect(opened.locator(".answers")).to_contain_text("MethodServer 記憶體不足")
    opened.locator(".answers").get_by_role("button", name="這篇解決了我的問題").first.click()
    opened.wait_for_url(re.compile("answer=yes"))


def test_nothing_is_asked_while_an_input_method_composes(page: OpenPage, address: str, site: ReadySite) -> None:
    opened = page()
    sign_in(opened, address, site, "gold")
    asked = asking(opened)
    opened.goto(f"{address}/cases/new")
    opened.get_by_label("主旨").press_sequentially("x1 ")
    session = opened.context.new_cdp_session(opened)
    for composed in ("ㄉ", "ㄉㄥ", "ㄉㄥㄖ", "登入"):
        session.send("Input.imeSetComposition", {"text": composed, "selectionStart": 1, "selectionEnd": 1})
        opened.wait_for_timeout(500)
    assert asked == []
    session.send("Input.insertText", {"text": "登入失敗"})
    expect(opened.locator(".answers li").first).to_be_visible()
    assert len(asked) == 1 and "x1" in asked[0]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_clock_counts_as_the_server_says_it(page: OpenPage, address: str, site: ReadySite, lang: Language) -> None:
    customer = page()
    sign_in(customer, address, site, "gold")
    number = open_case(customer, address, "倒數")
    opened = page(lang=lang)
    sign_in(opened, address, site, "engineer")
    opened.route("**/cases.js", lambda route: route.abort())
    opened.goto(f"{address}/cases/{number}")
    clock = opened.locator(".clock").first
    told, box = clock.inner_text(), clock.bounding_box()
    opened.unroute("**/cases.js")
    opened.goto(f"{address}/cases/{number}")
    opened.wait_for_timeout(TICK)
    assert shape(clock.inner_text()) == shape(told) and clock.bounding_box() == box


def test_a_clock_turns_late_before_ones_eyes(page: OpenPage, address: str, site: ReadySite) -> None:
    customer, opened = page(), page()
    sign_in(customer, address, site, "gold")
    number = open_case(customer, address, "快逾時")
    with site.store.writing() as connection:
        soon = datetime.now(UTC) + timedelta(seconds=4)
        connection.execute(update(support_case).where(support_case.c.number == number).values(due_at=soon))
    sign_in(opened, address, site, "engineer")
    opened.goto(f"{address}/cases")
    due = opened.locator(".cases li", has_text=number).locator(".due")
    expect(due).to_contain_text(re.compile("距期限 0 分 [0-9] 秒"))
    expect(due).to_have_class(re.compile("breached"), timeout=10_000)
    expect(due).to_contain_text(re.compile("已逾時 0 分 [0-9] 秒"))


def shape(text: str) -> str:
    return re.sub(r"\d+", "0", text)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_activity_report_prints_on_paper(page: OpenPage, address: str, site: ReadySite, lang: Language) -> None:
    customer = page()
    sign_in(customer, address, site, "gold")
    open_case(customer, address, "印在紙上")
    opened = page(lang=lang, theme="dark", width=A4)
    sign_in(opened, address, site, "gold")
    opened.goto(f"{address}/reports/activity")
    opened.emulate_media(media="print")
    assert opened.evaluate("document.documentElement.scrollWidth") <= A4
    for selector, is_shown in ((".choose", False), (".top", False), ("svg.chart >> nth=0", True), (".each", True)):
        expect(opened.locator(selector)).to_be_visible(visible=is_shown)
    printed = opened.pdf(prefer_css_page_size=True, tagged=True)
    assert printed.startswith(b"%PDF") and 1 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= PAGES
