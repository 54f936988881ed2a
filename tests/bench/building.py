"""How long it takes to take articles in, beside nothing but `markdown` and segmenting on two processes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import markdown

from indexer.folding import fold
from indexer.segmenting import open_segmenter
from tests.bench import ours
from tests.bench.corpus import Prepared, Row
from tests.bench.peers import octets_of

CHUNK = 250
PROCESSES = 2


class Built(NamedTuple):
    """`memory_mb`: the most that one process of it had. `octets`: of the index."""

    what: str
    seconds: float
    memory_mb: float = 0
    octets: int = 0


def bare(prepared: Prepared) -> Built:
    """`markdown` and segmenting of the same texts."""
    rows, began = prepared.rows(), time.monotonic()
    with ProcessPoolExecutor(PROCESSES) as pool:
        chunks = iter(lambda: list(islice(rows, CHUNK)), [])
        for _ in pool.map(_render_and_cut, chunks):
            pass
    return Built("bare markdown + segmenting, two processes", time.monotonic() - began)


def _render_and_cut(rows: Sequence[Row]) -> None:
    renderer = markdown.Markdown(extensions=["tables", "fenced_code"])
    cut = open_segmenter().cuts
    for row in rows:
        renderer.reset()
        cut(fold(row["title"]))
        cut(fold(renderer.convert(row["body_markdown"])))


def build(home: Path, prepared: Prepared, engines: Sequence[str]) -> list[Built]:
    """What is not there yet, and what that took."""
    built = []
    if work := ours.imported(home, prepared):
        built.append(Built("ours: import", work.seconds, work.memory_mb))
    for engine in engines:
        folder = home / "index" / engine
        if not folder.exists() or ours.is_stale(home, engine):
            # As the engine that serves: what the import noted is done then, and nobody does it again while we measure.
            work = ours.run(home, "build", settings={"KB_ENGINE": engine})
            built.append(Built(f"ours: index, {engine}", work.seconds, work.memory_mb, octets_of(folder)))
    return built
