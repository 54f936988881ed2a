"""Many articles changed at once: a selection from a search, what would change of each, and writing it as one batch."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from kb.articles import NUMBER
from kb.changing import MOST, Change
from kb.editing import NoDraft
from kb.messages import told
from kb.query import clean
from kb.question import Filters, Query
from kb.store.articles import SourceChanged
from web import errors
from web.draft_forms import grant_choices, grants_told, listed
from web.language import now, today
from web.messages import text
from web.site import site

blueprint = Blueprint("changing", __name__)
LISTED = 100


@blueprint.before_request
def check() -> ResponseReturnValue | None:
    """To everyone but those who write there is nothing here."""
    if g.viewer.account_id is None and request.method == "GET":
        return redirect(url_for("sign_in.page", next=request.full_path.rstrip("?")))
    site().editing.check_editor(g.viewer)
    return None


@blueprint.errorhandler(NoDraft)
def absent(_: NoDraft) -> Response:
    return errors.told(NotFound())


@blueprint.get("/authoring/change")
def page() -> ResponseReturnValue:
    """The articles that a search finds, to be ticked, and what may become of them."""
    return _page()


def _page(problem: str = "", status: int = 200) -> ResponseReturnValue:
    asked = clean(request.args.get("q", ""))[: site().config.max_query]
    product = request.args.get("product", "")
    filters = Filters(products=frozenset({product} if product else ()))
    query = Query(asked, filters=filters, prefers=(g.language,), today=today(), page_size=LISTED)
    found = site().search.find(query, g.viewer.scope)
    rows = [each.article for each in found.results if site().editing.may(g.viewer, each.article.product)]
    return _shown("change.html", status, rows=rows, total=found.total, asked=asked, product=product, problem=problem)


def _shown(template: str, status: int = 200, **more: Any) -> ResponseReturnValue:
    products = site().catalogue.products()
    may = [(each, products[each].name(g.language)) for each in products if site().editing.may(g.viewer, each)]
    page = render_template(template, products=may, grants=grant_choices(), grants_told=grants_told, most=LISTED, **more)
    return make_response(page, status)


def _numbers() -> list[str]:
    return [each for each in request.form.getlist("number") if NUMBER.fullmatch(each)][:MOST]


def _change() -> Change:
    """What is to become of them: fields that are ticked to change, empty ones included."""
    form, wanted = request.form, set(request.form.getlist("change"))
    versions = listed(form.get("versions", "").replace("，", ",").replace("、", ",").split(","))
    return Change(
        product=form.get("product") if "product" in wanted else None,
        versions=versions if "versions" in wanted else None,
        grants=tuple(form.getlist("grants")) if "grants" in wanted else None,
        owner=form.get("owner", "").strip() if "owner" in wanted else None,
    )


@blueprint.post("/authoring/change")
def look() -> ResponseReturnValue:
    """What it would change of each, or writes it when that was looked at."""
    numbers, change = _numbers(), _change()
    if not numbers or change == Change():
        return _page(text("change.nothing_chosen"), 422)
    problem = ""
    if basis := request.form.get("basis"):
        try:
            applied = site().changing.apply(g.viewer, numbers, change, basis, now())
            return redirect(url_for("changing.page", written=applied.changed), 303)
        except SourceChanged:
            problem = text("change.look_again")
    report = site().changing.look(g.viewer, numbers, change)
    kept = [(name, value) for name, value in request.form.items(multi=True) if name not in ("csrf_token", "basis")]
    status = 409 if problem else 200
    return _shown(
        "change_look.html", status, report=report, kept=kept, problem=problem, told=lambda each: told(each, g.language)
    )
