"""Work beside a site that gives way to it: whoever reads goes first."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

LESS_URGENT = 10


def giving_way(work: Callable[[], T]) -> T:
    """Does it in a thread of its own that gives way, as the processes do which it starts.

    The thread that waits for it does not: a process cannot become more urgent again, and one that held a lock of the
    store while others have the processor would make them wait, too.
    """
    with ThreadPoolExecutor(1, "giving-way", initializer=_give_way) as threads:
        return threads.submit(work).result()


def _give_way() -> None:
    # Linux: of this thread alone.
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LESS_URGENT)
