"""`make rebuild-test`: a whole rebuild of the index while the site is asked without a pause, on each engine.

Before it the store is given articles that the index is not told of: only the new generation has them, and every page of
results must be of one generation or of the other, its total and its facets alike.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

from kb.config import Config
from kb.store import Store
from tests.bench.corpus import first
from tests.bench.ours import served
from tests.command import KB, surroundings
from tests.servers import opensearch_url

Row: TypeAlias = dict[str, Any]

ENGINES = ("whoosh", "tantivy", "opensearch")
COMMON = "rebuildingword"
WORDS = ("登入", "Windchill", "server error", "許可證", "license", "安裝 失敗", "download", "憑證")
UNTOLD = 50
QUIET_SECONDS = 30.0
AFTERWARDS = 2.0
SLOWER_AT_MOST = 2.0
FACETS = ("product", "type", "lang")


@dataclass(frozen=True)
class Asked:
    """When it was asked, how long the answer took, and what its total and facets count; None when there was none."""

    at: float
    seconds: float
    counts: tuple[int, ...] | None


@dataclass
class Asking:
    """Asks at a steady pace, whatever the answers take."""

    port: int
    per_second: float
    asked: list[Asked] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def under_way(self) -> Iterator[None]:
        thread = threading.Thread(target=self._keep_asking)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _keep_asking(self) -> None:
        threads = []
        began, n = time.monotonic(), 0
        while not self._over.wait(max(0.0, began + n / self.per_second - time.monotonic())):
            # Every second question is for the word that every article has; a word of its own keeps it from being known.
            text = COMMON if n % 2 else f"{WORDS[n % len(WORDS)]} {n}"
            threads.append(threading.Thread(target=self._ask, args=(text,)))
            threads[-1].start()
            n += 1
        for thread in threads:
            thread.join()

    def _ask(self, text: str) -> None:
        at = time.monotonic()
        counts = None
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            counts = _counts(self.port, text)
        self.asked.append(Asked(at, time.monotonic() - at, counts if text == COMMON or counts is None else ()))


def _counts(port: int, text: str) -> tuple[int, ...] | None:
    """The total, and the sums of the facets; None when it was not answered as it should be."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", f"/api/v1/search?q={quote(text)}")
    answer = connection.getresponse()
    found: dict[str, Any] = json.loads(answer.read())
    connection.close()
    if answer.status != 200 or found["plain"]:
        return None
    return (found["total"], *(sum(value["count"] for value in found["facets"][facet]) for facet in FACETS))


@dataclass(frozen=True)
class Rebuilt:
    """What came of a rebuild: seconds it took, and what was asked before and meanwhile."""

    engine: str
    seconds: float
    before: list[Asked]
    meanwhile: list[Asked]
    totals: tuple[int, int]

    def failed(self) -> int:
        return sum(one.counts is None for one in self.meanwhile)

    def mixed(self) -> int:
        """Pages whose counts are of neither generation."""
        whole = {(total,) * (1 + len(FACETS)) for total in self.totals}
        return sum(one.counts not in whole for one in self.meanwhile if one.counts)

    def swapped(self) -> bool:
        old, new = self.totals
        return old < new and any(one.counts and one.counts[0] == new for one in self.meanwhile)

    def p95(self) -> tuple[float, float]:
        return _p95(self.before), _p95(self.meanwhile)

    def is_good(self) -> bool:
        quiet, busy = self.p95()
        return not self.failed() and not self.mixed() and self.swapped() and busy <= SLOWER_AT_MOST * quiet

    def told(self) -> str:
        quiet, busy = self.p95()
        seen = "seen" if self.swapped() else "NOT seen"
        return (
            f"{self.engine:<11}{self.totals[1]:,} articles rebuilt in {self.seconds:.1f} s; "
            f"{len(self.meanwhile)} asked meanwhile, {self.failed()} failed, {self.mixed()} of two generations, "
            f"the new one {seen}; p95 {busy * 1000:.0f} ms, before {quiet * 1000:.0f} ms: {busy / quiet:.2f}x  "
            f"{'ok' if self.is_good() else 'FAILED'}"
        )


