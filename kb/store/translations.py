"""Translations that are behind: older than the last change of the text they are a translation of.

Of the articles of a group the one in Traditional Chinese is the original; without one, the first that there was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, select, update

from kb.store.tables import article

ORIGINAL = "zh-Hant"


@dataclass(frozen=True, slots=True)
class Behind:
    """A translation that is out of date with its original."""

    number: str
    title: str
    lang: str
    product: str
    of_number: str
    of_title: str
    since: datetime


def behind(connection: Connection, limit: int, article_id: int | None = None) -> list[Behind]:
    """Those longest out of date first; `article_id`: of this article alone."""
    this, other, first = article.alias("this"), article.alias("other"), article.alias("first")
    since = func.coalesce(other.c.text_at, other.c.created_at)
    ranked = (case((first.c.lang == ORIGINAL, 0), else_=1), first.c.id)
    same = first.c.source == this.c.source, first.c.group == this.c.group
    original = select(first.c.id).where(*same).order_by(*ranked).limit(1).correlate(this).scalar_subquery()
    statement = (
        select(
            this.c.number, this.c.title, this.c.lang, this.c.product, other.c.number.label("of_number"),
            other.c.title.label("of_title"), since.label("since"),
        )
        .select_from(this)
        .join(other, other.c.id == original)
        .where(this.c.group.is_not(None), this.c.id != other.c.id, this.c.confidence != "archived")
        .where(func.coalesce(this.c.text_at, this.c.created_at) < since)
        .order_by(since, this.c.id)
        .limit(limit)
    )  # fmt: skip
    if article_id is not None:
        statement = statement.where(this.c.id == article_id)
    return [Behind(**row._mapping) for row in connection.execute(statement)]


def original_of(connection: Connection, article_id: int) -> int | None:
    """The original that an article is a translation of; None: it is one, or has no translations."""
    this = select(article.c.source, article.c.group).where(article.c.id == article_id).subquery()
    statement = (
        select(article.c.id)
        .where(article.c.source == this.c.source, article.c.group == this.c.group)
        .order_by(case((article.c.lang == ORIGINAL, 0), else_=1), article.c.id)
        .limit(1)
    )
    found = connection.scalar(statement)
    return found if found != article_id else None


def is_current(connection: Connection, article_id: int, at: datetime) -> None:
    """A translation was looked at now: it is up to date with its original, whatever changed of it."""
    if behind(connection, 1, article_id):
        connection.execute(update(article).where(article.c.id == article_id).values(text_at=at))
