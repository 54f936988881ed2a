"""Speed beside a peer, in the same run: `make bench`.

The peer is Whoosh as its manual says to use it, with jieba's analyzer: its own parser, `search(filter=)` for the
rights, three facets by `groupedby=`, and its highlighter over the ten best. Ours is asked in process, and over HTTP,
where it renders the page as well. Queries are asked in turn, in rounds; a ratio is the median over the rounds. Then
the hostile queries are asked, and what another reader waits meanwhile.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import itertools
import json
import lzma
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote

import markdown
import numpy as np
from jieba.analyse import ChineseAnalyzer
from whoosh import fields, highlight, index, qparser, query

from indexer.engines import open_engine
from indexer.folding import fold
from indexer.importing import ImportOptions, import_articles
from indexer.segmenting import open_segmenter
from indexer.spelling import spellings
from indexer.sync import drain
from kb.config import Config
from kb.entitlements import EVERYONE
from kb.question import Query
from kb.search import Search
from kb.store import Store
from tests import hostile
from tests.command import KB, free_port, surroundings

SIZES = (1_000, 10_000)
ROUNDS = 5
QUERIES = 100
HTTP, INSIDE, PLAIN = "/search over HTTP", "ours, in process", "Whoosh by its manual"
FACETED = ("product", "lang", "type")

Row = Mapping[str, Any]
Ask = Callable[[str], float]


def articles(path: Path, most: int) -> list[Row]:
    openers: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".xz": lzma.open}
    opener = openers.get(path.suffix, open)
    with opener(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in itertools.islice(lines, most)]


def questions(path: Path | None, rows: Sequence[Row]) -> list[str]:
    """Judged queries when there are any, else titles; evenly spread over what there is."""
    if path and path.is_file():
        texts = [json.loads(line)["text"] for line in path.read_text("utf-8").splitlines()]
    else:
        texts = [row["title"] for row in rows]
    return texts[:: max(1, len(texts) // QUERIES)][:QUERIES]


class Peer:
    """Whoosh by its manual."""

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        words = ChineseAnalyzer()
        schema = fields.Schema(
            id=fields.ID(stored=True),
            grants=fields.KEYWORD,
            title=fields.TEXT(analyzer=words, stored=True, field_boost=2.0),
            body=fields.TEXT(analyzer=words, stored=True),
            **{name: fields.ID(sortable=True) for name in FACETED},
        )
        self._index = index.create_in(str(folder), schema)
        writer = self._index.writer(limitmb=512)
        for row in rows:
            facets = {name: row.get(name, "solution") for name in FACETED}
            writer.add_document(id=row["id"], grants="public", title=row["title"], body=row["body_markdown"], **facets)
        writer.commit()
        self._searcher = self._index.searcher()
        self._parser = qparser.MultifieldParser(["title", "body"], schema, group=qparser.OrGroup)

    def ask(self, text: str) -> float:
        began = time.perf_counter()
        asked, rights = self._parser.parse(text), query.Term("grants", "public")
        found = self._searcher.search(asked, filter=rights, limit=10, groupedby=list(FACETED))
        found.fragmenter = highlight.ContextFragmenter()
        for hit in itertools.islice(found, 10):  # `groupedby` makes it give them all
            hit.highlights("body")
            hit.highlights("title")
        # The peer counts its matches and the values of its facets, too.
        len(found)
        for name in FACETED:
            found.groups(name)
        return time.perf_counter() - began

    def close(self) -> None:
        self._searcher.close()
        self._index.close()


@dataclass
class Ours:
    """The site over HTTP, a new connection each time, asked as anyone."""

    port: int

    def ask(self, text: str) -> float:
        began = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", f"/search?q={quote(text, errors='replace')}")
        answer = connection.getresponse()
        page = answer.read()
        seconds = time.perf_counter() - began
        connection.close()
        if answer.status != 200 or b"</html>" not in page:
            raise SystemExit(f"/search answered {answer.status} to {text!r}")
        return seconds


@contextmanager
def in_process(home: Path) -> Iterator[Ask]:
    """The whole search without the page: rights, total, facets, ranking, passages."""
    config = Config(home=home)
    with Store.open(config.store_url) as store:
        engine = open_engine(config)
        search = Search(store, engine, fold, spellings)

        def ask(text: str) -> float:
            began = time.perf_counter()
            search.find(Query(text, today=date(2026, 1, 1)), EVERYONE)
            return time.perf_counter() - began

        yield ask
        engine.close()


@contextmanager
def served(home: Path, workers: int = 1) -> Iterator[int]:
    port = free_port()
    environment = surroundings(home) | {"KB_PORT": str(port), "KB_WORKERS": str(workers)}
    process = subprocess.Popen([*KB, "serve"], env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait(60)


def _wait(port: int) -> None:
    for _ in range(600):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit("the site does not get ready")


def build(home: Path, given: Path) -> tuple[float, float]:
    """Seconds to import a file and seconds to index it."""
    config = Config(home=home)
    config.prepare_home()
    with Store.create(config.store_url) as store:
        began = time.perf_counter()
        import_articles(given, ImportOptions(grants=("public",), new_products=True), store, config)
        imported = time.perf_counter()
        engine = open_engine(config)
        drain(store, engine)
        engine.close()
        return imported - began, time.perf_counter() - imported


def bare(rows: Sequence[Row]) -> float:
    """Seconds for nothing but `markdown` and segmenting of the same texts, in this one process."""
    began = time.perf_counter()
    renderer = markdown.Markdown(extensions=["tables", "fenced_code"])
    cut = open_segmenter().cuts
    for row in rows:
        renderer.reset()
        cut(fold(row["title"]))
        cut(fold(renderer.convert(row["body_markdown"])))
    return time.perf_counter() - began


def quantiles(seconds: Sequence[float]) -> tuple[float, float]:
    p50, p95 = np.percentile(seconds, [50, 95]) * 1000
    return float(p50), float(p95)


def measure(path: Path, size: int, asked: Path | None) -> None:
    rows = articles(path, size)
    texts = questions(asked, rows)
    print(f"\n{len(rows):,} articles, {sum(len(row['body_markdown']) for row in rows) / 1e6:.1f} M characters")
    with tempfile.TemporaryDirectory(prefix="kb-bench-") as folder:
        home, given = Path(folder, "home"), Path(folder, "articles.jsonl")
        given.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
        importing, indexing = build(home, given)
        plain = bare(rows)
        _told("markdown + segmenting, bare, one process", plain, len(rows))
        _told("ours: import", importing, len(rows))
        _told("ours: index", indexing, len(rows))
        _told("ours: import + index", importing + indexing, len(rows))
        size_mb = sum(file.stat().st_size for file in (home / "index").rglob("*") if file.is_file()) / 1e6
        print(f"  ratio of bare to ours {plain / (importing + indexing):.2f}; index {size_mb:,.0f} MB")
        began = time.perf_counter()
        Path(folder, "peer").mkdir()
        peer = Peer(Path(folder, "peer"), rows)
        _told("Whoosh by its manual: index", time.perf_counter() - began, len(rows))
        with served(home) as port, in_process(home) as inside:
            compare(texts, {HTTP: Ours(port).ask, INSIDE: inside, PLAIN: peer.ask})
        peer.close()
        with served(home, workers=2) as port:
            beside_hostile(texts, Ours(port).ask)


def beside_hostile(texts: Sequence[str], ask: Ask) -> None:
    """How long hostile queries take, and another reader's questions while they are asked one after another."""
    alone = [ask(text) for _ in range(3) for text in texts]
    slowest: list[float] = []
    asking = Thread(target=lambda: slowest.append(max(map(ask, hostile.queries()))))
    asking.start()
    beside: list[float] = []
    for text in itertools.cycle(texts):
        if not asking.is_alive():
            break
        beside.append(ask(text))
    asking.join()
    (_, quiet), (_, busy) = quantiles(alone), quantiles(beside)
    print(
        f"  the slowest of {hostile.COUNT} hostile queries: {slowest[0] * 1000:.0f} ms; another reader's p95 meanwhile"
    )
    print(f"  {busy:.1f} ms, {busy / quiet:.2f}x of {quiet:.1f} ms without them", flush=True)


