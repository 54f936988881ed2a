"""Rendering in child processes.

All cores at work, and an article that hangs, dies or eats all memory takes only itself down.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, TypeAlias

from kb.rendering.cleaning import Links
from kb.rendering.markdown import Part
from kb.rendering.reading import Html

ROOT = Path(__file__).parents[2]
BATCH_ARTICLES = 64
BATCH_CHARACTERS = 150_000
# What the child's own alarm cannot end, because it sits in one long step, the parent ends this much later.
GRACE_SECONDS = 5.0
START_SECONDS = 60.0
LENGTH = struct.Struct("!I")

Failure: TypeAlias = Literal["render_time", "render_memory", "render_depth", "render_died", "render_error"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one article may take."""

    seconds: float = 20.0
    memory_mb: int = 768


@dataclass(frozen=True, slots=True)
class Job:
    """An article to render; `links` are the addresses of its relative links and images."""

    parts: tuple[Part, ...]
    links: Links = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The sections of an article, or why there are none: `detail` says more, e.g. how the child died."""

    sections: tuple[Html, ...] = ()
    failure: Failure | None = None
    detail: str = ""


class _Died(Exception):
    """The child is gone or must go; `outcome` is what becomes of the article it was at."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.failure)
        self.outcome = outcome


class Child:
    """A process that renders. Not for two threads at once."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        command = [sys.executable, "-m", "kb.rendering.child", str(limits.seconds), str(limits.memory_mb)]
        self._process = subprocess.Popen(  # noqa: S603 (our own module, by our own interpreter)
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": path}
        )
        self._started = False

    def render(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """The outcomes in order; ends early, raising _Died, at the article that ended the child."""
        self._send(pickle.dumps(list(jobs), pickle.HIGHEST_PROTOCOL))
        for _ in jobs:
            yield self._outcome(pickle.loads(self._frame()))  # noqa: S301 (written by our own child)

    def _outcome(self, found: tuple[Failure | None, str, list[tuple[object, ...]]]) -> Outcome:
        failure, detail, sections = found
        if failure == "render_memory":
            raise _Died(Outcome(failure=failure))
        return Outcome(tuple(Html(*section) for section in sections), failure, detail)  # type: ignore[arg-type]

    def _send(self, data: bytes) -> None:
        stdin = self._process.stdin
        assert stdin is not None  # noqa: S101 (it is a pipe)
        try:
            stdin.write(LENGTH.pack(len(data)) + data)
            stdin.flush()
        except OSError:
            raise _Died(self._death()) from None

    def _frame(self) -> bytes:
        deadline = time.monotonic() + self._limits.seconds + (GRACE_SECONDS if self._started else START_SECONDS)
        frame = self._read(LENGTH.unpack(self._read(LENGTH.size, deadline))[0], deadline)
        self._started = True
        return frame

    def _read(self, size: int, deadline: float) -> bytes:
        stdout = self._process.stdout
        assert stdout is not None  # noqa: S101 (it is a pipe)
        pieces, left = [], size
        while left:
            ready, _, _ = select.select([stdout], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise _Died(Outcome(failure="render_time"))
            piece = os.read(stdout.fileno(), left)
            if not piece:
                raise _Died(self._death())
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)

    def _death(self) -> Outcome:
        try:
            code = self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            return Outcome(failure="render_died", detail="?")
        detail = signal.Signals(-code).name if code < 0 else f"exit {code}"
        return Outcome(failure="render_died", detail=detail)

    def kill(self) -> None:
        """Ends it from another thread: the one that waits for it finds it dead."""
        self._process.kill()

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    # What was still to be written has nobody left to read it.
                    continue


class RenderPool:
    """Renders many articles with every core, in their order.

    Children start when there is work and end with the pool.
    """

    def __init__(self, limits: Limits | None = None, workers: int | None = None) -> None:
        self._limits = limits or Limits()
        self._workers = workers or len(os.sched_getaffinity(0))
        self._idle: list[Child] = []
        self._all: set[Child] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._threads = ThreadPoolExecutor(self._workers, "render")

    def __enter__(self) -> RenderPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the children, whatever they are at."""
        with self._lock:
            self._closed = True
            children = list(self._all)
        for child in children:
            child.kill()
        self._threads.shutdown(cancel_futures=True)
        for child in children:
            child.end()

    def render(self, jobs: Iterable[Job]) -> Iterator[Outcome]:
        """An outcome for each job, in order. Takes only as many jobs ahead as keep the children busy."""
        waiting: deque[Future[list[Outcome]]] = deque()
        for batch in _batches(jobs):
            waiting.append(self._threads.submit(self._batch, batch))
            if len(waiting) > 2 * self._workers:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()

    def _batch(self, jobs: list[Job]) -> list[Outcome]:
        done: list[Outcome] = []
        while len(done) < len(jobs):
            child = self._take()
            try:
                for outcome in child.render(jobs[len(done) :]):
                    done.append(outcome)
            except _Died as death:
                self._drop(child)
                done.append(death.outcome)
            else:
                self._idle.append(child)
        return done

    def _take(self) -> Child:
        with self._lock:
            if self._closed:
                raise RuntimeError("the pool is closed")
            if self._idle:
                return self._idle.pop()
            child = Child(self._limits)
            self._all.add(child)
            return child

    def _drop(self, child: Child) -> None:
        child.end()
        with self._lock:
            self._all.discard(child)


def _batches(jobs: Iterable[Job]) -> Iterator[list[Job]]:
    batch: list[Job] = []
    characters = 0
    for job in jobs:
        batch.append(job)
        characters += sum(len(part.markdown) for part in job.parts)
        if len(batch) >= BATCH_ARTICLES or characters >= BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch
