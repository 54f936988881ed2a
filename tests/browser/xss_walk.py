"""Imports hostile texts for real and opens what shows them in Chromium: none may run or call home. `make xss`: all.

Nine surfaces: title, text, category with versions, file name, passage, suggestion, the query on the page, the report of
an import, and the preview of a draft. Besides what runs, whatever could is looked for: handlers, addresses, frames.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import tempfile
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Browser, Dialog, Page, expect

from indexer import working
from indexer.engines import open_engine
from indexer.importing import ImportOptions, import_articles
from indexer.sync import drain
from kb.accounts import Viewer
from kb.config import Config
from kb.imports import Imports, Sent
from kb.store import Store
from tests import components
from tests.browser.chromium import Look, launched, open_context
from tests.browser.xss import payloads, sample
from tests.site import ReadySite, fill, served
from web import close, create_app

NOT_IN_NAMES = re.compile(r'[/\\\x00-\x1f\x7f-\x9f<>:"|?*]')
GROUP = 6
LISTED = 50
LISTEN = """
window.told = [];
addEventListener("securitypolicyviolation", (event) => told.push(`policy: ${event.violatedDirective} ${event.sample}`));
"""
LOOK = """() => {
  const bad = [...told];
  const beyond = /^(data-)?hx-/;
  const here = /^(https?|mailto|tel|ftp):$/;
  const urls = ["href", "src", "action", "formaction", "data", "xlink:href", "poster", "srcset", "background", "ping"];
  for (const each of document.querySelectorAll("*")) {
    const name = each.tagName.toUpperCase();
    for (const { name: key, value } of each.attributes) {
      if (/^on|^style$|^srcdoc$|^hx-on/i.test(key)) bad.push(`${name} ${key}`);
      if (urls.includes(key)) {
        let url;
        try { url = new URL(value, location.href); } catch { continue; }
        if (!here.test(url.protocol)) bad.push(`${name} ${key}=${value}`);
        if (name !== "A" && url.origin !== location.origin) bad.push(`${name} ${key}=${value}`);
      }
    }
    if (/^(IFRAME|OBJECT|EMBED|APPLET|BASE|STYLE|FRAMESET|PORTAL)$/.test(name)) bad.push(name);
    if (name === "SCRIPT" && !each.src.startsWith(location.origin + "/static/")) bad.push("SCRIPT");
    if (name === "META" && each.httpEquiv) bad.push("META " + each.httpEquiv);
    if (each.closest(".prose") && each.getAttributeNames().some((key) => beyond.test(key))) bad.push(`${name} hx`);
  }
  return bad;
}"""


@dataclass
class Watch:
    """A page that hears whatever runs, complains or leaves the site."""

    page: Page
    address: str
    heard: list[str] = field(default_factory=list)
    opened: int = 0

    def __post_init__(self) -> None:
        self.page.add_init_script(LISTEN)
        self.page.on("dialog", self._ran)
        self.page.on("pageerror", lambda error: self.heard.append(f"error: {error}"))
        self.page.on("console", lambda said: self._hear(said.type, said.text))
        self.page.on("request", lambda request: self._asked(request.url))

    def _ran(self, dialog: Dialog) -> None:
        self.heard.append(f"ran: {dialog.message}")
        dialog.dismiss()

    def _hear(self, kind: str, text: str) -> None:
        if kind == "error" and not text.startswith("Failed to load resource"):
            self.heard.append(f"console: {text}")

    def _asked(self, url: str) -> None:
        if not url.startswith(self.address):
            self.heard.append(f"asked: {url}")

    def open(self, path: str) -> None:
        self.page.goto(self.address + path)
        self.opened += 1

    def found(self, what: str) -> list[str]:
        """What was wrong since the last time."""
        found = [f"{what}: {each}" for each in (*self.heard, *self.page.evaluate(LOOK))]
        self.heard.clear()
        return found


def rows(given: Iterable[str], word: str = "") -> Iterator[dict[str, Any]]:
    """An article of each text, which is in every field that takes it."""
    for number, payload in enumerate(given):
        line = " ".join(payload.split())[:250]
        name = NOT_IN_NAMES.sub("", payload)[:100].strip(". ")
        yield {
            "id": f"x{number}", "number": f"KB5{number:05}", "title": f"{group(number)} {line}{word}",
            "lang": "zh-Hant", "product": "windchill", "grants": ["public"], "category": line[:100],
            "versions": [line[:50]], "also_asked_as": [line],
            "body_markdown": f"xsspassage {word} {escape(payload)}\n\n{payload}\n",
            "attachments": [{"name": f"{name}.txt", "content_base64": base64.b64encode(payload.encode()).decode()}],
        }  # fmt: skip


def group(number: int) -> str:
    """A word that a few titles begin with: as many as are suggested at once."""
    return f"x{number // GROUP:03}q"


def lines(given: Iterable[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(each) + "\n" for each in given).encode()


def prepare(config: Config, given: list[str]) -> int:
    """A site whose articles are those texts; gives how many there are."""
    fill(config, [])
    with Store.open(config.store_url) as store:
        path = config.home / "xss.jsonl"
        path.write_bytes(lines(rows(given)))
        report = import_articles(path, ImportOptions(), store, config)
        assert report.counts["new"] == len(given), [str(entry.problems) for entry in report.entries[:5]]
        engine = open_engine(config)
        drain(store, engine)
        engine.close()
        _send(store, config, given)
    return len(given)


def _send(store: Store, config: Config, given: list[str]) -> None:
    """A change of all of them, looked at; and files with names like these, refused."""
    imports, author = Imports(store), Viewer(_author(store), role="author")
    changed = lines(rows(given, " changed"))
    imports.send(author, Sent("xss.jsonl", len(changed), [changed]), datetime.now(UTC))
    for payload in given[:LISTED]:
        name = " ".join(payload.split())
        sent = Sent(f"{name}.csv", 1, [b"x"], re.sub(r"[^ -~]", "", name)[:100] or "x")
        imports.send(author, sent, datetime.now(UTC))
    while job := imports.claim("w", datetime.now(UTC)):
        working.do(job, imports, "w", store, config, threading.Event())


def walk(browser: Browser, site: ReadySite, address: str, given: list[str]) -> tuple[int, list[str]]:
    """How many pages were opened, and what was wrong on them."""
    wrong: list[str] = []
    watch = Watch(open_context(browser, Look()).new_page(), address)
    for number, payload in enumerate(given):
        watch.open(f"/articles/KB5{number:05}")
        assert group(number) in watch.page.title()
        wrong += watch.found(f"article {payload!r}")
        watch.open(f"/search?{urlencode({'q': payload})}")
        wrong += watch.found(f"query {payload!r}")
    for start in range(0, len(given), GROUP):
        wrong += _looked_up(watch, group(start), f"results and suggestions from {given[start]!r}")
    wrong += _reports(watch, site, len(given))
    wrong += _previews(watch, given)
    watch.page.context.close()
    return watch.opened, wrong


def _looked_up(watch: Watch, word: str, what: str) -> list[str]:
    """Passages of a few, and the same few as suggestions."""
    watch.open(f"/search?{urlencode({'q': f'xsspassage {word}'})}")
    box = watch.page.locator("input[name=q]").first
    box.fill("")
    box.press_sequentially(word)
    expect(watch.page.locator("[role=option]").first).to_be_visible()
    return watch.found(what)


def _reports(watch: Watch, site: ReadySite, count: int) -> list[str]:
    """Every page of the reports of an import, and their list."""
    wrong: list[str] = []
    watch.open("/sign-in")
    form = site.credentials("author")
    watch.page.fill("input[name=email]", form["email"])
    watch.page.fill("input[name=password]", form["password"])
    watch.page.press("input[name=password]", "Enter")
    watch.page.wait_for_url(f"{watch.address}/")
    watch.open("/imports")
    wrong += watch.found("the list of imports")
    for after in range(0, count, LISTED):
        watch.open(f"/imports/1?after={after}")
        watch.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        wrong += watch.found(f"the report after {after}")
    for number in range(2, 2 + min(count, 10)):
        watch.open(f"/imports/{number}")
        wrong += watch.found(f"the report of import {number}")
    return wrong


def _previews(watch: Watch, given: list[str]) -> list[str]:
    """Each as an author types it: title and text of a draft, shown as readers would see it."""
    wrong: list[str] = []
    watch.open("/articles/KB500000")
    watch.page.click("form[action$='/edit'] button")
    for payload in given:
        watch.page.wait_for_selector("#shown")
        watch.page.fill("input[name=title]", " ".join(payload.split())[:250])
        watch.page.fill("textarea[name=body]", f"xsspassage\n\n{payload}\n")
        with watch.page.expect_navigation():
            watch.page.click("button[value=preview]")
        watch.opened += 1
        assert watch.page.locator("#shown").count() == 1, payload
        wrong += watch.found(f"preview {payload!r}")
    return wrong


def _author(store: Store) -> int:
    from sqlalchemy import select

    from kb.store.tables import account

    with store.reading() as connection:
        return int(connection.scalar(select(account.c.id).where(account.c.role == "author")) or 0)


def tried(browser: Browser, folder: Path, given: list[str]) -> tuple[int, list[str]]:
    """A site of those texts, walked through."""
    config = Config(home=folder, sign_in_attempts=1000)
    prepare(config, given)
    app = create_app(config)
    app.testing = True
    with served(app) as address:
        found = walk(browser, ReadySite(app, config), address, given)
    close(app)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.xss_walk", description=__doc__)
    parser.add_argument("--count", type=int, help="so many of them; all if not given")
    asked = parser.parse_args()
    given = payloads() if asked.count is None else sample(asked.count)
    with tempfile.TemporaryDirectory() as folder, launched(components.chromium() or Path("chromium")) as browser:
        pages, wrong = tried(browser, Path(folder), given)
    print("\n".join(wrong))
    print(f"{len(given)} texts on 9 surfaces, {pages} pages opened: {len(wrong)} wrong")
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
