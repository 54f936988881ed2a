"""The knowledge base as it is run: imported and indexed by its command line, asked in process and over HTTP."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from threading import Thread
from urllib.parse import quote
from wsgiref.types import WSGIApplication

from werkzeug.test import create_environ

from indexer.caching import Cache
from indexer.engines import open_engine
from indexer.folding import fold
from indexer.spelling import spellings
from kb.config import Config
from kb.entitlements import Scope
from kb.question import Query
from kb.search import Search
from kb.store import Store
from tests.bench.corpus import Prepared
from tests.bench.peers import Found
from tests.command import KB, free_port, surroundings
from web import close, create_app

TODAY = date(2026, 1, 1)
NO_MORE: Mapping[str, str] = {}
ASKING = 8
# A site is warm when so many rounds of so many seconds in a row were not faster, by this much, than the best before.
WARMING, STEADY, FASTER, MOST_WARMING = 3.0, 2, 1.05, 20
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Work:
    """What a command took: seconds, and the most memory that it and each of its children had, in MB."""

    seconds: float
    memory_mb: float


def run(home: Path, *arguments: str, settings: Mapping[str, str] = NO_MORE) -> Work:
    """A command of `kb`. What it says is kept from the table."""
    began = time.monotonic()
    process = subprocess.Popen(
        [*KB, *arguments], env={**surroundings(home), **settings}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    # 1: some articles of a corpus are refused, as they should be.
    if process.returncode not in (0, 1):
        raise SystemExit(f"kb {' '.join(arguments)} ended with {process.returncode}")
    return Work(time.monotonic() - began, used.ru_maxrss / 1024)


def imported(home: Path, prepared: Prepared) -> Work | None:
    """Imports; None when that was done before."""
    if (home / "kb.sqlite3").exists():
        return None
    run(home, "init")
    return run(home, "import", str(prepared.articles), "--new-products")


def is_stale(home: Path, engine: str) -> bool:
    """Whether the index is not as this code would write it."""
    config = Config(home=home)
    opened = open_engine(config, engine, Cache(config.cache_mb))
    try:
        return opened.status().stale
    finally:
        opened.close()


@dataclass
class InProcess:
    """A search without the page: rights, total, facets, ranking, passages. `fresh`: no answer kept is of use."""

    search: Search
    scope: Scope
    fresh: bool
    asked: int = 0

    def ask(self, text: str) -> Found:
        self.asked += 1
        # On another day: the same work, but nothing that was answered before.
        today = TODAY + timedelta(days=self.asked) if self.fresh else TODAY
        found = self.search.find(Query(text, today=today), self.scope)
        return Found(found.total, len(found.results), sum(map(len, found.facets.values())))


@contextmanager
def in_process(home: Path, engine_name: str, keeping: bool = True) -> Iterator[Search]:
    """`keeping`: results that were made before are given again where they still hold, as `kb serve` does."""
    config = Config(home=home)
    cache = Cache(config.cache_mb)
    with Store.open(config.store_url) as store:
        engine = open_engine(config, engine_name, cache)
        yield Search(store, engine, fold, spellings, keep=cache if keeping else None)
        engine.close()


@dataclass
class PageInProcess:
    """The page of results, asked of the application itself: no server, no connection."""

    app: WSGIApplication

    def ask(self, text: str) -> Found:
        status: list[str] = []
        asked = create_environ("/search", query_string={"q": text})
        answer = b"".join(self.app(asked, lambda line, *_: status.append(line)))  # type: ignore[arg-type]
        if not status[0].startswith("200 ") or b"</html>" not in answer[-20:]:
            raise SystemExit(f"/search answered {status} to {text!r}")
        return Found(0, 0, 0)


@contextmanager
def page_in_process(home: Path, engine: str) -> Iterator[PageInProcess]:
    app = create_app(Config(home=home, engine=engine))
    yield PageInProcess(app)
    close(app)


@dataclass
class OverHttp:
    """The page of results, on a connection that is kept, as a browser or a proxy keeps one.

    It reads no more of an answer than where it ends: what asks runs on the cores of what answers.
    """

    port: int

    def __post_init__(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self.port), 60)

    def ask(self, text: str) -> Found:
        head = f"GET /search?q={quote(text, errors='replace')} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode()
        try:
            answer = self._answer(head)
        except ConnectionError:
            # The server closes what nobody used for some seconds.
            self._socket.close()
            self._socket = socket.create_connection(("127.0.0.1", self.port), 60)
            answer = self._answer(head)
        if not answer.startswith(b"HTTP/1.1 200 ") or b"</html>" not in answer[-20:]:
            raise SystemExit(f"/search answered {answer[:40]!r} to {text!r}")
        return Found(0, 0, 0)

    def _answer(self, head: bytes) -> bytes:
        self._socket.sendall(head)
        answer, ends = b"", 1
        while len(answer) < ends:
            if not (more := self._socket.recv(1 << 20)):
                raise ConnectionError("closed")
            answer += more
            if ends == 1 and (body := answer.find(b"\r\n\r\n") + 4) > 3:
                length = _LENGTH.search(answer, 0, body)
                if length is None:
                    raise SystemExit(f"/search gives no length: {answer[:body]!r}")
                ends = body + int(length[1])
            elif ends == 1:
                ends = len(answer) + 1
        return answer


@contextmanager
def served(home: Path, engine: str, workers: int = 1, settings: Mapping[str, str] = NO_MORE) -> Iterator[int]:
    port = free_port()
    more = {"KB_PORT": str(port), "KB_WORKERS": str(workers), "KB_ENGINE": engine, **settings}
    environment = surroundings(home) | more
    process = subprocess.Popen([*KB, "serve"], env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait(60)


def _wait(port: int) -> None:
    for _ in range(1200):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("GET", "/readyz")
            if json.loads(connection.getresponse().read())["status"] == "ok":
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.1)
    raise SystemExit("the site does not get ready")


def carried(port: int, texts: Sequence[str], seconds: float, asking: int = ASKING) -> float:
    """Requests a second that a site answers to so many who ask at once, each all the questions in turn."""
    until, counts = time.monotonic() + seconds, [0] * asking

    def ask(at: int) -> None:
        site = OverHttp(port)
        while time.monotonic() < until:
            site.ask(texts[(counts[at] + at * len(texts) // asking) % len(texts)])
            counts[at] += 1

    _together([partial(ask, at) for at in range(asking)])
    return sum(counts) / seconds


def warmed(port: int, texts: Sequence[str]) -> bool:
    """Asks until asking more makes a site no faster; False: it still got faster at the end.

    First everything on every connection, whichever worker has it; then as long as the best round so far is beaten.
    """
    _together([partial(_ask_all, port, texts, at) for at in range(ASKING)])
    best, beaten = 0.0, 0
    for _ in range(MOST_WARMING):
        now = carried(port, texts, WARMING)
        beaten = 0 if now > best * FASTER else beaten + 1
        best = max(best, now)
        if beaten == STEADY:
            return True
    return False


def _ask_all(port: int, texts: Sequence[str], first: int) -> None:
    site = OverHttp(port)
    for at in range(len(texts)):
        site.ask(texts[(at + first * len(texts) // ASKING) % len(texts)])


def _together(doing: Sequence[Callable[[], None]]) -> None:
    threads = [Thread(target=each) for each in doing]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
