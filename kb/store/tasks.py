"""Tasks about articles as rows, and who last looked an article over. For staff alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, insert, select, update

from kb.store.case_tables import support_case
from kb.store.feedback import upsert
from kb.store.tables import account, article
from kb.store.task_tables import article_review, article_task

asker, doer = account.alias("asker"), account.alias("doer")


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done to an article. `case`: the number of the case that needs it; `done_at` None: it is open."""

    id: int
    kind: str
    article: str
    title: str
    lang: str
    product: str
    paragraph: str
    note: str
    case: str | None
    by: str
    at: datetime
    done_at: datetime | None
    done_by: str | None
    done_note: str
    owner: str | None


class Review(NamedTuple):
    """Who last looked an article over, and when."""

    by: str
    at: datetime


TASK = (
    article_task.c.id, article_task.c.kind, article.c.number, article.c.title, article.c.lang, article.c.product,
    article_task.c.paragraph, article_task.c.note, support_case.c.number, asker.c.name, article_task.c.at,
    article_task.c.done_at, doer.c.name, article_task.c.done_note, article.c.owner,
)  # fmt: skip
TASKS = (
    article_task.join(article, article_task.c.article_id == article.c.id)
    .join(asker, article_task.c.account_id == asker.c.id)
    .outerjoin(support_case, article_task.c.case_id == support_case.c.id)
    .outerjoin(doer, article_task.c.done_by == doer.c.id)
)


def _read(connection: Connection, found: Select[Any]) -> list[Task]:
    return [Task(*row) for row in connection.execute(found)]


def tasks(connection: Connection, is_open: bool, page: tuple[int | None, int], owner: str | None = None) -> list[Task]:
    """A page (after which id, limit): open ones the oldest first, done ones the newest first; of an owner."""
    id_, (after, limit) = article_task.c.id, page
    found = select(*TASK).select_from(TASKS).where(article_task.c.open == is_open)
    if owner is not None:
        found = found.where(article.c.owner == owner)
    if after is not None:
        found = found.where(id_ > after if is_open else id_ < after)
    return _read(connection, found.order_by(id_ if is_open else id_.desc()).limit(limit))


def of_article(connection: Connection, article_id: int, limit: int) -> list[Task]:
    """What is still to be done to an article, the oldest first."""
    found = select(*TASK).select_from(TASKS).where(article_task.c.article_id == article_id, article_task.c.open)
    return _read(connection, found.order_by(article_task.c.id).limit(limit))


def open_count(connection: Connection, most: int) -> int:
    """How many are open, counted no further than that."""
    some = select(article_task.c.id).where(article_task.c.open).limit(most).subquery()
    return connection.scalar(select(func.count()).select_from(some)) or 0


def requested(connection: Connection, case_id: int) -> frozenset[int]:
    """The articles that a case needs a version of that its customer may read."""
    same = article_task.c.case_id == case_id, article_task.c.kind == "public_version", article_task.c.open
    return frozenset(connection.scalars(select(article_task.c.article_id).where(*same)))


def add(connection: Connection, values: Mapping[str, Any]) -> int:
    new = insert(article_task).values(open=True, done_note="", **values)
    return int(connection.execute(new.returning(article_task.c.id)).scalar_one())


def close(connection: Connection, task_id: int, values: Mapping[str, Any]) -> bool:
    """False where there is no such open task: there was none, or a colleague was quicker."""
    done = update(article_task).where(article_task.c.id == task_id, article_task.c.open).values(open=False, **values)
    return bool(connection.execute(done).rowcount)


def reviewed(connection: Connection, article_id: int, review: tuple[int | None, datetime], next_on: date) -> None:
    """Notes who looked an article over last, and when. One that has a day for its next review has it by then."""
    account_id, at = review
    later = article.c.id == article_id, article.c.review_on < next_on
    connection.execute(update(article).where(*later).values(review_on=next_on))
    values = {"account_id": account_id, "at": at}
    new = upsert(connection)(article_review).values(article_id=article_id, **values)
    connection.execute(new.on_conflict_do_update(index_elements=["article_id"], set_=values))


def review_of(connection: Connection, article_id: int) -> Review | None:
    tables = article_review.join(account, article_review.c.account_id == account.c.id)
    found = select(account.c.name, article_review.c.at).select_from(tables)
    row = connection.execute(found.where(article_review.c.article_id == article_id)).first()
    return Review(*row) if row else None
