"""A case in the browser: a customer opens it, an engineer works it with the keyboard alone; on a phone, too."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.browser.chromium import LANGUAGES, Language
from tests.browser.conftest import OpenPage
from tests.browser.test_site import sign_in
from tests.site import ReadySite, served, site, untouched

__all__ = ["site", "untouched"]


MORE = {"gold": (), "engineer": ("/reports", "/tasks", "/sprs", "/cases/clocks")}


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


# On a day that is not covered the clock stands still.
TWO_HOURS = re.compile("首次回應.*還有 (1 小時 59 分|2 小時 0 分)", re.DOTALL)
LOG = FilePayload(name="server.log", mimeType="text/plain", buffer=b"SEVERE: LDAP error code 49")


def attach_and_open(opened: Page, address: str) -> None:
    """Attaches a file on the first step; it is there on the second, and in the case."""
    opened.goto(f"{address}/cases/new?ui=zh-Hant")
    opened.get_by_role("radio", name="嚴重性 1").check()
    opened.get_by_label("主旨").fill("登入失敗")
    opened.get_by_label("發生了什麼事").fill("附上記錄檔")
    opened.get_by_label("附加檔案").set_input_files([LOG])
    opened.get_by_role("button", name="下一步").click()
    expect(opened.get_by_role("checkbox", name="server.log")).to_be_checked()
    opened.get_by_role("button", name="開立案例").click()
    opened.wait_for_url(re.compile(r"/cases/C\d{8}"))
    expect(opened.locator(".said .files")).to_contain_text("server.log")


def test_a_file_of_the_first_step_goes_with_the_case(page: OpenPage, address: str, site: ReadySite) -> None:
    opened = page()
    sign_in(opened, address, site, "gold")
    attach_and_open(opened, address)
    opened.goto(f"{address}/cases/new?ui=zh-Hant")
    field = opened.get_by_label("附加檔案")
    field.set_input_files([LOG] * 11)
    assert field.evaluate("field => field.validationMessage") == "一次最多附加 10 個檔案。"
    field.set_input_files([LOG, FilePayload(name="empty.log", mimeType="text/plain", buffer=b"")])
    assert "「empty.log」是空的" in field.evaluate("field => field.validationMessage")
    field.set_input_files([LOG])
    assert field.evaluate("field => field.validationMessage") == ""
    # What solves it takes no files along.
    opened.get_by_label("主旨").fill("登入 Windchill 失敗")
    opened.locator(".answers").get_by_role("button", name="這篇解決了我的問題").first.click()
    opened.wait_for_url(re.compile("answer=yes"))


def test_a_file_of_the_first_step_goes_with_the_case_without_javascript(
    browser: Browser, page: OpenPage, address: str, site: ReadySite
) -> None:
    opened = page()
    sign_in(opened, address, site, "gold")
    context = browser.new_context(java_script_enabled=False, storage_state=opened.context.storage_state())
    attach_and_open(context.new_page(), address)
    context.close()


def press_until(opened: Page, name: str, key: str = "Tab", most: int = 150) -> None:
    """Moves with a key until what has the focus says this, and presses Enter."""
    for _ in range(most):
        opened.keyboard.press(key)
        if opened.evaluate("document.activeElement.innerText || ''").strip() == name:
            opened.keyboard.press("Enter")
            return
    raise AssertionError(f"no key leads to {name}")


def figures(opened: Page, address: str, path: str = "/reports") -> list[str]:
    """The large figures of a report."""
    opened.goto(f"{address}{path}")
    return opened.locator(".numbers dd:not(.small)").all_inner_texts()


def test_the_day_of_a_case(page: OpenPage, address: str, site: ReadySite) -> None:
    customer, engineer = page(), page()
    sign_in(customer, address, site, "gold")
    sign_in(engineer, address, site, "engineer")
    before, own = figures(engineer, address), figures(customer, address, "/reports/activity")

    customer.goto(f"{address}/cases/new?ui=zh-Hant")
    customer.get_by_role("radio", name="嚴重性 1").check()
    customer.get_by_label("主旨").press_sequentially("早上起無法登入 Windchill", delay=10)
    expect(customer.locator(".answers li").first).to_contain_text("登入 Windchill 失敗")
    customer.get_by_label("發生了什麼事").fill("HTTP 401，LDAP: error code 49")
    customer.get_by_role("button", name="開立案例").click()
    customer.wait_for_url(re.compile(r"/cases/C\d{8}"))
    number = customer.url.rpartition("/")[2]

    engineer.goto(f"{address}/cases?ui=zh-Hant")
    due = [int(each.get_attribute("data-due") or 0) for each in engineer.locator(".cases .due").all()]
    assert due == sorted(due) and engineer.locator(".cases a", has_text=number).count() == 1
    engineer.locator(".cases a", has_text=number).focus()
    engineer.keyboard.press("Enter")
    expect(engineer.locator("h1")).to_contain_text("早上起無法登入")
    expect(engineer.locator(".clock").first).to_contain_text(TWO_HOURS)
    press_until(engineer, "連結為解決方案")
    expect(engineer.locator(".linked")).to_contain_text("解決方案")

    search_case(engineer, "主動式監控的告警說明")
    expect(engineer.locator(".offered li", has_text="KB900009")).to_contain_text("客戶無權閱讀")
    press_until(engineer, "請作者提供客戶版本")
    expect(engineer.locator(".offered li", has_text="KB900009")).to_contain_text("已請作者提供客戶版本")

    search_case(engineer, "登入 Windchill 失敗")
    press_until(engineer, "引用到回覆")
    expect(engineer.locator("textarea[name=text]")).to_have_value(re.compile("/articles/KB.*\n> ", re.DOTALL))
    press_until(engineer, "送出回覆")
    expect(engineer.locator(".said")).to_contain_text("/articles/KB")
    expect(engineer.locator(".clock").first).to_contain_text("已達成")

    customer.goto(f"{address}/cases/{number}")
    expect(customer.locator(".linked")).to_contain_text("解決方案")
    expect(customer.locator(".said")).to_contain_text("> ")
    expect(customer.locator("body")).not_to_contain_text("KB900009")
    customer.get_by_role("button", name="問題已解決，結案").click()
    expect(customer.locator(".case header")).to_contain_text("已結案")
    after, theirs = figures(engineer, address), figures(customer, address, "/reports/activity")
    assert [int(after[at]) - int(before[at]) for at in (0, 3)] == [1, 1], "one case, one link"
    assert [int(theirs[at]) - int(own[at]) for at in (0, 1)] == [1, 1], "one opened, one closed"


def search_case(opened: Page, words: str) -> None:
    """Looks for articles within a case, with the keyboard alone."""
    for _ in range(150):
        opened.keyboard.press("Tab")
        if opened.evaluate("document.activeElement.id") == "case-q":
            break
    opened.keyboard.press("Control+A")
    opened.keyboard.insert_text(words)
    with opened.expect_navigation():
        opened.keyboard.press("Enter")


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
    for path in ("/cases", "/cases/new", f"/cases/{number}", "/reports/activity?customer=gold+company", *MORE[kind]):
        opened.goto(address + path)
        assert opened.evaluate("document.documentElement.scrollWidth") <= 390, path
