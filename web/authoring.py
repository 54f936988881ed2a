"""What waits for those who write; beginning an article; what an article was; archiving and merging."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kb.articles import LANGUAGES, NUMBER
from kb.contents import Content
from kb.curating import NOW
from kb.editing import NoDraft, NotLicensed, NotNow
from kb.messages import told
from kb.publishing import EditRefused
from kb.tasks import MAX_NOTE
from web.draft_forms import grants_told
from web.language import now, today
from web.messages import text
from web.site import site
from web.writers import admit

blueprint = Blueprint("authoring", __name__)
admit(blueprint)
LONGEST_BATCH = 10
FLAGS = 5


@blueprint.get("/authoring")
def page() -> str:
    """The queue."""
    queue = site().curating.queue(g.viewer, today(), now())
    return render_template(
        "authoring.html",
        queue=queue,
        today_is=today(),
        flags=site().tasks.count(g.viewer),
        flagged=site().tasks.page(g.viewer)[:FLAGS],
        longest_note=MAX_NOTE,
    )


@blueprint.get("/authoring/new")
def new() -> ResponseReturnValue:
    """The beginning of an article. `beside`: the number of one it is to be a translation of."""
    return _new({name: request.args.get(name, "") for name in ("title", "lang", "product", "beside")})


def _new(given: dict[str, str], problem: str = "", status: int = 200) -> ResponseReturnValue:
    products = site().catalogue.products()
    may = [(each, products[each].name(g.language)) for each in products if site().editing.may(g.viewer, each)]
    page = render_template("draft_new.html", given=given, products=may, languages_of=LANGUAGES, problem=problem)
    return make_response(page, status)


@blueprint.post("/authoring/new")
def begin() -> ResponseReturnValue:
    given = {name: request.form.get(name, "").strip() for name in ("title", "lang", "product", "beside")}
    if given["lang"] not in LANGUAGES:
        return _new(given, text("draft.language_missing"), 422)
    beside = given["beside"] or None
    if beside:
        source = site().curating.version(g.viewer, beside, NOW)
        content = Content(
            given["title"], given["lang"], source.product, source.body, source.grants, source.type, source.category,
            source.versions, owner=g.viewer.email,
        )  # fmt: skip
    elif given["product"] not in site().catalogue.products():
        return _new(given, text("draft.product_missing"), 422)
    else:
        content = Content(given["title"], given["lang"], given["product"], "", owner=g.viewer.email)
    try:
        number = site().editing.new(g.viewer, content, now(), beside)
    except NotLicensed as refused:
        return _new(given, text(f"draft.needs_{refused.needed}"), 403)
    return redirect(url_for("drafts.page", number=number), 303)


@blueprint.post("/articles/<number>/edit")
def edit(number: str) -> ResponseReturnValue:
    """To the draft of an article, which is begun when there is none."""
    draft = site().editing.open(g.viewer, _number(number), now())
    return redirect(url_for("drafts.page", number=draft), 303)


def _number(given: str) -> str:
    if not NUMBER.fullmatch(given):
        raise NoDraft
    return given


@blueprint.get("/articles/<number>/history")
def history(number: str) -> ResponseReturnValue:
    """Every version of an article with who made it; `before` and `after`: what is different between two."""
    return _history(number)


def _history(number: str, problem: str = "", status: int = 200) -> ResponseReturnValue:
    found = site().curating.history(g.viewer, _number(number))
    before, after = _batch(request.args.get("before", "")), _batch(request.args.get("after", "")) or NOW
    difference = site().curating.compare(g.viewer, number, before, after) if before else None
    page = render_template(
        "history.html",
        history=found,
        before=before,
        after=after,
        difference=difference,
        grants_told=grants_told,
        problem=problem,
    )
    return make_response(page, status)


def _batch(given: str) -> int:
    """0: none."""
    return int(given) if given.isascii() and given.isdigit() and len(given) < LONGEST_BATCH else 0


@blueprint.post("/articles/<number>/restore")
def restore(number: str) -> ResponseReturnValue:
    """An old version becomes the next save of the article's draft."""
    batch = _batch(request.form.get("version", ""))
    if not batch:
        raise NoDraft
    draft = site().curating.restore(g.viewer, _number(number), batch, now())
    return redirect(url_for("drafts.page", number=draft, saved="restored"), 303)


@blueprint.post("/articles/<number>/archive")
def archive(number: str) -> ResponseReturnValue:
    return _done(number, lambda: site().curating.archive(g.viewer, _number(number), now()))


@blueprint.post("/articles/<number>/merge")
def merge(number: str) -> ResponseReturnValue:
    """Into the article whose number the form gives."""
    into = request.form.get("into", "").strip().upper()
    return _done(number, lambda: site().curating.merge(g.viewer, _number(number), into, now()))


@blueprint.post("/articles/<number>/confirm")
def confirm(number: str) -> ResponseReturnValue:
    """A translation still says what its original says."""
    return _done(number, lambda: site().curating.confirm(g.viewer, _number(number), now()))


def _done(number: str, act: Callable[[], None]) -> ResponseReturnValue:
    try:
        act()
    except EditRefused as refused:
        return _history(number, "; ".join(told(each, g.language) for each in refused.problems), 422)
    except NotLicensed as refused:
        return _history(number, text(f"draft.needs_{refused.needed}"), 403)
    except NotNow:
        return _history(number, text("draft.archived_already"), 409)
    return redirect(url_for("authoring.history", number=number), 303)
