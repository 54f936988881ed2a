"""Cases: customers open and follow them, engineers work them against the guide's clocks and link what answers.

A customer sees his own customer's cases alone, without what is internal; staff see all. What someone may not see is
absent for him.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from heapq import merge
from typing import Any

from sqlalchemy import Connection

from kb.accounts import Viewer, folded
from kb.articles import Attachment
from kb.case_files import CaseFiles
from kb.case_rules import (
    FIXED,
    MAX_FIELD,
    MAX_FILES,
    MAX_SUBJECT,
    MAX_TEXT,
    MAX_VERSION,
    NUMBER,
    PAGE,
    REFUSALS,
    ROLES,
    SEVERITIES,
    STATUSES,
    Case,
    CaseRefused,
    Linked,
    NewCase,
    NoCase,
    Said,
    Stale,
    Status,
    check_length,
    check_words,
    customer_of,
    is_staff,
    sees_cases,
)
from kb.clocks import NEVER
from kb.config import Config
from kb.entitlements import Matrix
from kb.reckoning import ASSISTED, Reckoning
from kb.sprs import number_of
from kb.store import Store, case_files, outbox, sprs, tasks
from kb.store import accounts as account_rows
from kb.store import cases as rows
from kb.store.articles import Readable
from kb.store.cases import CaseEvent, CaseRow, Deflection, Walk
from kb.store.spr_tables import spr_case
from kb.store.sprs import Notice, SprRow
from kb.telling import tell
from kb.texts import stored

__all__ = [
    "MAX_FIELD", "MAX_FILES", "MAX_SUBJECT", "MAX_TEXT", "MAX_VERSION", "PAGE", "REFUSALS", "ROLES", "SEVERITIES",
    "STATUSES", "Case", "CaseRefused", "Cases", "Linked", "NewCase", "NoCase", "Said", "Stale", "Status", "is_staff",
    "way_of",
]  # fmt: skip


# No row has it.
NO_EVENT = 0


class Cases:
    """Opening, working and following cases. Safe to share between threads."""

    def __init__(self, store: Store, config: Config, matrices: tuple[Matrix, ...]) -> None:
        self._store, self.files = store, CaseFiles(store, config)
        self._review_after = timedelta(config.review_days)
        self.reckoning = Reckoning(store, config, matrices)

    # Reading

    def products(self, viewer: Viewer) -> list[str]:
        """The products the viewer may open a case for."""
        if viewer.role != "customer":
            return []
        return sorted(product for product in viewer.products if f"{product}:{ASSISTED}" in viewer.scope.grants)

    def page(self, viewer: Viewer, *, is_open: bool = True, after: tuple[datetime, str] | None = None) -> list[CaseRow]:
        """PAGE cases, and one more where there are more: open ones the next to be breached first, closed ones the
        newest first; from after that place on the way."""
        return self.walk(viewer, replace(way_of(is_open), after=after, limit=PAGE + 1))

    def walk(self, viewer: Viewer, way: Walk) -> list[CaseRow]:
        """The next cases on a program's way through all that the viewer sees."""
        if not sees_cases(viewer):
            return []
        with self._store.reading() as connection:
            return rows.walk(connection, customer_of(viewer), way)

    def case(self, viewer: Viewer, number: str, now: datetime) -> Case | None:
        """A case with its conversation, links and clocks. Not there and not yours: None."""
        with self._store.reading() as connection:
            row = self._row(connection, viewer, number)
            if row is None:
                return None
            staff = is_staff(viewer)
            found = rows.events(connection, row.id, internal=True)
            linked = rows.links(connection, row.id, internal=staff)
            reports = sprs.of_case(connection, row.id)
            notices = sprs.notices_of(connection, row.id)
            files = case_files.of_case(connection, row.id, internal=staff)
            lines = account_rows.lines_of(connection, row.customer_id)
        articles = self._store.readable([link.article_id for link in linked], viewer.scope)
        theirs = self._store.readable(list(articles), self.reckoning.scope(lines, now))
        links = tuple(
            Linked(link, articles[link.article_id], link.article_id in theirs)
            for link in rows.with_one_resolution([link for link in linked if link.article_id in articles])
        )
        shown = [event for event in found if staff or not event.internal]
        seen = _with_notices(shown, [each for each in notices if staff or _is_linked(each, reports)])
        package, clocks = self.reckoning.package(lines, row.product, now), self.reckoning.clocks(row, found, lines, now)
        return Case(row, package, seen, links, clocks, tuple(reports), tuple(files))

    def file(self, viewer: Viewer, number: str, uid: str) -> Attachment | None:
        """A file of a case. Not there and not yours: None."""
        with self._store.reading() as connection:
            row = self._row(connection, viewer, number)
            return case_files.find(connection, row.id, uid, is_staff(viewer)) if row else None

    def readers(self, row: CaseRow, articles: Sequence[int], now: datetime) -> frozenset[int]:
        """Of these articles those that the case's customer may read. For staff."""
        return frozenset(self.as_customer(row, articles, now))

    def as_customer(self, row: CaseRow, articles: Sequence[int], now: datetime) -> Mapping[int, Readable]:
        """These articles as the case's customer reads them, without what he may not. For staff."""
        with self._store.reading() as connection:
            lines = account_rows.lines_of(connection, row.customer_id)
        return self._store.readable(articles, self.reckoning.scope(lines, now))

    def of_article(self, viewer: Viewer, article_id: int, limit: int = 20) -> Sequence[tuple[CaseRow, str]]:
        """The cases an article is linked to, with its role in each; nothing for customers."""
        if not is_staff(viewer):
            return []
        with self._store.reading() as connection:
            return rows.cases_of(connection, article_id, limit)

    # Changing

    def check(self, viewer: Viewer, new: NewCase, now: datetime) -> None:
        """CaseRefused where `open` would refuse."""
        with self._store.reading() as connection:
            self._contact(connection, viewer, new, now)
        check_words(new)
        self.files.check(new.files, len(new.waiting))
        if len(self.files.waiting(viewer, new.waiting)) < len(new.waiting):
            raise CaseRefused("file_gone")

    def _contact(self, connection: Connection, viewer: Viewer, new: NewCase, now: datetime) -> tuple[int, int | None]:
        """The customer that a case is opened for, and the account: the viewer's own, or for staff that of `contact`."""
        if not is_staff(viewer):
            if new.contact or new.product not in self.products(viewer):
                raise CaseRefused("staff_only" if new.contact else "not_entitled")
            assert viewer.customer_id is not None  # noqa: S101
            return viewer.customer_id, viewer.account_id
        found = account_rows.account_by_email(connection, folded(new.contact))
        if found is None or found[0].customer_id is None or not found[0].active:
            raise CaseRefused("contact")
        customer_id = found[0].customer_id
        if self.reckoning.package(account_rows.lines_of(connection, customer_id), new.product, now) is None:
            raise CaseRefused("not_entitled")
        return customer_id, found[0].id

    def check_staff(self, viewer: Viewer) -> None:
        """CaseRefused for what staff alone may do."""
        if not is_staff(viewer):
            raise CaseRefused("staff_only")

    def open(self, viewer: Viewer, new: NewCase, now: datetime) -> str:
        """Opens a case and gives its number. CaseRefused: no right to, or something is missing or too long."""
        check_words(new)
        self.files.check(new.files, len(new.waiting))
        values: dict[str, Any] = {
            "owner_id": None, "product": new.product, "version": stored(new.version),
            "environment": stored(new.environment), "subject": stored(new.subject.strip()), "severity": new.severity,
            "status": "in_progress", "open": True, "revision": 1, "due_at": NEVER, "opened_at": now, "changed_at": now,
        }  # fmt: skip
        with self._store.writing() as connection:
            values["customer_id"], values["contact_id"] = self._contact(connection, viewer, new, now)
            values["number"] = number = _free_number(connection)
            case_id = rows.add_case(connection, values)
            data = {"severity": [None, new.severity]}
            event_id = _note(connection, case_id, viewer, now, "opened", stored(new.text.strip()), data)
            files = (*self.files.take(connection, viewer, new.waiting), *new.files)
            self.files.add(connection, (case_id, event_id), files, internal=False)
            self.reckoning.keep(connection, number, now)
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
        """Adds words to the conversation, see `say`."""
        self.say(viewer, number, Said(text, internal), now)

    def say(self, viewer: Viewer, number: str, said: Said, now: datetime) -> None:
        """Adds to the conversation. A customer's word or file sets a case that waited for him, or was offered a
        solution, back to work; on a closed one it is refused. Files without a word are no answer."""
        text, internal = said.text.strip(), said.internal and is_staff(viewer)
        if text or not said.files:
            check_length("text", text, MAX_TEXT)
        self.files.check(said.files)
        kind = "note" if internal else "reply" if text else "file"
        with self._changing(viewer, number, now) as (connection, row):
            if row.status == "closed" and not is_staff(viewer):
                raise CaseRefused("closed")
            event_id = _note(connection, row.id, viewer, now, kind, stored(text), {}, internal)
            self.files.add(connection, (row.id, event_id), said.files, internal=internal)
            if not is_staff(viewer) and row.status in ("waiting_customer", "solution_offered"):
                self._set(connection, row, viewer, {"status": "in_progress"}, now)
            self.reckoning.keep(connection, row.number, now)

    def change(self, viewer: Viewer, number: str, revision: int, wanted: Mapping[str, Any], now: datetime) -> None:
        """Changes severity, status, owner; `spr` names a report that the case waits for. Stale when the case is not at
        `revision` any more.

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
            if "spr" in wanted:
                _link_spr(connection, row, viewer, str(wanted["spr"]), now)
            self._set(connection, row, viewer, {name: wanted[name] for name in wanted if name != "spr"}, now)
            self.reckoning.keep(connection, row.number, now)

    def link(
        self, viewer: Viewer, number: str, article: Readable, role: str, now: datetime, *, internal: bool = False
    ) -> None:
        """Links an article. CaseRefused("unreadable") when the customer may not read it and it is not internal."""
        self.check_staff(viewer)
        if role not in ROLES:
            raise CaseRefused("role")
        with self._changing(viewer, number, now) as (connection, row):
            lines = account_rows.lines_of(connection, row.customer_id)
            if not internal and not article.row.readable_by(self.reckoning.scope(lines, now)):
                raise CaseRefused("unreadable", number=article.row.number)
            values = {"account_id": viewer.account_id, "at": now, "role": role, "internal": internal}
            rows.save_link(connection, (row.id, article.row.id), values)
            data = {"article": article.row.number, "role": role}
            _note(connection, row.id, viewer, now, "link", "", data, internal=True)
            next_on = self.reckoning.day(now) + self._review_after
            tasks.reviewed(connection, article.row.id, (viewer.account_id, now), next_on)
            self.reckoning.keep(connection, row.number, now)

    def unlink(self, viewer: Viewer, number: str, article_id: int, now: datetime) -> None:
        """Takes a link back; none there: nothing happens."""
        self.check_staff(viewer)
        with self._changing(viewer, number, now) as (connection, row):
            if rows.remove_link(connection, (row.id, article_id)):
                _note(connection, row.id, viewer, now, "unlink", "", {"article_id": article_id}, internal=True)
                self.reckoning.keep(connection, row.number, now)

    def link_spr(self, viewer: Viewer, number: str, spr: str, now: datetime) -> None:
        """Links a software performance report: its customer sees it from now on. Linked already: nothing happens."""
        self.check_staff(viewer)
        with self._changing(viewer, number, now) as (connection, row):
            _link_spr(connection, row, viewer, spr, now)
            self.reckoning.keep(connection, row.number, now)

    def unlink_spr(self, viewer: Viewer, number: str, spr: str, now: datetime) -> None:
        """Takes a link to a report back; none there: nothing happens."""
        self.check_staff(viewer)
        with self._changing(viewer, number, now) as (connection, row):
            found = _spr(connection, spr)
            if found and sprs.unlink(connection, spr_case, {"spr_id": found.id, "case_id": row.id}):
                _note(connection, row.id, viewer, now, "spr_unlink", "", {"spr": found.number}, internal=True)
                self.reckoning.keep(connection, row.number, now)

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
            tell(connection, current, self.reckoning.clocks(current, events, lines, now), now)
            yield connection, current

    def _row(self, connection: Connection, viewer: Viewer, number: str) -> CaseRow | None:
        if not NUMBER.fullmatch(number) or not sees_cases(viewer):
            return None
        return rows.case_by_number(connection, number, customer_of(viewer))

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


def _is_linked(notice: Notice, reports: Sequence[SprRow]) -> bool:
    """The report is still linked: a customer sees nothing of one that is not."""
    return any(row.number == notice.number for row in reports)


def _with_notices(events: Sequence[CaseEvent], notices: Sequence[Notice]) -> tuple[CaseEvent, ...]:
    """What happened with what the case was told of reports, in the order of time; its opening stays first."""
    told = (
        CaseEvent(NO_EVENT, each.at, FIXED, False, "", {"spr": each.number, "fixed_in": each.fixed_in}, each.by, "")
        for each in notices
    )
    return (*events[:1], *merge(events[1:], told, key=lambda event: event.at))


def way_of(is_open: bool) -> Walk:
    """The way on which people go through cases."""
    return Walk(is_open, "due" if is_open else "opened")


def _spr(connection: Connection, given: str) -> SprRow | None:
    known = number_of(given)
    return sprs.by_numbers(connection, [known]).get(known) if known else None


def _link_spr(connection: Connection, row: CaseRow, viewer: Viewer, given: str, now: datetime) -> None:
    found = _spr(connection, given)
    if found is None:
        raise CaseRefused("no_spr")
    key = {"spr_id": found.id, "case_id": row.id, "customer_id": row.customer_id}
    if sprs.link(connection, spr_case, {**key, "account_id": viewer.account_id, "at": now}):
        _note(connection, row.id, viewer, now, "spr_link", "", {"spr": found.number}, internal=True)


def _free_number(connection: Connection) -> str:
    """A number no case has, drawn at random."""
    while True:
        number = f"C{secrets.randbelow(10**8):08d}"
        if rows.case_by_number(connection, number, None) is None:
            return number


def _note(
    connection: Connection, case_id: int, viewer: Viewer, at: datetime, kind: str, text: str,
    data: Mapping[str, Any], internal: bool = False,
) -> int:  # fmt: skip
    """Notes what happened, for other tools, too; gives the event's id."""
    values = {
        "case_id": case_id, "account_id": viewer.account_id, "at": at, "kind": kind, "text": text,
        "data": dict(data), "internal": internal,
    }  # fmt: skip
    event_id = rows.add_event(connection, values)
    outbox.add(connection, outbox.Event(case_id, f"case.{kind}", at, internal, viewer.name, text, data))
    return event_id
