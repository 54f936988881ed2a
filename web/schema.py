"""What the API answers with."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from kb.articles import ArticleType, Language


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


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


class Result(Summary):
    title_pieces: list[Piece]
    passage: list[Piece] = Field(description="The part of the text that answers best.")
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
    page: int
    pages: int = Field(description="Pages there are to ask for, 100 at most.")
    page_size: int
    results: list[Result]
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
    related: list[Summary]


class Problem(Answer):
    """What is wrong with a request (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    parameter: str | None = Field(None, description="The parameter that is wrong, when one is.")


def components() -> dict[str, Any]:
    """Every answer as a schema of an OpenAPI document."""
    from pydantic.json_schema import models_json_schema

    models = [(model, "serialization") for model in (SearchAnswer, SuggestAnswer, Article, Problem)]
    _, schema = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    found: dict[str, Any] = schema["$defs"]
    return found
