"""Authors in the browser: writing an article, two at the same one, and a first import mended by its report alone."""

from __future__ import annotations

import io
import re
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page, expect

from indexer import working
from tests.browser.conftest import OpenPage
from tests.browser.test_site import sign_in
from tests.foreign import png
from tests.site import ReadySite, import_site, served, untouched

__all__ = ["import_site", "untouched"]

WINDCHILL = "KB900002"
# What an author would send who reads docs/authoring.md once: a right that is none, a value that needs quotes, and a
# picture that is called otherwise.
FOLDER = {
    "windchill/login.zh-Hant.md": (
        '---\ntitle: 無法登入\nproduct: windchill\ngrants: ["windchill:glod", "windchill:gold_plus"]\n---\n'
        "## 症狀\n\nHTTP 401\n\n| 錯誤 | 原因 |\n|---|---|\n| 401 | 逾時 |\n"
    ),
    "windchill/start.zh-Hant.md": (
        '---\ntitle: 重新啟動: 伺服器\nproduct: windchill\ngrants: ["public"]\n---\n重新啟動。\n'
    ),
    "windchill/screen.zh-Hant.md": (
        '---\ntitle: 畫面\nproduct: windchill\ngrants: ["public"]\n---\n![登入畫面](files/Login.png)\n'
    ),
    "windchill/good.zh-Hant.md": '---\ntitle: 沒有錯\nproduct: windchill\ngrants: ["public"]\n---\n內文。\n',
}


@pytest.fixture
def address(import_site: ReadySite) -> Iterator[str]:
    with served(import_site.app) as url:
        yield url


