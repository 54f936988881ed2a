"""`make bench-hostile`: how long a site takes for hostile queries, and how long others wait meanwhile."""

from __future__ import annotations

import argparse
import http.client
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from threading import Event, Timer
from urllib.parse import quote

import numpy as np

from tests.bench import ours
from tests.bench.building import build
from tests.bench.corpus import prepare, questions
from tests.hostile import queries

ALONE = 20


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-hostile", description=__doc__)
    parser.add_argument("corpus", type=Path, help="articles: JSON lines, .gz or .xz")
    parser.add_argument("--queries", type=Path, help="judged queries, of the others; titles if there are none")
    parser.add_argument("--size", type=int, default=10_000)
    parser.add_argument("--engine", default="whoosh")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--work", type=Path, default=Path(".cache/bench"), help="what is built stays here")
    given = parser.parse_args()
    prepared = prepare(given.corpus, given.size, given.work)
    home = (given.work / f"home-{prepared.size}").absolute()
    build(home, prepared, [given.engine])
    texts = questions(given.queries, prepared)
    with ours.served(home, given.engine, given.workers) as port:
        asked(port, texts, _after(len(texts) / 4))  # nobody's first searches count
        alone = asked(port, texts, _after(ALONE))
        over = Event()
        with ThreadPoolExecutor(1) as pool:
            others = pool.submit(asked, port, texts, over)
            statuses, seconds = attack(port)
            over.set()
            beside = others.result()
    _tell(statuses, seconds, alone, beside)


def _after(seconds: float) -> Event:
    over = Event()
    Timer(seconds, over.set).start()
    return over


def asked(port: int, texts: Sequence[str], over: Event) -> list[float]:
    """The seconds of usual questions, one after the other, until it is over."""
    site = ours.OverHttp(port)
    seconds: list[float] = []
    for text in cycle(texts):
        if over.is_set():
            return seconds
        began = time.perf_counter()
        site.ask(text)
        seconds.append(time.perf_counter() - began)
    return seconds


def attack(port: int) -> tuple[Counter[int], list[tuple[float, str]]]:
    """How every hostile query is answered, and how long each takes."""
    statuses: Counter[int] = Counter()
    seconds = []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for text in queries():
        began = time.perf_counter()
        connection.request("GET", f"/search?q={quote(text, errors='surrogatepass')}")
        answer = connection.getresponse()
        answer.read()
        seconds.append((time.perf_counter() - began, text))
        statuses[answer.status] += 1
    return statuses, seconds


def _tell(
    statuses: Counter[int], seconds: Sequence[tuple[float, str]], alone: Sequence[float], beside: Sequence[float]
) -> None:
    told = ", ".join(f"{count} answered with {status}" for status, count in sorted(statuses.items()))
    print(f"{len(seconds)} hostile queries: {told}")
    for took, text in sorted(seconds, reverse=True)[:3]:
        print(f"  {took * 1000:7.0f} ms  {len(text):,} characters: {text[:40]!a}")
    before, meanwhile = (float(np.percentile(each, 95)) * 1000 for each in (alone, beside))
    print(f"p95 of others: {before:.0f} ms alone ({len(alone)} asked), {meanwhile:.0f} ms meanwhile", end=" ")
    print(f"({len(beside)} asked): {meanwhile / before:.2f}x")


if __name__ == "__main__":
    main()
