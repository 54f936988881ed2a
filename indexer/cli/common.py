"""What commands share: settings, store and index opened, progress drawn, days read."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from indexer.engines import open_engine
from kb import logs
from kb.config import Config
from kb.search import Engine
from kb.store import Store

PLAIN_EVERY = 5.0
LAST_SECOND = 1.0

Draw: TypeAlias = Callable[[str, int, int], None]


class Refused(Exception):
    """What was asked cannot be done: says why."""


def config() -> Config:
    settings = Config.from_env(os.environ)
    logs.install(settings.log_format, settings.log_level)
    return settings


@contextmanager
def opened_store(settings: Config) -> Iterator[Store]:
    with Store.open(settings.store_url) as store:
        yield store


@contextmanager
def opened_engine(settings: Config, name: str | None = None) -> Iterator[Engine]:
    engine = open_engine(settings, name)
    try:
        yield engine
    finally:
        engine.close()


def today(settings: Config) -> date:
    return datetime.now(ZoneInfo(settings.time_zone)).date()


class Day(click.ParamType[date]):
    """A day like 2026-10-03."""

    name = "YYYY-MM-DD"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no day; write it like 2026-10-03", param, ctx)


DAY = Day()


@contextmanager
def progress() -> Iterator[Draw]:
    """Draws how far each step is on standard error: bars on a terminal, a line every few seconds elsewhere."""
    if not sys.stderr.isatty():
        yield _lines()
        return
    from rich.console import Console

    columns = TextColumn("{task.description:<9}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def draw(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield draw


def _lines() -> Draw:
    last: dict[str, float] = {}

    def draw(step: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - last.setdefault(step, now) >= PLAIN_EVERY:
            last[step] = now
            click.echo(f"{step} {done:,} of {total:,}", err=True)

    return draw


def told_to_end(then: Callable[[], object] = lambda: None) -> threading.Event:
    """Set when the process is told to end, or when the one that started it is gone; `then` is done, too."""
    stop = threading.Event()

    def told(*_: object) -> None:
        stop.set()
        then()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, told)
    parent = os.getppid()

    def watch() -> None:
        while not stop.wait(1.0):
            if os.getppid() != parent:
                os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
    return stop


@contextmanager
def until_told() -> Iterator[threading.Event]:
    """The same for a block that may be left at any moment: it is, if it goes on for a second after it was told."""
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    stop = told_to_end(lambda: signal.setitimer(signal.ITIMER_REAL, LAST_SECOND))
    try:
        with suppress(KeyboardInterrupt):
            yield stop
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
