"""`make bench`: ours beside its peers, at each size: what was built, what was asked, and how they compare.

Every peer does the same work on the same articles for the same reader. In each round one after the other is asked all
questions; a ratio is the median over the rounds.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from kb.entitlements import Scope
from tests.bench import edits, ours
from tests.bench.building import IMPORT, SEGMENTERS, Built, bare, build
from tests.bench.chart import svg, table
from tests.bench.corpus import Prepared, prepare, questions
from tests.bench.peers import PEERS, Missing, Peer, opened
from tests.bench.timing import Ask, Asked, ask_in_turn

ROUNDS = 5
FRESH, KEPT, HTTP = "ours on {}, not asked before", "ours on {}, asked before", "ours on {}, /search over HTTP"
ANYONE, MAKING = "ours on {}, as anyone", "ours on {}, as anyone, results made anew"
PAGE = "ours on {}, /search in process"


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("corpus", type=Path, help="articles: JSON lines, .gz or .xz")
    parser.add_argument("--queries", type=Path, help="judged queries; titles if there are none")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000])
    parser.add_argument("--engine", default="whoosh", help="of ours, with commas between")
    parser.add_argument("--peers", default=",".join(PEERS), help="with commas between; 'none'")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=60, help="of a round for each who is asked")
    parser.add_argument("--work", type=Path, default=Path(".cache/bench"), help="what is built stays here")
    parser.add_argument("--out", type=Path, help="a folder for the tables and charts of docs/performance.md")
    given = parser.parse_args()
    for size in given.sizes:
        _measure(given, prepare(given.corpus, size, given.work))


def _measure(given: argparse.Namespace, prepared: Prepared) -> None:
    texts, home = questions(given.queries, prepared), (given.work / f"home-{prepared.size}").absolute()
    engines = given.engine.split(",")
    _say(f"\n{prepared.size:,} articles, {prepared.text_octets / 1e6:.1f} MB of text, {len(texts)} questions")
    built = build(home, prepared, engines)
    # Indexes alone, made anew, are nothing to compare.
    from_nothing = any(one.what == IMPORT for one in built)
    bares = [bare(prepared, each) for each in SEGMENTERS] if from_nothing else []
    with ExitStack() as stack:
        asks, octets = _peers(given, prepared, stack)
        for engine in engines:
            asks |= _ours(home, engine, prepared, stack)
        asked = ask_in_turn(asks, texts, given.rounds, given.seconds)
    _tell_built(bares, built, prepared, octets)
    _tell_asked(asked, engines)
    for engine in engines:
        _tell_workers(home, engine, texts)
        _tell_edits(home, engine)
    if given.out:
        _write(given.out, prepared, asked)


def _peers(given: argparse.Namespace, prepared: Prepared, stack: ExitStack) -> tuple[dict[str, Ask], dict[str, int]]:
    asks: dict[str, Ask] = {}
    octets: dict[str, int] = {}
    for name in [] if given.peers == "none" else given.peers.split(","):
        folder = (given.work / f"{name.replace('-bare', '-raw')}-{prepared.size}").absolute()
        folder.mkdir(parents=True, exist_ok=True)
        try:
            peer: Peer = stack.enter_context(opened(name, prepared, folder))
        except Missing as missing:
            _say(f"MISSING peer {missing}")
            continue
        asks[PEERS[name][1]], octets[PEERS[name][1]] = peer.ask, peer.octets()
        _say(f"  {PEERS[name][1]} is filled")
    return asks, octets


def _ours(home: Path, engine: str, prepared: Prepared, stack: ExitStack) -> dict[str, Ask]:
    # Each has its own memory: what is asked for the first time again and again would push out what was kept.
    asking = stack.enter_context(ours.in_process(home, engine))
    again = stack.enter_context(ours.in_process(home, engine))
    everyone = stack.enter_context(ours.in_process(home, engine))
    making = stack.enter_context(ours.in_process(home, engine, keeping=False))
    page = stack.enter_context(ours.page_in_process(home, engine))
    port = stack.enter_context(ours.served(home, engine))
    scope, public = Scope(prepared.grants), Scope(frozenset({"public"}))
    return {
        FRESH.format(engine): ours.InProcess(asking, scope, fresh=True).ask,
        KEPT.format(engine): ours.InProcess(again, scope, fresh=False).ask,
        # Over HTTP, anyone asks: so in process, too, for the comparison.
        ANYONE.format(engine): ours.InProcess(everyone, public, fresh=False).ask,
        MAKING.format(engine): ours.InProcess(making, public, fresh=False).ask,
        PAGE.format(engine): page.ask,
        HTTP.format(engine): ours.OverHttp(port).ask,
    }


def _tell_built(bares: Sequence[Built], built: Sequence[Built], prepared: Prepared, octets: dict[str, int]) -> None:
    for one in [*bares, *built]:
        speed = f"{prepared.size / one.seconds:8,.0f} articles/s {prepared.text_octets / one.seconds / 1e6:6.2f} MB/s"
        more = f"  {one.memory_mb:,.0f} MB of memory" if one.memory_mb else ""
        _say(
            f"  {one.what:<44}{one.seconds:8.1f} s {speed}{more}"
            + (f"  {one.octets / 1e6:,.0f} MB" if one.octets else "")
        )
    for one in bares:
        ours_took = built[0].seconds + built[1].seconds
        _say(f"  import + index runs at {one.seconds / ours_took:.2f} of the speed of {one.what}")
    for who, size in octets.items():
        _say(f"  {who:<44}{size / 1e6:8,.0f} MB")


def _tell_asked(asked: Asked, engines: Sequence[str]) -> None:
    _say(f"  {'':<46}p50 ms    p95 ms")
    for who in asked.seconds:
        _say(f"  {who:<44}{asked.quantile(who, 50):8.1f}  {asked.quantile(who, 95):8.1f}")
    for engine in engines:
        fresh, kept, http = (form.format(engine) for form in (FRESH, KEPT, HTTP))
        pairs = [(name, fresh) for _, name in PEERS.values()] + [(PEERS["whoosh"][1], kept)]
        for one, other in [*pairs, *((http, form.format(engine)) for form in (PAGE, MAKING, ANYONE))]:
            if one in asked.seconds:
                p50, p95 = asked.ratio(one, other, 50), asked.ratio(one, other, 95)
                _say(f"  {one} takes {p50:.2f}x (p50), {p95:.2f}x (p95) of {other}")


def _tell_workers(home: Path, engine: str, texts: Sequence[str]) -> None:
    found = {}
    for workers in (1, 2):
        with ours.served(home, engine, workers) as port:
            if not ours.warmed(port, texts):
                _say(f"  {engine}: {workers} of its workers still grew faster when they were measured")
            found[workers] = ours.carried(port, texts, 10)
    _say(f"  {engine}: one worker carries {found[1]:.0f} requests/s, two {found[2]:.0f}: {found[2] / found[1]:.2f}x")


def _tell_edits(home: Path, engine: str) -> None:
    with ours.served(home, engine) as port:
        waits = [seconds * 1000 for seconds in edits.waits(home, port)]
    p50, p95 = np.percentile(waits, [50, 95])
    _say(f"  {engine}: of {len(waits)} changed articles each is found within p50 {p50:.0f} ms, p95 {p95:.0f} ms")


def _write(out: Path, prepared: Prepared, asked: Asked) -> None:
    out.mkdir(parents=True, exist_ok=True)
    bars = [(who, asked.quantile(who, 50), asked.quantile(who, 95)) for who in asked.seconds]
    title = f"p50 / p95 of a search among {prepared.size:,} articles (logarithmic)"
    (out / f"search-{prepared.size}.svg").write_text(svg(title, bars), "utf-8")
    rows = [(who, f"{p50:,.1f}", f"{p95:,.1f}") for who, p50, p95 in sorted(bars, key=lambda bar: bar[2])]
    (out / f"search-{prepared.size}.md").write_text(table(("who", "p50 ms", "p95 ms"), rows), "utf-8")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
