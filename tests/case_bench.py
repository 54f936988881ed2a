"""How the pages of cases and of reports grow: p50 and p95 over HTTP, at 1,000, 10,000 and 100,000 cases of ten links.

make bench-cases ARGS="--sizes 1000 10000 --store sqlite"
"""

from __future__ import annotations

import argparse
import http.client
import random
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import text

from kb.config import Config
from kb.entitlements import matrices
from kb.reckoning import Reckoning
from tests.case_filling import add_cases
from tests.servers import postgres_url
from tests.site import ReadySite, fill, served
from web import close, create_app

SIZES = (1_000, 10_000, 100_000)
STORES = ("sqlite", "postgresql")
ASKED = 60
FOLLOWING = re.compile(r'href="(/cases\?[^"]*cursor=[^"]+)"')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--store", choices=STORES, nargs="+", default=STORES)
    asked = parser.parse_args()
    print(f"{'store':<10} {'cases':>8} {'links':>9}  page                 p50 ms  p95 ms")
    for store in asked.store:
        for size in asked.sizes:
            with tempfile.TemporaryDirectory(prefix="kb-cases-") as folder, opened(store, Path(folder)) as config:
                measure(store, config, size)


@contextmanager
def opened(store: str, folder: Path) -> Iterator[Config]:
    config = Config(home=folder, sign_in_attempts=1000)
    if store == "sqlite":
        yield config
    else:
        with postgres_url() as url:
            yield replace(config, store_url=url)


def measure(store: str, config: Config, size: int) -> None:
    fill(config)
    app = create_app(config)
    app.testing = True
    site = ReadySite(app, config)
    links = add_cases(site.store, size)
    started = time.perf_counter()
    Reckoning(site.store, config, matrices()).recount(datetime.now(UTC))
    took = time.perf_counter() - started
    with site.store.writing() as connection:
        connection.execute(text("ANALYZE"))
    print(f"{store:<10} {size:>8,} {links:>9,}  counted anew in {took:.0f} s", flush=True)
    chance = random.Random(7)
    engineer, gold = cookie(site, "engineer"), cookie(site, "gold")
    known = site.store.articles_for_index(limit=1)[0].row.number
    far_on = later_page(site, 20)
    pages: dict[str, Callable[[], tuple[str, str]]] = {
        "queue": lambda: (engineer, "/cases"),
        "queue, far on": lambda: (engineer, far_on),
        "closed": lambda: (engineer, "/cases?state=closed"),
        "a case, staff": lambda: (engineer, f"/cases/C{chance.randint(1, size):08d}"),
        "a customer's cases": lambda: (gold, "/cases"),
        "an article, staff": lambda: (engineer, f"/articles/{known}"),
        "reports": lambda: (engineer, "/reports"),
        "reports, a product": lambda: (engineer, "/reports?product=windchill"),
        "activity report": lambda: (gold, "/reports/activity"),
        "a CRM's panel": lambda: (engineer, f"/embed/case-panel?case=C{chance.randint(1, size):08d}"),
        "all SPRs": lambda: (engineer, "/sprs"),
        "an SPR, staff": lambda: (engineer, f"/sprs/{chance.randint(1, size // 10):07d}"),
        "search by number": lambda: (gold, f"/search?q=SPR+{chance.randint(1, size // 10):07d}"),
        "article tasks": lambda: (engineer, "/tasks"),
    }
    with served(app) as address:
        browser = http.client.HTTPConnection(urlsplit(address).netloc)
        for name, page in pages.items():
            times = sorted(seconds(browser, *page()) for _ in range(ASKED))
            p50, p95 = statistics.median(times) * 1e3, times[int(len(times) * 0.95) - 1] * 1e3
            print(f"{store:<10} {size:>8,} {links:>9,}  {name:<20} {p50:6.1f}  {p95:6.1f}", flush=True)
        browser.close()
    close(app)


def later_page(site: ReadySite, steps: int) -> str:
    """The address of the queue's page after so many, or its last."""
    visitor, path = site.visitor("engineer"), "/cases"
    for _ in range(steps):
        following = FOLLOWING.search(visitor.get(path).get_data(as_text=True))
        if not following:
            break
        path = following[1].replace("&amp;", "&")
    return path


def cookie(site: ReadySite, kind: str) -> str:
    """What the browser of somebody of this kind sends, who has signed in."""
    found = site.visitor(kind).client.get_cookie("kb_session")
    assert found is not None
    return f"kb_session={found.value}"


def seconds(connection: http.client.HTTPConnection, cookie: str, path: str) -> float:
    started = time.perf_counter()
    connection.request("GET", path, headers={"Cookie": cookie})
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200, path
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
