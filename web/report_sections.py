"""The parts of a report: of each its table, its chart, and what its numbers mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for

from kb.case_reports import Report
from kb.counting import LINK_TIMES
from web.charts import Bar, Chart, Series, bars, columns
from web.language import figure, month_name
from web.messages import text
from web.names import product, right

CHARTED = 10


@dataclass(frozen=True, slots=True)
class Row:
    """Cells of a table; `url` is where the first leads."""

    cells: tuple[str, ...]
    url: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report. The first `labels` columns say of what, the others hold numbers."""

    name: str
    title: str
    means: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    chart: Chart | None = None
    labels: int = 1


def sections(report: Report) -> list[Section]:
    """What staff read."""
    return [_links(report), _times(report), clocks(report), _reuse(report), _people(report), _products(report)]


def activity_sections(report: Report) -> list[Section]:
    """What a customer reads of his own cases."""
    return [_activity(report), clocks(report), _severities(report), _own_products(report)]


def percent(rate: float | None) -> str:
    return "–" if rate is None else f"{rate:.0%}"


ELSEWHERE = {"product": "case.product", "severity": "case.severity", "number": "article.number"}


def _section(name: str, head: str, rows: Sequence[Row], chart: Chart, labels: int = 1) -> Section:
    """`head` names the columns."""
    said = text(f"report.{name}"), text(f"report.means_{name}")
    heads = tuple(text(ELSEWHERE.get(each, f"report.{each}")) for each in head.split())
    return Section(name, *said, heads, tuple(rows), chart, labels)


def _one(name: str, tone: str = "first") -> Series:
    return Series(text(f"report.{name}"), tone)


def _links(report: Report) -> Section:
    rows, drawn = [], []
    for month, found in report.by_month.items():
        bare = found["closed"] - found["linked"]
        amounts = (found["cases"], found["closed"], found["linked"], found["known"], found["new"])
        rate = percent(report.rate("linked", "closed", found))
        rows.append(Row((month_name(month), *map(figure, amounts), rate)))
        drawn.append(Bar(month_name(month, "MMM"), (found["known"], found["new"], bare), rate))
    series = [_one("known"), _one("new", "second"), _one("unlinked", "third")]
    head = "month opened closed linked known new link_rate"
    return _section(
        "links_months", head, rows if report.total["cases"] else [], columns(text("report.chart_links"), series, drawn)
    )


def _times(report: Report) -> Section:
    total = sum(report.total[name] for name in LINK_TIMES)
    rows = [
        Row((text(f"report.{name}"), figure(report.total[name]), percent(report.total[name] / total)))
        for name in (LINK_TIMES if total else ())
    ]
    drawn = [
        Bar(row.cells[0], (report.total[name],), row.cells[1]) for row, name in zip(rows, LINK_TIMES, strict=False)
    ]
    head = "within cases share"
    return _section("times", head, rows, bars(text("report.times"), [_one("cases")], drawn))


def clocks(report: Report) -> Section:
    """Whether the clocks were kept, by package and severity."""
    rows, drawn = [], []
    for (kind, package, severity), (kept, missed) in report.clocks.items():
        rate = percent(kept / (kept + missed))
        said = text(f"clock.{kind}"), right(package), text(f"severity.{severity}")
        rows.append(Row((*said, figure(kept), figure(missed), rate)))
        drawn.append(Bar(" · ".join(said), (kept, missed), rate))
    series = [_one("kept", "kept"), _one("missed", "missed")]
    head = "clock package severity kept missed rate"
    return _section("clocks", head, rows, bars(text("report.clocks"), series, drawn), 3)


def _reuse(report: Report) -> Section:
    rows = [
        Row(
            (row.number, row.title, product(row.product), figure(each.links)),
            url_for("articles.page", number=row.number),
        )
        for each in report.articles
        for row in (each.article.row,)
    ]
    drawn = [Bar(each.article.row.title, (each.links,), figure(each.links)) for each in report.articles[:CHARTED]]
    head = "number article product links"
    return _section("reuse", head, rows, bars(text("report.reuse"), [_one("links")], drawn), 3)


def _people(report: Report) -> Section:
    rows = [
        Row((each.name, product(each.product), figure(each.links), figure(each.published))) for each in report.people
    ]
    links: Counter[str] = Counter()
    published: Counter[str] = Counter()
    for each in report.people:
        links[each.name] += each.links
        published[each.name] += each.published
    most = (links + published).most_common(CHARTED)
    drawn = [Bar(name, (links[name], published[name]), figure(total)) for name, total in most]
    series = [_one("links"), _one("published", "second")]
    return _section("people", "person product links published", rows, bars(text("report.people"), series, drawn), 2)


def _products(report: Report) -> Section:
    rows, drawn = [], []
    for of in sorted({*report.by_product, *report.deflected}):
        found = report.by_product.get(of, Counter())
        deflected = report.deflected.get(of, 0)
        amounts = figure(found["cases"]), figure(found["closed"]), figure(found["links"])
        rows.append(Row((product(of), *amounts, percent(report.rate("linked", "closed", found)), figure(deflected))))
        drawn.append(Bar(product(of), (found["links"],), figure(found["links"])))
    head = "product opened closed links link_rate deflected"
    chart = bars(text("report.chart_products"), [_one("links")], drawn)
    return _section("products", head, rows, chart)


def _activity(report: Report) -> Section:
    rows, drawn = [], []
    for month, found in report.by_month.items():
        still = found["cases"] - found["closed"]
        rows.append(Row((month_name(month), *map(figure, (found["cases"], found["closed"], still)))))
        drawn.append(Bar(month_name(month, "MMM"), (found["closed"], still), figure(found["cases"])))
    series = [_one("closed"), _one("still_open", "second")]
    head = "month opened closed still_open"
    return _section(
        "months", head, rows if report.total["cases"] else [], columns(text("report.months"), series, drawn)
    )


def _severities(report: Report) -> Section:
    rows, drawn = [], []
    for severity, found in sorted(report.by_severity.items()):
        still = found["cases"] - found["closed"]
        said = text(f"severity.{severity}")
        rows.append(Row((said, *map(figure, (found["cases"], found["closed"], still)))))
        drawn.append(Bar(said, (found["closed"], still), figure(found["cases"])))
    series = [_one("closed"), _one("still_open", "second")]
    head = "severity opened closed still_open"
    return _section("severities", head, rows, bars(text("report.severities"), series, drawn))


def _own_products(report: Report) -> Section:
    rows, drawn = [], []
    for of in sorted({*report.by_product, *report.deflected}):
        found, deflected = report.by_product.get(of, Counter()), report.deflected.get(of, 0)
        rows.append(Row((product(of), *map(figure, (found["cases"], found["closed"], deflected)))))
        drawn.append(Bar(product(of), (found["cases"],), figure(found["cases"])))
    head = "product opened closed deflected"
    chart = bars(text("report.own_products"), [_one("opened")], drawn)
    return _section("own_products", head, rows, chart)
