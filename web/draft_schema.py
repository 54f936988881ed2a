"""What the API sends and takes of drafts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field

from kb.articles import MAX_BODY, MAX_OWNER, MAX_TITLE, ArticleType, Confidence, Language
from kb.changing import MOST
from kb.editing import MAX_FILES, MAX_NOTE
from kb.licences import Level
from kb.store.drafts import State
from web.schema import ImportRow, Revision
from web.schema_base import Answer, Given

PRODUCT = r"^[a-z0-9][a-z0-9_.-]{0,63}$"
NUMBER = r"^KB[0-9]{6,9}$"
DIGEST = r"^[0-9a-f]{64}$"


class DraftFile(Answer):
    """A file of a draft. `grants` none: whoever reads the article may have it."""

    name: str
    digest: str = Field(description="SHA-256 of its content; what a save names it by.")
    media_type: str
    size: int
    grants: list[str]


class DraftSummary(Answer):
    """A draft as a list shows it. `number` null: the article is new."""

    id: int
    number: str | None
    title: str
    lang: Language
    product: str
    state: State
    revision: int
    publish_at: datetime | None
    by: str = Field(description="Who changed it last.")
    changed_at: datetime
    url: str = Field(description="Its page.")


class Drafts(Answer):
    """The drafts under way, last changed first."""

    drafts: list[DraftSummary]


class Draft(DraftSummary):
    """A draft with its text. `{product}` in grants is the article's own product."""

    body: str
    grants: list[str]
    type: ArticleType
    category: str
    versions: list[str]
    also_asked_as: list[str]
    confidence: Confidence
    owner: str | None
    review_on: date | None
    expires_at: datetime | None
    new_number: str | None = Field(description="The number it is to have when published; null: the one it has.")
    files: list[DraftFile]
    needs: Level = Field(description="The licence that publishing it takes.")
    may_publish: bool = Field(description="Whether the asker has it.")
    is_published: bool = Field(description="Whether readers have the article already.")
    problem: str | None = Field(description="Why it was not published when it was due.")


class PreviewSection(Answer):
    grants: list[str]
    html: str
    text: str


class DraftPreview(Answer):
    """What readers would see. `remarks` are what its author should know."""

    sections: list[PreviewSection]
    remarks: list[str]


class NamedFile(Given):
    name: str = Field(min_length=1, max_length=150)
    digest: str = Field(pattern=DIGEST)


class DraftText(Given):
    """What is left out stays as it is."""

    title: str | None = Field(None, max_length=MAX_TITLE)
    lang: Language | None = None
    product: str | None = Field(None, pattern=PRODUCT)
    body: str | None = Field(None, max_length=MAX_BODY, description="Markdown, with `:::grants` sections.")
    grants: list[str] | None = Field(None, max_length=100)
    type: ArticleType | None = None
    category: str | None = Field(None, max_length=300)
    versions: list[str] | None = Field(None, max_length=200)
    also_asked_as: list[str] | None = Field(None, max_length=200)
    confidence: Confidence | None = None
    owner: str | None = Field(None, max_length=MAX_OWNER, description='"": nobody.')
    review_on: str | None = Field(None, description='A day, 2027-01-31; "": none.', max_length=40)
    expires_at: str | None = Field(
        None, description='A moment with its time zone, 2027-01-31T18:00+08:00; "": never.', max_length=40
    )
    new_number: str | None = Field(None, pattern=NUMBER)
    files: list[NamedFile] | None = Field(None, max_length=MAX_FILES, description="All that it is to have.")


class NewDraft(DraftText):
    """`article`: the number of the article to change; its text is that of readers. Else a new one."""

    article: str | None = Field(None, pattern=NUMBER)
    beside: str | None = Field(None, pattern=NUMBER, description="The article that a new one is a translation of.")


class DraftSave(DraftText):
    revision: Revision = Field(description="The one that the change goes by.")


class DraftTurn(Given):
    revision: Revision
    note: str = Field("", max_length=MAX_NOTE, description="What is to be done, where it is sent back.")


class DraftSchedule(Given):
    revision: Revision
    publish_at: str = Field(description="A moment with its time zone.", min_length=1, max_length=40)


class ArticlesToChange(Given):
    """What is to become of every one of some articles. What is left out stays as it is."""

    numbers: list[Annotated[str, Field(pattern=NUMBER)]] = Field(min_length=1, max_length=MOST)
    product: str | None = Field(None, pattern=PRODUCT)
    versions: list[str] | None = Field(None, max_length=200)
    grants: list[str] | None = Field(None, max_length=100, description="`{product}` is each article's own product.")
    owner: str | None = Field(None, max_length=MAX_OWNER, description='"": nobody.')


class ChangeToWrite(ArticlesToChange):
    basis: str = Field(description="Of the look that the writing goes by.", min_length=1, max_length=100)


class ChangeLook(Answer):
    """What a change would do. Articles that the asker may not write about are not in it."""

    basis: str = Field(description="To be sent with what is then to be written.")
    changed: int
    same: int
    refused: int
    rights_changed: int
    rows: list[ImportRow]


ANSWERS: tuple[type[BaseModel], ...] = (Drafts, Draft, DraftFile, DraftPreview, ChangeLook)
GIVEN: tuple[type[BaseModel], ...] = (
    NewDraft, DraftSave, DraftText, DraftTurn, DraftSchedule, ArticlesToChange, ChangeToWrite,
)  # fmt: skip