@contextmanager
def worker(site: ReadySite) -> Iterator[None]:
    """Does the imports, as `kb serve` has it done beside it."""
    stop = threading.Event()
    thread = threading.Thread(target=working.follow, args=(site.store, site.config, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def edit(opened: Page, address: str, number: str) -> None:
    opened.goto(f"{address}/articles/{number}")
    opened.get_by_role("button", name="編輯", exact=True).click()
    opened.wait_for_url(re.compile(r"/authoring/drafts/\d+"))


def test_what_is_typed_is_shown_saved_and_published(page: OpenPage, address: str, import_site: ReadySite) -> None:
    author = page()
    sign_in(author, address, import_site, "author")
    edit(author, address, WINDCHILL)
    body, shown = author.locator("textarea[name=body]"), author.locator("#shown")
    expect(shown).to_be_visible()
    body.fill("## 新的步驟\n\n1. 停止\n2. 啟動\n\n![畫面](screen.png)\n\n:::grants staff\n只給同事\n:::\n")
    expect(shown.get_by_role("heading", name="新的步驟")).to_be_visible()
    expect(shown.locator("li")).to_have_count(2)
    author.locator("input[type=file]").set_input_files(
        {"name": "screen.png", "mimeType": "image/png", "buffer": png(30, 20)}
    )
    author.get_by_role("button", name="儲存", exact=True).click()
    picture = author.locator("#shown img")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("naturalWidth", 30)
    author.get_by_text("送審、發布或捨棄").click()
    author.get_by_role("button", name="立即發布").click()
    author.wait_for_url(f"{address}/articles/{WINDCHILL}")
    expect(author.get_by_role("heading", name="新的步驟")).to_be_visible()
    customer = page()
    sign_in(customer, address, import_site, "gold")
    customer.goto(f"{address}/articles/{WINDCHILL}")
    expect(customer.get_by_role("heading", name="新的步驟")).to_be_visible()
    assert "只給同事" not in customer.content()


def test_two_at_the_same_draft_lose_nothing(page: OpenPage, address: str, import_site: ReadySite) -> None:
    one, other = page(), page()
    sign_in(one, address, import_site, "author")
    sign_in(other, address, import_site, "operator")
    for each in (one, other):
        edit(each, address, WINDCHILL)
    for each, text in ((one, "甲寫的段落"), (other, "乙寫的段落")):
        each.locator("textarea[name=body]").fill(text)
        each.get_by_role("button", name="儲存", exact=True).click()
        each.wait_for_load_state()
    expect(other.get_by_role("heading", name="有人同時改了這份草稿")).to_be_visible()
    assert (
        "甲寫的段落" in other.content() and other.locator("textarea[name=body]").input_value().strip() == "乙寫的段落"
    )
    other.get_by_role("button", name="儲存我的").click()
    expect(other.locator("textarea[name=body]")).to_have_value("乙寫的段落")
    # Who leaves a page with what is not saved is asked.
    asked: list[str] = []

    def hear(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    other.on("dialog", hear)
    other.locator("textarea[name=body]").press_sequentially("！")
    other.goto(f"{address}/authoring")
    assert asked == ["beforeunload"]


def packed(files: dict[str, str]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        archive.writestr("windchill/files/login.png", png())
    return written.getvalue()


def send(opened: Page, address: str, files: dict[str, str]) -> None:
    """A ZIP of the files, until it is looked at."""
    opened.goto(f"{address}/imports")
    content = packed(files)
    opened.locator("input[type=file]").set_input_files({"name": "faq.zip", "mimeType": "", "buffer": content})
    opened.get_by_role("button", name="檢查").click()
    expect(opened.get_by_role("heading", name="會有的變更")).to_be_visible(timeout=30_000)


def told(opened: Page) -> list[tuple[str, str]]:
    """What the report says is wrong: the place, and the words."""
    found = []
    for entry in opened.locator(".entries > li").all():
        place = entry.locator("p.code").first.inner_text().partition(" · ")[0]
        for wrong in entry.locator(".wrong").all():
            own = wrong.locator(".code")
            at = own.first.inner_text() if own.count() else place
            found.append((at, wrong.inner_text().removeprefix(at).strip()))
    for summary in opened.locator("details.remarks summary").all():
        summary.click()
    for remark in opened.locator("details.remarks li").all():
        found.append((remark.locator(".quiet").inner_text(), remark.inner_text()))
    return found


def mended(files: dict[str, str], wrong: list[tuple[str, str]]) -> dict[str, str]:
    """The files as one mends them who sees nothing but the report: at the place it names, by what it says."""
    files = dict(files)
    for place, words in wrong:
        name = next(each for each in files if each in place)
        lines = files[name].split("\n")
        if "windchill:glod" in words:
            at = int(place.rpartition(name)[2].split(":")[1]) - 1
            lines[at] = lines[at].replace("windchill:glod", "windchill:gold")
        elif "加引號" in words:
            at = int(place.rpartition(name)[2].split(":")[1]) - 1
            key, _, value = lines[at].partition(": ")
            lines[at] = f'{key}: "{value}"'
        elif "files/Login.png" in words:
            lines = [line.replace("files/Login.png", "files/login.png") for line in lines]
        files[name] = "\n".join(lines)
    return files


def test_a_first_import_is_mended_by_its_report_applied_and_taken_back(
    page: OpenPage, address: str, import_site: ReadySite
) -> None:
    before, author = import_site.store.checksum(), page()
    sign_in(author, address, import_site, "author")
    with worker(import_site):
        send(author, address, FOLDER)
        wrong = told(author)
        assert len(wrong) == 3 and all(any(name in place for name in FOLDER) for place, _ in wrong), wrong
        with author.expect_download() as download:
            author.get_by_role("link", name="CSV").click()
        assert "windchill:glod" in Path(download.value.path()).read_text("utf-8")
        assert import_site.store.checksum() == before
        send(author, address, mended(FOLDER, wrong))
        assert not told(author)
        author.get_by_role("button", name="寫入 4 篇文章").click()
        expect(author.get_by_text("已寫入", exact=False).first).to_be_visible(timeout=30_000)
    number, _ = import_site.store.digests("faq")["login.zh-Hant"]
    found = import_site.visitor("gold").get(f"/articles/{number}").text
    assert "<th>錯誤</th>" in found and "無法登入" in found
    author.locator("details.confirm summary").first.click()
    author.get_by_role("button", name="復原整批").click()
    expect(author.get_by_text(re.compile("已於 .* 復原"))).to_be_visible()
    assert import_site.store.checksum() == before


def test_the_author_s_own_files_are_wrong_where_the_test_says() -> None:
    places = [("faq.zip/windchill/start.zh-Hant.md:2:12", "值中有冒號或 # 時請加引號")]
    assert 'title: "重新啟動: 伺服器"' in mended(FOLDER, places)["windchill/start.zh-Hant.md"]
