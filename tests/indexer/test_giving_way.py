"""Work beside a site gives way to it; what waits for it, and writes then, does not."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

from indexer.giving_way import LESS_URGENT, giving_way


def _niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def test_the_work_and_its_processes_give_way_and_nobody_else() -> None:
    before = _niceness()
    ask = [sys.executable, "-c", "import os; print(os.nice(0))"]
    within, child = giving_way(lambda: (_niceness(), int(subprocess.run(ask, capture_output=True, check=True).stdout)))
    assert (within, child) == (LESS_URGENT, LESS_URGENT)
    assert _niceness() == before
