"""The worker that does imports sent in a browser or by a program: one at a time, on as many machines as there are.

A worker that dies leaves a job that another takes up: what was looked at is looked at again, and what was written is
written once, since the batch names the job in the same transaction.
"""

from __future__ import annotations

import logging
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from indexer.importing import ImportOptions, import_articles
from kb.articles import Problem
from kb.config import Config
from kb.entitlements import Scope, matrices, staff_grants
from kb.imports import KEPT, ImportRefused, Imports, report_of, source_of
from kb.logs import Trouble
from kb.reading import unpacked
from kb.store import Store, StoreError
from kb.store.articles import SourceChanged
from kb.store.jobs import ImportJob, State

log = logging.getLogger(__name__)

IDLE_SECONDS = 1.0
BEAT_SECONDS = 1.0
FOLDER = "import-"
KEPT_FOLDER = "rendered"
SWEPT_AFTER = 24 * 3600.0


class Stopped(Exception):
    """Nobody wants this import any more, or not here."""


def follow(store: Store, config: Config, stop: threading.Event) -> None:
    """Does what is sent until `stop` is set; an import under way is given back then."""
    _sweep(store, config.prepare_home())
    imports, worker, trouble = Imports(store), secrets.token_hex(16), Trouble(log, "imports wait")
    while not stop.is_set():
        try:
            _forget(config.home / KEPT_FOLDER)
            job = imports.claim(worker, datetime.now(UTC))
            trouble.over()
            if job:
                do(job, imports, worker, store, config, stop)
                continue
        except StoreError as error:
            trouble.met(type(error).__name__, error)
        stop.wait(IDLE_SECONDS)


def do(job: ImportJob, imports: Imports, worker: str, store: Store, config: Config, stop: threading.Event) -> None:
    """Looks at what a job would change, or applies it; whatever happens, the job says so afterwards."""
    applying = job.state == "applying"
    if applying and job.batch_id is not None:
        imports.ended(job.id, worker)
        return
    looked_at, kept = report_of(job), _kept(job, config)
    options = ImportOptions(
        _source(job),
        job.grants,
        job.new_products,
        dry_run=not applying,
        account_id=job.account_id,
        basis=looked_at.basis if applying and looked_at else None,
        job_id=job.id if applying else None,
        kept=kept,
        scope=Scope(staff_grants(store.products(), matrices(config.matrix))),
        reading=unpacked(job.reading),
        gives_way=True,
    )
    try:
        with _file(job, imports, config) as path, Beat(job, imports, worker, stop) as beat:
            report = import_articles(path, options, store, config, beat.progress)
    except Stopped:
        waits: State = "approved" if applying else "waiting"
        imports.given_back(job.id, worker, waits if stop.is_set() else "stopped")
    except SourceChanged:
        imports.given_back(job.id, worker, "waiting", Problem("source_changed", "", refuses=False))
    except ImportRefused as refused:
        imports.failed(job.id, worker, refused.problem)
    except StoreError:
        raise
    except Exception:
        log.exception("import %s broke", job.id)
        imports.failed(job.id, worker, Problem("import_broken", ""))
    else:
        if applying:
            imports.ended(job.id, worker, report)
            kept.unlink(missing_ok=True)
        else:
            imports.checked(job.id, worker, report, datetime.now(UTC))


def _source(job: ImportJob) -> str | None:
    """As it was named; None where only its file is: an export knows better what it is of."""
    unnamed = job.file_name.lower().endswith(".zip") and job.source == source_of(job.file_name)
    return None if unnamed else job.source


@contextmanager
def _file(job: ImportJob, imports: Imports, config: Config) -> Iterator[Path]:
    """What was sent, as a file under the name it had."""
    with tempfile.TemporaryDirectory(prefix=FOLDER, dir=config.prepare_home()) as folder:
        path = Path(folder) / job.file_name
        with path.open("wb") as file:
            for piece in imports.content(job.id):
                file.write(piece)
        yield path


def _kept(job: ImportJob, config: Config) -> Path:
    """Where what was rendered for a job waits for its applying."""
    return config.home / KEPT_FOLDER / f"{job.id}.zlib"


def _forget(folder: Path) -> None:
    """Removes what was rendered for jobs that nobody has decided on for as long as jobs are kept."""
    for file in folder.glob("*"):
        with suppress(FileNotFoundError):
            if time.time() - file.stat().st_mtime > KEPT.total_seconds():
                file.unlink()


def _sweep(store: Store, home: Path) -> None:
    """Removes what workers that were killed left; what is of the last day may be at work."""
    before = time.time() - SWEPT_AFTER
    store.sweep(before)
    for folder in home.glob(FOLDER + "*"):
        with suppress(FileNotFoundError):
            if folder.stat().st_mtime < before:
                shutil.rmtree(folder, ignore_errors=True)


class Beat:
    """Tells the store every second how far an import is, and the import when nobody wants it any more."""

    def __init__(self, job: ImportJob, imports: Imports, worker: str, stop: threading.Event) -> None:
        self._job, self._imports, self._worker, self._stop = job, imports, worker, stop
        self._unwanted, self._over = threading.Event(), threading.Event()
        self._at: dict[str, Any] = {"step": "", "done": 0, "total": 0}
        self._thread = threading.Thread(target=self._keep_telling, daemon=True)

    def __enter__(self) -> Beat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def progress(self, step: str, done: int, total: int) -> None:
        """Stopped when the import is to end here."""
        if self._unwanted.is_set() or self._stop.is_set():
            raise Stopped
        at: dict[str, Any] = {"step": step, "done": done, "total": total}
        if step != self._at["step"]:
            at["step_at"] = datetime.now(UTC)
        elif "step_at" in self._at:
            at["step_at"] = self._at["step_at"]
        self._at = at

    def _keep_telling(self) -> None:
        while not self._over.wait(BEAT_SECONDS):
            try:
                if not self._imports.wanted(self._job.id, self._worker):
                    self._unwanted.set()
                self._imports.beat(self._job.id, self._worker, datetime.now(UTC), self._at)
            except StoreError as error:
                # SQLite has one writer: while the batch is written, there is nobody to tell.
                log.debug("import %s: %s", self._job.id, error)