def _p95(asked: list[Asked]) -> float:
    return statistics.quantiles([one.seconds for one in asked], n=20)[-1]


@dataclass(frozen=True)
class Site:
    """A site of an engine, with the settings it needs."""

    engine: str
    home: Path
    settings: Mapping[str, str]

    def kb(self, *words: str) -> None:
        environment = surroundings(self.home) | {"KB_ENGINE": self.engine, **self.settings}
        done = subprocess.run([*KB, *words], env=environment, capture_output=True, text=True, check=False)
        # 1: some articles of a corpus are refused, as they should be.
        if done.returncode not in (0, 1):
            raise SystemExit(f"kb {' '.join(words)} ended with {done.returncode}:\n{done.stderr}")

    def bring(self, rows: list[Row]) -> None:
        path = self.home.parent / "rows.jsonl"
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
        self.kb("import", str(path), "--grants", "public", "--new-products")

    def bring_untold(self, rows: list[Row]) -> None:
        """What is new is noted for the index while nobody can take the notes, and then no more."""
        with Store.open(Config(home=self.home).store_url) as store, store.alone():
            self.bring(rows)
            store.done([note.id for note in store.notes(len(rows) * 2)])


def rebuilt(site: Site, rows: list[Row], per_second: float) -> Rebuilt:
    """Fills a site with all but the last of the rows, and rebuilds its index when it has them all."""
    site.kb("init")
    site.bring(rows[:-UNTOLD])
    site.kb("build")
    with served(site.home, site.engine, 2, site.settings) as port:
        _asked_for(port, per_second, QUIET_SECONDS / 3)
        before = _asked_for(port, per_second, QUIET_SECONDS)
        known_total = _total(port)
        site.bring_untold(rows)
        meanwhile = Asking(port, per_second)
        with meanwhile.under_way():
            began = time.monotonic()
            site.kb("build")
            seconds = time.monotonic() - began
            time.sleep(AFTERWARDS)
        totals = known_total, _total(port)
    return Rebuilt(site.engine, seconds, before, meanwhile.asked, totals)


def _total(port: int) -> int:
    """How many articles an import made of the rows: some are refused, as they should be."""
    counts = _counts(port, COMMON)
    return counts[0] if counts else 0


def _asked_for(port: int, per_second: float, seconds: float) -> list[Asked]:
    asking = Asking(port, per_second)
    with asking.under_way():
        time.sleep(seconds)
    return asking.asked


def rows_of(corpus: Path, count: int) -> list[Row]:
    kept = ("id", "title", "lang", "product", "body_markdown")
    rows = [{name: row[name] for name in kept} for row in first(corpus, count)]
    return [row | {"body_markdown": f"{row['body_markdown']}\n\n{COMMON}"} for row in rows]


def main() -> int:
    parser = argparse.ArgumentParser(prog="make rebuild-test", description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--engines", nargs="+", default=ENGINES, choices=ENGINES)
    parser.add_argument("--per-second", type=float, default=10)
    given = parser.parse_args()
    rows, good = rows_of(given.corpus, given.count), []
    for engine in given.engines:
        with tempfile.TemporaryDirectory(prefix="kb-rebuild-") as folder, _settings(engine) as settings:
            found = rebuilt(Site(engine, Path(folder) / "home", settings), rows, given.per_second)
        good.append(found.is_good())
        print(found.told(), flush=True)
    return 0 if all(good) else 1


@contextlib.contextmanager
def _settings(engine: str) -> Iterator[Mapping[str, str]]:
    """Those that say where the engine's server is, if it has one."""
    if engine != "opensearch":
        yield {}
        return
    with opensearch_url() as url:
        yield {"KB_OPENSEARCH_URL": url, "KB_OPENSEARCH_REPLICAS": "0", "KB_OPENSEARCH_INDEX": "kb-rebuild"}


if __name__ == "__main__":
    sys.exit(main())
