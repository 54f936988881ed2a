from collections.abc import Iterator
from typing import Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page

from tests import components
from tests.browser.chromium import Language, Look, Theme, launched, open_context


class OpenPage(Protocol):
    def __call__(self, *, lang: Language = "zh-Hant", theme: Theme = "light", width: int = 1280) -> Page: ...


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for a browser is a browser test, so that no one has to remember the mark."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    components.require("chinese-font")
    with launched(components.require("chromium")) as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[OpenPage]:
    """Opens pages, each of a visitor of its own: `page(lang="en", theme="dark", width=390)`.

    The test fails when a script of a page fails or the page's own security policy stops something.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # A status of 400 or more is reported here, too; tests of errors ask for those.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            complaints.append(message.text)

    def hear_error(error: Error) -> None:
        complaints.append(str(error))

    def open_page(*, lang: Language = "zh-Hant", theme: Theme = "light", width: int = 1280) -> Page:
        context = open_context(browser, Look(lang, theme, width))
        contexts.append(context)
        opened = context.new_page()
        opened.on("console", hear)
        opened.on("pageerror", hear_error)
        return opened

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints
