"""Imports that authors send in a browser or by a program: looked at, applied when they say so, taken back as one."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from kb.accounts import Viewer
from kb.archives import zipped
from kb.articles import Problem
from kb.exporting import Format, Wanted, files
from kb.messages import told
from kb.reading import AS_IT_IS, Reading
from kb.reading import packed as as_data
from kb.reports import Entry, Report, entry_packed, entry_unpacked, packed, unpacked
from kb.store import Store, StoreError, jobs
from kb.store.articles import Batch
from kb.store.jobs import ENDED, EntryRow, ImportJob, NewJob, State
from kb.store.originals import sources

AUTHORS = ("author", "operator")
ENDINGS = re.compile(r"(\.(csv|jsonl|ndjson|json|md|zip|html?|docx))?(\.(gz|xz))?$", re.IGNORECASE)
MAX_SOURCE = 100
MAX_FILE_NAME = 150
# A worker that was not heard of for so long is gone; another takes its job, so many times at most.
LOST_AFTER = timedelta(seconds=90)
ATTEMPTS = 3
# What nobody decided on for so long is stopped.
KEPT = timedelta(days=7)
LISTED = 50
# An export shows the store at one moment; to keep that for whoever takes it slowly costs disk.
EXPORT_SECONDS = 3600.0


class ImportRefused(Exception):
    """The import as a whole cannot be: `problem` says why and what would be right."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(told(problem))
        self.problem = problem


class NoImport(Exception):
    """There is no such import for the one who asks."""


class NotNow(Exception):
    """What was asked of an import does not go with the state it is in."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A file as it arrives. `source` "": the file's name without its endings. `grants`: of articles that name none."""

    file_name: str
    size: int
    content: Iterable[bytes]
    source: str = ""
    grants: tuple[str, ...] = ()
    new_products: bool = False
    reading: Reading = AS_IT_IS


def source_of(file_name: str) -> str:
    """What an import of a file is called when nobody names it."""
    return ENDINGS.sub("", file_name)


def check_source(name: str) -> None:
    """ImportRefused unless it can be the name of a source."""
    if not name.strip() or len(name) > MAX_SOURCE or not name.isprintable():
        raise ImportRefused(Problem("import_source", ""))


def is_author(viewer: Viewer) -> bool:
    """Who may import."""
    return viewer.role in AUTHORS


def check_author(viewer: Viewer) -> None:
    """NoImport unless the viewer may import: to everyone else there are no imports."""
    if not is_author(viewer):
        raise NoImport


