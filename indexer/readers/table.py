"""CSV: one article a row, its keys in the first row; several values in one cell are separated by semicolons."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from indexer.readers.encodings import not_utf8
from indexer.readers.files import FileProblem
from indexer.readers.markdown_folder import file_links
from indexer.readers.opening import Read, lines
from indexer.readers.rows import Row, Terms, draft_of, shown
from indexer.readers.tree import Tree, beside
from indexer.readers.unreadable import Unreadable
from kb.articles import MAX_BODY, Attachment, Problem
from kb.reports import Place

SEVERAL = ("versions", "grants", "also_asked_as", "attachments")
NEEDED = ("id", "title", "body_markdown", "lang", "product")
DELIMITERS = (",", ";", "\t")
# An article's body fills one field, and the module allows 131,072 characters unless told.
LONGEST_FIELD = 4 * MAX_BODY
MAX_COLUMNS = 500


class Lines:
    """Lines of a file as text for the `csv` module. A byte that is not UTF-8 becomes a lone surrogate, found later."""

    def __init__(self, tree: Tree, path: str, terms: Terms, read: Read | None) -> None:
        self._lines = lines(tree, path, terms, read)
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        for self.number, line in self._lines:  # noqa: B020 (how far we are is what callers ask)
            yield line.decode("utf-8", "surrogateescape") + "\n"


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of a row by their columns, with the line it begins in. `problems`: why it cannot be read."""

    line: int
    cells: Mapping[str, str]
    problems: tuple[Problem, ...] = ()


class Table:
    """The records of a CSV file. Raises Unreadable where the rest of the file is lost."""

    def __init__(self, tree: Tree, path: str, terms: Terms, read: Read | None = None) -> None:
        self.name = tree.shown(path)
        csv.field_size_limit(LONGEST_FIELD)
        self._source = Lines(tree, path, terms, read)
        self._text = iter(self._source)
        first = next(self._text, "")
        if not first.strip():
            raise Unreadable(Place(self.name, 1), "header_missing", needed=", ".join(NEEDED))
        self._delimiter = max(DELIMITERS, key=lambda each: len(_cells(first, each)))
        self.columns = _cells(first, self._delimiter)
        if len(self.columns) > MAX_COLUMNS:
            values = {"count": len(self.columns), "limit": MAX_COLUMNS}
            raise Unreadable(Place(self.name, 1), "columns_too_many", **values)
        if twice := sorted({name for name, n in Counter(self.columns).items() if n > 1 and name}):
            raise Unreadable(Place(self.name, 1), "columns_twice", twice=shown(", ".join(twice)))

    def __iter__(self) -> Iterator[Record]:
        rows = csv.reader(self._text, delimiter=self._delimiter, strict=True)
        while True:
            begin = self._source.number + 1
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                # A cell beyond the limit is one whose quote was never closed: what follows would be read as rows.
                if "unexpected end" in str(error) or "field larger" in str(error):
                    raise Unreadable(Place(self.name, begin), "quote_unclosed", detail=str(error)) from error
                yield Record(self._source.number, {}, (Problem("not_csv", "", {"detail": str(error)}),))
                continue
            if cells:
                yield self._record(begin, cells)

    def _record(self, line: int, cells: list[str]) -> Record:
        if len(cells) != len(self.columns):
            values = {"found": len(cells), "expected": len(self.columns)}
            return Record(line, {}, (Problem("cells_count", "", values),))
        found = {name: cell for name, cell in zip(self.columns, cells, strict=True) if name and cell.strip()}
        for key, value in found.items():
            try:
                value.encode()
            except UnicodeEncodeError:
                return Record(line, {}, (not_utf8(value.encode("utf-8", "surrogateescape"), key),))
        return Record(line, found)


def read_csv(tree: Tree, path: str, terms: Terms, read: Read | None = None) -> Iterator[Row]:
    """The rows of a file, those that are none included. Raises Unreadable where the rest of the file is lost."""
    table = Table(tree, path, terms, read)
    keys = {terms.keys.get(name, name) for name in table.columns}
    if missing := [key for key in NEEDED if key not in keys and key not in terms.defaults]:
        found = shown(", ".join(table.columns))
        raise Unreadable(Place(table.name, 1), "columns_missing", missing=", ".join(missing), found=found)
    for record in table:
        yield _row(tree, path, record, terms)


def _row(tree: Tree, path: str, record: Record, terms: Terms) -> Row:
    place = Place(tree.shown(path), record.line)
    if record.problems:
        return Row(place, problems=record.problems)
    at = partial(_place_of, place)
    values: dict[str, Any] = terms.with_keys(record.cells)
    for key in SEVERAL:
        if isinstance(given := values.get(key), str):
            values[key] = [each.strip() for each in given.replace("\n", ";").split(";") if each.strip()]
    files, wrong = _attachments(tree, path, values, terms)
    draft, problems = draft_of(values, terms, files)
    if wrong or draft is None:
        return Row(place, values.get("id", ""), problems=(*problems, *wrong), at=at)
    return Row(place, draft.id, draft, tuple(problems), at, file_links(draft, values.get("attachments")))


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return []


def _place_of(place: Place, _key: str) -> Place:
    return place


def _attachments(
    tree: Tree, path: str, values: Mapping[str, Any], terms: Terms
) -> tuple[tuple[Attachment, ...], list[Problem]]:
    found, problems = [], []
    for name in values.get("attachments", ()):
        try:
            found.append(beside(tree, path, name, terms.attachment_bytes))
        except FileProblem as problem:
            problems.append(Problem(problem.code, "attachments", problem.values(name)))
    return tuple(found), problems
