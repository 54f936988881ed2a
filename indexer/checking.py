"""Checking the rows of an import: which of them are articles that are new or changed and may go in, and what is wrong
with the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from indexer.naming import Products
from indexer.readers.rows import Row
from indexer.unread_files import TextFile
from kb.articles import Draft, Known, Problem, problems
from kb.comparing import changes, is_same, readers, text_lines
from kb.entitlements import Grants
from kb.rendered import digest_of
from kb.reports import Entry, Place, Remark, Report, Status
from kb.store import Store
from kb.store.originals import Original

CHUNK_ROWS = 500
# The children are to have work soon.
FIRST_ROWS = 128
CHUNK_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Pending:
    """A checked draft on its way through rendering."""

    row: Row
    draft: Draft
    digest: str
    status: Status
    files_at: int | None = None
    text_files: tuple[TextFile, ...] = ()
    difference: Mapping[str, Any] = field(default_factory=dict)


class Checking:
    """What is known of an import while its rows are read: their ids and numbers, what is in the store of its source.

    Refused rows go to its report; `remarks` are on what goes in, each once, with where it was first.
    """

    def __init__(self, report: Report, store: Store, products: Products, rights: Grants, *, new_products: bool) -> None:
        self._report, self._store = report, store
        self._products, self._rights, self._new_products = products, rights, new_products
        self._there = store.digests(report.source)
        self._ids: dict[str, Place] = {}
        self.remarks: dict[str, Remark] = {}
        # The ids of the articles that name a number, by it.
        self.numbers: dict[str, str] = {}

    def checked(self, rows: Iterable[Row]) -> Iterator[Pending]:
        """Drafts that are new or changed and may go in; the others are counted or refused."""
        for chunk in _chunks(rows):
            brought = {row.draft.number for row in chunk if row.draft and row.draft.number}
            others = self._store.numbers_of_others(self._report.source, brought)
            kept = self._kept(chunk)
            checked = [pending for row in chunk if (pending := self._check(row, others, kept))]
            yield from self._compared(checked) if self._report.dry_run else checked

    def _kept(self, chunk: list[Row]) -> Mapping[str, Original]:
        """What is there of exported articles: these are compared with what they were exported from."""
        ids = [row.draft.id for row in chunk if row.exported and row.draft and row.draft.id in self._there]
        return self._store.originals(self._report.source, ids) if ids else {}

    def _compared(self, checked: list[Pending]) -> Iterator[Pending]:
        """What would change of each article that is there."""
        ids = [each.draft.id for each in checked if each.status == "changed"]
        there = self._store.originals(self._report.source, ids) if ids else {}
        for each in checked:
            before = there.get(each.draft.id)
            yield replace(each, difference=_difference(each, before)) if before else each

    def _check(self, row: Row, others: Mapping[str, str], kept: Mapping[str, Original]) -> Pending | None:
        draft = row.draft
        found = [*row.problems]
        if draft is not None:
            found += problems(draft, Known(frozenset(self._products.known), self._rights, self._new_products))
            found += self._identity_problems(row, draft, others)
        refusing = tuple((row.place_of(problem.field), problem) for problem in found if problem.refuses)
        if draft is None or refusing:
            self.refuse(Entry("refused", row.place, row.id, draft.title if draft else "", refusing))
            return None
        for problem in found:
            self.remark(problem, row.place_of(problem.field))
        digest = digest_of(draft, row.links, row.file_grants)
        number, there = self._there.get(draft.id, ("", ""))
        same = digest == there and (draft.number or number) == number
        if same or (draft.id in kept and is_same(kept[draft.id], draft, row.links, row.file_grants)):
            self._report.counts["same"] += 1
            return None
        return Pending(row, draft, digest, "changed" if there else "new")

    def _identity_problems(self, row: Row, draft: Draft, others: Mapping[str, str]) -> Iterator[Problem]:
        if draft.id in self._ids:
            yield Problem("id_twice", "id", {"value": draft.id, "first": str(self._ids[draft.id])})
        else:
            self._ids[draft.id] = row.place
        if draft.number is None:
            return
        if draft.number in others:
            yield Problem("number_taken", "number", {"value": draft.number, "source": others[draft.number]})
        if self.numbers.setdefault(draft.number, draft.id) != draft.id:
            yield Problem("number_twice", "number", {"value": draft.number, "id": self.numbers[draft.number]})

    def refuse(self, entry: Entry) -> None:
        self._report.counts["refused"] += 1
        self._report.entries.append(entry)

    def remark(self, problem: Problem, place: Place) -> None:
        key = f"{problem.code} {problem.field} {sorted(problem.values.items())}"
        before = self.remarks.get(key)
        self.remarks[key] = Remark(problem, before.count + 1 if before else 1, before.first if before else place)


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """As many rows as memory should hold at once."""
    chunk: list[Row] = []
    size, most = 0, FIRST_ROWS
    for row in rows:
        chunk.append(row)
        if row.draft:
            size += sum(len(each.markdown) for each in row.draft.sections)
            size += sum(len(each.content) for each in row.draft.attachments)
        if len(chunk) >= most or size >= CHUNK_BYTES:
            yield chunk
            chunk, size, most = [], 0, CHUNK_ROWS
    if chunk:
        yield chunk


def _difference(one: Pending, before: Original) -> dict[str, Any]:
    lines, cut = text_lines(before.draft, one.draft)
    return {
        "number": before.number,
        "changes": changes(before, one.draft, one.row.file_grants),
        "readers": readers(before.draft, one.draft),
        "lines": lines,
        "cut": cut,
    }
