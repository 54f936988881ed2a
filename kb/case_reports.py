"""Reports of cases: how often articles are linked and reused, how soon, by whom, and whether the clocks were kept.

Staff read them of all customers; a customer reads what his own company's cases come to, and nothing of others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from kb.accounts import Viewer
from kb.cases import Cases, is_staff
from kb.clocks import KINDS
from kb.config import Config
from kb.counting import LINKED_ARTICLE, LINKED_BY, MEASURES
from kb.store import Store, accounts, counts
from kb.store.articles import ArticleRow, Readable
from kb.store.cases import CaseRow
from kb.store.counts import Filter, SubjectSum, Sum

MOST = 20
LONGEST = 60
OFFERED = 200


class NoReport(Exception):
    """There is no such report for whoever asks."""


@dataclass(frozen=True, slots=True)
class Period:
    """Whole months, from `first` to `last`, each YYYY-MM."""

    first: str
    last: str

    def months(self) -> list[str]:
        return list(months(self.first, self.last))


@dataclass(frozen=True, slots=True)
class Person:
    """Who linked and published how many articles of a product."""

    name: str
    product: str
    links: int
    published: int


@dataclass(frozen=True, slots=True)
class Reused:
    """An article, and how many cases it is linked to."""

    article: Readable
    links: int


@dataclass(frozen=True, slots=True)
class Report:
    """Sums over a period. `clocks`: (kind, package,
    severity) → kept, missed. `deflected`: product → cases that an article made needless."""

    period: Period
    total: Counter[str]
    by_month: Mapping[str, Counter[str]]
    by_product: Mapping[str, Counter[str]]
    by_severity: Mapping[int, Counter[str]]
    clocks: Mapping[tuple[str, str, int], tuple[int, int]]
    deflected: Mapping[str, int]
    people: Sequence[Person] = ()
    articles: Sequence[Reused] = ()

    def rate(self, part: str, whole: str, counted: Mapping[str, int] | None = None) -> float | None:
        """A measure as a part of another; None where there is none of that."""
        found = self.total if counted is None else counted
        return found.get(part, 0) / found[whole] if found.get(whole) else None

    def kept(self, kind: str) -> float | None:
        """The part of the clocks of a kind that were kept, of those that are decided."""
        found = [decided for (each, _, _), decided in self.clocks.items() if each == kind]
        total = sum(map(sum, found))
        return sum(kept for kept, _ in found) / total if total else None


class CaseReports:
    """Reading what cases come to. Safe to share between threads."""

    def __init__(self, store: Store, config: Config, cases: Cases) -> None:
        self._store, self._cases, self._zone = store, cases, ZoneInfo(config.time_zone)

    def of_all(self, viewer: Viewer, period: Period, product: str | None, now: datetime) -> Report:
        """What all cases come to, for staff. NoReport for everybody else."""
        if not is_staff(viewer):
            raise NoReport
        given = Filter(period.first, period.last, product)
        with self._store.reading() as connection:
            linked = counts.subjects(connection, given, LINKED_BY, MOST)
            published = counts.published(connection, given, self._moments(period), MOST)
            names = counts.names_of_accounts(connection, {each.subject_id for each in (*linked, *published)})
            articles = counts.subjects(connection, given, LINKED_ARTICLE, MOST)
        readable = self._store.readable([each.subject_id for each in articles], viewer.scope)
        return self._report(
            given,
            now,
            _people(names, linked, published),
            [Reused(readable[each], links) for each, links in _joined(articles) if each in readable],
        )

    def of_customer(self, viewer: Viewer, customer: int, period: Period, product: str | None, now: datetime) -> Report:
        """What a customer's cases come to: for his own people, and for staff. NoReport for others."""
        self._check_customer(viewer, customer)
        return self._report(Filter(period.first, period.last, product, customer), now)

    def customers(self, viewer: Viewer) -> list[str]:
        """The names of customers, the first of them, for staff to choose from."""
        if not is_staff(viewer):
            return []
        with self._store.reading() as connection:
            return counts.customers(connection, OFFERED)

    def customer_named(self, viewer: Viewer, name: str) -> int | None:
        """The customer of that name, for staff."""
        if not is_staff(viewer):
            return None
        with self._store.reading() as connection:
            return accounts.customer_id(connection, name)

    def cases(
        self, viewer: Viewer, customer: int, asked: tuple[Period, str | None], page: tuple[int, int], now: datetime
    ) -> list[tuple[CaseRow, list[ArticleRow]]]:
        """A page (offset, limit) of a customer's cases opened in a period, the newest first, each with the articles
        linked to it that the customer may read, whoever asks. NoReport as of `of_customer`."""
        self._check_customer(viewer, customer)
        period, product = asked
        given = Filter(period.first, period.last, product, customer)
        with self._store.reading() as connection:
            found = counts.cases_of(connection, given, self._moments(period), page)
            links = counts.links_of(connection, [row.id for row in found])
        articles = {link.article_id for link in links if not link.internal}
        theirs = self._cases.readers(found[0], sorted(articles), now) if found and articles else frozenset()
        readable = self._store.readable(sorted(theirs), viewer.scope)
        return [
            (
                row,
                [
                    readable[link.article_id].row
                    for link in links
                    if link.case_id == row.id and not link.internal and link.article_id in readable
                ],
            )
            for row in found
        ]

    @staticmethod
    def _check_customer(viewer: Viewer, customer: int) -> None:
        if not is_staff(viewer) and customer != viewer.customer_id:
            raise NoReport

    def _report(
        self,
        given: Filter,
        now: datetime,
        people: Sequence[Person] = (),
        articles: Sequence[Reused] = (),
    ) -> Report:
        period = Period(given.first, given.last)
        with self._store.reading() as connection:
            sums = counts.sums(connection, given, MEASURES)
            late = counts.overdue(connection, given, now)
            deflected = counts.deflected(connection, given, self._moments(period))
        by_month: dict[str, Counter[str]] = {month: Counter() for month in period.months()}
        by_product: dict[str, Counter[str]] = {}
        by_severity: dict[int, Counter[str]] = {}
        total: Counter[str] = Counter()
        for each in sums:
            places = (by_month[each.month], by_product.setdefault(each.product, Counter()))
            for place in (*places, by_severity.setdefault(each.severity, Counter()), total):
                place[each.measure] += each.times
        clocks = _clocks(sums, late)
        return Report(period, total, by_month, by_product, by_severity, clocks, deflected, people, articles)

    def _moments(self, period: Period) -> tuple[datetime, datetime]:
        """When a period begins, and when it is over."""
        *_, after = months(period.first, period.last, one_more=True)
        return self._begin(period.first), self._begin(after)

    def _begin(self, month: str) -> datetime:
        year, number = map(int, month.split("-"))
        return datetime(year, number, 1, tzinfo=self._zone)


