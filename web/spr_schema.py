"""Software performance reports as the API answers with them, and takes them."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from kb.sprs import MAX_TITLE, MAX_VERSION, Status
from web.schema_base import Answer, Given


class SprSummary(Answer):
    """A report as whoever may see it sees it."""

    number: str = Field(examples=["2180459"])
    title: str
    status: Status
    fixed_in: str | None = Field(description="The version it is fixed in; null: none yet.")
    url: str = Field(description="Its page.")


class SprArticle(Answer):
    number: str
    title: str


class Spr(SprSummary):
    """A report with the articles and cases it is linked to, as far as the asker sees them."""

    product: str | None = Field(description="For staff alone; null for everyone else.")
    changed_at: datetime | None = Field(description="For staff alone; null for everyone else.")
    articles: list[SprArticle]
    cases: list[str] = Field(description="Their numbers, twenty at most, the newest first.")


class Sprs(Answer):
    """A page of reports. `next`: to be sent as `cursor` for those that follow; null: there are none."""

    sprs: list[SprSummary]
    next: str | None


class NewSpr(Given):
    product: str
    status: Status
    title: str = Field(min_length=1, max_length=MAX_TITLE)
    fixed_in: str = Field("", max_length=MAX_VERSION)