class Imports:
    """What authors do with imports. Every call but the worker's names who asks."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def send(self, viewer: Viewer, sent: Sent, now: datetime) -> int:
        """Keeps the file for a worker to look at; gives the number of the import."""
        check_author(viewer)
        name = _file_name(sent.file_name)
        source = sent.source.strip() or source_of(name)
        check_source(source)
        if not sent.size:
            raise ImportRefused(Problem("import_empty", "", {"value": name}))
        if problem := sent.reading.problem():
            raise ImportRefused(problem)
        how = as_data(sent.reading)
        new = NewJob(viewer.account_id or 0, source, name, sent.size, sent.grants, sent.new_products, how)
        with self._store.writing() as connection:
            return jobs.add(connection, new, sent.content, now)

    def newest(self, viewer: Viewer, limit: int = LISTED) -> list[ImportJob]:
        check_author(viewer)
        with self._store.reading() as connection:
            return jobs.newest(connection, limit)

    def counts(self) -> dict[State, int]:
        """How many there are in each state: for who watches the site, whoever sent them."""
        with self._store.reading() as connection:
            return jobs.counts(connection)

    def batches(self, viewer: Viewer, limit: int = LISTED) -> list[Batch]:
        """What was written last, however it was sent."""
        check_author(viewer)
        return self._store.batches(limit)

    def job(self, viewer: Viewer, job_id: int) -> ImportJob:
        check_author(viewer)
        with self._store.reading() as connection:
            return _there(jobs.find(connection, job_id))

    def entries(
        self, viewer: Viewer, job_id: int, status: str | None = None, after: int = 0, limit: int = LISTED
    ) -> list[tuple[int, Entry]]:
        """Rows of an import's report beyond the ordinal `after`. `status` may be `readers`: where these change; or
        `told`: where there is something to look at."""
        check_author(viewer)
        with self._store.reading() as connection:
            found = jobs.entries(connection, job_id, status, after, limit)
        return [(ordinal, entry_unpacked(data)) for ordinal, data in found]

    def exportable(self, viewer: Viewer) -> dict[str, int]:
        """The sources of articles that the viewer may read, with how many."""
        check_author(viewer)
        with self._store.reading() as connection:
            return sources(connection, viewer.scope)

    def export(self, viewer: Viewer, format_: Format, source: str | None) -> Iterator[bytes]:
        """What the viewer may read of one source, or of all, as a ZIP that comes about while it is taken.

        NoImport: there is nothing. StoreError, and the ZIP has no end, when taking it lasts too long.
        """
        there = self.exportable(viewer)
        if not there or (source is not None and source not in there):
            raise NoImport
        return self._exported(Wanted(viewer.scope, format_, source))

    def _exported(self, wanted: Wanted) -> Iterator[bytes]:
        end = time.monotonic() + EXPORT_SECONDS
        with self._store.reading() as connection:
            for piece in zipped(files(connection, wanted, lambda *_: None)):
                if time.monotonic() > end:
                    raise StoreError("an export was taken too slowly")
                yield piece

    def approve(self, viewer: Viewer, job_id: int, now: datetime) -> None:
        """What was looked at is to be applied. NotNow when it is not at that point."""
        self.job(viewer, job_id)
        with self._store.writing() as connection:
            if not jobs.approve(connection, job_id, now):
                raise NotNow

    def reread(self, viewer: Viewer, job_id: int, reading: Reading, now: datetime) -> None:
        """What was looked at is looked at anew, read in this way. NotNow when it is not at that point."""
        self.job(viewer, job_id)
        if problem := reading.problem():
            raise ImportRefused(problem)
        with self._store.writing() as connection:
            if not jobs.reread(connection, job_id, as_data(reading), now):
                raise NotNow

    def stop(self, viewer: Viewer, job_id: int) -> None:
        """NotNow when it has ended."""
        self.job(viewer, job_id)
        with self._store.writing() as connection:
            if not jobs.stop(connection, job_id):
                raise NotNow

    def roll_back(self, viewer: Viewer, batch_id: int, now: datetime) -> Batch:
        """Everything as before the batch, or nothing changed: RollbackRefused. NoImport: there is no such batch."""
        check_author(viewer)
        if self._store.batch(batch_id) is None:
            raise NoImport
        return self._store.roll_back(batch_id, viewer.account_id, now)

    # For workers

    def claim(self, worker: str, now: datetime) -> ImportJob | None:
        """The next job to do, now this worker's; those that ended too many workers fail on the way."""
        with self._store.writing() as connection:
            jobs.expire(connection, now - KEPT)
            while found := jobs.claim(connection, worker, now, now - LOST_AFTER):
                if found.attempts <= ATTEMPTS:
                    return found
                jobs.settle(connection, found.id, worker, _failed(Problem("import_died", "", {"times": ATTEMPTS})))
        return None

    def content(self, job_id: int) -> Iterator[bytes]:
        with self._store.reading() as connection:
            yield from jobs.content(connection, job_id)

    def wanted(self, job_id: int, worker: str) -> bool:
        """Whether the worker should go on with it."""
        with self._store.reading() as connection:
            return jobs.wanted(connection, job_id, worker)

    def beat(self, job_id: int, worker: str, now: datetime, progress: Mapping[str, Any]) -> None:
        """`progress`: step, done, total, and step_at when the step is new."""
        with self._store.writing() as connection:
            jobs.beat(connection, job_id, worker, {**progress, "beat_at": now})

    def checked(self, job_id: int, worker: str, report: Report, now: datetime) -> None:
        rows = [EntryRow(each.status, bool(each.readers), each.is_told, entry_packed(each)) for each in report.entries]
        with self._store.writing() as connection:
            values = {
                "state": "checked",
                "report": packed(report),
                "source": report.source,
                "beat_at": now,
                "attempts": 0,
            }
            if jobs.settle(connection, job_id, worker, values):
                jobs.save_entries(connection, job_id, rows)

    def ended(self, job_id: int, worker: str, report: Report | None = None) -> None:
        """It is applied. `report`: of the applying; None: another worker wrote it and was lost before it said so."""
        values: dict[str, Any] = {"state": "applied"}
        if report:
            values["report"] = packed(report)
        with self._store.writing() as connection:
            jobs.settle(connection, job_id, worker, values)

    def failed(self, job_id: int, worker: str, problem: Problem) -> None:
        with self._store.writing() as connection:
            jobs.settle(connection, job_id, worker, _failed(problem))

    def given_back(self, job_id: int, worker: str, state: State, problem: Problem | None = None) -> None:
        """The worker lets go of it: it is stopped, or waits again."""
        values: dict[str, Any] = {"state": state, "problem": asdict(problem) if problem else None}
        if state not in ENDED:
            values["attempts"] = 0
        with self._store.writing() as connection:
            jobs.settle(connection, job_id, worker, values)


def report_of(job: ImportJob) -> Report | None:
    """What is known of it by now, without its rows."""
    return unpacked(job.report) if job.report else None


def problem_of(job: ImportJob) -> Problem | None:
    return Problem(**job.problem) if job.problem else None


def _failed(problem: Problem) -> dict[str, Any]:
    return {"state": "failed", "problem": asdict(problem)}


def _there(found: ImportJob | None) -> ImportJob:
    if found is None:
        raise NoImport
    return found


def _file_name(given: str) -> str:
    """The last part of a path, as one that any file system takes."""
    name = re.sub(r"[\x00-\x1f\x7f<>:\"|?*]", "_", re.split(r"[/\\]", given)[-1]).strip(". ")
    if not name:
        raise ImportRefused(Problem("import_unnamed", ""))
    stem, dot, ending = name.partition(".")
    while len((stem + dot + ending).encode("utf-8", "replace")) > MAX_FILE_NAME and stem:
        stem = stem[:-1]
    return (stem + dot + ending)[-MAX_FILE_NAME:].encode("utf-8", "replace").decode()
