"""CSV: one article a row, its keys in the first row; several values in one cell are separated by semicolons."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from indexer.readers.files import FileProblem, attachment, inside
from indexer.readers.markdown_folder import file_links
from indexer.readers.opening import Read, guess, lines
from indexer.readers.rows import KEYS, Row, Terms, draft_of, shown
from indexer.readers.unreadable import Unreadable
from kb.articles import MAX_BODY, Attachment, Problem
from kb.reports import Place

SEVERAL = ("versions", "grants", "also_asked_as", "attachments")
NEEDED = ("id", "title", "body_markdown", "lang", "product")
DELIMITERS = (",", ";", "\t")
# An article's body fills one field, and the module allows 131,072 characters unless told.
LONGEST_FIELD = 4 * MAX_BODY


class Lines:
    """Lines of a file as text for the `csv` module. A byte that is not UTF-8 becomes a lone surrogate, found later."""

    def __init__(self, path: Path, read: Read | None) -> None:
        self._path, self._lines = path, lines(path, read)
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        for self.number, line in self._lines:  # noqa: B020 (how far we are is what callers ask)
            yield line.decode("utf-8", "surrogateescape") + "\n"


def read_csv(path: Path, terms: Terms, read: Read | None = None) -> Iterator[Row]:
    """The rows of a file, those that are none included. Raises Unreadable where the rest of the file is lost."""
    csv.field_size_limit(LONGEST_FIELD)
    source = Lines(path, read)
    text = iter(source)
    first = next(text, "")
    if not first.strip():
        raise Unreadable(Place(path.name, 1), "header_missing", needed=", ".join(NEEDED))
    delimiter = max(DELIMITERS, key=lambda each: len(KEYS.intersection(_cells(first, each))))
    header = _header(path, _cells(first, delimiter))
    rows = csv.reader(text, delimiter=delimiter, strict=True)
    while True:
        begin = source.number + 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            if "unexpected end" in str(error):
                raise Unreadable(Place(path.name, begin), "quote_unclosed", detail=str(error)) from error
            yield Row(Place(path.name, source.number), problems=(Problem("not_csv", "", {"detail": str(error)}),))
            continue
        if cells:
            yield _row(path, begin, header, cells, terms)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return []


def _header(path: Path, names: list[str]) -> list[str]:
    place = Place(path.name, 1)
    if missing := [key for key in NEEDED if key not in names]:
        raise Unreadable(place, "columns_missing", missing=", ".join(missing), found=shown(", ".join(names)))
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Unreadable(place, "columns_twice", twice=", ".join(twice))
    return names


def _row(path: Path, begin: int, header: list[str], cells: list[str], terms: Terms) -> Row:
    place = Place(path.name, begin)
    at = partial(_place_of, place)
    if len(cells) != len(header):
        problem = Problem("cells_count", "", {"found": len(cells), "expected": len(header)})
        return Row(place, problems=(problem,))
    values: dict[str, Any] = {name: cell for name, cell in zip(header, cells, strict=True) if name and cell.strip()}
    for key, value in values.items():
        try:
            value.encode()
        except UnicodeEncodeError:
            raw = value.encode("utf-8", "surrogateescape")
            return Row(place, problems=(Problem("not_utf8", key, {"guess": guess(raw)}),), at=at)
    for key in SEVERAL:
        if key in values:
            values[key] = [each.strip() for each in values[key].replace("\n", ";").split(";") if each.strip()]
    files, wrong = _attachments(path, values, terms)
    draft, problems = draft_of(values, terms, files)
    if wrong or draft is None:
        return Row(place, values.get("id", ""), problems=(*problems, *wrong), at=at)
    return Row(place, draft.id, draft, tuple(problems), at, file_links(draft, values.get("attachments")))


def _place_of(place: Place, _key: str) -> Place:
    return place


def _attachments(path: Path, values: Mapping[str, Any], terms: Terms) -> tuple[tuple[Attachment, ...], list[Problem]]:
    found, problems = [], []
    for name in values.get("attachments", ()):
        try:
            file = inside(path.parent, path.parent, name)
            found.append(attachment(file, file.name, terms.attachment_bytes))
        except FileProblem as problem:
            problems.append(Problem(problem.code, "attachments", {"value": name, "limit_mb": problem.limit_mb}))
    return tuple(found), problems
