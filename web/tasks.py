"""Tasks about articles: flag a paragraph, ask for a version the customer may read, say that it is done. For staff."""

from __future__ import annotations

from flask import Blueprint, Response, abort, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from kb.cases import NoCase, is_staff
from kb.tasks import MAX_NOTE, PAGE, STATES, NoTask, TaskRefused
from web import articles, errors
from web.cases import after_id
from web.language import now
from web.messages import text
from web.site import site
from web.viewer import sign_in_first

blueprint = Blueprint("tasks", __name__)


@blueprint.before_request
def check() -> ResponseReturnValue | None:
    """To everyone but staff there are no tasks."""
    if request.method == "GET" and (first := sign_in_first()):
        return first
    if not is_staff(g.viewer):
        raise NoTask
    return None


@blueprint.errorhandler(NoTask)
@blueprint.errorhandler(NoCase)
def absent(_: NoTask | NoCase) -> Response:
    return errors.told(NotFound())


@blueprint.errorhandler(TaskRefused)
def refused(error: TaskRefused) -> ResponseReturnValue:
    return _page(text(f"task.wrong.{error.reason}", **error.details), 422)


@blueprint.get("/tasks")
def page() -> ResponseReturnValue:
    """What is to be done to articles, the oldest first."""
    return _page()


def _page(problem: str = "", status: int = 200) -> ResponseReturnValue:
    wanted, after = request.args.get("state") or "open", after_id()
    state = next((each for each in STATES if each == wanted), None) or abort(404)
    found = site().tasks.page(g.viewer, state, after)
    page = render_template(
        "tasks.html",
        tasks=found[:PAGE],
        after=found[PAGE - 1].id if len(found) > PAGE else None,
        first=after is None,
        state=state,
        states=STATES,
        problem=problem,
        longest_note=MAX_NOTE,
    )
    return make_response(page, status)


@blueprint.post("/articles/<number>/flags")
def flag(number: str) -> ResponseReturnValue:
    article = articles.readable(number)
    paragraph = request.form.get("paragraph", "0")
    known = int(paragraph) if paragraph.isascii() and paragraph.isdigit() and len(paragraph) < 6 else -1
    task = site().tasks.flag(g.viewer, article, known, request.form.get("note", ""), now())
    return redirect(url_for("articles.page", number=number, _anchor=f"task-{task}"), 303)


@blueprint.post("/cases/<number>/request-public")
def request_public(number: str) -> ResponseReturnValue:
    """Asks the authors for a version of an article that the case's customer may read."""
    article = articles.readable(request.form.get("article", ""))
    site().tasks.request_public(g.viewer, number, article, now())
    return redirect(url_for("cases.case", number=number, q=request.args.get("q"), _anchor="find"), 303)


@blueprint.post("/tasks/<int(max=2147483647):task>/resolve")
def resolve(task: int) -> ResponseReturnValue:
    site().tasks.resolve(g.viewer, task, request.form.get("note", ""), now())
    return redirect(url_for("tasks.page"), 303)
