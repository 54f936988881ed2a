"""The process that works: batches of jobs in, one answer for each out, until its input ends.

Started by `pool`.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from types import FrameType
from typing import IO, Any

from kb.limited.pool import LENGTH, Reason


class _TimeUp(BaseException):
    """Not an Exception: nothing on the way may take it for one of its own."""


def _time_up(_number: int, _frame: FrameType | None) -> None:
    raise _TimeUp


def _answer(work: Callable[[Any], Any], job: Any, seconds: float) -> tuple[Reason | None, str, Any]:
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            result = work(job)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        return None, "", result
    except _TimeUp:
        return "time", "", None
    except MemoryError:
        return "memory", "", None
    except RecursionError:
        return "depth", "", None
    except Exception as error:
        return "error", f"{type(error).__name__}: {error}"[:200], None


def serve(source: IO[bytes], answers: IO[bytes], maker: Callable[[], Callable[[Any], Any]], seconds: float) -> None:
    work = maker()
    while length := source.read(LENGTH.size):
        jobs: Sequence[Any] = pickle.loads(source.read(LENGTH.unpack(length)[0]))  # noqa: S301 (from our own parent)
        for job in jobs:
            answer = _answer(work, job, seconds)
            data = pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
            answers.write(LENGTH.pack(len(data)) + data)
            answers.flush()
            if answer[0] == "memory":
                # What could not be had may be missing anywhere in this process now.
                return
            if answer[0] is not None:
                work = maker()


def main() -> None:
    module, _, name = sys.argv[1].partition(":")
    seconds, memory_mb = float(sys.argv[2]), int(sys.argv[3])
    # Ctrl-C is the parent's to answer; it ends this process by closing its input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, _time_up)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    wanted = memory_mb << 20
    resource.setrlimit(resource.RLIMIT_AS, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most))
    # Nothing that a library prints may get between the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # A parent that has gone wants no answer.
    with suppress(BrokenPipeError):
        serve(sys.stdin.buffer, answers, getattr(import_module(module), name), seconds)


if __name__ == "__main__":
    main()
