"""What a process keeps to be faster next time: one budget of memory for all of it, the longest unused goes first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from kb.search import CHECKED

T = TypeVar("T")

MEGABYTE = 1_000_000
CACHE_MB = 128
# A key, its place in the dictionary and the object around a value.
OVERHEAD = 400


class Cache:
    """Values by keys that begin with the name of what they were made from. Any thread may use it."""

    def __init__(self, megabytes: int) -> None:
        self._limit = megabytes * MEGABYTE
        self._kept: OrderedDict[tuple[Any, ...], tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()
        self.octets = 0

    def get(self, key: tuple[Any, ...], make: Callable[[], T], octets: Callable[[T], int]) -> T:
        """The value kept under the key, else what `make` makes, kept unless it is too large for it."""
        if found := self._used(key):
            kept: T = found[0]
            return kept
        value = make()
        self.put(key, value, octets(value))
        return value

    def find(self, key: tuple[Any, ...]) -> Any:
        """The value kept under the key, None when there is none."""
        found = self._used(key)
        return found[0] if found else None

    def _used(self, key: tuple[Any, ...]) -> tuple[Any, int] | None:
        with self._lock:
            if found := self._kept.get(key):
                self._kept.move_to_end(key)
            return found

    def put(self, key: tuple[Any, ...], value: object, octets: int) -> None:
        """Keeps a value of about so many octets, unless it is too large for it."""
        size = octets + OVERHEAD
        # One value must not put out all the others.
        if size * 4 <= self._limit:
            with self._lock:
                self._put(key, value, size)

    def _put(self, key: tuple[Any, ...], value: object, size: int) -> None:
        if before := self._kept.pop(key, None):
            self.octets -= before[1]
        self._kept[key] = value, size
        self.octets += size
        while self.octets > self._limit:
            _, (_, freed) = self._kept.popitem(last=False)
            self.octets -= freed

    def keep_only(self, origins: Collection[str]) -> None:
        """Drops what was made from anything else; not what is CHECKED before it is used."""
        with self._lock:
            for key in [key for key in self._kept if key[0] != CHECKED and key[0] not in origins]:
                self.octets -= self._kept.pop(key)[1]
