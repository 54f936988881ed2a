"""Import jobs as rows: the file that was sent, who works on it and how far, and what it reports row by row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias, get_args

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, true, update

from kb.store.tables import account, batch, import_entry, import_job, upload_chunk

State: TypeAlias = Literal["waiting", "checking", "checked", "approved", "applying", "applied", "stopped", "failed"]
STATES: tuple[State, ...] = get_args(State)
ENDED: tuple[State, ...] = ("applied", "stopped", "failed")
# What a worker makes of a job that waits for one.
TAKEN: Mapping[State, State] = {"waiting": "checking", "approved": "applying"}
CHUNK_ROWS = 500


@dataclass(frozen=True, slots=True)
class ImportJob:
    """An import that was sent, as it is now.

    `done` of `total` of `step` were done at `beat_at`, begun at `step_at`; a `total` of 0 is not known. `report` is as
    `kb.reports.packed` makes it, without its rows. `rolled_back`: its batch was taken back.
    """

    id: int
    account_id: int
    by: str
    source: str
    file_name: str
    size: int
    grants: tuple[str, ...]
    new_products: bool
    state: State
    step: str
    done: int
    total: int
    stopping: bool
    attempts: int
    step_at: datetime
    beat_at: datetime
    created_at: datetime
    report: Mapping[str, Any] | None
    problem: Mapping[str, Any] | None
    batch_id: int | None
    rolled_back: bool
    reading: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewJob:
    """A file with what is wanted of it. `size` in bytes."""

    account_id: int
    source: str
    file_name: str
    size: int
    grants: tuple[str, ...] = ()
    new_products: bool = False
    reading: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EntryRow:
    """A row of a report on its way into the store; `data` as `kb.reports` packs it."""

    status: str
    readers_change: bool
    told: bool
    data: Mapping[str, Any]


def add(connection: Connection, new: NewJob, chunks: Iterable[bytes], now: datetime) -> int:
    """A job that waits for a worker."""
    values = {
        "account_id": new.account_id, "source": new.source, "file_name": new.file_name, "size": new.size,
        "grants": list(new.grants), "new_products": new.new_products, "state": "waiting", "step": "", "done": 0,
        "total": 0, "stopping": False, "attempts": 0, "step_at": now, "beat_at": now, "created_at": now,
        "reading": dict(new.reading),
    }  # fmt: skip
    job_id = int(connection.scalar(insert(import_job).values(values).returning(import_job.c.id)) or 0)
    for ordinal, content in enumerate(chunks):
        connection.execute(insert(upload_chunk).values(job_id=job_id, ordinal=ordinal, content=content))
    return job_id


_WITH_NAMES = (
    select(import_job, account.c.name.label("by"), batch.c.rolled_back_at)
    .join(account, account.c.id == import_job.c.account_id)
    .outerjoin(batch, batch.c.id == import_job.c.batch_id)
)


def find(connection: Connection, job_id: int) -> ImportJob | None:
    row = connection.execute(_WITH_NAMES.where(import_job.c.id == job_id)).one_or_none()
    return _job(row) if row else None


def newest(connection: Connection, limit: int) -> list[ImportJob]:
    """The last jobs, the newest first."""
    return [_job(row) for row in connection.execute(_WITH_NAMES.order_by(import_job.c.id.desc()).limit(limit))]


def counts(connection: Connection) -> dict[State, int]:
    """How many jobs there are in each state."""
    found = connection.execute(select(import_job.c.state, func.count()).group_by(import_job.c.state))
    return dict.fromkeys(STATES, 0) | {state: int(count) for state, count in found}


def _job(row: Any) -> ImportJob:
    return ImportJob(
        row.id, row.account_id, row.by, row.source, row.file_name, row.size, tuple(row.grants), row.new_products,
        row.state, row.step, row.done, row.total, row.stopping, row.attempts, row.step_at, row.beat_at,
        row.created_at, row.report, row.problem, row.batch_id, row.rolled_back_at is not None, row.reading or {},
    )  # fmt: skip


def claim(connection: Connection, worker: str, now: datetime, lost_before: datetime) -> ImportJob | None:
    """The oldest job that waits, or whose worker was last heard of before `lost_before`: from now on this worker's."""
    ready = or_(
        import_job.c.state.in_(list(TAKEN)),
        and_(import_job.c.state.in_(list(TAKEN.values())), import_job.c.beat_at < lost_before),
    )
    oldest = select(import_job.c.id, import_job.c.state).where(ready).order_by(import_job.c.id).limit(1)
    row = connection.execute(oldest.with_for_update(skip_locked=True)).one_or_none()
    if row is None:
        return None
    values = {"state": TAKEN.get(row.state, row.state), "worker": worker, "step": "", "done": 0, "total": 0}
    moments = {"step_at": now, "beat_at": now, "attempts": import_job.c.attempts + 1}
    connection.execute(update(import_job).where(import_job.c.id == row.id).values(**values, **moments))
    return find(connection, row.id)


