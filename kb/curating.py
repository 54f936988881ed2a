"""Keeping articles in order: what they were, archiving, merging, translations that are behind, what waits for whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from kb.accounts import Viewer
from kb.articles import Problem
from kb.comparing import Difference, compared
from kb.contents import Content, as_original, content_of
from kb.editing import Editing, NoDraft, NotLicensed, NotNow
from kb.licences import needed_for
from kb.publishing import By, EditRefused, Publishing
from kb.store import Store, drafts, history, merging, originals, queues, redirects, translations
from kb.store.drafts import DraftRow
from kb.store.feedback import Gap
from kb.store.history import Event, Happened, Version
from kb.store.originals import Original
from kb.store.queues import Waiting
from kb.store.tables import attachment_version
from kb.store.translations import Behind

SOON = timedelta(days=14)
LISTED = 50
NOW = 0


@dataclass(frozen=True, slots=True)
class History:
    """What an article was, and who did what to it, the last first."""

    number: str
    title: str
    versions: tuple[Version, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits for those who write: drafts to review and under way, articles to look at, questions to answer."""

    to_review: tuple[DraftRow, ...]
    scheduled: tuple[DraftRow, ...]
    drafts: tuple[DraftRow, ...]
    expired: tuple[Waiting, ...]
    to_look_at: tuple[Waiting, ...]
    behind: tuple[Behind, ...]
    gaps: tuple[Gap, ...]


