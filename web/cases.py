"""Cases: customers open and follow theirs, engineers work the queue and link the article that answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, abort, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from kb.cases import (
    MAX_FIELD,
    MAX_FILES,
    MAX_SUBJECT,
    MAX_TEXT,
    MAX_VERSION,
    PAGE,
    SEVERITIES,
    STATUSES,
    Case,
    CaseRefused,
    NoCase,
    Said,
    Stale,
    is_staff,
    way_of,
)
from kb.query import clean
from kb.question import Query
from kb.search import Result
from kb.tasks import MANY, paragraphs
from web import articles, cursors, uploads
from web.articles import download
from web.asking import CASE_FORM
from web.language import now, today
from web.messages import text
from web.site import site
from web.viewer import sign_in_first

blueprint = Blueprint("cases", __name__)
FOUND = 8
DEFLECTIONS = 10
LAST_PAGE = 10_000
# A shorter line is a heading more often than not.
WORTH_QUOTING = 15
LIMITS = {"subject": MAX_SUBJECT, "text": MAX_TEXT, "version": MAX_VERSION, "environment": MAX_FIELD}
STATES = ("open", "closed")
# Fields of a form, and its files.
PARTS = 40


def file_limits() -> dict[str, int]:
    return {"most": MAX_FILES, "mb": site().config.attachment_max_mb}


@dataclass(frozen=True, slots=True)
class Offered:
    """An article an engineer could link; `open_to_customer`: the case's customer may read it; `requested`: a version
    that he may is asked for."""

    result: Result
    open_to_customer: bool
    linked: bool
    requested: bool


@dataclass(frozen=True, slots=True)
class Quoted:
    """An article quoted in a reply: its paragraphs as the customer reads them, the one `chosen`, 0 for its link alone,
    and what was typed `before`."""

    number: str
    before: str
    paragraphs: Sequence[str]
    chosen: int


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply as far as it is typed."""

    text: str = ""
    quoted: Quoted | None = None


@blueprint.get("/cases")
def page() -> ResponseReturnValue:
    """A customer's cases, or for staff the queue, in the order of the clocks."""
    if answer := sign_in_first():
        return answer
    state, cursor = request.args.get("state") or "open", request.args.get("cursor")
    if state not in STATES:
        abort(404)
    way = way_of(state == "open")
    after = cursors.place(cursor, state) if cursor else None
    found = site().cases.page(g.viewer, is_open=state == "open", after=after)
    return render_template(
        "cases.html",
        cases=found[:PAGE],
        following=cursors.cursor(state, *way.place(found[PAGE - 1])) if len(found) > PAGE else None,
        first=after is None,
        state=state,
        states=STATES,
        staff=is_staff(g.viewer),
        now=now(),
        products=site().cases.products(g.viewer),
        tasks=site().tasks.count(g.viewer),
        many=MANY,
        deflections=site().cases.deflections(g.viewer, DEFLECTIONS) if state == "closed" and after is None else [],
    )


@blueprint.get("/cases/clocks")
def clocks() -> ResponseReturnValue:
    """What the clocks told last: warnings and breaches. To customers there is no such page."""
    if answer := sign_in_first():
        return answer
    if not is_staff(g.viewer):
        abort(404)
    found = site().watcher.newest(g.viewer, PAGE + 1, after_id())
    more = found[PAGE - 1].id if len(found) > PAGE else None
    return make_response(render_template("case_clocks.html", events=found[:PAGE], after=more))


def after_id() -> int | None:
    """The row after which a page begins, as its address says; None: the first page."""
    after = request.args.get("after", "")
    return int(after) if after.isascii() and after.isdigit() and len(after) < 10 else None


def whole_page(text: str) -> int | None:
    """The number of a page of cases; None: it is none."""
    digits = text.isascii() and text.isdigit() and len(text) < 6
    return int(text) if digits and 1 <= int(text) <= LAST_PAGE else None


@blueprint.get("/cases/<number>")
def case(number: str) -> ResponseReturnValue:
    """A case. For staff `q` searches for articles to link."""
    if answer := sign_in_first():
        return answer
    return case_page(number)


def case_page(number: str, problem: str = "", status: int = 200, reply: Reply | None = None) -> ResponseReturnValue:
    found = site().cases.case(g.viewer, number, now()) or abort(404)
    staff = is_staff(g.viewer)
    asked = request.args.get("q")
    told = "\n".join((found.row.subject, found.events[0].text))
    page = render_template(
        "case.html",
        case=found,
        row=found.row,
        staff=staff,
        problem=problem,
        reply=reply or Reply(),
        statuses=STATUSES,
        severities=SEVERITIES,
        limit=MAX_TEXT,
        file_limits=file_limits(),
        covered=site().config.clock_hours == "covered",
        asked=found.row.subject if asked is None else asked,
        support=site().extended_support.of_case(found.row, today()) if staff else None,
        offered=offered(found, told if asked is None else asked) if staff else [],
        now=now(),
    )
    return make_response(page, status)