def _told(what: str, seconds: float, articles: int) -> None:
    print(f"  {what:<42} {seconds:8.1f} s {articles / seconds:8,.0f} articles/s", flush=True)


def compare(texts: Sequence[str], asks: Mapping[str, Ask]) -> None:
    """The first time each is asked, then rounds in turn."""
    first = [{who: ask(text) for who, ask in asks.items()} for text in texts]
    rounds = [[{who: ask(text) for who, ask in asks.items()} for text in texts] for _ in range(ROUNDS)]
    print(f"  {len(texts)} queries                               p50 ms    p95 ms")
    for name, timed in (("first time", [first]), ("again", rounds)):
        for who in asks:
            p50, p95 = quantiles([one[who] for each in timed for one in each])
            print(f"  {name:<11}{who:<34}{p50:8.1f}  {p95:8.1f}")
        for one, other in ((PLAIN, INSIDE), (PLAIN, HTTP), (HTTP, INSIDE)):
            p50, p95 = (
                statistics.median(each) for each in zip(*(_ratios(each, one, other) for each in timed), strict=True)
            )
            print(f"  {name:<11}{one} takes {p50:.1f}x (p50), {p95:.1f}x (p95) of {other}", flush=True)


def _ratios(timed: Sequence[Mapping[str, float]], one: str, other: str) -> tuple[float, float]:
    numerator, denominator = (quantiles([each[who] for each in timed]) for who in (one, other))
    return numerator[0] / denominator[0], numerator[1] / denominator[1]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("corpus", type=Path, help="articles: JSON lines, .gz or .xz")
    parser.add_argument("--queries", type=Path, help="judged queries; titles if there are none")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    given = parser.parse_args()
    for size in given.sizes:
        measure(given.corpus, size, given.queries)


if __name__ == "__main__":
    main()
