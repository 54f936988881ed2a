"""The process that renders: batches of articles in, one answer for each out, until its input ends.

Started by `pool`.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import IO

from kb.rendering.markdown import Renderer
from kb.rendering.pool import LENGTH, Failure, Job


class _TimeUp(BaseException):
    """Not an Exception: nothing on the way may take it for one of its own."""


def _time_up(_number: int, _frame: FrameType | None) -> None:
    raise _TimeUp


def _answer(renderer: Renderer, job: Job, seconds: float) -> tuple[Failure | None, str, list[tuple[object, ...]]]:
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            sections = renderer.sections(job.parts, job.links)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        return None, "", [(each.html, each.text, each.headings, each.toc) for each in sections]
    except _TimeUp:
        return "render_time", "", []
    except MemoryError:
        return "render_memory", "", []
    except RecursionError:
        return "render_depth", "", []
    except Exception as error:
        return "render_error", f"{type(error).__name__}: {error}"[:200], []


def serve(source: IO[bytes], answers: IO[bytes], seconds: float) -> None:
    renderer = Renderer()
    while length := source.read(LENGTH.size):
        jobs: Sequence[Job] = pickle.loads(source.read(LENGTH.unpack(length)[0]))  # noqa: S301 (from our own parent)
        for job in jobs:
            answer = _answer(renderer, job, seconds)
            data = pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
            answers.write(LENGTH.pack(len(data)) + data)
            answers.flush()
            if answer[0] == "render_memory":
                # What could not be had may be missing anywhere in this process now.
                return
            if answer[0] is not None:
                renderer = Renderer()


def main() -> None:
    seconds, memory_mb = float(sys.argv[1]), int(sys.argv[2])
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
    serve(sys.stdin.buffer, answers, seconds)


if __name__ == "__main__":
    main()