def content(connection: Connection, job_id: int) -> Iterator[bytes]:
    """The file that was sent, piece by piece."""
    ordinals = connection.scalar(select(func.count()).where(upload_chunk.c.job_id == job_id)) or 0
    for ordinal in range(ordinals):
        which = (upload_chunk.c.job_id == job_id) & (upload_chunk.c.ordinal == ordinal)
        yield connection.scalar(select(upload_chunk.c.content).where(which)) or b""


def beat(connection: Connection, job_id: int, worker: str, values: Mapping[str, Any]) -> None:
    """Says that the worker is alive and how far it is, unless the job is another's by now."""
    mine = (import_job.c.id == job_id) & (import_job.c.worker == worker)
    connection.execute(update(import_job).where(mine).values(values))


def wanted(connection: Connection, job_id: int, worker: str) -> bool:
    """Whether the worker should go on: the job is still its own and nobody asked to stop."""
    mine = (import_job.c.id == job_id) & (import_job.c.worker == worker)
    return connection.scalar(select(import_job.c.stopping).where(mine)) is False


def settle(connection: Connection, job_id: int, worker: str, values: Mapping[str, Any]) -> bool:
    """The worker lets go of the job with these values. False, and nothing changed: it is another's by now."""
    mine = (import_job.c.id == job_id) & (import_job.c.worker == worker)
    done = connection.execute(update(import_job).where(mine).values({**values, "worker": None, "stopping": False}))
    if done.rowcount and values.get("state") in ENDED:
        connection.execute(delete(upload_chunk).where(upload_chunk.c.job_id == job_id))
    return bool(done.rowcount)


def save_entries(connection: Connection, job_id: int, entries: Sequence[EntryRow]) -> None:
    """The rows of a job's report, instead of those it had."""
    connection.execute(delete(import_entry).where(import_entry.c.job_id == job_id))
    for start in range(0, len(entries), CHUNK_ROWS):
        rows = [
            {"job_id": job_id, "ordinal": ordinal, "status": each.status, "readers_change": each.readers_change,
             "told": each.told, "data": dict(each.data)}
            for ordinal, each in enumerate(entries[start : start + CHUNK_ROWS], start + 1)
        ]  # fmt: skip
        connection.execute(insert(import_entry), rows)


def entries(
    connection: Connection, job_id: int, status: str | None, after: int, limit: int
) -> list[tuple[int, Mapping[str, Any]]]:
    """Rows of a report beyond the ordinal `after`, with their ordinals.

    `status`: a status, `readers` or `told`; None: all.
    """
    which = true() if status is None else import_entry.c.status == status
    if status == "readers":
        which = import_entry.c.readers_change.is_(True)
    elif status == "told":
        which = import_entry.c.told.is_(True)
    chosen = select(import_entry.c.ordinal, import_entry.c.data).where(import_entry.c.job_id == job_id, which)
    found = connection.execute(
        chosen.where(import_entry.c.ordinal > after).order_by(import_entry.c.ordinal).limit(limit)
    )
    return [(row.ordinal, row.data) for row in found]


def approve(connection: Connection, job_id: int, now: datetime) -> bool:
    """A job that was looked at is to be applied. False: it is not at that point."""
    ready = (import_job.c.id == job_id) & (import_job.c.state == "checked")
    values = {"state": "approved", "attempts": 0, "step_at": now, "beat_at": now, "problem": None}
    return bool(connection.execute(update(import_job).where(ready).values(values)).rowcount)


def reread(connection: Connection, job_id: int, reading: Mapping[str, Any], now: datetime) -> bool:
    """A job that was looked at is looked at anew, read in another way. False: it is not at that point."""
    ready = (import_job.c.id == job_id) & (import_job.c.state == "checked")
    values = {"state": "waiting", "attempts": 0, "step_at": now, "beat_at": now, "reading": dict(reading)}
    return bool(connection.execute(update(import_job).where(ready).values(values)).rowcount)


def stop(connection: Connection, job_id: int) -> bool:
    """A job that nobody is at ends at once, another as soon as its worker sees it. False: it had ended."""
    this = import_job.c.id == job_id
    idle = update(import_job).where(this, import_job.c.state.in_(("waiting", "checked", "approved")))
    if connection.execute(idle.values(state="stopped")).rowcount:
        connection.execute(delete(upload_chunk).where(upload_chunk.c.job_id == job_id))
        return True
    busy = update(import_job).where(this, import_job.c.state.in_(list(TAKEN.values())))
    return bool(connection.execute(busy.values(stopping=True)).rowcount)


def expire(connection: Connection, before: datetime) -> int:
    """Jobs nobody decided on since are stopped, and their files go. How many there were."""
    old = select(import_job.c.id).where(import_job.c.state == "checked", import_job.c.beat_at < before)
    ids = list(connection.scalars(old))
    for job_id in ids:
        stop(connection, job_id)
    return len(ids)


def applied(connection: Connection, job_id: int, batch_id: int) -> bool:
    """Ties a batch to the job it was written for, in its own transaction. False: the job has one already."""
    free = (import_job.c.id == job_id) & import_job.c.batch_id.is_(None)
    return bool(connection.execute(update(import_job).where(free).values(batch_id=batch_id)).rowcount)
