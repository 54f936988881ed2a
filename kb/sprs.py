"""Software performance reports (SPR): what research and development is told, what comes of it, and who may know.

Staff see all. Everyone else sees one that is linked to an article he may read, or to a case of his own customer: its
number, title, status and the version it is fixed in. Any other is absent for him.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias, get_args

from sqlalchemy import Connection

from kb.accounts import ANONYMOUS, Viewer
from kb.case_rules import FIXED, customer_of, is_staff, sees_cases
from kb.store import Store, outbox
from kb.store import sprs as rows
from kb.store.articles import Readable
from kb.store.cases import CaseRow
from kb.store.spr_tables import spr_article
from kb.store.sprs import SprRow
from kb.texts import stored

Status: TypeAlias = Literal["submitted", "in_work", "fixed", "declined"]
STATUSES: tuple[Status, ...] = get_args(Status)
REFUSALS = ("number", "product", "status", "title", "fixed_in")
NUMBER = re.compile(r"(?=[A-Z.-]*[0-9])[A-Z0-9][A-Z0-9.-]{2,31}")
PREFIX = re.compile(r"SPR(?:[\s:#-]+|(?=[0-9]))")
MAX_TITLE = 300
MAX_VERSION = 64
PAGE = 50
SHOWN_CASES = 20
# No row has it.
NO_ID = 0


class NoSpr(Exception):
    """There is no report of this number for whoever asks."""


class SprRefused(Exception):
    """A report cannot be so. `reason`, one of REFUSALS, names what is wrong for the reader's language."""

    def __init__(self, reason: str) -> None:
        assert reason in REFUSALS  # noqa: S101
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class NewSpr:
    """A report as it is to be. Its number is compared as `number_of` gives it."""

    number: str
    product: str
    status: str
    title: str
    fixed_in: str = ""