def months(first: str, last: str, *, one_more: bool = False) -> Iterator[str]:
    """The months from one to another, and the one after that where wanted."""
    year, month = map(int, first.split("-"))
    while True:
        name = f"{year:04d}-{month:02d}"
        if name <= last:
            yield name
        else:
            if one_more:
                yield name
            return
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)


def _people(names: Mapping[int, str], linked: Sequence[SubjectSum], published: Sequence[SubjectSum]) -> list[Person]:
    """The most active first."""
    links, writes = ({(each.subject_id, each.product): each.times for each in found} for found in (linked, published))
    every = sorted({*links, *writes}, key=lambda key: (-links.get(key, 0) - writes.get(key, 0), key))
    return [Person(names[key[0]], key[1], links.get(key, 0), writes.get(key, 0)) for key in every]


def _joined(found: Iterable[SubjectSum]) -> list[tuple[int, int]]:
    """An article's cases may be of several products: one row for it, the most linked first."""
    total: Counter[int] = Counter()
    for each in found:
        total[each.subject_id] += each.times
    return total.most_common()


def _clocks(sums: Sequence[Sum], late: Sequence[Sum]) -> dict[tuple[str, str, int], tuple[int, int]]:
    """How many clocks were kept and how many missed; one that runs late is missed already."""
    kept: Counter[tuple[str, str, int]] = Counter()
    missed: Counter[tuple[str, str, int]] = Counter()
    for each in sums:
        kind, _, how = each.measure.rpartition("_")
        if kind in KINDS:
            (kept if how == "met" else missed)[kind, each.package, each.severity] += each.times
    for each in late:
        missed[each.measure, each.package, each.severity] += each.times
    return {key: (kept[key], missed[key]) for key in sorted({*kept, *missed})}
