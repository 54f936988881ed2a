"""Whoosh's file of terms (a hash on disk, in the order of its keys), written many terms at a time.

Whoosh packs and places one after the other; a million of them took longer than everything that is written of their
articles.
"""

from __future__ import annotations

import struct
from array import array
from binascii import crc32
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from operator import lt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from whoosh.filedb.filetables import HashWriter, OrderedHashWriter
from whoosh.util.numlists import GrowableArray

BUCKETS = 256
# Of Whoosh's hash functions, the one that takes a tenth of the time.
CRC32 = 1
_LENGTHS = struct.Struct("!ii")
_SLOT = np.dtype([("hash", ">u4"), ("position", ">i8")])


class TermIndex(OrderedHashWriter):  # type: ignore[misc]
    """See the module."""

    def __init__(self, dbfile: Any) -> None:
        # The parent's own does not say which hash function.
        HashWriter.__init__(self, dbfile, hashtype=CRC32)
        self.index = GrowableArray()
        self.lastkey = b""
        self._hashes: list[NDArray[np.uint32]] = []
        self._positions: list[NDArray[np.int64]] = []

    def add_all_of(self, keys: Sequence[bytes], values: bytes, size: int) -> None:
        """Keys in their order, beyond those that are there, and their values, each of `size`, in one piece."""
        if not all(map(lt, chain((self.lastkey,), keys), keys)):
            raise ValueError("terms must come in their order")
        self.lastkey = keys[-1]
        lengths = np.fromiter(map(len, keys), np.int64, len(keys)) + (_LENGTHS.size + size)
        ends = np.cumsum(lengths) + self.dbfile.tell()
        self._hashes.append(np.fromiter(map(crc32, keys), np.uint32, len(keys)))
        self._positions.append(ends - lengths)
        heads = (_head(len(key), size) for key in keys)
        cut = (values[at : at + size] for at in range(0, len(values), size))
        self.dbfile.write(b"".join(chain.from_iterable(zip(heads, keys, cut, strict=True))))

    def _write_hashes(self) -> None:
        hashes = np.concatenate([np.empty(0, np.uint32), *self._hashes])
        positions = np.concatenate([np.empty(0, np.int64), *self._positions])
        self.index.array = _as_array(positions)
        counts = np.bincount(hashes % BUCKETS, minlength=BUCKETS)
        table, slots = np.zeros(2 * len(hashes), _SLOT), slots_of(hashes, counts)
        table["hash"][slots], table["position"][slots] = hashes, positions
        begins = 2 * (np.cumsum(counts) - counts) * _SLOT.itemsize + self.dbfile.tell()
        self.directory = list(zip(begins.tolist(), (2 * counts).tolist(), strict=True))
        self.dbfile.write(table.tobytes())


def slots_of(hashes: NDArray[np.uint32], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each entry goes. Its bucket has twice as many slots as entries, after those of the buckets before: it goes
    to the one that its hash says, or the first free one after it; after the last comes the first."""
    buckets, before = (hashes % BUCKETS).astype(np.int64), np.cumsum(counts) - counts
    size = 2 * counts[buckets]
    # As if each bucket had room for all of it after its last slot, too, so that none gets into the next.
    wishes = 3 * before[buckets] + (hashes // BUCKETS) % size
    order, ranks = np.argsort(wishes), np.arange(len(hashes))
    places = np.empty(len(hashes), np.int64)
    places[order] = np.maximum.accumulate(wishes[order] - ranks) + ranks
    places -= 3 * before[buckets]
    slots: NDArray[np.int64] = 2 * before[buckets] + places
    over = np.flatnonzero(places >= size)
    if len(over):
        free = np.ones(2 * len(hashes), bool)
        free[np.delete(slots, over)] = False
        there = np.flatnonzero(free)
        over = over[np.argsort(buckets[over], kind="stable")]
        mine = buckets[over]
        nth = np.arange(len(over)) - np.searchsorted(mine, mine)
        slots[over] = there[np.searchsorted(there, 2 * before[mine]) + nth]
    return slots


def _as_array(positions: NDArray[np.int64]) -> array[int]:
    """As Whoosh's `GrowableArray` would keep them."""
    highest = int(positions[-1]) if len(positions) else 0
    kind = next(kind for kind, limit in (("H", 1 << 16), ("i", 1 << 31), ("q", 1 << 63)) if highest < limit)
    return array(kind, positions.astype(kind).tobytes())


@lru_cache(maxsize=1_000)
def _head(key: int, value: int) -> bytes:
    return _LENGTHS.pack(key, value)
