"""Cases: customers open and follow them, engineers work them against the guide's clocks and link what answers.

A customer sees his own customer's cases alone, without what is internal; staff see all. What someone may not see is
absent for him.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Literal, TypeAlias, get_args
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from kb.accounts import Viewer
from kb.calendars import Calendar, holidays_of
from kb.clocks import KINDS, NEVER, Clock, clock, covered_days, limit_of, warning_of
from kb.config import Config
from kb.counting import Story, counted
from kb.entitlements import PUBLIC, STAFF, ContractLine, Matrix, Scope, grants_of, matrix_on
from kb.periods import PERIODS, updates
from kb.store import Store, counts, outbox, tasks
from kb.store import accounts as account_rows
from kb.store import cases as rows
from kb.store.articles import Readable
from kb.store.cases import CaseEvent, CaseLink, CaseRow, Deflection, Walk
from kb.telling import tell
from kb.texts import stored

# A case with all that happened to it, and its customer's contract lines.
Told: TypeAlias = tuple[CaseRow, Sequence[CaseEvent], Sequence[ContractLine]]
Status = Literal["in_progress", "waiting_customer", "waiting_rd", "solution_offered", "closed"]
STATUSES: tuple[Status, ...] = get_args(Status)
SEVERITIES = (0, 1, 2, 3)
ROLES = ("resolution", "reference")
REFUSALS = (
    "not_entitled", "missing", "too_long", "severity", "status", "closed", "staff_only", "role", "unreadable",
)  # fmt: skip
ASSISTED = "assisted_support"
PAGE = 50
MAX_SUBJECT = 200
MAX_TEXT = 20_000
MAX_FIELD = 2_000
MAX_VERSION = 64
WEEK = 7
RECOUNTED = 500
NUMBER = re.compile(r"C[0-9]{8}")


class CaseRefused(Exception):
    """What was asked of a case cannot be. `reason`, one of REFUSALS, names it for the reader's
    language; `details` fill it in."""

    def __init__(self, reason: str, **details: object) -> None:
        assert reason in REFUSALS  # noqa: S101
        super().__init__(reason)
        self.reason, self.details = reason, details


class NoCase(Exception):
    """There is no case of this number for whoever asks."""


class Stale(Exception):
    """Someone else changed the case since it was read."""


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case to be opened."""

    product: str
    severity: int
    subject: str
    text: str
    version: str = ""
    environment: str = ""


@dataclass(frozen=True, slots=True)
class Linked:
    """A link with its article as the viewer reads it; `open_to_customer`: the case's customer may read it."""

    link: CaseLink
    article: Readable
    open_to_customer: bool


@dataclass(frozen=True, slots=True)
class Case:
    """A case with all that the viewer may see of it. `package` is the customer's for the product today, or none."""

    row: CaseRow
    package: str | None
    events: tuple[CaseEvent, ...]
    links: tuple[Linked, ...]
    clocks: tuple[Clock, ...]


