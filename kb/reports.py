"""What an import reports, and says the same to whoever asks: browser, command line and programs."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from kb.articles import Problem
from kb.messages import told

Status = Literal["new", "changed", "same", "refused"]
STATUSES: tuple[Status, ...] = ("new", "changed", "same", "refused")
CSV_COLUMNS = (
    "status", "file", "line", "id", "number", "title", "problems", "changes", "readers_gained", "readers_lost",
    "lines_added", "lines_removed",
)  # fmt: skip
# What a spreadsheet takes for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Place:
    """A file, and as far as known the line and the column in it, both counted from 1."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


@dataclass(frozen=True, slots=True)
class Change:
    """What an import would do to one field of an article that is there: `before` and `after` as text."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Readers:
    """Whose right to read an article, one of its sections or files an import would give or take: grants."""

    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.gained or self.lost)


@dataclass(frozen=True, slots=True)
class Entry:
    """What becomes of one row: an article that is new or changed, or a refusal with its reasons.

    Of a changed one, in a dry run: `number`, `changes`, who may read it (`readers`), and the lines of text that differ
    as a unified diff, `cut` of which are left out at its end.
    """

    status: Status
    place: Place
    id: str = ""
    title: str = ""
    problems: tuple[tuple[Place, Problem], ...] = ()
    number: str = ""
    changes: tuple[Change, ...] = ()
    readers: Readers = Readers()
    lines: tuple[str, ...] = ()
    cut: int = 0

    @property
    def is_told(self) -> bool:
        """Whether it goes in, and its author should look at something nevertheless."""
        return self.status != "refused" and bool(self.problems)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something authors should know that refused nothing: how many rows it is true of, and the first of them."""

    problem: Problem
    count: int
    first: Place


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: the key it was taken for, "" for none, and what its first rows have in it."""

    name: str
    key: str
    samples: tuple[str, ...] = ()


@dataclass
class Report:
    """An import's outcome. `entries` are the refused rows, and in a dry run also what is new or would change.

    `batch`: what it was written as, and can be taken back by; 0 when nothing was written. `basis`: what it was compared
    with, as `Store.basis` says it. `columns`: those of a table. `readers_changed` and `told_rows`
    stand for entries kept elsewhere.
    """

    source: str
    dry_run: bool = False
    counts: Counter[Status] = field(default_factory=Counter)
    entries: list[Entry] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    products: tuple[str, ...] = ()
    seconds: float = 0.0
    batch: int = 0
    basis: str = ""
    readers_changed: int = 0
    told_rows: int = 0
    format: str = ""
    columns: tuple[Column, ...] = ()

    @property
    def articles(self) -> int:
        return sum(self.counts.values())

    @property
    def rights_changed(self) -> int:
        """How many articles would be read by others than before."""
        return self.readers_changed or sum(bool(entry.readers) for entry in self.entries)

    @property
    def to_look_at(self) -> int:
        """How many articles go in that their author should look at nevertheless."""
        return self.told_rows or sum(entry.is_told for entry in self.entries)


def as_data(report: Report, lang: str) -> dict[str, Any]:
    """A report for programs, as docs/importing.md describes it."""
    return {
        "source": report.source,
        "dry_run": report.dry_run,
        "format": report.format or None,
        "columns": [asdict(each) for each in report.columns],
        "batch": report.batch or None,
        **{status: report.counts[status] for status in STATUSES},
        "rights_changed": report.rights_changed,
        "to_look_at": report.to_look_at,
        "seconds": round(report.seconds, 2),
        "new_products": list(report.products),
        "rows": [entry_data(entry, lang) for entry in report.entries],
        "remarks": [
            {
                "rows": each.count,
                "first": str(each.first),
                "field": each.problem.field,
                "what": told(each.problem, lang),
            }
            for each in report.remarks
        ],
    }


def entry_data(entry: Entry, lang: str) -> dict[str, Any]:
    """One row of it."""
    return {
        "status": entry.status,
        "file": entry.place.file,
        "line": entry.place.line,
        "id": entry.id,
        "number": entry.number or None,
        "title": entry.title,
        "problems": [
            {
                "line": at.line,
                "column": at.column,
                "field": problem.field,
                "code": problem.code,
                "what": told(problem, lang),
            }
            for at, problem in entry.problems
        ],
        "changes": [asdict(change) for change in entry.changes],
        "readers": {"gained": list(entry.readers.gained), "lost": list(entry.readers.lost)},
        "lines": list(entry.lines),
        "lines_left_out": entry.cut,
    }


def packed(report: Report) -> dict[str, Any]:
    """A report without its rows as the store keeps it, in no language; `unpacked` reads it, `entry_packed` packs rows.

    Of its rows it keeps how many change who may read.
    """
    return {
        "source": report.source,
        "dry_run": report.dry_run,
        "counts": dict(report.counts),
        "readers_changed": report.rights_changed,
        "told_rows": report.to_look_at,
        "remarks": [asdict(remark) for remark in report.remarks],
        "products": list(report.products),
        "seconds": report.seconds,
        "batch": report.batch,
        "basis": report.basis,
        "format": report.format,
        "columns": [asdict(each) for each in report.columns],
    }


def unpacked(data: Mapping[str, Any]) -> Report:
    values = dict(data)
    values["counts"] = Counter(values["counts"])
    values["remarks"] = [
        Remark(Problem(**each["problem"]), each["count"], Place(**each["first"])) for each in values["remarks"]
    ]
    values["products"] = tuple(values["products"])
    found = values.get("columns", ())
    values["columns"] = tuple(Column(each["name"], each["key"], tuple(each["samples"])) for each in found)
    return Report(**values)


def entry_packed(entry: Entry) -> dict[str, Any]:
    """Without what is empty: of ten thousand new articles only a line each is kept."""
    return {name: value for name, value in asdict(entry).items() if value not in ("", (), 0, [])}


def entry_unpacked(data: Mapping[str, Any]) -> Entry:
    values = dict(data)
    values["place"] = Place(**values["place"])
    values["problems"] = tuple((Place(**at), Problem(**problem)) for at, problem in values.get("problems", ()))
    values["changes"] = tuple(Change(**each) for each in values.get("changes", ()))
    given = values.get("readers", {})
    values["readers"] = Readers(tuple(given.get("gained", ())), tuple(given.get("lost", ())))
    values["lines"] = tuple(values.get("lines", ()))
    return Entry(**values)


def csv_rows(entries: Iterable[Entry], lang: str) -> Iterator[str]:
    """The report as CSV for spreadsheets, a line a row, with a header; no cell of it can be taken for a formula."""
    yield csv_line(CSV_COLUMNS)
    for entry in entries:
        yield csv_line(
            (
                entry.status, entry.place.file, str(entry.place.line or ""), entry.id, entry.number, entry.title,
                "; ".join(f"{at}: {told(problem, lang)}" for at, problem in entry.problems),
                "; ".join(f"{each.field}: {each.before} -> {each.after}" for each in entry.changes),
                ", ".join(entry.readers.gained), ", ".join(entry.readers.lost),
                str(sum(line.startswith("+") for line in entry.lines)),
                str(sum(line.startswith("-") for line in entry.lines)),
            )
        )  # fmt: skip


def csv_line(cells: Iterable[str]) -> str:
    """A row of CSV, no cell of which a spreadsheet takes for a formula."""
    written = io.StringIO()
    csv.writer(written).writerow([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in cells])
    return written.getvalue()
