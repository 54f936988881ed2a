"""How long a reader is kept waiting: what others take longer for is given up, and the reader is answered without it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

FOREVER = float("inf")

_until: ContextVar[float] = ContextVar("until", default=FOREVER)


def begin(seconds: float) -> None:
    """Somebody begins to wait, and for so many seconds at the most."""
    _until.set(time.monotonic() + seconds)


def end() -> None:
    """Nobody waits any more: what is done afterwards takes its time."""
    _until.set(FOREVER)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What is done inside has so many seconds, or what is left to whoever waits for it."""
    before = _until.set(min(_until.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _until.reset(before)


def left(most: float) -> float:
    """How many seconds of so many there are left; 0 when none are."""
    return max(0.0, min(most, _until.get() - time.monotonic()))
