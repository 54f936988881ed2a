"""The site as people use it: typing Chinese, keys, filters, copying, phones, no JavaScript.

`page` fails on any complaint of the console or of the page's own security policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import LANGUAGES, Language, Look, open_context
from tests.browser.conftest import OpenPage
from tests.site import STAFF, ReadySite, served, site, untouched

__all__ = ["site", "untouched"]

PAGES = ("/", "/search?q=Windchill", "/articles/KB900002", "/entitlements", "/sign-in", "/articles/KB999999")
WORDS = {
    "zh-Hant": ("搜尋", "登入 401", "登入 Windchill 失敗", "找到"),
    "zh-Hans": ("搜索", "登录 401", "登录 Windchill 失败", "找到"),
    "en": ("Search", "login 401", "Login to Windchill fails", "for"),
}


@pytest.fixture(scope="module")
def address(site: ReadySite) -> Iterator[str]:
    with served(site.app) as url:
        yield url


def sign_in(opened: Page, address: str, site: ReadySite, kind: str) -> None:
    opened.goto(f"{address}/sign-in")
    form = site.credentials(kind)
    opened.fill("input[name=email]", form["email"])
    opened.fill("input[name=password]", form["password"])
    opened.press("input[name=password]", "Enter")
    opened.wait_for_url(f"{address}/")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_sign_in_search_read(page: OpenPage, address: str, site: ReadySite, lang: Language) -> None:
    button, words, title, found = WORDS[lang]
    opened = page(lang=lang)
    sign_in(opened, address, site, "gold")
    opened.locator("input[name=q]").press_sequentially(words)
    opened.get_by_role("button", name=button, exact=True).click()
    expect(opened.locator("h1")).to_contain_text(found)
    opened.locator(".hits h2 a").first.click()
    expect(opened.locator("h1")).to_contain_text(title)
    assert opened.locator("html").get_attribute("lang") == lang


def test_what_an_input_method_composes_is_left_alone(page: OpenPage, address: str) -> None:
    """While a composition is under way nothing is asked for, and the Enter that ends it does not search."""
    opened = page()
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url) if "/suggest" in request.url else None)
    opened.goto(address)
    opened.focus("input[name=q]")
    session = opened.context.new_cdp_session(opened)
    for composed in ("ㄓ", "ㄓㄕ", "知"):
        session.send("Input.imeSetComposition", {"text": composed, "selectionStart": 1, "selectionEnd": 1})
        opened.wait_for_timeout(150)
    assert not asked
    opened.evaluate(
        "document.querySelector('input[name=q]').dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'Enter', keyCode: 229, isComposing: true, bubbles: true}))"
    )
    session.send("Input.insertText", {"text": "知識"})
    expect(opened.locator("[role=option]").first).to_be_visible()
    assert opened.url.rstrip("/") == address and len(asked) == 1
    opened.keyboard.press("Enter")
    opened.wait_for_url(re.compile(r"/search\?q="))


def test_suggestions_with_the_keyboard(page: OpenPage, address: str) -> None:
    opened = page()
    opened.goto(address)
    box = opened.get_by_role("combobox")
    box.press_sequentially("知")
    expect(box).to_have_attribute("aria-expanded", "true")
    opened.keyboard.press("ArrowDown")
    chosen = opened.locator("[role=option][aria-selected=true]")
    expect(chosen).to_have_count(1)
    assert box.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    opened.keyboard.press("Escape")
    expect(box).to_have_attribute("aria-expanded", "false")
    opened.keyboard.press("ArrowDown")
    expect(box).to_have_attribute("aria-expanded", "true")
    opened.keyboard.press("ArrowDown")
    opened.keyboard.press("Enter")
    opened.wait_for_url(re.compile("/articles/KB900001|/search"))


def test_keys(page: OpenPage, address: str) -> None:
    opened = page()
    opened.goto(f"{address}/search?q=分頁")
    opened.locator("h1").click()
    opened.keyboard.press("?")
    expect(opened.locator("dialog#keys")).to_be_visible()
    opened.keyboard.press("Escape")
    opened.keyboard.press("/")
    expect(opened.locator("input[name=q]")).to_be_focused()
    opened.locator(".hits h2 a").first.focus()
    opened.keyboard.press("ArrowDown")
    expect(opened.locator(".hits h2 a").nth(1)).to_be_focused()


def test_facets_and_the_way_back(page: OpenPage, address: str, site: ReadySite) -> None:
    opened = page()
    sign_in(opened, address, site, "engineer")
    opened.goto(f"{address}/search?q=Windchill")
    before = opened.locator(".hits > li").count()
    opened.locator(".facet a", has_text="English").click()
    expect(opened.locator(".hits > li")).to_have_count(1)
    assert "lang=en" in opened.url
    opened.go_back()
    expect(opened.locator(".hits > li")).to_have_count(before)
    opened.go_forward()
    opened.locator(".chips a", has_text="English").click()
    expect(opened.locator(".hits > li")).to_have_count(before)


def test_an_article(page: OpenPage, address: str, site: ReadySite) -> None:
    opened = page()
    opened.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    sign_in(opened, address, site, "gold")
    opened.goto(f"{address}/articles/KB900002")
    opened.locator(".facts button").click()
    expect(opened.locator("#toast")).to_contain_text("已複製")
    assert opened.evaluate("navigator.clipboard.readText()") == "KB900002"
    opened.locator(".code-block button").first.click()
    opened.wait_for_function("navigator.clipboard.readText().then(text => text.includes('AH01617'))")
    opened.locator(".toc a", has_text="原因").click()
    expect(opened.locator(".toc a[aria-current]")).to_have_text("原因")
    opened.get_by_role("button", name="沒有幫助").click()
    opened.get_by_label("內容過時").check()
    opened.get_by_role("button", name="送出").click()
    expect(opened.locator("#helpful")).to_contain_text("感謝您的回饋")


def test_language_and_theme_menu(page: OpenPage, address: str) -> None:
    opened = page()
    opened.goto(f"{address}/search?q=分頁")
    menu = opened.locator("details.menu").first
    menu.locator("summary").click()
    opened.get_by_role("link", name="深色").click()
    assert opened.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 21, 22)"
    opened.get_by_role("link", name="English").click()
    expect(opened.locator("h1")).to_contain_text("articles for")
    assert opened.locator("html").get_attribute("data-theme") == "dark"


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    "path", ["/", "/search?q=Windchill", "/articles/KB900002", "/entitlements", "/sign-in", "/articles/KB999999"]
)
def test_a_phone_never_scrolls_sideways(
    page: OpenPage, address: str, site: ReadySite, path: str, lang: Language
) -> None:
    opened = page(lang=lang, width=390)
    sign_in(opened, address, site, "gold_plus")
    opened.goto(address + path)
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390


NAME_LINES = """
  (name) => {
    const brand = document.querySelector(".brand span");
    if (name) brand.textContent = name;
    return [...brand.textContent.matchAll(/\\S+/g)].map((word) => {
      const range = document.createRange();
      range.setStart(brand.firstChild, word.index);
      range.setEnd(brand.firstChild, word.index + word[0].length);
      return range.getClientRects().length;
    });
  }
