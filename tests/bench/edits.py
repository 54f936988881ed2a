"""How long it takes until a changed article is found over HTTP, by words it did not have before."""

from __future__ import annotations

import http.client
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from kb.config import Config
from kb.store import Store
from kb.store.articles import ImportRun
from tests.contracts.stores import draft, rendered

CHANGES = 40
PAUSE = 0.005
APART = 0.5
PATIENCE = 60.0


def waits(home: Path, port: int) -> Sequence[float]:
    """Seconds from the commit of a change to the first answer that has it, for so many changes of one article."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    found, marked = [], f"changed{time.time_ns()}"
    with Store.open(Config(home=home).store_url) as store:
        product = min(store.products())
        for at in range(-1, CHANGES):
            word = f"{marked}n{at + 1}"
            changed = rendered(draft("edited", title=f"Article {word}", product=product))
            # Nobody is still at work on the change before.
            time.sleep(APART + at % 10 * APART / 10)
            store.apply([changed], ImportRun("test", datetime.now(UTC)))
            began = time.perf_counter()
            while f'"title":"Article{word}"'.encode() not in _answer(connection, f"/api/v1/search?q={word}"):
                if time.perf_counter() - began > PATIENCE:
                    raise SystemExit(f"a changed article was not found for {PATIENCE:.0f} seconds")
                time.sleep(PAUSE)
            if at >= 0:  # the first finds everything just started
                found.append(time.perf_counter() - began)
    return found


def _answer(connection: http.client.HTTPConnection, path: str) -> bytes:
    connection.request("GET", path)
    return connection.getresponse().read().replace(b" ", b"")
