"""What the API answers with."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, Field

from kb.articles import ArticleType, Language
from kb.cases import MAX_FIELD, MAX_SUBJECT, MAX_TEXT, MAX_VERSION, Status
from kb.store.jobs import State
from kb.store.outbox import Content, DeliveryState
from kb.webhooks import EventKind
from web.schema_base import Answer, Given
from web.spr_schema import NewSpr, Spr, Sprs, SprSummary


class Piece(Answer):
    """A piece of a title or a passage."""

    text: str
    marked: bool = Field(description="Whether it answers the query's words.")


class Summary(Answer):
    """What is known of an article beside its text."""

    number: str = Field(description="Our number of the article, for people.", examples=["KB000123"])
    source: str = Field(description="Where it was imported from.")
    id: str = Field(description="What its source calls it; with `source` its identity for imports.")
    title: str
    lang: Language
    product: str
    type: ArticleType
    category: str
    versions: list[str] = Field(description="Versions of the product it applies to.")
    updated: date
    url: str = Field(description="Its page.")


class FilePassage(Answer):
    """A passage of an attachment."""

    name: str = Field(description="What the attachment is called.")
    url: str
    passage: list[Piece]


class Result(Summary):
    title_pieces: list[Piece]
    passage: list[Piece] = Field(description="The part of the text that answers best.")
    file: FilePassage | None = Field(description="Where an attachment says what was asked and the text does not.")
    score: float


class FacetValue(Answer):
    value: str
    name: str = Field(description="In the language asked for.")
    count: int


class SearchAnswer(Answer):
    """A page of results. `total` and the facets count every match; a facet counts as if nothing were chosen in it."""

    total: int
    plain: bool = Field(
        description="The search engine is away: found by the store, without facets, in a plainer order."
    )
    unquoted: bool = Field(description="No article says what was quoted word for word: it was searched for as words.")
    literal: list[str] = Field(
        description="What looks like an operator, such as `-Name`, and was searched for as a word: articles say it so."
    )
    page: int
    pages: int = Field(description="Pages there are to ask for, 100 at most.")
    page_size: int
    results: list[Result]
    spr: SprSummary | None = Field(description="The report whose number the query is, and nothing beside.")
    facets: dict[str, list[FacetValue]]


class Suggestion(Answer):
    text: str
    kind: str = Field(description="Where it comes from: number, title, term, pinyin, zhuyin, typo.")
    source: str = Field(description="The kind in words, in the language asked for.")
    number: str | None = Field(description="The article it leads to; null: it leads to a search.")
    url: str


class SuggestAnswer(Answer):
    suggestions: list[Suggestion]


class Heading(Answer):
    level: int
    text: str
    anchor: str


class File(Answer):
    name: str
    media_type: str
    size: int = Field(description="In bytes.")
    url: str


class Translation(Answer):
    number: str
    lang: Language
    title: str
    url: str


class Article(Summary):
    confidence: str
    html: str = Field(description="The part of it that the asker may read, cleaned of scripts.")
    text: str
    headings: list[Heading]
    attachments: list[File]
    translations: list[Translation]
    sprs: list[SprSummary] = Field(description="Software performance reports it is linked to.")
    related: list[Summary]


class CaseSummary(Answer):
    """A case as a list shows it. `due_at` is when the next of its clocks is breached."""

    number: str = Field(examples=["C00000042"])
    subject: str
    product: str
    version: str
    severity: int
    status: str
    customer: str
    contact: str
    owner: str | None
    opened_at: datetime
    changed_at: datetime
    due_at: datetime | None
    url: str = Field(description="Its page.")


class Cases(Answer):
    """A page of cases. `next`: to be sent as `cursor` for those that follow; null: there are none."""

    cases: list[CaseSummary]
    next: str | None


class Clock(Answer):
    """`used` is the part of the limit that has passed, from 0; at 1 it is breached."""

    kind: str
    state: str
    due_at: datetime | None
    used: float


class CaseEvent(Answer):
    at: datetime
    by: str
    kind: str
    internal: bool = Field(description="For staff alone.")
    text: str
    data: dict[str, Any] = Field(description="For a change: what was, and what is.")
    files: list[File] = Field(description="What was sent with it.")


class CaseLink(Answer):
    number: str
    title: str
    role: str
    internal: bool = Field(description="For staff alone.")
    open_to_customer: bool = Field(description="The case's customer may read the article.")


class Case(CaseSummary):
    revision: int = Field(description="To be sent with a change; it is refused when the case has changed since.")
    environment: str
    package: str | None = Field(description="The package whose limits the clocks keep.")
    clocks: list[Clock]
    events: list[CaseEvent]
    links: list[CaseLink]
    sprs: list[SprSummary] = Field(description="Software performance reports it is linked to.")


class Import(Answer):
    """A file that was sent. Once `checked` it waits to be applied or stopped.

    `done` of `total` of its `step` are done.
    """

    id: int
    source: str
    file_name: str
    size: int = Field(description="In bytes.")
    by: str
    state: State
    step: str | None
    done: int
    total: int | None
    left: str | None = Field(description="How long the step will take, in words, at the rate so far.")
    created_at: datetime
    batch: int | None = Field(description="What it was written as, and can be taken back by.")
    taken_back: bool
    problem: str | None = Field(description="Why it failed, or was looked at anew.")
    report: dict[str, Any] | None = Field(description="As docs/importing.md describes it, without its rows.")
    url: str = Field(description="Its page.")


class Imports(Answer):
    """The last fifty, the newest first."""

    imports: list[Import]


class ImportRow(Answer):
    """A row of a report, as docs/importing.md describes it."""

    ordinal: int
    status: str
    file: str
    line: int | None
    id: str
    number: str | None
    title: str
    problems: list[dict[str, Any]]
    changes: list[dict[str, str]]
    readers: dict[str, list[str]] = Field(description="Grants that would read it then, and that would no longer.")
    lines: list[str] = Field(description="The lines that would change, as a unified diff.")
    lines_left_out: int


class ImportRows(Answer):
    """Fifty rows. `next`: to be sent as `after` for those that follow; null: there are none."""

    rows: list[ImportRow]
    next: int | None


class Batch(Answer):
    """What was written as one."""

    batch: int
    source: str
    counts: dict[str, int]
    taken_back: bool


class Webhook(Answer):
    """Who is told what happens to cases. `answers`: its last attempt had an answer, whatever it was."""

    name: str
    url: str
    kinds: list[EventKind] = Field(description="None: everything.")
    content: Content = Field(description="How much it may see: the state of a case, what its customer sees, or all.")
    customer: str | None = Field(description="Of this customer's cases alone.")
    active: bool
    answers: bool
    created_at: datetime


class Webhooks(Answer):
    webhooks: list[Webhook]


class Secret(Answer):
    """What messages are signed with. It is told this once."""

    name: str
    secret: str


class Delivery(Answer):
    """An event on its way to a webhook. `status` is its last answer, `problem` what was wrong, where it was."""

    id: int
    webhook: str
    event: str
    kind: EventKind
    case: str
    at: datetime
    state: DeliveryState
    attempts: int
    next_at: datetime
    status: int | None
    problem: str | None


class Deliveries(Answer):
    """The newest first. `next`: to be sent as `after` for those that follow; null: there are none."""

    deliveries: list[Delivery]
    next: int | None


class Replayed(Answer):
    replayed: int = Field(description="How many are tried anew.")


def _whole(value: object) -> object:
    """JSON knows one kind of number: 3.0 is 3."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Revision: TypeAlias = Annotated[int, Field(ge=1, le=2**31 - 1), BeforeValidator(_whole)]
