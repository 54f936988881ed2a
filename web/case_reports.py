"""Reports of cases for staff, and a customer's own activity report: pages with charts, and the same as CSV."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, abort, g, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from kb.case_reports import LONGEST, NoReport, Period, Report, months
from kb.cases import PAGE, is_staff
from kb.reports import csv_line
from kb.store.articles import ArticleRow
from kb.store.cases import CaseRow
from web import errors
from web.cases import whole_page
from web.language import figure, month_name, now, today
from web.messages import text
from web.names import product
from web.problems import BadParameter
from web.report_sections import Section, activity_sections, percent, sections
from web.site import site
from web.viewer import sign_in_first

blueprint = Blueprint("case_reports", __name__, url_prefix="/reports")
MONTH = re.compile(r"20[0-9]{2}-(?:0[1-9]|1[0-2])")
USUAL, OFFERED = 6, 36


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report was asked for: in the address, so that it can be kept and sent."""

    period: Period
    product: str | None
    customer: str = ""

    @property
    def address(self) -> dict[str, str]:
        given = {"from": self.period.first, "to": self.period.last, "product": self.product, "customer": self.customer}
        return {name: value for name, value in given.items() if value}

    @property
    def told(self) -> str:
        first, last = month_name(self.period.first), month_name(self.period.last)
        of = product(self.product) if self.product else text("report.every_product")
        return f"{first} – {last} · {of}" if first != last else f"{first} · {of}"


blueprint.before_request(sign_in_first)


@blueprint.errorhandler(NoReport)
def absent(_: NoReport) -> Response:
    return errors.told(NotFound())


@blueprint.get("")
def page() -> str:
    asked, report = _of_all()
    return render_template(
        "reports.html",
        asked=asked,
        products=_products(),
        months=_offered(asked.period),
        figures=[
            (text("report.opened"), figure(report.total["cases"]), ""),
            (text("report.link_rate"), percent(report.rate("linked", "closed")), text("report.of_closed")),
            (text("report.known"), percent(report.rate("known", "linked")), text("report.of_linked")),
            (text("report.links"), figure(report.total["links"]), ""),
            (text("clock.first_response"), percent(report.kept("first_response")), text("report.kept")),
            (text("report.deflected"), figure(sum(report.deflected.values())), ""),
        ],
        sections=sections(report),
    )


def _of_all() -> tuple[Asked, Report]:
    if not is_staff(g.viewer):
        raise NoReport
    asked = _asked()
    return asked, site().case_reports.of_all(g.viewer, asked.period, asked.product, now())


@blueprint.get("/<name>.csv")
def csv(name: str) -> Response:
    _, report = _of_all()
    return _csv(sections(report), name)


@blueprint.get("/activity")
def activity() -> ResponseReturnValue:
    """The customer's own; staff say of which."""
    asked, customer = _of_customer()
    report = customer and site().case_reports.of_customer(g.viewer, customer, asked.period, asked.product, now())
    number = whole_page(request.args.get("page") or "1") or abort(404)
    cases = _cases(asked, customer, number) if customer else []
    return render_template(
        "activity.html",
        asked=asked,
        staff=is_staff(g.viewer),
        customer=asked.customer,
        customers=site().case_reports.customers(g.viewer) if is_staff(g.viewer) else [],
        problem=text("report.no_customer") if asked.customer and not customer else "",
        products=_products(),
        months=_offered(asked.period),
        report=report,
        figures=_activity_figures(report) if report else [],
        sections=activity_sections(report) if report else [],
        cases=cases[:PAGE],
        more=len(cases) > PAGE,
        number=number,
    )


@blueprint.get("/activity/<name>.csv")
def activity_csv(name: str) -> Response:
    asked, customer = _of_customer()
    if customer is None:
        raise NoReport
    report = site().case_reports.of_customer(g.viewer, customer, asked.period, asked.product, now())
    return _csv(activity_sections(report), name)


def _of_customer() -> tuple[Asked, int | None]:
    """What is asked for, and the customer it is of; None: staff have yet to say, or there is none of that name."""
    reports = site().case_reports
    if not is_staff(g.viewer):
        if g.viewer.customer_id is None:
            raise NoReport
        return _asked(), g.viewer.customer_id
    customer = request.args.get("customer", "").strip()
    return _asked(customer), reports.customer_named(g.viewer, customer)


def _activity_figures(report: Report) -> list[tuple[str, str, str]]:
    return [
        (text("report.opened"), figure(report.total["cases"]), ""),
        (text("report.closed"), figure(report.total["closed"]), ""),
        (text("clock.first_response"), percent(report.kept("first_response")), text("report.kept")),
        (text("clock.next_update"), percent(report.kept("next_update")), text("report.kept")),
        (text("report.deflected"), figure(sum(report.deflected.values())), ""),
    ]


def _cases(asked: Asked, customer: int, number: int) -> list[tuple[CaseRow, list[ArticleRow]]]:
    """A page of the customer's cases of the period, each with the articles that he may read, and one more."""
    page = ((number - 1) * PAGE, PAGE + 1)
    return site().case_reports.cases(g.viewer, customer, (asked.period, asked.product), page, now())


def _asked(customer: str = "") -> Asked:
    this = today().strftime("%Y-%m")
    last = _month("to", this)
    usual = _before(last, USUAL - 1)
    first = _month("from", usual)
    if first > last or len(list(months(first, last))) > LONGEST:
        raise BadParameter("from", first, text("report.wrong_period", most=LONGEST))
    wanted = request.args.get("product") or None
    if wanted is not None and wanted not in (known := _products()):
        raise BadParameter("product", wanted, text("wrong.choice", choices=", ".join(known)))
    return Asked(Period(first, last), wanted, customer)


def _month(name: str, default: str) -> str:
    given = request.args.get(name) or default
    if not MONTH.fullmatch(given):
        raise BadParameter(name, given, text("report.wrong_month"))
    return given


def _before(month: str, count: int) -> str:
    year, number = map(int, month.split("-"))
    year, number = divmod(year * 12 + number - 1 - count, 12)
    return f"{year:04d}-{number + 1:02d}"


def _offered(period: Period) -> list[tuple[str, str]]:
    """The months to choose from, the newest first: the last three years, and those that were asked for."""
    this = today().strftime("%Y-%m")
    known = {*months(_before(this, OFFERED - 1), this), period.first, period.last}
    return [(month, month_name(month)) for month in sorted(known, reverse=True)]


def _products() -> list[str]:
    """The products to choose from: for staff all; for a customer those of his contracts, which his cases are of, and
    of articles he reads. Whether there are others is not his to know."""
    if is_staff(g.viewer):
        return sorted(site().catalogue.products())
    return sorted({line.product for line in g.viewer.lines} | site().store.counts_by_product(g.viewer.scope).keys())


def _csv(given: Sequence[Section], name: str) -> Response:
    """A table for spreadsheets: with a mark by which these know that it is UTF-8."""
    part = next((each for each in given if each.name == name), None) or abort(404)
    lines = [csv_line(part.head), *(csv_line(row.cells) for row in part.rows)]
    answer = Response("\ufeff" + "".join(lines))
    answer.content_type = "text/csv; charset=utf-8"
    answer.headers["Content-Disposition"] = f"attachment; filename={name}.csv"
    return answer
