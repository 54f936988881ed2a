"""How alike texts are: of each a sketch of fixed size is kept, and sketches tell how much of two texts is the same.

A text is taken as the set of its runs of eight letters or digits; a sketch is the smallest hashes of these. The share
of the smallest hashes of two texts that both have is an estimate of the share of runs that both have.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

RUN = 8
KEPT = 64
# A text with fewer runs says too little to be like another.
LEAST = 24
ALIKE = 0.7
# Of so many with the same run, as boilerplate has, each is compared with the next alone.
COMMON = 30
# Whatever has a code from here on is taken for a letter.
BEYOND, LAST = 0x10000, 0x10FFFF
# Odd numbers without a pattern: what each of the letters of a run counts.
FACTORS = np.array(
    [0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1, 0xD3A2646D, 0xFD7046C5, 0xB55A4F09], "u4"
)

Hashes = NDArray[np.uint32]


class Pair(NamedTuple):
    """Two of the texts, by their places, and the share of them that is the same."""

    one: int
    other: int
    share: float


def sketch(texts: Iterable[str]) -> bytes:
    """Of what the texts say together; b"" when that is too little."""
    signs = np.frombuffer(" ".join(texts).lower().encode("utf-32-le", "replace"), "<u4")
    letters = signs[_letters()[signs]]
    if len(letters) < RUN + LEAST:
        return b""
    mixed = np.correlate(letters, FACTORS)
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(0x2C1B3C6D)
    mixed ^= mixed >> np.uint32(12)
    # Runs come again: some more than are kept.
    few = np.partition(mixed, 2 * KEPT)[: 2 * KEPT] if len(mixed) > 2 * KEPT else mixed
    found = _each_once(few)
    if len(found) < KEPT and len(few) < len(mixed):
        found = _each_once(mixed)
    return found[:KEPT].tobytes()


def _each_once(hashes: Hashes) -> Hashes:
    """`np.unique`, of the few that a text has at half the cost."""
    ordered = np.sort(hashes)
    return ordered[np.concatenate(([True], ordered[1:] != ordered[:-1]))]


@cache
def _letters() -> NDArray[np.bool_]:
    """Which codes are letters or digits."""
    table = np.ones(LAST + 1, np.bool_)
    table[:BEYOND] = [chr(code).isalnum() for code in range(BEYOND)]
    return table


def alike(sketches: list[bytes], mine: int) -> Iterator[Pair]:
    """Pairs that are alike, of the first `mine` texts with one another and with the rest."""
    read = [np.frombuffer(each, "u4") for each in sketches]
    counted = [len(each) for each in read]
    if not sum(counted):
        return
    owners = np.repeat(np.arange(len(read)), counted)
    hashes = np.concatenate(read)
    order = np.argsort(hashes, kind="stable")
    candidates = _candidates(hashes[order], owners[order], mine)
    for one, other in candidates:
        share = _share(read[one], read[other])
        if share >= ALIKE:
            yield Pair(one, other, share)


def _candidates(hashes: Hashes, owners: NDArray[np.int64], mine: int) -> Iterator[tuple[int, int]]:
    """Pairs that have half of their hashes in common, one of them of the first."""
    begins = np.flatnonzero(np.concatenate(([True], hashes[1:] != hashes[:-1])))
    sizes = np.diff(np.concatenate((begins, [len(hashes)])))
    ones: list[NDArray[np.int64]] = []
    others: list[NDArray[np.int64]] = []
    for step in range(1, COMMON):
        chosen = begins[(sizes > step) & ((sizes <= COMMON) | (step == 1))]
        lengths = sizes[(sizes > step) & ((sizes <= COMMON) | (step == 1))]
        if not len(chosen):
            continue
        starts = np.repeat(chosen, lengths - step) + _places(lengths - step)
        ones.append(owners[starts])
        others.append(owners[starts + step])
    if not ones:
        return
    one, other = np.concatenate(ones), np.concatenate(others)
    wanted = one < mine
    keys, counts = np.unique(one[wanted] * np.int64(1 << 32) + other[wanted], return_counts=True)
    for key in keys[counts >= KEPT // 4]:
        yield int(key >> 32), int(key & 0xFFFFFFFF)


def _places(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, … for each length, one after the other."""
    ends = np.cumsum(lengths)
    return np.arange(ends[-1]) - np.repeat(ends - lengths, lengths)


def _share(one: Hashes, other: Hashes) -> float:
    smallest = np.union1d(one, other)[:KEPT]
    both = np.intersect1d(one, other, assume_unique=True)
    return float(np.isin(smallest, both, assume_unique=True).mean())
