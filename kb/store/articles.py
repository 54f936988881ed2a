"""Articles as the store keeps them and as a scope may see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, NamedTuple, TypeAlias

from kb.articles import Attachment, Draft
from kb.entitlements import STAFF, Grants, Scope

# A source, and what it calls an article.
Key: TypeAlias = tuple[str, str]


class TocEntry(NamedTuple):
    """A heading with its level (1-6) and the anchor it is reached by."""

    level: int
    text: str
    anchor: str


class ChangeNote(NamedTuple):
    """An article changed and the index does not know yet."""

    id: int
    article_id: int


@dataclass(frozen=True, slots=True)
class Product:
    """What articles are about. `words` are what it goes by beside its names."""

    id: str
    names: Mapping[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ()

    def name(self, lang: str) -> str:
        return self.names.get(lang) or next(iter(self.names.values()), self.id)


def withdrawn(confidence: str, expires_at: datetime | None) -> bool:
    """Whether an article is for staff alone by now."""
    return confidence == "archived" or (expires_at is not None and expires_at <= datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class ArticleRow:
    """What is known of an article beside its text."""

    id: int
    number: str
    title: str
    lang: str
    product: str
    type: str
    category: str
    versions: tuple[str, ...]
    updated: date
    grants: Grants
    also_asked_as: tuple[str, ...]
    confidence: str
    group: str | None
    source: str
    external_id: str
    digest: str
    extra: Mapping[str, Any]
    created_at: datetime
    changed_at: datetime
    owner: str | None = None
    review_on: date | None = None
    expires_at: datetime | None = None
    text_at: datetime | None = None

    def readable_by(self, scope: Scope) -> bool:
        """Whoever holds a grant of it; one that is withdrawn only those who also hold `staff`."""
        return scope.reads(self.grants) and (not self.is_withdrawn or STAFF in scope.grants)

    @property
    def is_withdrawn(self) -> bool:
        """Archived, or expired by now."""
        return withdrawn(self.confidence, self.expires_at)


@dataclass(frozen=True, slots=True)
class SectionRow:
    """A part of an article, rendered. `grants` empty: whoever reads the article reads it."""

    ordinal: int
    grants: Grants
    html: str
    text: str
    headings: tuple[str, ...]
    toc: tuple[TocEntry, ...]


class Translation(NamedTuple):
    """The same article in another language."""

    number: str
    lang: str
    title: str


@dataclass(frozen=True, slots=True)
class Readable:
    """An article as one scope may see it: `sections` holds only what it may read.

    `translations` are filled by `Store.read` alone.
    """

    row: ArticleRow
    sections: tuple[SectionRow, ...]
    translations: tuple[Translation, ...] = ()

    @property
    def html(self) -> str:
        return "\n\n".join(section.html for section in self.sections)

    @property
    def text(self) -> str:
        return "\n\n".join(section.text for section in self.sections)

    @property
    def headings(self) -> tuple[str, ...]:
        return tuple(heading for section in self.sections for heading in section.headings)

    @property
    def toc(self) -> tuple[TocEntry, ...]:
        return tuple(entry for section in self.sections for entry in section.toc)


@dataclass(frozen=True, slots=True)
class FileText:
    """What a file of an article says. `grants` empty: whoever reads the article may have it."""

    name: str
    grants: Grants
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class IndexSource:
    """An article for the index: all of its sections with their grants, without their HTML and table of contents (`html`
    and `toc` are empty), and what its files say.

    `helped` and `failed` count the readers who said that it did, and that it did not; `reused` the cases linked to it.
    """

    row: ArticleRow
    sections: tuple[SectionRow, ...]
    files: tuple[FileText, ...] = ()
    helped: int = 0
    failed: int = 0
    reused: int = 0


@dataclass(frozen=True, slots=True)
class AttachmentRow:
    name: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class RenderedSection:
    """A section on its way into the store. `grants` empty: the article's own."""

    markdown: str
    grants: tuple[str, ...]
    html: str
    text: str
    headings: tuple[str, ...]
    toc: tuple[TocEntry, ...]


@dataclass(frozen=True, slots=True)
class RenderedAttachment:
    """A file on its way into the store. `grants` empty: whoever reads the article may have it."""

    file: Attachment
    grants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rendered:
    """An article on its way into the store. `draft` is checked; `sections` and `attachments` stand for the draft's own.

    `digest` covers the draft and the way it was rendered. HTML may hold links `kb-article:<hex of an external id>`,
    which the store turns into addresses of articles of the same source; so may `links`, which say where the relative
    addresses of the text lead. `sketch`: what the text is compared with others by; None: made when it is needed.
    `updated`: the draft's, or the day that it is updated on if there is something new for all of its readers.
    """

    draft: Draft
    updated: date
    digest: str
    sections: tuple[RenderedSection, ...]
    attachments: tuple[RenderedAttachment, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    sketch: bytes | None = None


@dataclass(frozen=True, slots=True)
class ImportRun:
    """What an import is: whose articles, since when, products it brings, and numbers its articles bring with them.

    `basis` is what `Store.basis` said of the source when the articles were compared with it; None: not compared.
    `job_id`: the import job that is done by it, once. `across`: its articles are of several sources, as their drafts
    say. `only`: the external ids of all of its articles, where they are few: the others of the source
    are not read then.
    """

    source: str
    started_at: datetime
    products: Mapping[str, Product] = field(default_factory=dict)
    numbers: frozenset[str] = frozenset()
    account_id: int | None = None
    basis: str | None = None
    job_id: int | None = None
    across: bool = False
    only: frozenset[str] | None = None

    def has(self, source: str) -> bool:
        """Whether articles of this source may be its."""
        return self.across or source == self.source

    def key(self, draft: Draft) -> Key:
        """What an article is known by, for good."""
        return (draft.source if self.across else self.source), draft.id


@dataclass(frozen=True, slots=True)
class Applied:
    """What an import changed. `refused` are external ids whose number another article took meanwhile."""

    new: int = 0
    changed: int = 0
    refused: tuple[str, ...] = ()
    batch: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """What was written as one. `counts`: how many articles were new and how many changed."""

    id: int
    source: str
    account_id: int | None
    started_at: datetime
    counts: Mapping[str, int]
    rolled_back_at: datetime | None = None
    rolled_back_by: int | None = None


class SourceChanged(Exception):
    """Articles of the source were written after this import was compared with them: compare again."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a batch cannot be taken back: what has happened since to an article of it, or to a number it had.

    `code` is one of gone, changed_since, linked, number_taken; `number` the article's.
    """

    code: str
    number: str
    title: str
    detail: str = ""


class RollbackRefused(Exception):
    """A batch cannot be taken back: `obstacles` tell of each article in the way; none: there is no such batch now."""

    def __init__(self, obstacles: tuple[Obstacle, ...] = ()) -> None:
        super().__init__("later changes would be lost")
        self.obstacles = obstacles