"""


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_name_of_the_site_breaks_between_words_beside_the_tools_of_each_role(
    page: OpenPage, address: str, site: ReadySite, lang: Language
) -> None:
    for kind in ("anonymous", "gold", *STAFF):
        opened = page(lang=lang, width=390)
        if kind != "anonymous":
            sign_in(opened, address, site, kind)
        for path in ("/", "/search?q=Windchill", "/account" if kind != "anonymous" else "/sign-in"):
            opened.goto(address + path)
            for name in ("", "Internationalization Knowledge Repository", "產品技術支援服務知識庫 與 案例"):
                lines = opened.evaluate(NAME_LINES, name)
                assert set(lines) == {1}, (kind, path, name)
                assert opened.evaluate("document.documentElement.scrollWidth") <= 390, (kind, path, name)
            # No line holds this one: it may break, the page stays as wide as it is.
            opened.evaluate(NAME_LINES, "x" * 80)
            assert opened.evaluate("document.documentElement.scrollWidth") <= 390, (kind, path)


@pytest.mark.parametrize("width", [390, 1280])
def test_without_javascript(browser: Browser, address: str, site: ReadySite, width: int) -> None:
    """Signing in, searching, filtering, reading, saying why it did not help, signing out."""
    with open_context(browser, Look(width=width)) as looks:
        state = looks.storage_state()
    with browser.new_context(
        java_script_enabled=False, storage_state=state, viewport={"width": width, "height": 800}
    ) as context:
        opened = context.new_page()
        sign_in(opened, address, site, "gold")
        opened.fill("input[name=q]", "LDAP")
        opened.press("input[name=q]", "Enter")
        if width < 900:
            opened.locator("details.facets > summary").click()
        opened.locator(".facet a", has_text="繁體中文").click()
        opened.locator(".hits h2 a").first.click()
        expect(opened.locator("h1")).to_contain_text("登入 Windchill 失敗")
        opened.get_by_role("button", name="沒有幫助").click()
        opened.get_by_label("看不懂或步驟不清楚").check()
        opened.get_by_role("button", name="送出").click()
        expect(opened.locator("#helpful")).to_contain_text("感謝您的回饋")
        opened.locator("details.menu").last.locator("summary").click()
        opened.get_by_role("button", name="登出").click()
        expect(opened.get_by_role("link", name="登入", exact=True).first).to_be_visible()
