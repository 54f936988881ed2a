"""Fitting the weights of the score to the tuning part of the judged queries: `make fit`.

A score is a sum of parts, each a weight times a measure. The weights are those under which the best answer is the
likeliest first of what was looked at: listwise softmax (Cao et al.: Learning to rank, from pairwise approach to
listwise approach, 2007), with every set worth the same and large weights held back (L2), by Newton's method. What is
not fitted stays as it is and counts as it does. Prints the weights, and what they are worth on queries they were not
fitted to.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.evaluation import JudgedQuery, JudgedSet, explained, indexed, read_set
from indexer.weights import Weights
from kb.config import Config

# The parts of a score that are fitted: a weight has the name of its part.
FITTED = (
    "words", "vocabulary", "titled", "covered", "codes", "quoted", "in_marks", "nearly", "pairs", "opening", "early",
    "short", "line",
)  # fmt: skip
LOOKED, HELD_BACK, FOLDS, STEPS = 60, 2e-3, 5, 30

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Seen:
    """What was looked at for one query: its measures, the parts that are not fitted, and the grades."""

    set: str
    id: str
    measures: Floats
    fixed: Floats
    grades: Floats
    ideal: float


def seen(judged: Sequence[JudgedSet], keep: Path) -> Iterator[Seen]:
    """Every query that found any of its answers. Sets are over the same articles."""
    weights = Path(keep / "weights.toml")
    keep.mkdir(parents=True, exist_ok=True)
    weights.write_text(f"look = {LOOKED}\n", "utf-8")
    config = replace(Config.from_env({}), home=keep, store_url="", weights=weights)
    with indexed(judged[0].articles, config, None, lambda what, done, total: None) as (engine, ids):
        for each in judged:
            for query in each.queries:
                hits = explained(engine, query, LOOKED + len(query.linkers))
                found = [(ids[hit.article], dict(hit.parts)) for hit in hits]
                if one := _seen(each, query, [pair for pair in found if pair[0] not in query.linkers][:LOOKED]):
                    yield one


def _seen(judged: JudgedSet, query: JudgedQuery, found: Sequence[tuple[str, dict[str, float]]]) -> Seen | None:
    shipped, grades = Weights(), judged.grades.get(query.id, {})
    kept = [pair for pair in found if not query.candidates or pair[0] in query.candidates]
    graded = np.array([grades.get(id_, 0) for id_, _ in kept], float)
    if not graded.any():
        return None
    measures = [[parts.get(name, 0.0) / getattr(shipped, name) for name in FITTED] for _, parts in kept]
    fixed = [sum(added for part, added in parts.items() if part not in FITTED) for _, parts in kept]
    ideal = _gain(np.sort(np.array(list(grades.values()), float))[::-1])
    return Seen(judged.name, query.id, np.array(measures), np.array(fixed), graded, ideal)


def _gain(grades: Floats) -> float:
    first = grades[:10]
    return float(first @ (1 / np.log2(np.arange(2, len(first) + 2))))


def fitted(found: Sequence[Seen], held_back: float = HELD_BACK) -> Floats:
    """A weight for each measure."""
    counts = Counter(one.set for one in found)
    spread = np.vstack([one.measures for one in found]).std(0) + 1e-9
    weights = np.array([getattr(Weights(), name) for name in FITTED], float)
    for _ in range(STEPS):
        slope, curve = 2 * held_back * spread**2 * weights, np.diag(2 * held_back * spread**2)
        for one in found:
            scores = one.measures @ weights + one.fixed
            likely = np.exp(scores - scores.max())
            likely /= likely.sum()
            worth = 1 / (counts[one.set] * len(counts))
            mean = likely @ one.measures
            slope = slope + worth * (mean - one.grades / one.grades.sum() @ one.measures)
            curve = curve + worth * (one.measures.T @ (likely[:, None] * one.measures) - np.outer(mean, mean))
        step = np.linalg.solve(curve, slope)
        weights = weights - step
        if np.abs(step).max() < 1e-3:
            break
    return weights


def quality(found: Sequence[Seen], weights: Floats) -> float:
    """nDCG@10 of what was looked at, the mean over sets."""
    gains: dict[str, list[float]] = {}
    for one in found:
        order = np.argsort(-(one.measures @ weights + one.fixed), kind="stable")
        gains.setdefault(one.set, []).append(_gain(one.grades[order]) / one.ideal)
    return float(np.mean([np.mean(each) for each in gains.values()]))


def across(found: Sequence[Seen]) -> float:
    """The gain of fitting on queries that were not fitted to."""
    shipped = np.array([getattr(Weights(), name) for name in FITTED], float)
    gains = []
    for fold in range(FOLDS):
        apart = [one for one in found if zlib.crc32(f"{one.set} {one.id}".encode()) % FOLDS == fold]
        others = [one for one in found if zlib.crc32(f"{one.set} {one.id}".encode()) % FOLDS != fold]
        gains.append(quality(apart, fitted(others)) - quality(apart, shipped))
    return float(np.mean(gains))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--keep", type=Path, help="keep the indexes here, and use those there are")
    given = parser.parse_args()
    sets = [read_set(folder, "tune") for folder in given.sets]
    found: list[Seen] = []
    with tempfile.TemporaryDirectory(prefix="kb-fit-") as folder:
        for articles in dict.fromkeys(each.articles for each in sets):
            home = (given.keep or Path(folder)).absolute() / articles[0].name.partition(".")[0]
            found += seen([each for each in sets if each.articles == articles], home)
    weights = fitted(found)
    for name, weight in zip(FITTED, weights, strict=True):
        print(f"{name} = {weight:.2f}")
    shipped = np.array([getattr(Weights(), name) for name in FITTED], float)
    print(f"nDCG@10 of what was looked at: {quality(found, shipped):.4f} -> {quality(found, weights):.4f}")
    print(f"on queries not fitted to: {across(found):+.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
