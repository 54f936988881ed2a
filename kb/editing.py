"""Writing articles: drafts under licences, reviewed, published, scheduled. Nothing of a draft reaches a reader.

For other parts of the site, in short: `new` or `open` begins a draft and gives its id; `save` keeps what was written,
at the revision it was read at; `publish` makes it the article. Each names who does it and when, and leaves an event.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update

from kb.accounts import Viewer
from kb.articles import ATTACHMENT_NAME, Attachment, Problem
from kb.comparing import Difference, compared
from kb.contents import AddressOf, Content, File, as_original, content_of, packed, unpacked
from kb.licences import Level, level_of, needed_for, reaches, writes
from kb.publishing import By, EditRefused, Prepared, Publishing
from kb.store import Store, batches, drafts, history, originals, translations
from kb.store.articles import RenderedSection
from kb.store.drafts import OPEN, DraftRow, NewDraft, Save
from kb.store.history import Event, Happened
from kb.store.tables import article, attachment

SOURCE = "editor"
MAX_NOTE = 2_000
MAX_FILES = 50


class NoDraft(Exception):
    """There is no such draft or article for the one who asks."""


class NotLicensed(Exception):
    """What was asked takes a licence that the one who asks does not have."""

    def __init__(self, needed: Level) -> None:
        super().__init__(needed)
        self.needed = needed


class NotNow(Exception):
    """What was asked does not go with the state the draft is in."""


class Stale(Exception):
    """Somebody else saved the draft since it was read: `draft` is what there is now."""

    def __init__(self, draft: OpenDraft) -> None:
        super().__init__(draft.row.id)
        self.draft = draft


class Overtaken(Exception):
    """The article was changed since its draft began; published now, that change would be lost."""


@dataclass(frozen=True, slots=True)
class OpenDraft:
    """A draft as it is now. `published` is what readers have of the article today; None: nothing."""

    row: DraftRow
    content: Content
    published: Content | None

    @property
    def needs(self) -> Level:
        """The licence to publish it."""
        levels = [needed_for(self.content.readers, self.content.confidence)]
        if self.published is not None:
            levels.append(needed_for(self.published.readers, self.published.confidence))
        return max(levels, key=("candidate", "contributor", "publisher").index)


@dataclass(frozen=True, slots=True)
class Preview:
    """`remarks` are what its author should know."""

    sections: tuple[RenderedSection, ...]
    remarks: tuple[Problem, ...]


class Editing:
    """What authors do with drafts. Safe to share between threads."""

    def __init__(self, store: Store, publishing: Publishing, attachment_max_mb: int = 20) -> None:
        self._store, self._publishing, self._max_mb = store, publishing, attachment_max_mb

    # Who may

    def may(self, viewer: Viewer, product: str, needed: Level = "candidate") -> bool:
        """Whether his licence for articles of this product reaches so far."""
        return reaches(level_of(viewer.role, viewer.licences, product), needed)

    def check_editor(self, viewer: Viewer) -> None:
        """NoDraft unless he may write anything at all: to everyone else there are no drafts."""
        if viewer.account_id is None or not writes(viewer.role, viewer.licences, viewer.products):
            raise NoDraft

    def _licensed(self, viewer: Viewer, needed: Level, *contents: Content | None) -> None:
        for each in contents:
            if each is not None and not self.may(viewer, each.product, needed):
                raise NotLicensed(needed)

    # Beginning

    def new(self, viewer: Viewer, content: Content, now: datetime, beside: str | None = None) -> int:
        """A draft of a new article. `beside`: the number of an article it is to be a translation of."""
        self.check_editor(viewer)
        self._licensed(viewer, "candidate", content if content.product else None)
        token = f"{now:%Y%m%d}-{secrets.token_hex(4)}"
        source, group = SOURCE, f"{content.product or 'article'}/{token}"
        with self._store.writing() as connection:
            if beside is not None:
                source, group = self._beside(connection, viewer, beside)
            named = f"{group}.{content.lang}"
            taken = originals.numbers(connection, source, [named])
            external_id = f"{group}.{token}.{content.lang}" if taken else named
            begun = NewDraft(source, external_id, viewer.account_id or 0, now)
            draft_id = drafts.begin(connection, begun, packed(replace(content, group=group)))
            history.note(connection, _by(viewer, "opened", now, draft_id))
        return draft_id

    def _beside(self, connection: Connection, viewer: Viewer, number: str) -> tuple[str, str]:
        """Source and group of the translations of an article."""
        found = self._article(connection, viewer, number)
        group = found.draft.group or found.draft.id
        if found.draft.group is None:
            connection.execute(update(article).where(article.c.id == found.id).values(group=group))
        return found.draft.source, group

    def open(self, viewer: Viewer, number: str, now: datetime) -> int:
        """The draft of an article: the one under way, or a new one of what readers have."""
        self.check_editor(viewer)
        with self._store.writing() as connection:
            found = self._article(connection, viewer, number)
            if under_way := drafts.open_of(connection, found.id):
                return under_way.id
            base = originals.state(connection, found.id)
            begun = NewDraft(found.draft.source, found.draft.id, viewer.account_id or 0, now, found.id, base)
            draft_id = drafts.begin(connection, begun, packed(content_of(found)))
            drafts.add_files_of(connection, draft_id, attachment, attachment.c.article_id == found.id)
            history.note(connection, _by(viewer, "opened", now, draft_id, found.id))
        return draft_id

    def _article(self, connection: Connection, viewer: Viewer, number: str) -> originals.Original:
        found = originals.by_number(connection, number)
        if found is None or not self.may(viewer, found.draft.product):
            raise NoDraft
        return found

    # Reading

    def draft(self, viewer: Viewer, draft_id: int) -> OpenDraft:
        """A draft of a product he may write about, in whatever state."""
        self.check_editor(viewer)
        with self._store.reading() as connection:
            return self._draft(connection, viewer, draft_id)

    def _draft(self, connection: Connection, viewer: Viewer, draft_id: int) -> OpenDraft:
        row = drafts.find(connection, draft_id)
        if row is None or (row.product and not self.may(viewer, row.product)):
            raise NoDraft
        content = unpacked(drafts.content(connection, draft_id, row.revision))
        published = originals.by_id(connection, row.article_id) if row.article_id is not None else None
        return OpenDraft(row, content, content_of(published) if published else None)

    def under_way(self, viewer: Viewer) -> list[DraftRow]:
        """The drafts of products he may write about, last changed first."""
        self.check_editor(viewer)
        with self._store.reading() as connection:
            return [row for row in drafts.under_way(connection) if self.may(viewer, row.product)]

    def saves(self, viewer: Viewer, draft_id: int) -> list[Save]:
        """Every save of a draft, the last first."""
        self.draft(viewer, draft_id)
        with self._store.reading() as connection:
            return drafts.saves(connection, draft_id)

    def events(self, viewer: Viewer, draft_id: int) -> list[Event]:
        """Who did what when to a draft and its article, the last first."""
        found = self.draft(viewer, draft_id)
        with self._store.reading() as connection:
            return history.events(connection, found.row.article_id, draft_id)

    def file(self, viewer: Viewer, draft_id: int, digest: str) -> tuple[str, bytes]:
        """The media type and the content of a file of a draft."""
        self.draft(viewer, draft_id)
        with self._store.reading() as connection:
            found = drafts.file(connection, draft_id, digest)
        if found is None:
            raise NoDraft
        return found

    # Writing

    def save(self, viewer: Viewer, draft_id: int, revision: int, content: Content, now: datetime) -> int:
        """Keeps it as the next revision, whose number it gives; as good as it is: checks come with publishing.

        Stale, and nothing changed, when the draft is no longer at `revision`. A scheduled one is a draft again.
        """
        found = self._at(viewer, draft_id, revision)
        self._licensed(viewer, "candidate", content)
        before = found.content
        content = replace(content, group=before.group, extra=before.extra, links=before.links)
        if content == found.content:
            return found.row.revision
        with self._store.writing() as connection:
            if not drafts.save(connection, found.row, viewer.account_id or 0, now, packed(content)):
                raise Stale(self._draft(connection, viewer, draft_id))
            if found.row.state == "scheduled":
                fresh = replace(found.row, revision=found.row.revision + 1)
                drafts.change(connection, fresh, {"state": "draft", "publish_at": None})
            happened = _by(viewer, "saved", now, draft_id, found.row.article_id)
            history.note(connection, happened, revision=found.row.revision + 1)
        return found.row.revision + 1

    def add_file(self, viewer: Viewer, draft_id: int, file: Attachment) -> File:
        """Keeps a file with a draft; its next save is to name it among its files. EditRefused: it cannot be one."""
        found = self.draft(viewer, draft_id)
        if found.row.state not in OPEN:
            raise NotNow
        name = file.name
        if not ATTACHMENT_NAME.match(name) or name.strip(". ") != name:
            raise EditRefused(Problem("attachment_name", "attachments", {"value": name}))
        if len(file.content) > self._max_mb << 20:
            raise EditRefused(Problem("file_too_large", "attachments", {"value": name, "limit_mb": self._max_mb}))
        if len(found.content.files) >= MAX_FILES:
            raise EditRefused(Problem("too_many_files", "attachments", {"limit": MAX_FILES}))
        self._publishing.check_picture(file)
        with self._store.writing() as connection:
            drafts.add_file(connection, draft_id, file)
        return File(name, file.digest, file.media_type, len(file.content))

    def _at(self, viewer: Viewer, draft_id: int, revision: int) -> OpenDraft:
        """The draft, when it is under way and at this revision."""
        found = self.draft(viewer, draft_id)
        if found.row.state not in OPEN:
            raise NotNow
        if found.row.revision != revision:
            raise Stale(found)
        return found

    def preview(self, viewer: Viewer, draft_id: int, content: Content, address_of: AddressOf) -> Preview:
        """What readers would see of it, its files at these addresses. EditRefused: why it cannot be shown."""
        row = self.draft(viewer, draft_id).row
        sections, remarks = self._publishing.sections(content, row.source, row.external_id, address_of)
        return Preview(sections, tuple(remarks))

    def difference(self, found: OpenDraft) -> Difference:
        """What publishing the draft would change for readers."""
        nothing = Content("", found.content.lang, found.content.product, "", confidence=found.content.confidence)
        return self.differ(found.published or nothing, found.content)

    @staticmethod
    def differ(before: Content, after: Content) -> Difference:
        """What is different between two contents."""
        return compared(as_original(before), as_original(after))

    # The way to readers

    def submit(self, viewer: Viewer, draft_id: int, revision: int, now: datetime) -> None:
        """Sends it to review. EditRefused when it could not be published as it is."""
        found = self._at(viewer, draft_id, revision)
        self.prepared(found)
        self._turn(viewer, found, {"state": "in_review", "problem": None}, now, "submitted")

    def send_back(self, viewer: Viewer, draft_id: int, revision: int, note: str, now: datetime) -> None:
        """From review, or from its schedule, to its author, with what is to be done."""
        found = self._at(viewer, draft_id, revision)
        if found.row.state == "draft":
            raise NotNow
        values = {"state": "draft", "publish_at": None}
        self._turn(viewer, found, values, now, "returned", note=note.strip()[:MAX_NOTE])

    def discard(self, viewer: Viewer, draft_id: int, revision: int, now: datetime) -> None:
        """Ends it without a trace for readers; its saves are kept."""
        found = self._at(viewer, draft_id, revision)
        self._turn(viewer, found, {"state": "discarded", "publish_at": None}, now, "discarded")

    def schedule(self, viewer: Viewer, draft_id: int, revision: int, at: datetime, now: datetime) -> None:
        """It is published at that moment, by the clock, under the licence of who says so now."""
        found = self._at(viewer, draft_id, revision)
        self._licensed(viewer, found.needs, found.content, found.published)
        if at <= now:
            raise EditRefused(Problem("moment_past", "publish_at", {"value": at.isoformat()}))
        self.prepared(found)
        values = {"state": "scheduled", "publish_at": at, "problem": None, "changed_by": viewer.account_id}
        self._turn(viewer, found, values, now, "scheduled", publish_at=at.isoformat())

    def _turn(
        self, viewer: Viewer, found: OpenDraft, values: Mapping[str, Any], now: datetime, kind: str, **data: Any
    ) -> None:
        with self._store.writing() as connection:
            if not drafts.change(connection, found.row, {**values, "changed_at": now}):
                raise Stale(self._draft(connection, viewer, found.row.id))
            history.note(connection, _by(viewer, kind, now, found.row.id, found.row.article_id), **data)

    def prepared(self, found: OpenDraft) -> Prepared:
        """As it would be published; EditRefused says what keeps it from that."""
        return self._publishing.prepared(found.content, found.row.source, found.row.external_id)

    def publish(self, viewer: Viewer, draft_id: int, revision: int, now: datetime) -> str:
        """Makes the draft the article, and gives its number.

        NotLicensed, EditRefused, Stale as they say. Overtaken when the article was changed since the draft began: see
        `rebase`.
        """
        found = self._at(viewer, draft_id, revision)
        self._licensed(viewer, found.needs, found.content, found.published)
        return self._publish(found, viewer.account_id, now)

    def _publish(self, found: OpenDraft, account_id: int | None, now: datetime) -> str:
        prepared = self.prepared(found)
        with self._store.writing() as connection:
            # Until the transaction ends nobody else writes articles.
            batches.next_number(connection)
            values = {"state": "published", "publish_at": None, "problem": None, "changed_at": now}
            if not drafts.change(connection, found.row, values):
                raise NotNow
            if self._state(connection, found.row) != found.row.base:
                raise Overtaken
            files = drafts.contents(connection, found.row.id, {each.digest for each in found.content.files})
            article_id = self._publishing.write(connection, prepared, files, By(account_id, now)).article_id
            translations.is_current(connection, article_id, now)
            drafts.set_article(connection, found.row.id, article_id)
            drafts.forget_files(connection, found.row.id)
            history.note(connection, Happened("published", now, account_id, article_id, found.row.id))
            written = originals.by_id(connection, article_id)
        return written.number if written else ""

    def _state(self, connection: Connection, row: DraftRow) -> str:
        """Of the article a draft is of, or of one that has come to be what the draft was to be."""
        return originals.state(connection, row.article_id or originals.id_of(connection, row.source, row.external_id))

    def rebase(self, viewer: Viewer, draft_id: int, revision: int, now: datetime) -> None:
        """The draft's author has seen what changed of the article since the draft began, and goes on from there."""
        found = self._at(viewer, draft_id, revision)
        with self._store.reading() as connection:
            base = self._state(connection, found.row)
            article_id = originals.id_of(connection, found.row.source, found.row.external_id)
        self._turn(viewer, found, {"base": base, "article_id": article_id, "problem": None}, now, "rebased")

    def publish_due(self, now: datetime) -> int:
        """Publishes what is scheduled for now or before, and says how many. What cannot be goes back to review."""
        with self._store.reading() as connection:
            due = drafts.due(connection, now)
        published = 0
        for row in due:
            found = self._unchecked(row)
            try:
                self._publish(found, row.changed_by, now)
                published += 1
            except EditRefused as refused:
                self._failed(found, refused.problems[0], now)
            except Overtaken:
                self._failed(found, Problem("overtaken", ""), now)
            except NotNow:
                # Another follower was faster, or somebody called it off this moment.
                continue
        return published

    def _unchecked(self, row: DraftRow) -> OpenDraft:
        """For the clock, which has no licence: it was checked when the draft was scheduled."""
        with self._store.reading() as connection:
            content = unpacked(drafts.content(connection, row.id, row.revision))
        return OpenDraft(row, content, None)

    def _failed(self, found: OpenDraft, problem: Problem, now: datetime) -> None:
        values = {"state": "in_review", "publish_at": None, "problem": asdict(problem), "changed_at": now}
        with self._store.writing() as connection:
            if drafts.change(connection, found.row, values):
                happened = Happened("failed", now, None, found.row.article_id, found.row.id)
                history.note(connection, happened, problem=problem.code)


def _by(viewer: Viewer, kind: str, at: datetime, draft_id: int, article_id: int | None = None) -> Happened:
    return Happened(kind, at, viewer.account_id, article_id, draft_id)
