"""Changing product, versions, readers or owner of many articles at once: looked at first, written as one batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256

from sqlalchemy import Connection, select

from kb.accounts import Viewer
from kb.articles import Attachment, Problem
from kb.comparing import compared
from kb.contents import Content, as_original, content_of, draft_of
from kb.editing import Editing
from kb.licences import needed_for
from kb.publishing import Publishing
from kb.rendered import sketch_of
from kb.reports import Entry, Place, Report, Status
from kb.store import Store, drafts, originals, writing
from kb.store.articles import Applied, ImportRun, Rendered, RenderedAttachment, RenderedSection, TocEntry
from kb.store.originals import Original
from kb.store.tables import article, article_section

SOURCE = "bulk change"
MOST = 500


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of every article of a selection; None: it stays. Grants name the product as `{product}`."""

    product: str | None = None
    versions: tuple[str, ...] | None = None
    grants: tuple[str, ...] | None = None
    owner: str | None = None

    def of(self, content: Content) -> Content:
        """An article as it would be. Its readers go with its product: Gold of the one becomes Gold of the other."""
        given = {name: getattr(self, name) for name in Change.__slots__ if getattr(self, name) is not None}
        return replace(content, **given)


class Changing:
    """What publishers do with many articles at once. Safe to share between threads."""

    def __init__(self, store: Store, editing: Editing, publishing: Publishing) -> None:
        self._store, self._editing, self._publishing = store, editing, publishing

    def look(self, viewer: Viewer, numbers: Sequence[str], change: Change) -> Report:
        """What the change would do to each, as an import's dry run says it; `basis` is to be given to `apply`."""
        self._editing.check_editor(viewer)
        report = Report(SOURCE, dry_run=True, basis=self._store.basis(None))
        with self._store.reading() as connection:
            for found, content, problems in self._changed(connection, viewer, numbers, change):
                entry = _entry(found, content, problems)
                report.counts[entry.status] += 1
                report.entries.append(entry)
        return report

    def apply(self, viewer: Viewer, numbers: Sequence[str], change: Change, basis: str, now: datetime) -> Applied:
        """Writes what may be, as one batch that can be taken back as one. SourceChanged: look at it again."""
        self._editing.check_editor(viewer)
        with self._store.writing() as connection:
            given = [
                (found, content)
                for found, content, problems in self._changed(connection, viewer, numbers, change)
                if not problems and content != content_of(found)
            ]
            run = ImportRun(SOURCE, now, account_id=viewer.account_id, basis=basis, across=True)
            return writing.apply(connection, (_written(connection, *each) for each in given), run)

    def _changed(
        self, connection: Connection, viewer: Viewer, numbers: Sequence[str], change: Change
    ) -> Iterator[tuple[Original, Content, tuple[Problem, ...]]]:
        for number in list(dict.fromkeys(numbers))[:MOST]:
            found = originals.by_number(connection, number)
            if found is not None and self._editing.may(viewer, found.draft.product):
                before = content_of(found)
                after = change.of(before)
                yield found, after, tuple(self._problems(viewer, before, after))

    def _problems(self, viewer: Viewer, before: Content, after: Content) -> Iterator[Problem]:
        for each in (before, after):
            needed = needed_for(each.readers, each.confidence)
            if not self._editing.may(viewer, each.product, needed):
                yield Problem("not_licensed", "", {"value": needed})
                return
        yield from (each for each in self._publishing.problems(after, SOURCE, after.number or "") if each.refuses)


def _entry(found: Original, content: Content, problems: tuple[Problem, ...]) -> Entry:
    place = Place(found.number)
    if problems:
        told = tuple((place, each) for each in problems)
        return Entry("refused", place, found.draft.id, found.draft.title, told, found.number)
    difference = compared(as_original(content_of(found)), as_original(content))
    status: Status = "changed" if difference else "same"
    return Entry(
        status, place, found.draft.id, found.draft.title, (), found.number, difference.changes, difference.readers
    )


def _written(connection: Connection, found: Original, content: Content) -> Rendered:
    """The article with what it is changed to. Its text was rendered when it came in."""
    draft, _ = draft_of(content, found.draft.source, found.draft.id)
    updated = found.draft.updated or date.today()
    rows = connection.execute(
        select(article_section).where(article_section.c.article_id == found.id).order_by(article_section.c.ordinal)
    )
    sections = tuple(
        RenderedSection(
            row.markdown, section.grants, row.html, row.text, tuple(row.headings),
            tuple(TocEntry(*entry) for entry in row.toc),
        )
        for row, section in zip(rows, draft.sections, strict=True)
    )  # fmt: skip
    files = drafts.contents_of_article(connection, found.id)
    kept = tuple(
        RenderedAttachment(
            Attachment(file.name, file.media_type, files[file.digest]),
            tuple(_moved(grant, found.draft.product, draft.product) for grant in sorted(file.grants)),
        )
        for file in found.files
    )
    digest = connection.execute(select(article.c.digest).where(article.c.id == found.id)).scalar_one()
    changed = sha256(f"{digest} {draft.digest}".encode()).hexdigest()
    return Rendered(
        replace(draft, updated=updated), updated, changed, sections, kept, dict(found.links), sketch_of(draft)
    )


def _moved(grant: str, before: str, after: str) -> str:
    """A grant of one product as the same of another; others stay."""
    return f"{after}:{grant.removeprefix(f'{before}:')}" if grant.startswith(f"{before}:") else grant