def offered(found: Case, asked: str) -> list[Offered]:
    """Articles to link, each with whether the customer may read it."""
    wanted = clean(asked)[: site().config.max_query]
    query = Query(wanted, plain=True, loose=True, prefers=(g.language,), today=today(), page_size=FOUND)
    results = site().search.find(query, g.viewer.scope).results
    readers = site().cases.readers(found.row, [one.article.id for one in results], now())
    linked = {one.article.row.id for one in found.links}
    requested = site().tasks.requested(g.viewer, found.row.id)
    return [Offered(one, *(one.article.id in those for those in (readers, linked, requested))) for one in results]


@blueprint.post("/cases/<number>/quote")
def quote(number: str) -> ResponseReturnValue:
    """Puts a link to an article, and a paragraph of it, under what is typed of a reply; sends nothing.

    `before` is what was typed before an article was quoted: quoting another takes its place, `undo` gives it back.
    """
    found = site().cases.case(g.viewer, number, now())
    if found is None or not is_staff(g.viewer):
        abort(404)
    form = request.form
    before = form.get("before", form.get("text", ""))
    if form.get("undo"):
        return case_page(number, reply=Reply(before))
    article = articles.readable(form.get("article") or form.get("quoted", ""))
    theirs = site().cases.as_customer(found.row, [article.row.id], now()).get(article.row.id)
    if theirs is None:
        return case_page(number, text("case.wrong.unreadable", number=article.row.number), 422, Reply(before))
    said = paragraphs(theirs)
    wanted = form.get("paragraph", "")
    first = next((at for at, line in enumerate(said, 1) if len(line) >= WORTH_QUOTING), 1)
    chosen = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 6 else first
    address = url_for("articles.page", number=article.row.number, _external=True)
    lines = [f"{article.row.title} ({article.row.number})", address]
    if 0 < chosen <= len(said):
        lines.append(f"> {said[chosen - 1]}")
    typed = "\n".join((*([before.rstrip(), ""] if before.strip() else []), *lines, ""))
    return case_page(number, reply=Reply(typed, Quoted(article.row.number, before, said, chosen)))


@blueprint.post("/cases/<number>/reply")
def reply(number: str) -> ResponseReturnValue:
    """Adds words, files, or both. The form is read once it is clear who sends it."""
    if site().cases.case(g.viewer, number, now()) is None:
        abort(404)
    try:
        uploads.read_form(MAX_FILES, CASE_FORM, PARTS)
    except RequestEntityTooLarge:
        return case_page(number, too_large(), 413, Reply(uploads.typed_before_files().get("text", "")))
    text_, internal = request.form.get("text", ""), request.form.get("kind") == "note"
    said = Said(text_, internal, tuple(uploads.sent_files()))
    return _done(number, lambda: site().cases.say(g.viewer, number, said, now()), text_)


def too_large() -> str:
    return text("case.wrong.request_size", most=MAX_FILES, mb=site().config.attachment_max_mb)


@blueprint.get("/cases/<number>/files/<uid>")
def file(number: str, uid: str) -> Response:
    """A file that was sent, to be saved, never as a page of ours."""
    return download(site().cases.file(g.viewer, number, uid) or abort(404))


@blueprint.post("/cases/<number>/change")
def change(number: str) -> ResponseReturnValue:
    """Changes what the form names: severity, status; `take` makes it one's own."""
    form = request.form
    wanted: dict[str, object] = {}
    if status := form.get("status"):
        wanted["status"] = status
    if severity := form.get("severity"):
        wanted["severity"] = int(severity) if severity in map(str, SEVERITIES) else -1
    if spr := form.get("spr", "").strip():
        wanted["spr"] = spr
    if form.get("take"):
        wanted["owner_id"] = g.viewer.account_id
    revision = form.get("revision", "")
    known = int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 10 else 0
    return _done(number, lambda: site().cases.change(g.viewer, number, known, wanted, now()))


@blueprint.post("/cases/<number>/link")
def link(number: str) -> ResponseReturnValue:
    def linking() -> None:
        site().cases.check_staff(g.viewer)
        article = articles.readable(request.form.get("article", ""))
        role = request.form.get("role", "")
        internal = request.form.get("internal") == "1"
        site().cases.link(g.viewer, number, article, role, now(), internal=internal)

    return _done(number, linking)


@blueprint.post("/cases/<number>/unlink")
def unlink(number: str) -> ResponseReturnValue:
    def unlinking() -> None:
        site().cases.check_staff(g.viewer)
        article = articles.readable(request.form.get("article", ""))
        site().cases.unlink(g.viewer, number, article.row.id, now())

    return _done(number, unlinking)


@blueprint.post("/cases/<number>/unlink-spr")
def unlink_spr(number: str) -> ResponseReturnValue:
    return _done(number, lambda: site().cases.unlink_spr(g.viewer, number, request.form.get("spr", ""), now()))


def _done(number: str, act: Callable[[], None], said: str = "") -> ResponseReturnValue:
    """Does it and shows the case again; what cannot be done is told on its page, and what was typed stays."""
    try:
        act()
    except NoCase:
        abort(404)
    except Stale:
        return case_page(number, text("case.wrong.stale"), 409, Reply(said))
    except CaseRefused as refused:
        return case_page(number, told(refused), 422, Reply(said))
    return redirect(url_for("cases.case", number=number), 303)


def told(refused: CaseRefused) -> str:
    """Why, in the reader's language."""
    details = dict(refused.details)
    if "field" in details:
        details["field"] = text(f"case.{details['field']}")
    return text(f"case.wrong.{refused.reason}", **details)
