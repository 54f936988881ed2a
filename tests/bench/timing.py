"""Asking in turn, in rounds, so that whatever else the machine does strikes all alike; ratios are medians of rounds.

In a round each answers all questions in a row, as one that serves does: nobody's work is measured in what another left
of the caches of the processor.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tests.bench.peers import Found

Ask = Callable[[str], Found]


@dataclass(frozen=True)
class Asked:
    """For each who was asked, round by round, the seconds of every question."""

    seconds: Mapping[str, Sequence[Sequence[float]]]

    def quantile(self, who: str, percent: float) -> float:
        """In milliseconds, the median of the rounds."""
        return statistics.median(float(np.percentile(each, percent)) * 1000 for each in self.seconds[who])

    def ratio(self, one: str, other: str, percent: float) -> float:
        """How many times as long one takes as the other: the median of the rounds' ratios."""
        rounds = zip(self.seconds[one], self.seconds[other], strict=False)
        return statistics.median(float(np.percentile(a, percent) / np.percentile(b, percent)) for a, b in rounds)


def ask_in_turn(asks: Mapping[str, Ask], texts: Sequence[str], rounds: int, seconds_each: float) -> Asked:
    """Rounds of all questions to all. Who would take longer than `seconds_each` for a round is asked some of them."""
    few = {who: _few(ask, texts, seconds_each) for who, ask in asks.items()}
    found: dict[str, list[list[float]]] = {who: [] for who in asks}
    for _ in range(rounds):
        for who, ask in asks.items():
            found[who].append([_timed(ask, text) for text in texts[:: few[who]]])
    return Asked(found)


def _few(ask: Ask, texts: Sequence[str], seconds: float) -> int:
    """Of how many questions one is asked, by how long some take now, when nothing is warm yet."""
    tried = texts[:: max(1, len(texts) // 5)]
    each = sum(_timed(ask, text) for text in tried) / len(tried)
    return max(1, min(len(texts) // 10, round(each * len(texts) / seconds)))


def _timed(ask: Ask, text: str) -> float:
    began = time.perf_counter()
    ask(text)
    seconds = time.perf_counter() - began
    # A peer in another process measures itself, so that the way there is not counted.
    own: float | None = getattr(getattr(ask, "__self__", None), "seconds", None)
    return own if own is not None else seconds
