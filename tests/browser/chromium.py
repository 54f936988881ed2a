"""Chromium as the tests and the screenshots drive it: which one, started how, seen by whom."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, StorageState, sync_playwright

Language = Literal["zh-Hant", "zh-Hans", "en"]
Theme = Literal["light", "dark"]

LANGUAGES: tuple[Language, ...] = ("zh-Hant", "zh-Hans", "en")
THEMES: tuple[Theme, ...] = ("light", "dark")
WIDTHS = (390, 1280)
HEIGHTS = {390: 844, 1280: 800}

LOCALES = {"zh-Hant": "zh-TW", "zh-Hans": "zh-CN", "en": "en-GB"}

ARGUMENTS = [
    "--no-sandbox",  # root, as in a container, cannot use the sandbox; only our own pages are opened
    "--disable-gpu",
    # Chromium talks to nobody but the site under test.
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True)
class Look:
    """One way of looking at a page."""

    language: Language = "zh-Hant"
    theme: Theme = "light"
    width: int = 1280

    def __str__(self) -> str:
        return f"{self.language}.{self.theme}.{self.width}"


ALL_LOOKS = tuple(Look(language, theme, width) for language in LANGUAGES for theme in THEMES for width in WIDTHS)


@contextmanager
def launched(program: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


def open_context(browser: Browser, look: Look, signed_in: StorageState | None = None) -> BrowserContext:
    """A browser of one visitor: own cookies, and the language, theme and width of `look`."""
    context = browser.new_context(
        viewport={"width": look.width, "height": HEIGHTS.get(look.width, 800)},
        color_scheme=look.theme,
        locale=LOCALES[look.language],
        reduced_motion="reduce",
        storage_state=signed_in,
    )
    for host in ("127.0.0.1", "localhost"):
        context.add_cookies([{"name": "kb_lang", "value": look.language, "domain": host, "path": "/"}])
    return context
