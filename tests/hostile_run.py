"""Runs hostile files through the real import, one process each: how long, how much memory, what was written where."""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from indexer.importing import ImportOptions, import_articles
from kb.articles import LANGUAGES
from kb.config import Config
from kb.imports import ImportRefused
from kb.messages import told
from kb.reading import Reading
from kb.store import Store
from kb.store.articles import Product
from tests.hostile_files import Hostile, all_of_them

MOST_SECONDS, MOST_MB = 10.0, 512
# What one article may take of the render and convert children, so that a file has its ten seconds.
CHILD_SECONDS, CHILD_MB = 4, 384


@dataclass(frozen=True)
class Outcome:
    seconds: float
    mb: int
    wrong: tuple[str, ...]


def run(hostile: Hostile) -> Outcome:
    """In a process of its own: its memory, and that of its children, is what this file took."""
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        root = Path(folder)
        path = _laid_out(root / "given", hostile)
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            found: dict[str, Any] = pool.submit(_import, str(root), str(path)).result()
        wrong = list(_wrong(hostile, found))
        expected = {root / "home", root / "given"}
        wrong += [f"wrote {each}" for each in root.iterdir() if each not in expected]
        wrong += [f"wrote {each}" for each in _files(root / "given") if each not in found["given"]]
        return Outcome(found["seconds"], found["mb"], tuple(wrong))


def _laid_out(root: Path, hostile: Hostile) -> Path:
    for name, content in hostile.files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    first = next(iter(hostile.files))
    return root / first.split("/")[0]


def _files(root: Path) -> list[str]:
    return sorted(str(each) for each in root.rglob("*"))


def _peak_mb() -> int:
    """Of this process since it began; `ru_maxrss` would begin with what its parent had."""
    (line,) = (each for each in Path("/proc/self/status").read_text().splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1]) >> 10


def _import(root_name: str, path: str) -> dict[str, Any]:
    root = Path(root_name)
    given = _files(root / "given")
    home = root / "home"
    config = Config(home=home, render_seconds=CHILD_SECONDS, render_memory_mb=CHILD_MB)
    config.prepare_home()
    report, problem = None, None
    os.chdir(home)
    with Store.create(config.store_url) as store:
        store.save_products([Product("windchill", {"en": "Windchill"})])
        options = ImportOptions(source="hostile", grants=("public",), reading=Reading(product="windchill"))
        began = time.monotonic()
        try:
            report = import_articles(Path(path), options, store, config)
        except ImportRefused as refused:
            problem = refused.problem
        seconds = time.monotonic() - began
        articles = len(store.digests("hostile"))
    used = [_peak_mb(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10]
    told_ = [[told(problem, lang) for lang in LANGUAGES]] if problem else []
    places = ["whole"] if problem else []
    for entry in report.entries if report else ():
        for place, each in entry.problems:
            told_.append([told(each, lang) for lang in LANGUAGES])
            places.append(str(place))
    return {
        "seconds": seconds, "mb": max(used), "articles": articles, "refused": len(places), "places": places,
        "told": told_, "given": given, "whole": problem is not None,
    }  # fmt: skip


def _wrong(hostile: Hostile, found: dict[str, Any]) -> list[str]:
    wrong = []
    if found["seconds"] > MOST_SECONDS:
        wrong.append(f"took {found['seconds']:.1f} s")
    if found["mb"] > MOST_MB:
        wrong.append(f"took {found['mb']} MB")
    if hostile.refused is None:
        if not found["refused"]:
            wrong.append("was not refused")
    elif found["refused"] < hostile.refused:
        wrong.append(f"{found['refused']} refused of {hostile.refused}")
    if hostile.refused is not None and found["whole"] and hostile.good:
        wrong.append(f"refused as a whole: {found['told'][0][0]}")
    if found["articles"] < hostile.good:
        wrong.append(f"{found['articles']} good neighbours of {hostile.good}: {json.dumps(found['told'][:2])[:200]}")
    if not all(found["places"]) or not all(all(each) for each in found["told"]):
        wrong.append("a refusal without place or reason")
    return wrong


def main(arguments: Sequence[str]) -> int:
    slowest, largest, failed, count = 0.0, 0, 0, 0
    for each in all_of_them():
        if arguments and not any(word in each.name for word in arguments):
            continue
        count += 1
        outcome = run(each)
        slowest, largest = max(slowest, outcome.seconds), max(largest, outcome.mb)
        failed += bool(outcome.wrong)
        if outcome.wrong:
            print(f"WRONG {each.name}: {'; '.join(outcome.wrong)}", flush=True)
    print(f"{count} hostile files, {failed} wrong; at most {slowest:.1f} s and {largest} MB")
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
