"""Rendering for somebody who waits: one article at a time of a few, in children, or not at all when too many wait."""

from __future__ import annotations

import threading

from kb.limited import Limits
from kb.rendering.pool import Job, Outcome, RenderPool

AT_ONCE = 2
LONGEST_WAIT = 10.0


class Crowded(Exception):
    """Too many wait already: try again."""


class Waiting:
    """Renders within limits of time and memory. Safe to share between threads; not across a fork."""

    def __init__(self, limits: Limits) -> None:
        self._pool = RenderPool(limits, AT_ONCE)
        self._free = threading.BoundedSemaphore(AT_ONCE)

    def render(self, job: Job) -> Outcome:
        if not self._free.acquire(timeout=LONGEST_WAIT):
            raise Crowded
        try:
            return next(self._pool.render([job]))
        finally:
            self._free.release()

    def close(self) -> None:
        self._pool.close()
