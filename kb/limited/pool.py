"""Work in child processes.

All cores at work, and a job that hangs, dies or eats all memory takes only itself down.
"""

from __future__ import annotations

import fcntl
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
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeAlias, TypeVar

ROOT = Path(__file__).parents[2]
BATCH_JOBS = 64
BATCH_WEIGHT = 150_000
# What the child's own alarm cannot end, because it sits in one long step, the parent ends this much later.
GRACE_SECONDS = 5.0
START_SECONDS = 60.0
LENGTH = struct.Struct("!I")
# A child need not wait until somebody has the time to take its answers: those of a batch find room between the two.
PIPE, READ = 1 << 20, 1 << 16

J = TypeVar("J")
R = TypeVar("R")

Reason: TypeAlias = Literal["time", "memory", "depth", "died", "error"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may take."""

    seconds: float = 20.0
    memory_mb: int = 768


@dataclass(frozen=True, slots=True)
class Done(Generic[R]):
    """What a job gave, or why it gave nothing: `detail` says more, e.g. how the child died."""

    result: R | None = None
    reason: Reason | None = None
    detail: str = ""


class _Died(Exception):
    """The child is gone or must go; `done` is what becomes of the job it was at."""

    def __init__(self, done: Done[Any]) -> None:
        super().__init__(done.reason)
        self.done = done


class Child:
    """A process that works. Not for two threads at once."""

    def __init__(self, work: str, limits: Limits) -> None:
        self._limits = limits
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        # Memory is set aside for every thread there could be: on a machine of many cores more than the limit allows.
        around = {"PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "kb.limited.child", work, str(limits.seconds), str(limits.memory_mb)]
        self._process = subprocess.Popen(  # noqa: S603 (our own module, by our own interpreter)
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | around
        )
        self._started = False
        self._taken = bytearray()
        for pipe in (self._process.stdin, self._process.stdout):
            # Where there may not be so much, it is slower.
            with suppress(OSError):
                fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, PIPE)  # type: ignore[union-attr]

    def run(self, jobs: Sequence[Any]) -> Iterator[Done[Any]]:
        """The outcomes in order; ends early, raising _Died, at the job that ended the child."""
        self._send(pickle.dumps(list(jobs), pickle.HIGHEST_PROTOCOL))
        for _ in jobs:
            reason, detail, result = pickle.loads(self._frame())  # noqa: S301 (written by our own child)
            if reason == "memory":
                raise _Died(Done(reason=reason))
            yield Done(result, reason, detail)

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
        taken = self._taken
        while len(taken) < size:
            ready, _, _ = select.select([stdout], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise _Died(Done(reason="time"))
            piece = os.read(stdout.fileno(), max(READ, size - len(taken)))
            if not piece:
                raise _Died(self._death())
            taken += piece
        found = bytes(taken[:size])
        del taken[:size]
        return found

    def _death(self) -> Done[Any]:
        try:
            code = self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            return Done(reason="died", detail="?")
        detail = signal.Signals(-code).name if code < 0 else f"exit {code}"
        return Done(reason="died", detail=detail)

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


class Pool(Generic[J, R]):
    """Does many jobs with every core, in their order.

    `work` names what does one, `package.module:maker`: called once in each child, the maker gives a function from job
    to result. `weigh` says how many characters or bytes a job takes to send. Children start when there is work, or
    with `open`, and end with the pool.
    """

    def __init__(
        self, work: str, weigh: Callable[[J], int], limits: Limits | None = None, workers: int | None = None
    ) -> None:
        self._work, self._weigh = work, weigh
        self._limits = limits or Limits()
        self.workers = workers or len(os.sched_getaffinity(0))
        self._idle: list[Child] = []
        self._all: set[Child] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._threads = ThreadPoolExecutor(self.workers, "limited")

    def __enter__(self) -> Self:
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

    def open(self) -> None:
        """Starts the children: by the time there is work for all of them they are ready."""
        with self._lock:
            while not self._closed and len(self._all) < self.workers:
                self._idle.append(self._new())

    def run(self, jobs: Iterable[J]) -> Iterator[Done[R]]:
        """An outcome for each job, in order. Takes only as many jobs ahead as keep the children busy."""
        waiting: deque[Future[list[Done[R]]]] = deque()
        for batch in self._batches(jobs):
            waiting.append(self.start(batch))
            if len(waiting) > 2 * self.workers:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()

    def start(self, jobs: list[J]) -> Future[list[Done[R]]]:
        """An outcome for each of these jobs, which one child does, as soon as one is free."""
        return self._threads.submit(self._batch, jobs)

    def _batch(self, jobs: list[J]) -> list[Done[R]]:
        done: list[Done[R]] = []
        while len(done) < len(jobs):
            child = self._take()
            try:
                for outcome in child.run(jobs[len(done) :]):
                    done.append(outcome)
            except _Died as death:
                self._drop(child)
                done.append(death.done)
            else:
                self._idle.append(child)
        return done

    def _take(self) -> Child:
        with self._lock:
            if self._closed:
                raise RuntimeError("the pool is closed")
            if self._idle:
                return self._idle.pop()
            return self._new()

    def _new(self) -> Child:
        child = Child(self._work, self._limits)
        self._all.add(child)
        return child

    def _drop(self, child: Child) -> None:
        child.end()
        with self._lock:
            self._all.discard(child)

    def _batches(self, jobs: Iterable[J]) -> Iterator[list[J]]:
        batch: list[J] = []
        weight = 0
        for job in jobs:
            batch.append(job)
            weight += self._weigh(job)
            if len(batch) >= BATCH_JOBS or weight >= BATCH_WEIGHT:
                yield batch
                batch, weight = [], 0
        if batch:
            yield batch
