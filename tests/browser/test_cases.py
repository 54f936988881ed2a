"""A case in the browser: a customer opens it, an engineer works it with the keyboard alone; on a phone, too."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import LANGUAGES, Language
from tests.browser.conftest import OpenPage
from tests.browser.test_site import sign_in
from tests.site import ReadySite, served, site

__all__ = ["site"]


@pytest.fixture(scope="module")
def address(site: ReadySite) -> Iterator[str]:
    with served(site.app) as url:
        yield url


def open_case(opened: Page, address: str, subject: str) -> str:
    opened.goto(f"{address}/cases/new?ui=zh-Hant")
    opened.locator("select[name=product]").select_option("windchill")
    opened.get_by_role("radio", name="嚴重性 1").check()
    opened.get_by_label("主旨").fill(subject)
    opened.get_by_label("發生了什麼事").fill("登入 Windchill 失敗，HTTP 401")
    opened.get_by_role("button", name="下一步").click()
    expect(opened.get_by_role("heading", name="可能已有解答")).to_be_visible()
    assert opened.get_by_label("主旨").input_value() == subject
    opened.get_by_role("button", name="開立案例").click()
    opened.wait_for_url(re.compile(r"/cases/C\d{8}"))
    return opened.url.rpartition("/")[2]


def press_until(opened: Page, name: str, key: str = "Tab", most: int = 150) -> None:
    """Moves with a key until what has the focus says this, and presses Enter."""
    for _ in range(most):
        opened.keyboard.press(key)
        if opened.evaluate("document.activeElement.innerText || ''").strip() == name:
            opened.keyboard.press("Enter")
            return
    raise AssertionError(f"no key leads to {name}")


def test_the_day_of_a_case(page: OpenPage, address: str, site: ReadySite) -> None:
    customer, engineer = page(), page()
    sign_in(customer, address, site, "gold")
    number = open_case(customer, address, "早上起無法登入")
    sign_in(engineer, address, site, "engineer")

    engineer.goto(f"{address}/cases?ui=zh-Hant")
    engineer.locator(".cases a", has_text=number).focus()
    engineer.keyboard.press("Enter")
    expect(engineer.locator("h1")).to_contain_text("早上起無法登入")
    expect(engineer.locator(".clock").first).to_contain_text("首次回應")
    press_until(engineer, "連結為解決方案")
    expect(engineer.locator(".linked")).to_contain_text("解決方案")
    press_until(engineer, "引用到回覆")
    expect(engineer.locator("textarea[name=text]")).to_have_value(re.compile("/articles/KB"))
    press_until(engineer, "送出回覆")
    expect(engineer.locator(".said")).to_contain_text("/articles/KB")
    expect(engineer.locator(".clock").first).to_contain_text("已達成")

    customer.goto(f"{address}/cases/{number}")
    expect(customer.locator(".linked")).to_contain_text("解決方案")
    customer.get_by_role("button", name="問題已解決，結案").click()
    expect(customer.locator(".case header")).to_contain_text("已結案")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", ["gold", "engineer"])
def test_a_phone_never_scrolls_sideways(
    page: OpenPage, address: str, site: ReadySite, kind: str, lang: Language
) -> None:
    customer = page()
    sign_in(customer, address, site, "gold")
    number = open_case(customer, address, "超長的主旨wt.util.WTInvalidParameterException" + "x" * 80)
    opened = page(lang=lang, theme="dark", width=390)
    sign_in(opened, address, site, kind)
    for path in ("/cases", "/cases/new", f"/cases/{number}"):
        opened.goto(address + path)
        assert opened.evaluate("document.documentElement.scrollWidth") <= 390, path
