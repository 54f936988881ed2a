"""The tools of the browser tests, tried on a small site of their own."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import click
import pytest
from playwright.sync_api import Browser

from tests.browser import screens
from tests.browser.chromium import Language, Theme
from tests.browser.conftest import OpenPage

STYLE = "p { color: green } @media (prefers-color-scheme: dark) { p { color: lime } }"
FORM = '<form method="post"><input name="email"><input name="password" type="password"><button>OK</button></form>'


class Site(BaseHTTPRequestHandler):
    """Shows a visitor's cookies; lets in whoever knows the password."""

    def do_GET(self) -> None:
        self._answer(FORM if self.path == "/sign-in" else f"<p>{self.headers['Cookie']}</p>")

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if form["password"] != ["open sesame"]:
            return self._answer(FORM)
        self.send_response(303)
        self.send_header("Location", "/")
        self.send_header("Set-Cookie", f"session={form['email'][0]}; HttpOnly")
        return self.end_headers()

    def _answer(self, body: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", "default-src 'self'")
        self.end_headers()
        head = '<link rel="stylesheet" href="/style.css">'
        self.wfile.write((STYLE if self.path == "/style.css" else head + body).encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("lang", "theme", "width"), [("zh-Hant", "light", 1280), ("en", "dark", 390)])
def test_a_page_has_the_visitors_language_theme_and_width(
    page: OpenPage, site: str, lang: Language, theme: Theme, width: int
) -> None:
    opened = page(lang=lang, theme=theme, width=width)
    opened.goto(site)
    assert opened.text_content("p") == f"kb_lang={lang}"
    assert opened.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") == (theme == "dark")
    assert opened.evaluate("innerWidth") == width


def test_pictures_are_saved_in_every_look(browser: Browser, site: str, tmp_path: Path) -> None:
    signed_in = screens.sign_in(browser, site, screens.Account("eng@example.com", "open sesame"))
    files = screens.save(browser, f"{site}/cases", "cases", tmp_path, signed_in=signed_in)
    assert len(files) == 12
    assert {file.name for file in files} == {file.name for file in tmp_path.iterdir()}
    assert tmp_path / "cases.zh-Hans.dark.390.png" in files
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in files)


def test_a_refused_sign_in_is_an_error(browser: Browser, site: str) -> None:
    with pytest.raises(click.ClickException, match=r"eng@example\.com could not sign in"):
        screens.sign_in(browser, site, screens.Account("eng@example.com", "wrong"))


@pytest.mark.parametrize(
    ("path", "name"), [("/", "home"), ("/search?q=授權&page=2", "search-q-授權-page-2"), ("/cases/7", "cases-7")]
)
def test_file_names_tell_the_page(path: str, name: str) -> None:
    assert screens.file_name(path) == name