class Cases:
    """Opening, working and following cases. Safe to share between threads."""

    def __init__(self, store: Store, config: Config, matrices: tuple[Matrix, ...]) -> None:
        self._store, self._matrices = store, matrices
        self._zone = ZoneInfo(config.time_zone)
        holidays = holidays_of(config.holidays)
        self._business, self._always = Calendar(self._zone, holidays), Calendar(self._zone, every_day=True)
        self._counts_covered = config.clock_hours == "covered"
        self._warning = config.clock_warning

    # Reading

    def products(self, viewer: Viewer) -> list[str]:
        """The products the viewer may open a case for."""
        if viewer.role != "customer":
            return []
        return sorted(product for product in viewer.products if f"{product}:{ASSISTED}" in viewer.scope.grants)

    def page(self, viewer: Viewer, *, is_open: bool = True, number: int = 1) -> list[CaseRow]:
        """A page of PAGE cases, and one more where there are more."""
        if not _sees_cases(viewer):
            return []
        with self._store.reading() as connection:
            return rows.cases(connection, _customer(viewer), is_open, ((number - 1) * PAGE, PAGE + 1))

    def walk(self, viewer: Viewer, way: Walk) -> list[CaseRow]:
        """The next cases on a program's way through all that the viewer sees."""
        if not _sees_cases(viewer):
            return []
        with self._store.reading() as connection:
            return rows.walk(connection, _customer(viewer), way)

    def case(self, viewer: Viewer, number: str, now: datetime) -> Case | None:
        """A case with its conversation, links and clocks. Not there and not yours: None."""
        with self._store.reading() as connection:
            row = self._row(connection, viewer, number)
            if row is None:
                return None
            staff = is_staff(viewer)
            found = rows.events(connection, row.id, internal=True)
            linked = rows.links(connection, row.id, internal=staff)
            lines = account_rows.lines_of(connection, row.customer_id)
        articles = self._store.readable([link.article_id for link in linked], viewer.scope)
        theirs = self._store.readable(list(articles), self._scope(lines, now))
        links = tuple(
            Linked(link, articles[link.article_id], link.article_id in theirs)
            for link in linked
            if link.article_id in articles
        )
        seen = tuple(event for event in found if staff or not event.internal)
        return Case(row, self._package(lines, row.product, now), seen, links, self._clocks(row, found, lines, now))

    def readers(self, row: CaseRow, articles: Sequence[int], now: datetime) -> frozenset[int]:
        """Of these articles those that the case's customer may read. For staff."""
        return frozenset(self.as_customer(row, articles, now))

    def as_customer(self, row: CaseRow, articles: Sequence[int], now: datetime) -> Mapping[int, Readable]:
        """These articles as the case's customer reads them, without what he may not. For staff."""
        with self._store.reading() as connection:
            lines = account_rows.lines_of(connection, row.customer_id)
        return self._store.readable(articles, self._scope(lines, now))

    def of_article(self, viewer: Viewer, article_id: int, limit: int = 20) -> Sequence[tuple[CaseRow, str]]:
        """The cases an article is linked to, with its role in each; nothing for customers."""
        if not is_staff(viewer):
            return []
        with self._store.reading() as connection:
            return rows.cases_of(connection, article_id, limit)

    # Changing

    def check(self, viewer: Viewer, new: NewCase) -> None:
        """CaseRefused where `open` would refuse."""
        if new.product not in self.products(viewer):
            raise CaseRefused("not_entitled")
        _check_length("subject", new.subject.strip(), MAX_SUBJECT)
        _check_length("text", new.text.strip(), MAX_TEXT)
        for name, most in (("version", MAX_VERSION), ("environment", MAX_FIELD)):
            if len(getattr(new, name)) > most:
                raise CaseRefused("too_long", field=name, most=most)
        if new.severity not in SEVERITIES:
            raise CaseRefused("severity")

    def check_staff(self, viewer: Viewer) -> None:
        """CaseRefused for what staff alone may do."""
        if not is_staff(viewer):
            raise CaseRefused("staff_only")

    def open(self, viewer: Viewer, new: NewCase, now: datetime) -> str:
        """Opens a case and gives its number. CaseRefused: no right to, or something is missing or too long."""
        self.check(viewer, new)
        values = {
            "customer_id": viewer.customer_id, "contact_id": viewer.account_id, "owner_id": None,
            "product": new.product, "version": stored(new.version), "environment": stored(new.environment),
            "subject": stored(new.subject.strip()), "severity": new.severity, "status": "in_progress", "open": True,
            "revision": 1, "due_at": NEVER, "opened_at": now, "changed_at": now,
        }  # fmt: skip
        with self._store.writing() as connection:
            values["number"] = number = _free_number(connection)
            case_id = rows.add_case(connection, values)
            _note(
                connection, case_id, viewer, now, "opened", stored(new.text.strip()), {"severity": [None, new.severity]}
            )
            self._reckon(connection, number, now)
        return number

    def solved(self, viewer: Viewer, article: Readable, product: str, typed: str, now: datetime) -> None:
        """Notes that an article made the case needless that a customer was typing."""
        if product not in self.products(viewer):
            raise CaseRefused("not_entitled")
        values = {
            "article_id": article.row.id, "account_id": viewer.account_id, "product": product,
            "text": stored(typed.strip())[:MAX_TEXT], "at": now,
        }  # fmt: skip
        with self._store.writing() as connection:
            rows.add_deflection(connection, values)

    def deflections(self, viewer: Viewer, limit: int = PAGE) -> Sequence[Deflection]:
        """The cases that articles made needless, newest first; nothing for customers."""
        if not is_staff(viewer):
            return []
        with self._store.reading() as connection:
            return rows.deflections(connection, limit)

    def reply(self, viewer: Viewer, number: str, text: str, now: datetime, *, internal: bool = False) -> None:
        """Adds to the conversation. A customer's word sets a case that waited for him, or was offered a solution, back
        to work; on a closed one it is refused."""
        _check_length("text", text.strip(), MAX_TEXT)
        with self._changing(viewer, number, now) as (connection, row):
            if row.status == "closed" and not is_staff(viewer):
                raise CaseRefused("closed")
            internal = internal and is_staff(viewer)
            _note(connection, row.id, viewer, now, "note" if internal else "reply", stored(text.strip()), {}, internal)
            if not is_staff(viewer) and row.status in ("waiting_customer", "solution_offered"):
                self._set(connection, row, viewer, {"status": "in_progress"}, now)
            self._reckon(connection, row.number, now)

    def change(self, viewer: Viewer, number: str, revision: int, wanted: Mapping[str, Any], now: datetime) -> None:
        """Changes severity, status, owner. Stale when the case is not at `revision` any more.

        Customers may only close a case.
        """
        if not is_staff(viewer) and dict(wanted) != {"status": "closed"}:
            raise CaseRefused("staff_only")
        for name, known in (("status", STATUSES), ("severity", SEVERITIES)):
            if name in wanted and wanted[name] not in known:
                raise CaseRefused(name)
        with self._changing(viewer, number, now) as (connection, row):
            if row.revision != revision:
                raise Stale(number)
            self._set(connection, row, viewer, wanted, now)
            self._reckon(connection, row.number, now)

    def link(
        self, viewer: Viewer, number: str, article: Readable, role: str, now: datetime, *, internal: bool = False
    ) -> None:
        """Links an article. CaseRefused("unreadable") when the customer may not read it and it is not internal."""
        self.check_staff(viewer)
        if role not in ROLES:
            raise CaseRefused("role")
        with self._changing(viewer, number, now) as (connection, row):
            lines = account_rows.lines_of(connection, row.customer_id)
            if not internal and not article.row.readable_by(self._scope(lines, now)):
                raise CaseRefused("unreadable", number=article.row.number)
            if role == "resolution":
                rows.demote_resolution(connection, row.id)
            values = {"account_id": viewer.account_id, "at": now, "role": role, "internal": internal}
            rows.save_link(connection, (row.id, article.row.id), values)
            data = {"article": article.row.number, "role": role}
            _note(connection, row.id, viewer, now, "link", "", data, internal=True)
            tasks.reviewed(connection, article.row.id, viewer.account_id, now)
            self._reckon(connection, row.number, now)

    def unlink(self, viewer: Viewer, number: str, article_id: int, now: datetime) -> None:
        """Takes a link back; none there: nothing happens."""
        self.check_staff(viewer)
        with self._changing(viewer, number, now) as (connection, row):
            if rows.remove_link(connection, (row.id, article_id)):
                _note(connection, row.id, viewer, now, "unlink", "", {"article_id": article_id}, internal=True)
                self._reckon(connection, row.number, now)

    @contextmanager
    def _changing(self, viewer: Viewer, number: str, now: datetime) -> Iterator[tuple[Connection, CaseRow]]:
        """A transaction that nobody else changes the case in. NoCase where the viewer sees none of that number.

        What the clocks have to tell by now is told first: afterwards they may be others.
        """
        with self._store.writing() as connection:
            row = self._row(connection, viewer, number)
            if row is None:
                raise NoCase(number)
            rows.lock_case(connection, row.id)
            current = self._row(connection, viewer, number)
            if current is None:
                raise NoCase(number)
            lines = account_rows.lines_of(connection, current.customer_id)
            events = rows.events(connection, current.id, internal=True)
            tell(connection, current, self._clocks(current, events, lines, now), now)
            yield connection, current

    def _row(self, connection: Connection, viewer: Viewer, number: str) -> CaseRow | None:
        if not NUMBER.fullmatch(number) or not _sees_cases(viewer):
            return None
        return rows.case_by_number(connection, number, _customer(viewer))

    def _set(
        self, connection: Connection, row: CaseRow, viewer: Viewer, wanted: Mapping[str, Any], now: datetime
    ) -> None:
        changed = {name: value for name, value in wanted.items() if getattr(row, name) != value}
        if not changed:
            return
        values = dict(changed, changed_at=now)
        if "status" in changed:
            values["open"] = changed["status"] != "closed"
        rows.change_case(connection, row.id, values)
        data = {name: [getattr(row, name), value] for name, value in changed.items()}
        _note(connection, row.id, viewer, now, "change", "", data, internal=set(changed) == {"owner_id"})

    # Clocks

    def _reckon(self, connection: Connection, number: str, now: datetime) -> None:
        """Keeps the moment of the next breach, for the order of the queue, and tells what is to be told of clocks."""
        row = rows.case_by_number(connection, number, None)
        assert row is not None  # noqa: S101
        lines = account_rows.lines_of(connection, row.customer_id)
        events = rows.events(connection, row.id, internal=True)
        clocks = self._clocks(row, events, lines, now)
        next_at = tell(connection, row, clocks, now)
        if row.status != "closed":
            next_at = min(next_at, self._rules_change(lines, now))
        rows.set_due(connection, row.id, min((each.due for each in clocks if each.due), default=NEVER), next_at)
        self._count(connection, [(row, events, lines)], now)

    def reckon(self, number: str, now: datetime) -> None:
        """Tells what is to be told of a case's clocks by now, and reckons them anew."""
        with self._store.writing() as connection:
            row = rows.case_by_number(connection, number, None)
            if row is not None:
                rows.lock_case(connection, row.id)
                self._reckon(connection, number, now)

    def _rules_change(self, lines: Sequence[ContractLine], now: datetime) -> datetime:
        """The next midnight from which on the case's customer has another contract, or the guide other numbers."""
        today = self._day(now)
        days = [line.starts for line in lines] + [line.ends + timedelta(1) for line in lines if line.ends]
        days += [matrix.effective_from for matrix in self._matrices]
        later = [day for day in days if day > today]
        return datetime.combine(min(later), time(), self._zone) if later else NEVER

    def _count(self, connection: Connection, given: Sequence[Told], now: datetime) -> None:
        """Keeps what these cases count for in the reports."""
        links = counts.links_of(connection, [row.id for row, _, _ in given])
        stories = (
            Story(
                row,
                row.opened_at.astimezone(self._zone).strftime("%Y-%m"),
                self._package(lines, row.product, now),
                self._clocks(row, events, lines, now),
                self._waits(row, events, lines, now),
                [link for link in links if link.case_id == row.id],
            )
            for row, events, lines in given
        )
        counts.save(connection, {story.row.id: counted(story) for story in stories})

    def _clocks(
        self, row: CaseRow, events: Sequence[CaseEvent], lines: Sequence[ContractLine], now: datetime
    ) -> tuple[Clock, ...]:
        """Those that the customer's package of today has for the severity of now, over all that happened."""
        package = self._package(lines, row.product, now)
        if package is None:
            return ()
        matrix = matrix_on(self._day(now), self._matrices)
        always = covered_days(matrix, package) == WEEK or not self._counts_covered
        found = []
        for kind in KINDS:
            limit, periods = limit_of(matrix, kind, package, row.severity), PERIODS[kind](row, events)
            if limit and periods:
                limit = replace(limit, warning=warning_of(limit, self._warning))
                by = self._business if kind == "next_update" or not always else self._always
                paused = kind == "next_update" and row.status != "in_progress"
                found.append(clock(kind, limit, by, periods, now, "paused" if paused else "met"))
        return tuple(found)

    def _waits(
        self, row: CaseRow, events: Sequence[CaseEvent], lines: Sequence[ContractLine], now: datetime
    ) -> list[Clock]:
        """The waits for an update that have ended: by an answer, or by closing where that came too late."""
        package = self._package(lines, row.product, now)
        matrix = matrix_on(self._day(now), self._matrices)
        limit = limit_of(matrix, "next_update", package, row.severity) if package else None
        if limit is None:
            return []
        *answered, last = updates(row, events)
        waits = [clock("next_update", limit, self._business, each, now) for each in answered if each]
        closed = clock("next_update", limit, self._business, last, now) if row.status == "closed" and last else None
        return [*waits, closed] if closed and closed.state == "breached" else waits

    def count_first(self, now: datetime) -> None:
        """Counts every case where none is counted yet: the store comes from a version that did not."""
        with self._store.reading() as connection:
            counted_before = not counts.uncounted(connection)
        if not counted_before:
            self.recount(now)

    def recount(self, now: datetime) -> int:
        """Counts every case anew for the reports, and says how many there are."""
        with self._store.writing() as connection:
            counts.clear(connection)
        after, done = 0, 0
        while True:
            with self._store.writing() as connection:
                given = rows.told(connection, after, RECOUNTED)
                if not given:
                    return done
                lines = {row.customer_id: account_rows.lines_of(connection, row.customer_id) for row, _ in given}
                self._count(connection, [(row, events, lines[row.customer_id]) for row, events in given], now)
            after, done = given[-1][0].id, done + len(given)

    def _package(self, lines: Sequence[ContractLine], product: str, now: datetime) -> str | None:
        """The greatest package with assisted support that is in force for a product."""
        day = self._day(now)
        matrix = matrix_on(day, self._matrices)
        held = {
            line.package
            for line in lines
            if line.product == product and f"{product}:{ASSISTED}" in grants_of([line], self._matrices, day)
        }
        return next((package for package in reversed(list(matrix.packages)) if package in held), None)

    def _scope(self, lines: Sequence[ContractLine], now: datetime) -> Scope:
        """What a customer with these contract lines reads."""
        return Scope(frozenset({PUBLIC}) | grants_of(lines, self._matrices, self._day(now)))

    def _day(self, now: datetime) -> date:
        return now.astimezone(self._zone).date()