@dataclass(frozen=True, slots=True)
class Spr:
    """A report with the articles and cases it is linked to, as far as the viewer may see them."""

    row: SprRow
    articles: tuple[Readable, ...]
    cases: tuple[CaseRow, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of reports that were sent: how many are new, changed, or were so already."""

    new: int = 0
    changed: int = 0
    same: int = 0


def number_of(text: str) -> str | None:
    """The number that a text is, and nothing beside: `SPR 2180459`, `spr#2180459` and 2180459 are one. None: it is
    none."""
    folded = unicodedata.normalize("NFKC", text[:100]).strip().upper()
    number = PREFIX.sub("", folded, count=1) if PREFIX.match(folded) else folded
    return number if NUMBER.fullmatch(number) else None


class Sprs:
    """Keeping and reading reports. Safe to share between threads."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # Reading

    def find(self, viewer: Viewer, number: str) -> Spr | None:
        """Not there and not yours: None, after the same work."""
        known = number_of(number) or ""
        with self._store.reading() as connection:
            row = rows.by_numbers(connection, [known]).get(known)
            spr_id = row.id if row else NO_ID
            articles = rows.articles_of(connection, spr_id)
            cases = self._cases(connection, viewer, spr_id)
        readable = self._store.readable(articles or [NO_ID], viewer.scope)
        if row is None or not (is_staff(viewer) or readable or cases):
            return None
        ordered = sorted(readable.values(), key=lambda each: each.row.number)
        return Spr(row, tuple(ordered), tuple(cases))

    def lookup(self, viewer: Viewer, text: str) -> SprRow | None:
        """The report whose number a search is, and nothing beside."""
        found = self.find(viewer, text) if number_of(text) else None
        return found.row if found else None

    def of_article(self, article: Readable) -> list[SprRow]:
        """Those linked to an article that a viewer reads."""
        with self._store.reading() as connection:
            return rows.of_article(connection, article.row.id)

    def page(
        self, viewer: Viewer, status: str | None = None, after: tuple[datetime, str] | None = None, limit: int = PAGE
    ) -> list[SprRow]:
        """The last changed first, of a status or all, from after that of this moment and number; for staff alone."""
        self.check_staff(viewer)
        with self._store.reading() as connection:
            return rows.page(connection, status, after, limit)

    def check_staff(self, viewer: Viewer) -> None:
        """NoSpr for what staff alone may do."""
        if not is_staff(viewer):
            raise NoSpr

    def _cases(self, connection: Connection, viewer: Viewer, spr_id: int) -> list[CaseRow]:
        if not sees_cases(viewer):
            return []
        return rows.cases_of(connection, spr_id, customer_of(viewer), SHOWN_CASES)

    # Changing, for staff

    def save(self, viewer: Viewer, new: NewSpr, now: datetime) -> Taken:
        """Adds a report, or changes the one of its number."""
        self.check_staff(viewer)
        return self.take([new], now, by=viewer)

    def take(self, given: Iterable[NewSpr], now: datetime, *, dry_run: bool = False, by: Viewer = ANONYMOUS) -> Taken:
        """All of these, or none: SprRefused. For whoever runs the server; of two with one number the last holds. Cases
        linked to one that is fixed now, or in another version, are told."""
        products = self._store.products()
        wanted = {each.number: each for each in (_checked(one, products) for one in given)}
        with self._store.writing() as connection:
            there = rows.locked(connection, list(wanted))
            taken = Taken()
            for number, each in wanted.items():
                values = {
                    "number": number, "product": each.product, "status": each.status, "title": each.title,
                    "fixed_in": each.fixed_in,
                }  # fmt: skip
                before = there.get(number)
                if before is None:
                    taken = replace(taken, new=taken.new + 1)
                elif all(getattr(before, name) == value for name, value in values.items()):
                    taken = replace(taken, same=taken.same + 1)
                    continue
                else:
                    taken = replace(taken, changed=taken.changed + 1)
                if not dry_run:
                    _write(connection, before, values | {"changed_at": now})
                if before and not dry_run and _newly_fixed(before, each):
                    _tell_cases(connection, replace(before, fixed_in=each.fixed_in), by, now)
        return taken

    def link(self, viewer: Viewer, number: str, article: Readable, now: datetime) -> None:
        """Links an article: whoever reads it may see the report from now on. Linked already: nothing happens."""
        with self._of_staff(viewer, number) as (connection, row):
            key = {"spr_id": row.id, "article_id": article.row.id}
            rows.link(connection, spr_article, {**key, "account_id": viewer.account_id, "at": now})

    def unlink(self, viewer: Viewer, number: str, article: Readable) -> None:
        """Takes a link back; none there: nothing happens."""
        with self._of_staff(viewer, number) as (connection, row):
            rows.unlink(connection, spr_article, {"spr_id": row.id, "article_id": article.row.id})

    @contextmanager
    def _of_staff(self, viewer: Viewer, number: str) -> Iterator[tuple[Connection, SprRow]]:
        """A transaction about a report. NoSpr for whoever is not staff, too."""
        self.check_staff(viewer)
        known = number_of(number)
        with self._store.writing() as connection:
            row = rows.by_numbers(connection, [known]).get(known) if known else None
            if row is None:
                raise NoSpr(number)
            yield connection, row


def _write(connection: Connection, before: SprRow | None, values: Mapping[str, object]) -> None:
    if before is None:
        rows.add(connection, values)
    else:
        rows.change(connection, before.id, values)


def _newly_fixed(before: SprRow, now: NewSpr) -> bool:
    return now.status == "fixed" and (before.status, before.fixed_in) != (now.status, now.fixed_in)


def _tell_cases(connection: Connection, fixed: SprRow, by: Viewer, now: datetime) -> None:
    """Notes it with each case that the report is linked to, for other tools, too."""
    data = {"spr": fixed.number, "fixed_in": fixed.fixed_in}
    for case_id in rows.tell_fixed(connection, fixed.id, fixed.fixed_in, (by.account_id, now)):
        outbox.add(connection, outbox.Event(case_id, f"case.{FIXED}", now, internal=False, by=by.name, data=data))


def wrong(given: NewSpr, products: Container[str]) -> str | None:
    """The first of REFUSALS that holds of a report."""
    checks = (
        ("number", number_of(given.number) is not None),
        ("product", given.product in products),
        ("status", given.status in STATUSES),
        ("title", 0 < len(given.title.strip()) <= MAX_TITLE),
        ("fixed_in", len(given.fixed_in.strip()) <= MAX_VERSION),
    )
    return next((reason for reason, right in checks if not right), None)


def _checked(given: NewSpr, products: Container[str]) -> NewSpr:
    """As it is kept, or SprRefused."""
    if reason := wrong(given, products):
        raise SprRefused(reason)
    number, title, fixed_in = number_of(given.number), stored(given.title.strip()), stored(given.fixed_in.strip())
    return replace(given, number=number or "", title=title, fixed_in=fixed_in)
