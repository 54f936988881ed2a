"""Software performance reports: staff keep them; readers see those of the articles they read and of their own cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from flask import Blueprint, Response, abort, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from kb.cases import is_staff
from kb.sprs import MAX_TITLE, MAX_VERSION, PAGE, STATUSES, NewSpr, NoSpr, SprRefused, Status, number_of
from kb.store.sprs import SprRow
from web import articles, cursors, errors, spr_schema
from web.language import now
from web.messages import text
from web.site import site
from web.viewer import sign_in_first

blueprint = Blueprint("sprs", __name__)
LIMITS = {"title": MAX_TITLE, "fixed_in": MAX_VERSION, "number": 32}
FIELDS = ("number", "product", "status", "title", "fixed_in")


@blueprint.errorhandler(NoSpr)
def absent(_: NoSpr) -> Response:
    return errors.told(NotFound())


@blueprint.get("/sprs")
def page() -> ResponseReturnValue:
    """All of them, the last changed first. To everyone but staff there is no such page."""
    if answer := sign_in_first():
        return answer
    return _page()


def _page(problem: str = "", given: Mapping[str, str] | None = None, status: int = 200) -> ResponseReturnValue:
    state = request.args.get("status", "")
    if state and state not in STATUSES:
        abort(404)
    found, following = listed(state, request.args.get("cursor"), PAGE)
    page = render_template(
        "sprs.html",
        sprs=found,
        following=following,
        state=state,
        statuses=STATUSES,
        products=site().catalogue.products(),
        limits=LIMITS,
        problem=problem,
        given=given or {},
    )
    return make_response(page, status)


def listed(status: str, cursor: str | None, limit: int) -> tuple[list[SprRow], str | None]:
    """A page of a walk through the reports of a status, or all, and where the next one begins."""
    way = f"sprs {status}"
    found = site().sprs.page(g.viewer, status or None, cursors.place(cursor, way) if cursor else None, limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return found[:limit], cursors.cursor(way, last.changed_at, last.number) if last else None


@blueprint.post("/sprs")
def save() -> ResponseReturnValue:
    """Adds a report, or changes the one of its number."""
    given = {name: request.form.get(name, "") for name in FIELDS}
    try:
        site().sprs.save(g.viewer, NewSpr(**given), now())
    except SprRefused as refused:
        return _page(told(refused), given, 422)
    return redirect(url_for("sprs.spr", number=number_of(given["number"])), 303)


@blueprint.get("/sprs/<number>")
def spr(number: str) -> ResponseReturnValue:
    return _spr(number)


def _spr(number: str, problem: str = "", status: int = 200) -> ResponseReturnValue:
    found = site().sprs.find(g.viewer, number) or abort(404)
    page = render_template(
        "spr.html",
        spr=found,
        row=found.row,
        staff=is_staff(g.viewer),
        statuses=STATUSES,
        products=site().catalogue.products(),
        limits=LIMITS,
        problem=problem,
        given={name: getattr(found.row, name) for name in FIELDS},
    )
    return make_response(page, status)


@blueprint.post("/sprs/<number>/link")
def link(number: str) -> ResponseReturnValue:
    site().sprs.check_staff(g.viewer)
    article = articles.readable(request.form.get("article", "").strip().upper())
    site().sprs.link(g.viewer, number, article, now())
    return redirect(url_for("sprs.spr", number=number), 303)


@blueprint.post("/sprs/<number>/unlink")
def unlink(number: str) -> ResponseReturnValue:
    site().sprs.check_staff(g.viewer)
    site().sprs.unlink(g.viewer, number, articles.readable(request.form.get("article", "")))
    return redirect(url_for("sprs.spr", number=number), 303)


def told(refused: SprRefused) -> str:
    """Why, in the reader's language."""
    return text(f"spr.wrong_{refused.reason}", title=MAX_TITLE, version=MAX_VERSION)


def summary(row: SprRow) -> spr_schema.SprSummary:
    return spr_schema.SprSummary(
        number=row.number,
        title=row.title,
        status=cast(Status, row.status),
        fixed_in=row.fixed_in or None,
        url=url_for("sprs.spr", number=row.number),
    )
