"""Flag it: what colleagues found wrong with an article, and what a case's customer may not read but should.

For staff: to everybody else there are no tasks.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, get_args

from kb.accounts import Viewer
from kb.cases import NoCase, is_staff
from kb.store import Store, tasks
from kb.store import cases as case_rows
from kb.store.articles import Readable
from kb.store.tasks import Review, Task
from kb.texts import stored

Kind = Literal["flag", "public_version"]
KINDS: tuple[Kind, ...] = get_args(Kind)
State = Literal["open", "mine", "done"]
STATES: tuple[State, ...] = get_args(State)
REFUSALS = ("missing", "too_long")
PAGE = 50
SHOWN = 20
MANY = 100
MAX_NOTE = 2_000


class NoTask(Exception):
    """There is no such task for whoever asks."""


class TaskRefused(Exception):
    """What was asked cannot be. `reason` is one of REFUSALS; `details` fill its words in."""

    def __init__(self, reason: str, **details: object) -> None:
        assert reason in REFUSALS  # noqa: S101
        super().__init__(reason)
        self.reason, self.details = reason, details


class Tasks:
    """What is to be done to articles. Safe to share between threads."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def flag(self, viewer: Viewer, article: Readable, paragraph: int, note: str, now: datetime) -> int:
        """Says that something is wrong with an article: with its `paragraph`, counted from 1, or with all of it, 0."""
        _check(viewer)
        note = note.strip()
        if not note:
            raise TaskRefused("missing")
        if len(note) > MAX_NOTE:
            raise TaskRefused("too_long", most=MAX_NOTE)
        said = paragraphs(article)
        if not 0 <= paragraph <= len(said):
            raise NoTask
        about = said[paragraph - 1] if paragraph else ""
        with self._store.writing() as connection:
            values = _values(viewer, article, now) | {"kind": "flag", "paragraph": about, "note": stored(note)}
            return tasks.add(connection, values)

    def request_public(self, viewer: Viewer, number: str, article: Readable, now: datetime) -> None:
        """Asks for a version of an article that the case's customer may read. Asked already: nothing happens."""
        _check(viewer)
        with self._store.writing() as connection:
            row = case_rows.case_by_number(connection, number, None)
            if row is None:
                raise NoCase(number)
            case_rows.lock_case(connection, row.id)
            if article.row.id not in tasks.requested(connection, row.id):
                values = {"kind": "public_version", "paragraph": "", "note": "", "case_id": row.id}
                tasks.add(connection, _values(viewer, article, now) | values)

    def resolve(self, viewer: Viewer, task_id: int, note: str, now: datetime) -> None:
        """Says that it is done, or why it need not be."""
        _check(viewer)
        if len(note) > MAX_NOTE:
            raise TaskRefused("too_long", most=MAX_NOTE)
        values = {"done_at": now, "done_by": viewer.account_id, "done_note": stored(note.strip())}
        with self._store.writing() as connection:
            if not tasks.close(connection, task_id, values):
                raise NoTask

    def page(self, viewer: Viewer, state: State = "open", after: int | None = None) -> list[Task]:
        """PAGE tasks, from after that of an id, and one more where there are more; `mine`: open ones of articles the
        viewer owns."""
        _check(viewer)
        owner = viewer.email if state == "mine" else None
        with self._store.reading() as connection:
            return tasks.tasks(connection, state != "done", (after, PAGE + 1), owner)

    def count(self, viewer: Viewer) -> int:
        """How many are open, counted no further than MANY; none for customers."""
        if not is_staff(viewer):
            return 0
        with self._store.reading() as connection:
            return tasks.open_count(connection, MANY)

    def of_article(self, viewer: Viewer, article_id: int) -> Sequence[Task]:
        """What is to be done to an article; nothing for customers."""
        if not is_staff(viewer):
            return []
        with self._store.reading() as connection:
            return tasks.of_article(connection, article_id, SHOWN)

    def requested(self, viewer: Viewer, case_id: int) -> frozenset[int]:
        """The articles of which a version for the customer of a case is asked for."""
        _check(viewer)
        with self._store.reading() as connection:
            return tasks.requested(connection, case_id)

    def review(self, viewer: Viewer, article_id: int) -> Review | None:
        """Who last looked an article over; nothing for customers."""
        if not is_staff(viewer):
            return None
        with self._store.reading() as connection:
            return tasks.review_of(connection, article_id)


def paragraphs(article: Readable) -> list[str]:
    """The text of an article as this reader sees it, line by line, without those that are empty."""
    return [line.strip() for line in article.text.splitlines() if line.strip()]


def _check(viewer: Viewer) -> None:
    if not is_staff(viewer):
        raise NoTask


def _values(viewer: Viewer, article: Readable, now: datetime) -> dict[str, object]:
    return {"article_id": article.row.id, "account_id": viewer.account_id, "at": now}