def is_staff(viewer: Viewer) -> bool:
    """Who sees every case, and what is internal: whoever holds the grant of staff."""
    return STAFF in viewer.scope.grants


def _sees_cases(viewer: Viewer) -> bool:
    return is_staff(viewer) or viewer.customer_id is not None


def _customer(viewer: Viewer) -> int | None:
    """Whose cases alone a viewer sees; None: everyone's, for staff alone."""
    if is_staff(viewer):
        return None
    if viewer.customer_id is None:
        raise NoCase
    return viewer.customer_id


def _free_number(connection: Connection) -> str:
    """A number no case has, drawn at random."""
    while True:
        number = f"C{secrets.randbelow(10**8):08d}"
        if rows.case_by_number(connection, number, None) is None:
            return number


def _check_length(field: str, text: str, most: int) -> None:
    if not text:
        raise CaseRefused("missing", field=field)
    if len(text) > most:
        raise CaseRefused("too_long", field=field, most=most)


def _note(
    connection: Connection, case_id: int, viewer: Viewer, at: datetime, kind: str, text: str,
    data: Mapping[str, Any], internal: bool = False,
) -> None:  # fmt: skip
    values = {
        "case_id": case_id, "account_id": viewer.account_id, "at": at, "kind": kind, "text": text,
        "data": dict(data), "internal": internal,
    }  # fmt: skip
    rows.add_event(connection, values)
    outbox.add(connection, outbox.Event(case_id, f"case.{kind}", at, internal, viewer.name, text, data))