class Curating:
    """What publishers do with articles that are there. Safe to share between threads."""

    def __init__(self, store: Store, editing: Editing, publishing: Publishing) -> None:
        self._store, self._editing, self._publishing = store, editing, publishing

    # What there was

    def history(self, viewer: Viewer, number: str) -> History:
        """NoDraft unless he may write about its product."""
        with self._store.reading() as connection:
            found = self._article(connection, viewer, number)
            versions = history.versions(connection, found.id)
            return History(number, found.draft.title, tuple(versions), tuple(history.events(connection, found.id)))

    def version(self, viewer: Viewer, number: str, batch: int) -> Content:
        """The article as a batch left it; NOW: as it is."""
        with self._store.reading() as connection:
            found = self._article(connection, viewer, number)
            return content_of(self._version(connection, found, batch))

    def _version(self, connection: Connection, found: Original, batch: int) -> Original:
        if batch == NOW:
            return found
        if batch not in {each.batch for each in history.versions(connection, found.id)}:
            raise NoDraft
        version_id = history.version_after(connection, found.id, batch)
        return (history.original(connection, version_id) if version_id is not None else found) or found

    def compare(self, viewer: Viewer, number: str, before: int, after: int) -> Difference:
        """Two versions: fields, who may read them, text."""
        return compared(
            as_original(self.version(viewer, number, before)), as_original(self.version(viewer, number, after))
        )

    def restore(self, viewer: Viewer, number: str, batch: int, now: datetime) -> int:
        """Puts an old version into the draft of the article, as its next save; gives the draft's id."""
        content = replace(self.version(viewer, number, batch), number=number)
        draft_id = self._editing.open(viewer, number, now)
        found = self._editing.draft(viewer, draft_id)
        with self._store.writing() as connection:
            article = self._article(connection, viewer, number)
            version_id = history.version_after(connection, article.id, batch) if batch != NOW else None
            if version_id is not None:
                drafts.add_files_of(
                    connection, draft_id, attachment_version, attachment_version.c.version_id == version_id
                )
            history.note(connection, _by(viewer, "restored", now, article.id), batch=batch)
        self._editing.save(viewer, draft_id, found.row.revision, content, now)
        return draft_id

    def _article(self, connection: Connection, viewer: Viewer, number: str) -> Original:
        found = originals.by_number(connection, number)
        if found is None or not self._editing.may(viewer, found.draft.product):
            raise NoDraft
        return found

    def number_of(self, viewer: Viewer, article_id: int) -> str | None:
        """The number of an article he may write about."""
        with self._store.reading() as connection:
            found = originals.by_id(connection, article_id)
        return found.number if found and self._editing.may(viewer, found.draft.product) else None

    # Out of readers' sight

    def archive(self, viewer: Viewer, number: str, now: datetime) -> None:
        """From now on staff alone read it. NotNow: it is archived already."""
        with self._store.reading() as connection:
            found = self._article(connection, viewer, number)
        self._archive(viewer, found, now, "archived")

    def _archive(self, viewer: Viewer, found: Original, now: datetime, kind: str, into: Original | None = None) -> None:
        content = content_of(found)
        needed = needed_for(content.readers, content.confidence)
        if not self._editing.may(viewer, content.product, needed):
            raise NotLicensed(needed)
        if content.confidence == "archived" and into is None:
            raise NotNow
        prepared = self._publishing.prepared(
            replace(content, confidence="archived"), found.draft.source, found.draft.id
        )
        with self._store.writing() as connection:
            files = drafts.contents_of_article(connection, found.id)
            written = self._publishing.write(connection, prepared, files, By(viewer.account_id, now))
            if into is not None:
                redirects.add(connection, written.batch, {found.number: into.id})
                merging.move(connection, found.id, into.id)
            data = {"into": into.number} if into else {}
            history.note(connection, _by(viewer, kind, now, found.id), **data)

    def merge(self, viewer: Viewer, number: str, into: str, now: datetime) -> None:
        """Archives an article; its number leads to the other, which gets its votes and its links to cases.

        Taken back, the article and its number are as before; votes and links stay with the other. EditRefused: `into`
        is not an article that could take it in.
        """
        with self._store.reading() as connection:
            found = self._article(connection, viewer, number)
            other = originals.by_number(connection, into)
        if other is None or other.id == found.id or other.draft.confidence == "archived":
            raise EditRefused(Problem("merge_into", "into", {"value": into}))
        if not self._editing.may(viewer, other.draft.product, "contributor"):
            raise NotLicensed("contributor")
        self._archive(viewer, found, now, "merged", other)

    def expire_due(self, now: datetime) -> int:
        """Archives what has expired by now, as a batch of its own; says how many. Readers lost it at its moment."""
        with self._store.reading() as connection:
            if not queues.expiring(connection, now):
                return 0
        with self._store.writing() as connection:
            return queues.archive_expired(connection, now)

    # Translations

    def confirm(self, viewer: Viewer, number: str, now: datetime) -> None:
        """A translation says what its original says, though that changed since."""
        with self._store.writing() as connection:
            found = self._article(connection, viewer, number)
            translations.is_current(connection, found.id, now)
            history.note(connection, _by(viewer, "confirmed", now, found.id))

    def behind(self, viewer: Viewer, article_id: int) -> Behind | None:
        """What an article is behind of, for those who write."""
        with self._store.reading() as connection:
            found = translations.behind(connection, 1, article_id)
        return found[0] if found and self._editing.may(viewer, found[0].product) else None

    def original_of(self, viewer: Viewer, article_id: int) -> Content | None:
        """What an article is a translation of, to be read beside it."""
        with self._store.reading() as connection:
            original_id = translations.original_of(connection, article_id)
            found = originals.by_id(connection, original_id) if original_id is not None else None
        return content_of(found) if found and self._editing.may(viewer, found.draft.product) else None

    # What waits

    def queue(self, viewer: Viewer, today: date, now: datetime) -> Queue:
        under_way = self._editing.under_way(viewer)
        with self._store.reading() as connection:
            expired = queues.expired(connection, now, LISTED)
            to_look_at = queues.to_look_at(connection, today + SOON, LISTED)
            behind = translations.behind(connection, LISTED)

        def mine(given: Sequence[Waiting]) -> tuple[Waiting, ...]:
            return tuple(each for each in given if self._editing.may(viewer, each.product))

        by_state = {
            state: tuple(each for each in under_way if each.state == state)
            for state in ("in_review", "scheduled", "draft")
        }
        return Queue(
            by_state["in_review"],
            by_state["scheduled"],
            by_state["draft"],
            mine(expired),
            mine(to_look_at),
            tuple(each for each in behind if self._editing.may(viewer, each.product)),
            tuple(self._store.gaps(LISTED)),
        )


def _by(viewer: Viewer, kind: str, at: datetime, article_id: int) -> Happened:
    return Happened(kind, at, viewer.account_id, article_id)
