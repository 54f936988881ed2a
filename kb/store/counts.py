"""Sums that reports read. They are kept as cases change: no report reads cases or links one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select

from kb.store.case_tables import case_link, deflection, support_case
from kb.store.cases import CASE, CASES, CaseRow
from kb.store.count_tables import case_count, report_count, running_clock
from kb.store.draft_tables import article_event
from kb.store.feedback import upsert
from kb.store.tables import account, article, customer

# A key of `report_count`, in the order of KEY.
Place: TypeAlias = tuple[int, str, str, str, str, int, int]
# Measure, subject, how often.
Packed: TypeAlias = tuple[str, int, int]
EVERYONE = 0
NO_SUBJECT = 0
# Package and severity of sums that are of all of them together.
OF_ALL = ("", 0)
KEY = ("customer_id", "measure", "month", "product", "package", "severity", "subject_id")


@dataclass(frozen=True, slots=True)
class Counted:
    """What a case counts for. `counts`: measure → how often; `subjects`: the same of an account or an article, counted
    for all customers together. `running`: kind of clock → when it is breached."""

    customer_id: int
    month: str
    product: str
    package: str
    severity: int
    counts: Mapping[str, int]
    subjects: Mapping[tuple[str, int], int]
    running: Mapping[str, datetime]


@dataclass(frozen=True, slots=True)
class Filter:
    """What a report is about: months from `first` to `last`, of a product, of a customer; None: of each."""

    first: str
    last: str
    product: str | None = None
    customer_id: int | None = None


class Sum(NamedTuple):
    month: str
    product: str
    package: str
    severity: int
    measure: str
    times: int


class SubjectSum(NamedTuple):
    """A measure of an account or an article."""

    subject_id: int
    product: str
    times: int


class LinkRow(NamedTuple):
    """A link as it is counted. `created_at`: when its article came into the knowledge base, from `source`."""

    case_id: int
    article_id: int
    account_id: int
    at: datetime
    internal: bool
    created_at: datetime
    source: str


def links_of(connection: Connection, case_ids: Sequence[int]) -> list[LinkRow]:
    """The links of these cases, the oldest first."""
    columns = (
        case_link.c.case_id, case_link.c.article_id, case_link.c.account_id, case_link.c.at, case_link.c.internal,
        article.c.created_at, article.c.source,
    )  # fmt: skip
    tables = case_link.join(article, case_link.c.article_id == article.c.id)
    found = select(*columns).select_from(tables).where(case_link.c.case_id.in_(case_ids))
    return [LinkRow(*row) for row in connection.execute(found.order_by(case_link.c.at, case_link.c.id))]


def save(connection: Connection, counted: Mapping[int, Counted]) -> None:
    """Puts what these cases count for in the place of what they did before. They are locked by whoever calls."""
    ids = sorted(counted)
    sums: Counter[Place] = Counter()
    for row in connection.execute(select(case_count).where(case_count.c.case_id.in_(ids))):
        sums.subtract(_sums(row.customer_id, (row.month, row.product, row.package, row.severity), row.counts))
    connection.execute(delete(case_count).where(case_count.c.case_id.in_(ids)))
    connection.execute(delete(running_clock).where(running_clock.c.case_id.in_(ids)))
    for each in counted.values():
        sums.update(_sums(each.customer_id, (each.month, each.product, each.package, each.severity), _packed(each)))
    connection.execute(insert(case_count), [_row(case_id, each) for case_id, each in counted.items()])
    running = [
        {"case_id": case_id, "kind": kind, "due_at": due}
        for case_id, each in counted.items()
        for kind, due in each.running.items()
    ]
    if running:
        connection.execute(insert(running_clock), running)
    _add(connection, {key: count for key, count in sums.items() if count})


def _packed(counted: Counted) -> list[Packed]:
    plain = [(measure, NO_SUBJECT, count) for measure, count in counted.counts.items() if count]
    return [*plain, *((measure, subject, count) for (measure, subject), count in counted.subjects.items() if count)]


def _row(case_id: int, counted: Counted) -> dict[str, object]:
    return {
        "case_id": case_id, "customer_id": counted.customer_id, "month": counted.month, "product": counted.product,
        "package": counted.package, "severity": counted.severity, "counts": _packed(counted),
    }  # fmt: skip


def _sums(customer_id: int, place: tuple[str, str, str, int], packed: Iterable[Packed]) -> Counter[Place]:
    """What is added where: to the sums of all customers and of this one; what is of a subject to those of all
    customers, packages and severities together."""
    found: Counter[Place] = Counter()
    for measure, subject, count in packed:
        if subject == NO_SUBJECT:
            for owner in (EVERYONE, customer_id):
                found[(owner, measure, *place, subject)] += count
        else:
            month, product, _, _ = place
            found[(EVERYONE, measure, month, product, *OF_ALL, subject)] += count
    return found


def _add(connection: Connection, sums: Mapping[Place, int]) -> None:
    """In the order of their keys, so that two who add at once wait for each other in the same order."""
    if not sums:
        return
    rows = [{**dict(zip(KEY, key, strict=True)), "count": sums[key]} for key in sorted(sums)]
    new = upsert(connection)(report_count)
    added = {"count": report_count.c.count + new.excluded.count}
    connection.execute(new.on_conflict_do_update(index_elements=list(KEY), set_=added), rows)


def clear(connection: Connection) -> None:
    """Forgets everything that was counted."""
    for table in (running_clock, case_count, report_count):
        connection.execute(delete(table))


def uncounted(connection: Connection) -> bool:
    """There is nothing counted yet."""
    return connection.execute(select(case_count.c.case_id).limit(1)).first() is None


# Reading


def _within(given: Filter) -> ColumnElement[bool]:
    counted = report_count.c
    conditions = [
        counted.customer_id == (given.customer_id or EVERYONE),
        counted.month.between(given.first, given.last),
    ]
    if given.product is not None:
        conditions.append(counted.product == given.product)
    return and_(*conditions)


def sums(connection: Connection, given: Filter, measures: Sequence[str]) -> list[Sum]:
    """Every sum of these measures that is of no account or article."""
    counted = report_count.c
    columns = counted.month, counted.product, counted.package, counted.severity, counted.measure, counted.count
    found = select(*columns).where(_within(given), counted.measure.in_(measures), counted.count > 0)
    return [Sum(*row) for row in connection.execute(found)]


def subjects(connection: Connection, given: Filter, measure: str, limit: int) -> list[SubjectSum]:
    """The accounts or articles with the most of a measure, by product."""
    counted = report_count.c
    most = func.sum(counted.count)
    found = (
        select(counted.subject_id, counted.product, most)
        .where(_within(given), counted.measure == measure)
        .group_by(counted.subject_id, counted.product)
        .having(most > 0)
        .order_by(most.desc(), counted.subject_id, counted.product)
        .limit(limit)
    )
    return [SubjectSum(*row) for row in connection.execute(found)]


def overdue(connection: Connection, given: Filter, now: datetime) -> list[Sum]:
    """Clocks that are late since their case was last counted, as sums; their measure is the kind of the clock. Few:
    a worker counts a case as soon as a clock of it is late."""
    counted = case_count.c
    columns = counted.month, counted.product, counted.package, counted.severity, running_clock.c.kind
    tables = running_clock.join(case_count, running_clock.c.case_id == counted.case_id)
    conditions = [running_clock.c.due_at <= now, counted.month.between(given.first, given.last)]
    if given.product is not None:
        conditions.append(counted.product == given.product)
    if given.customer_id is not None:
        conditions.append(counted.customer_id == given.customer_id)
    found = select(*columns, func.count()).select_from(tables).where(*conditions).group_by(*columns)
    return [Sum(*row) for row in connection.execute(found)]


def deflected(connection: Connection, given: Filter, period: tuple[datetime, datetime]) -> dict[str, int]:
    """How many cases articles made needless in a period, by product."""
    tables = deflection.join(account, deflection.c.account_id == account.c.id)
    found = select(deflection.c.product, func.count()).select_from(tables)
    found = found.where(deflection.c.at >= period[0], deflection.c.at < period[1])
    if given.product is not None:
        found = found.where(deflection.c.product == given.product)
    if given.customer_id is not None:
        found = found.where(account.c.customer_id == given.customer_id)
    return {row[0]: row[1] for row in connection.execute(found.group_by(deflection.c.product))}


def published(connection: Connection, given: Filter, period: tuple[datetime, datetime], limit: int) -> list[SubjectSum]:
    """Who published how many articles in a period, new or changed, by product."""
    often = func.count()
    tables = article_event.join(article, article_event.c.article_id == article.c.id)
    found = select(article_event.c.account_id, article.c.product, often).select_from(tables)
    found = found.where(article_event.c.kind == "published", article_event.c.account_id.is_not(None))
    found = found.where(article_event.c.at >= period[0], article_event.c.at < period[1])
    if given.product is not None:
        found = found.where(article.c.product == given.product)
    places = article_event.c.account_id, article.c.product
    ordered = found.group_by(*places).order_by(often.desc(), *places).limit(limit)
    return [SubjectSum(*row) for row in connection.execute(ordered)]


def names_of_accounts(connection: Connection, ids: Iterable[int]) -> dict[int, str]:
    found = select(account.c.id, account.c.name).where(account.c.id.in_(sorted(ids)))
    return {id_: name for id_, name in connection.execute(found)}


def customers(connection: Connection, limit: int) -> list[str]:
    """Customers by name."""
    return list(connection.scalars(select(customer.c.name).order_by(customer.c.name).limit(limit)))


def cases_of(
    connection: Connection, given: Filter, period: tuple[datetime, datetime], page: tuple[int, int]
) -> list[CaseRow]:
    """A page (offset, limit) of a customer's cases opened in a period, the newest first."""
    opened = support_case.c.opened_at
    found = select(*CASE).select_from(CASES).where(opened >= period[0], opened < period[1])
    found = found.where(support_case.c.customer_id == given.customer_id)
    if given.product is not None:
        found = found.where(support_case.c.product == given.product)
    ordered = found.order_by(opened.desc(), support_case.c.number.desc()).offset(page[0]).limit(page[1])
    return [CaseRow(*row) for row in connection.execute(ordered)]
