"""From the files of an import to rows: in whatever format they are, found out or named, columns mapped to our keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import cast

from indexer.converting import ConvertPool
from indexer.formats import converted
from indexer.formats.recognising import opened_as, recognised, row_files
from indexer.readers.json_lines import parsed, read_json_lines
from indexer.readers.mapping import guessed
from indexer.readers.markdown_folder import MarkdownFolder
from indexer.readers.opening import lines
from indexer.readers.origin import Origin
from indexer.readers.rows import Row, Terms, shown, with_file_grants
from indexer.readers.table import NEEDED, Table, read_csv
from indexer.readers.unreadable import Unreadable
from kb.articles import Problem
from kb.limited import Limits
from kb.reading import FormatName, Reading
from kb.reports import Column

SAMPLES = 3
# Keys that any text is right for, beside what a row must have. Of JSON only these last: others are kept as they are.
GUESSED = frozenset({*NEEDED, "category", "versions", "updated", "also_asked_as"})
SEEN_ROWS = 20
# A file with more rows that are none is no file of articles, and a report of them would fill the memory.
MAX_REFUSED = 10_000

Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Taking:
    """The rows of an import. `format` is the one it was recognised as or named; `columns` are those of its tables."""

    origin: Origin
    terms: Terms
    format: FormatName
    columns: tuple[Column, ...] = ()

    def rows(self, limits: Limits, told: Told) -> Iterator[Row]:
        """Every row; where the rest of a file is lost, a last one that says so. `told` hears how far it is."""
        refused = 0
        try:
            for row in chain(self._noted(), self._read(limits, told)):
                yield with_file_grants(row)
                refused += row.draft is None
                if refused >= MAX_REFUSED:
                    yield Row(row.place, problems=(Problem("too_many_refused", "", {"limit": MAX_REFUSED}),))
                    return
        except Unreadable as error:
            yield Row(error.place, problems=(error.problem,))

    def _noted(self) -> Iterator[Row]:
        for place, problem in self.origin.tree.noted:
            if problem.refuses:
                yield Row(place, problems=(problem,))
            else:
                self.terms.remark(problem, place)

    def _read(self, limits: Limits, told: Told) -> Iterator[Row]:
        tree, terms = self.origin.tree, self.terms
        if self.format == "markdown":
            folder = MarkdownFolder(tree, terms, self.origin.only)
            files = len(folder.paths())
            yield from folder.rows(lambda done: told(done, files))
        elif self.format in ("csv", "json_lines"):
            read = read_csv if self.format == "csv" else read_json_lines
            for path in row_files(self.origin, self.format):
                size = tree.size(path)
                try:
                    yield from read(tree, path, terms, lambda done, size=size: told(done, size))  # type: ignore[misc]
                except Unreadable as error:
                    yield Row(error.place, problems=(error.problem,))
        else:
            export = opened_as(self.format, self.origin, terms)
            with ConvertPool(limits) as pool:
                yield from converted.rows(export, tree, terms, pool, lambda done: told(done, export.total))


def taking(origin: Origin, terms: Terms, reading: Reading, kept: dict[str, str]) -> Taking:
    """How to take an import. `kept`: which column of the source was which key the last time."""
    terms = replace(terms, defaults=reading.defaults, encoding=reading.encoding or None)
    name = cast(FormatName, reading.format) if reading.format else recognised(origin, terms)
    if name not in ("csv", "json_lines"):
        return Taking(origin, terms, name)
    samples = _samples(origin, name, terms)
    keys = guessed(samples)
    own = frozenset(NEEDED) if name == "json_lines" else GUESSED
    keys = {column: key for column, key in keys.items() if key in own or key == column}
    for chosen in (kept, reading.keys):
        taken = set(chosen.values())
        keys = {column: key for column, key in keys.items() if key not in taken or column in chosen} | {
            column: key for column, key in chosen.items() if column in samples
        }
    shown_ = tuple(Column(column, keys.get(column, column), values) for column, values in samples.items())
    return Taking(origin, replace(terms, keys=keys), name, shown_)


def _samples(origin: Origin, name: FormatName, terms: Terms) -> dict[str, tuple[str, ...]]:
    """The columns there are with the first values in them."""
    found: dict[str, list[str]] = {}
    terms = replace(terms, remark=lambda _problem, _place: None)
    try:
        for path in row_files(origin, name)[:1]:
            if name == "csv":
                table = Table(origin.tree, path, terms)
                found = {column: [] for column in table.columns if column}
                rows = [dict(record.cells) for record in islice(table, SAMPLES)]
            else:
                objects = (parsed(path, n, line) for n, line in islice(lines(origin.tree, path, terms), SEEN_ROWS))
                rows = [each for each in objects if isinstance(each, dict)]
            for row in rows:
                for column, value in row.items():
                    if len(found.setdefault(column, [])) < SAMPLES:
                        found[column].append(shown(value))
    except Unreadable:
        # What is wrong is told where the rows are read.
        return {column: tuple(values) for column, values in found.items()}
    return {column: tuple(values) for column, values in found.items()}