Severity: TypeAlias = Annotated[int, Field(ge=0, le=3), BeforeValidator(_whole)]


class NewCase(Given):
    product: str
    severity: Severity
    subject: str = Field(min_length=1, max_length=MAX_SUBJECT)
    text: str = Field(min_length=1, max_length=MAX_TEXT)
    version: str = Field("", max_length=MAX_VERSION)
    environment: str = Field("", max_length=MAX_FIELD)
    contact: str = Field("", max_length=254, description="For staff: the e-mail of the account it is opened for.")


class CaseReply(Given):
    text: str = Field(min_length=1, max_length=MAX_TEXT)
    internal: bool = Field(False, description="A note for staff alone; a customer's reply never is.")


class CaseChange(Given):
    """What is left out stays. `take`: the case becomes the asker's own."""

    revision: Revision
    status: Status | None = None
    severity: Severity | None = None
    take: bool = False
    spr: str | None = Field(None, description="A software performance report that it waits for.")


class NewCaseLink(Given):
    role: Literal["resolution", "reference"]
    internal: bool = False


class NewWebhook(Given):
    name: str = Field(min_length=1, max_length=100)
    url: str = Field(min_length=1, max_length=2_000)
    kinds: list[EventKind] = Field([], description="None: everything.")
    content: Content = "state"
    customer: str | None = None


class WebhookChange(Given):
    active: bool


class Problem(Answer):
    """What is wrong with a request (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    parameter: str | None = Field(None, description="The parameter that is wrong, when one is.")


def components() -> dict[str, Any]:
    """Every answer, and what is sent, as a schema of an OpenAPI document."""
    from pydantic.json_schema import models_json_schema

    from web import draft_schema

    answers: tuple[type[BaseModel], ...] = (
        SearchAnswer, SuggestAnswer, Article, Cases, Case, Import, Imports, ImportRows, Batch, Webhook, Webhooks,
        Secret, Deliveries, Replayed, Spr, Sprs, Problem, *draft_schema.ANSWERS,
    )  # fmt: skip
    models: list[tuple[type[BaseModel], str]] = [(model, "serialization") for model in answers]
    given: tuple[type[BaseModel], ...] = (
        NewCase, CaseReply, CaseChange, NewCaseLink, NewSpr, NewWebhook, WebhookChange, *draft_schema.GIVEN,
    )  # fmt: skip
    models += [(model, "validation") for model in given]
    _, schema = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    found: dict[str, Any] = schema["$defs"]
    return found
