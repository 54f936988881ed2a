"""Webhooks for operators: who is told what happens to cases, and what did not get through."""

from __future__ import annotations

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from kb.store.outbox import CONTENTS
from kb.webhooks import EVENT_KINDS, NewWebhook, NoWebhook, WebhookRefused, check_operator
from web import errors
from web.language import now
from web.messages import text
from web.site import site
from web.viewer import sign_in_first

blueprint = Blueprint("webhooks", __name__)
SHOWN = 50


@blueprint.before_request
def check() -> ResponseReturnValue | None:
    """To everyone but operators there are none."""
    if request.method == "GET" and (first := sign_in_first()):
        return first
    check_operator(g.viewer)
    return None


@blueprint.errorhandler(NoWebhook)
def absent(_: NoWebhook) -> Response:
    return errors.told(NotFound())


@blueprint.get("/webhooks")
def page() -> ResponseReturnValue:
    return _page()


def _page(secret: str = "", problem: str = "", status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "webhooks.html",
        webhooks=site().webhooks.all(g.viewer),
        counts=site().webhooks.counts(g.viewer),
        dead=site().webhooks.deliveries(g.viewer, "dead", SHOWN),
        kinds=EVENT_KINDS,
        contents=CONTENTS,
        secret=secret,
        problem=problem,
        given=request.form if problem else {},
    )
    return make_response(page, status)


@blueprint.post("/webhooks")
def add() -> ResponseReturnValue:
    form = request.form
    new = NewWebhook(
        form.get("name", "").strip(), form.get("url", "").strip(), tuple(form.getlist("kind")),
        form.get("content", ""), form.get("customer", "").strip() or None,
    )  # fmt: skip
    try:
        return _page(secret=site().webhooks.add(g.viewer, new, now()))
    except WebhookRefused as refused:
        return _page(problem=told(refused), status=422)


def told(refused: WebhookRefused) -> str:
    """Why, in the reader's language."""
    return text(f"webhooks.wrong_{refused.reason}")


@blueprint.post("/webhooks/<name>/rotate")
def rotate(name: str) -> ResponseReturnValue:
    return _page(secret=site().webhooks.rotate(g.viewer, name, now()))


@blueprint.post("/webhooks/<name>/pause")
def pause(name: str) -> ResponseReturnValue:
    """Or goes on, where it was paused."""
    site().webhooks.set_active(g.viewer, name, not site().webhooks.find(g.viewer, name).active)
    return redirect(url_for("webhooks.page"), 303)


@blueprint.post("/webhooks/<name>/remove")
def remove(name: str) -> ResponseReturnValue:
    site().webhooks.remove(g.viewer, name)
    return redirect(url_for("webhooks.page"), 303)


@blueprint.post("/webhooks/deliveries/<int(max=2147483647):delivery>/replay")
def replay(delivery: int) -> ResponseReturnValue:
    site().webhooks.replay(g.viewer, now(), delivery=delivery)
    return redirect(url_for("webhooks.page", _anchor="dead"), 303)


@blueprint.post("/webhooks/deliveries/replay")
def replay_all() -> ResponseReturnValue:
    site().webhooks.replay(g.viewer, now())
    return redirect(url_for("webhooks.page", _anchor="dead"), 303)
