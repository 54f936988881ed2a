"""Importing: a file or folder of articles, read, checked, rendered, and written in one transaction or not at all.

Articles wait in a file on disk until all are rendered; only then is the store touched. Stopped or killed before,
nothing has changed; run again, what is the same as in the store is neither rendered nor written.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal, Protocol, TypeVar
from zoneinfo import ZoneInfo

from indexer.checking import Checking, Pending
from indexer.comparing import Batch
from indexer.giving_way import giving_way
from indexer.keeping import Keeping, Kept
from indexer.naming import Products
from indexer.readers.origin import Origin, opened, part_of
from indexer.readers.products import read_products
from indexer.readers.rows import Row, Terms
from indexer.readers.tree import Tree
from indexer.readers.unreadable import Unreadable
from indexer.spooling import Spool
from indexer.taking import taking
from indexer.unread_files import BroughtFiles, text_files
from kb.articles import Problem
from kb.config import Config
from kb.entitlements import Grants, Scope, expand, matrices, unknown_grants
from kb.files import is_picture
from kb.imports import ImportRefused, check_source
from kb.messages import told
from kb.reading import AS_IT_IS, Reading
from kb.rendered import sections_of, sketch_of
from kb.rendering import Job, Outcome, RenderPool
from kb.rendering.markdown import Part
from kb.reports import Entry, Report
from kb.store import Store
from kb.store.articles import ImportRun, Product, Rendered, RenderedAttachment
from kb.store.originals import Whole

# Stands for the article's own product where --grants is checked.
ANY_PRODUCT = "product"

T = TypeVar("T")
Step = Literal["reading", "writing"]


class Progress(Protocol):
    """Is told how far an import is: bytes or files read, articles written."""

    def __call__(self, step: Step, done: int, total: int, /) -> None: ...


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """`source` None: the name of the file or folder. `grants` are those of articles that name none.

    `scope`: the articles that those of the import are compared with to find what is nearly the same.

    `part`: which source of an export is meant; None: the one that it holds.

    `kept`: where a dry run keeps what it rendered for the import that follows.

    `gives_way`: to a site beside it, except while it writes.

    `basis`: what `Store.basis` said when a dry run was looked at; since then nothing may have been written.
    """

    source: str | None = None
    grants: tuple[str, ...] = ()
    new_products: bool = False
    dry_run: bool = False
    account_id: int | None = None
    basis: str | None = None
    job_id: int | None = None
    part: str | None = None
    kept: Path | None = None
    scope: Scope | Whole = Whole.STORE
    reading: Reading = AS_IT_IS
    gives_way: bool = False


def import_articles(
    path: Path, options: ImportOptions, store: Store, config: Config, progress: Progress | None = None
) -> Report:
    """Imports a file or folder. ImportRefused, before anything is read, when it cannot be one.

    SourceChanged, and nothing written, when another import of the same source was faster.
    """
    began = datetime.now(UTC)
    with opened(path, config) as origin:
        part = part_of(origin, options.part)
        report = _Import(part, options, store, config, progress).run(began)
    report.seconds = (datetime.now(UTC) - began).total_seconds()
    return report


class _Import:
    """One import from beginning to end."""

    def __init__(
        self, origin: Origin, options: ImportOptions, store: Store, config: Config, progress: Progress | None
    ) -> None:
        self._origin, self._options, self._store, self._config = origin, options, store, config
        self._progress: Progress = progress or _silent
        self._given = _products_of(origin.products) if origin.products else {}
        self._products = Products({**store.products(), **self._given}, options.new_products)
        self._rights: Grants = frozenset[str]().union(*(each.rights for each in matrices(config.matrix)))
        self._report = Report(options.source or origin.name, options.dry_run)
        check_source(self._report.source)
        if problem := options.reading.problem():
            raise ImportRefused(problem)
        self._check_grants()
        self._new: dict[str, Product] = {}
        self._report.basis = store.basis(self._report.source)
        self._checking = Checking(self._report, store, self._products, self._rights, new_products=options.new_products)
        self._limits = config.limits
        self._mapping: Mapping[str, str] = {}
        self._batch = Batch()

    def _check_grants(self) -> None:
        known = [*self._products.known, ANY_PRODUCT]
        for grant in self._options.grants:
            if unknown_grants(expand([grant], ANY_PRODUCT), known, self._rights):
                values = {"value": grant, "rights": ", ".join(sorted(self._rights))}
                raise ImportRefused(Problem("import_grants", "", values))

    def run(self, began: datetime) -> Report:
        report, home = self._report, self._config.prepare_home()
        with Spool(home) as spool, RenderPool(self._limits) as pool:
            files = BroughtFiles(spool)
            waiting = self._gently(partial(self._prepare, pool, spool, files))
            if not report.dry_run and (waiting or self._products_changed()):
                self._write(spool, waiting, began)
                self._gently(partial(self._tell_unread, files))
        return report

    def _gently(self, work: Callable[[], T]) -> T:
        return giving_way(work) if self._options.gives_way else work()

    def _prepare(self, pool: RenderPool, spool: Spool, files: BroughtFiles) -> dict[str, Entry]:
        waiting, report = self._render(pool, spool, files), self._report
        report.products = tuple(sorted(self._new))
        report.remarks = list(self._checking.remarks.values())
        if report.dry_run:
            self._tell_unread(files)
            self._batch.tell(report, self._store, self._options.scope)
        return waiting

    def _tell_unread(self, files: BroughtFiles) -> None:
        for problem, place in files.unread(self._store, self._limits, keep=not self._report.dry_run):
            self._checking.remark(problem, place)
        self._report.remarks = list(self._checking.remarks.values())

    def _products_changed(self) -> bool:
        there = self._store.products()
        return any(there.get(each.id) != each for each in self._new_products().values())

    def _new_products(self) -> Mapping[str, Product]:
        return {**self._given, **self._new}

    # Reading

    def _rows(self) -> Iterator[Row]:
        options, limit = self._options, self._config.attachment_max_mb << 20
        terms = Terms(
            self._report.source, options.grants, self._products.id_of, limit, time_zone=self._config.time_zone,
            remark=self._checking.remark,
        )  # fmt: skip
        kept = self._store.mapping(self._report.source)
        taken = taking(self._origin, terms, options.reading, kept)
        self._report.format, self._report.columns = taken.format, taken.columns
        self._mapping = {each.name: each.key for each in taken.columns if each.name != each.key}
        yield from taken.rows(self._limits, lambda done, total: self._progress("reading", done, total))

    # Rendering

    def _render(self, pool: RenderPool, spool: Spool, files: BroughtFiles) -> dict[str, Entry]:
        """Renders what is new or changed into the spool; gives what is in it, by id."""
        waiting: dict[str, Entry] = {}
        for one, outcome in self._outcomes(pool, spool):
            entry = Entry(one.status, one.row.place, one.draft.id, one.draft.title, **one.difference)
            if outcome.failure:
                problem = self._failed(outcome)
                place = one.row.place_of(problem.field)
                self._checking.refuse(
                    Entry("refused", one.row.place, one.draft.id, one.draft.title, ((place, problem),))
                )
                continue
            self._report.counts[one.status] += 1
            waiting[one.draft.id] = entry
            if one.files_at is not None:
                files.add(one.row.place_of("attachments"), one.files_at, one.text_files)
            if one.draft.product in self._products.added:
                self._new[one.draft.product] = self._products.added[one.draft.product]
            if self._report.dry_run:
                self._report.entries.append(entry)
                self._batch.add(one.draft)
            else:
                spool.add(self._rendered(one, outcome), one.files_at)
        return waiting

    def _outcomes(self, pool: RenderPool, spool: Spool) -> Iterator[tuple[Pending, Outcome]]:
        pending: deque[Pending] = deque()
        path = self._options.kept
        if path and path.exists() and not self._report.dry_run:
            with Kept(path) as kept:
                for job in self._jobs(pending, spool):
                    one = pending.popleft()
                    yield one, kept.get(one.digest) or next(pool.render([job]))
            return
        with Keeping(path) if path and self._report.dry_run else nullcontext() as keeping:
            for outcome in pool.render(self._jobs(pending, spool)):
                one = pending.popleft()
                if keeping:
                    keeping.add(one.digest, outcome)
                yield one, outcome

    def _failed(self, outcome: Outcome) -> Problem:
        if outcome.failure == "picture_broken":
            return Problem(outcome.failure, "attachments", {"value": outcome.detail})
        values = {"seconds": self._config.render_seconds, "memory_mb": self._config.render_memory_mb}
        return Problem(outcome.failure or "", "body_markdown", {**values, "detail": outcome.detail})

    def _jobs(self, pending: deque[Pending], spool: Spool) -> Iterator[Job]:
        for one in self._checking.checked(self._rows()):
            files = one.draft.attachments
            pending.append(_without_files(one, spool))
            parts = tuple(Part(section.markdown, section.grants) for section in one.draft.sections)
            pictures = tuple((each.name, each.media_type, each.content) for each in files if is_picture(each))
            yield Job(parts, dict(one.row.links), pictures)

    def _rendered(self, one: Pending, outcome: Outcome) -> Rendered:
        draft = one.draft
        today = datetime.now(ZoneInfo(self._config.time_zone)).date()
        made, links = sections_of(draft, outcome), dict(one.row.links)
        return Rendered(draft, draft.updated or today, one.digest, made, links=links, sketch=sketch_of(draft))

    # Writing

    def _write(self, spool: Spool, waiting: Mapping[str, Entry], began: datetime) -> None:
        run = ImportRun(
            self._report.source,
            began,
            self._new_products(),
            frozenset(self._checking.numbers),
            self._options.account_id,
            self._options.basis or self._report.basis,
            self._options.job_id,
        )
        applied = self._store.apply(_Watched(spool, self._progress), run)
        if self._mapping:
            self._store.keep_mapping(self._report.source, self._mapping)
        self._report.batch = applied.batch
        for external_id in applied.refused:
            entry = waiting[external_id]
            self._report.counts[entry.status] -= 1
            number = next(number for number, id_ in self._checking.numbers.items() if id_ == external_id)
            problem = Problem("number_taken", "number", {"value": number, "source": self._report.source})
            self._checking.refuse(Entry("refused", entry.place, entry.id, entry.title, ((entry.place, problem),)))


@dataclass(frozen=True, slots=True)
class _Watched:
    """What waits in the spool; each time it is gone through, somebody hears how far."""

    spool: Spool
    progress: Progress

    def __len__(self) -> int:
        return len(self.spool)

    def __iter__(self) -> Iterator[Rendered]:
        for done, rendered in enumerate(self.spool, 1):
            yield rendered
            self.progress("writing", done, len(self.spool))


def _without_files(one: Pending, spool: Spool) -> Pending:
    """The files wait on disk: a few articles could have more of them than there is memory."""
    if not one.draft.attachments:
        return one
    row = one.row
    files = tuple(RenderedAttachment(file, row.file_grants.get(file.name, ())) for file in one.draft.attachments)
    bare = replace(one.draft, attachments=())
    return replace(
        one,
        draft=bare,
        row=replace(row, draft=bare),
        files_at=spool.keep(files),
        text_files=text_files(one.draft.attachments),
    )


def _silent(step: Step, done: int, total: int) -> None:
    """Nobody watches."""


def _products_of(tree: Tree) -> dict[str, Product]:
    """The products an import brings."""
    try:
        return read_products(tree)
    except Unreadable as error:
        detail = f"{error.place}: {told(error.problem)}"
        raise ImportRefused(Problem("products_wrong", "", {"detail": detail})) from error
