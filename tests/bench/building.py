"""How long it takes to take articles in, beside nothing but `markdown` and segmenting on two processes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import markdown

from indexer.folding import fold
from indexer.segmenting import Segmenter, open_segmenter
from tests.bench import ours
from tests.bench.corpus import Prepared, Row
from tests.bench.peers import octets_of

CHUNK = 250
PROCESSES = 2
# The one that everybody has, and the one that is used here.
SEGMENTERS = ("jieba", "rjieba")
IMPORT = "ours: import"


class Built(NamedTuple):
    """`memory_mb`: the most that one process of it had. `octets`: of the index."""

    what: str
    seconds: float
    memory_mb: float = 0
    octets: int = 0


def bare(prepared: Prepared, segmenter: str) -> Built:
    """`markdown` and segmenting of the same texts, by a segmenter of this name."""
    rows, began = prepared.rows(), time.monotonic()
    with ProcessPoolExecutor(PROCESSES) as pool:
        chunks = iter(lambda: list(islice(rows, CHUNK)), [])
        for _ in pool.map(partial(_render_and_cut, segmenter), chunks):
            pass
    return Built(f"bare markdown + {segmenter}, two processes", time.monotonic() - began)


def _render_and_cut(segmenter: str, rows: Sequence[Row]) -> None:
    renderer, cut = _renderer(), _segmenter(segmenter).cuts
    for row in rows:
        renderer.reset()
        cut(fold(row["title"]))
        cut(fold(renderer.convert(row["body_markdown"])))


@cache
def _renderer() -> markdown.Markdown:
    return markdown.Markdown(extensions=["tables", "fenced_code"])


@cache
def _segmenter(name: str) -> Segmenter:
    """One in each process: its dictionary is read once."""
    return open_segmenter(prefer=name)


def build(home: Path, prepared: Prepared, engines: Sequence[str]) -> list[Built]:
    """What is not there yet, and what that took."""
    built = []
    if work := ours.imported(home, prepared):
        built.append(Built(IMPORT, work.seconds, work.memory_mb))
    for engine in engines:
        folder = home / "index" / engine
        if not folder.exists() or ours.is_stale(home, engine):
            # As the engine that serves: what the import noted is done then, and nobody does it again while we measure.
            work = ours.run(home, "build", settings={"KB_ENGINE": engine})
            built.append(Built(f"ours: index, {engine}", work.seconds, work.memory_mb, octets_of(folder)))
    return built
