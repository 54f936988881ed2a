"""Signing in and out."""

from __future__ import annotations

import math
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from web import embed, viewer
from web.language import now
from web.messages import text
from web.problems import BadParameter
from web.site import site

blueprint = Blueprint("sign_in", __name__)


@blueprint.after_request
def frame(response: Response) -> Response:
    """On the way to a panel in another tool's page, one signs in there."""
    return embed.frame(response) if g.get("next_page", "").startswith(embed.PREFIX) else response


LONGEST_PATH = 8_000
LONGEST_EMAIL = 254
LONGEST_PASSWORD = 1_000


@blueprint.get("/sign-in")
def page() -> str:
    """`next` is the page of this site to come back to; without it, the page the reader comes from."""
    asked = request.args.get("next") or ""
    if asked and not _ours(asked):
        raise BadParameter("next", asked, text("wrong.path"))
    g.next_page = asked
    return _form(asked or _came_from())


def _form(next_page: str, email: str = "", problem: str = "") -> str:
    return render_template("sign_in.html", next=next_page, email=email, problem=problem)


def _ours(path: str) -> bool:
    """A path of this site, and nothing a browser could take for another one."""
    plain = path.isprintable() and "\\" not in path and len(path) <= LONGEST_PATH
    return plain and path.startswith("/") and not path.startswith("//") and not urlsplit(path).netloc


def _came_from() -> str:
    try:
        came = urlsplit(request.referrer or "")
    except ValueError:
        return ""
    path = came.path + (f"?{came.query}" if came.query else "")
    return path if came.netloc == request.host and _ours(path) and not path.startswith("/sign-") else ""


@blueprint.post("/sign-in")
def enter() -> ResponseReturnValue:
    email = request.form.get("email", "").strip()[:LONGEST_EMAIL]
    password = request.form.get("password", "")[:LONGEST_PASSWORD]
    asked = request.form.get("next", "")
    g.next_page = next_page = asked if _ours(asked) else ""
    result = site().accounts.sign_in(email, password, request.remote_addr or "", now())
    if result.token:
        session.clear()
        answer = make_response(redirect(next_page or url_for("home.page"), 303))
        viewer.remember(answer, result.token)
        return answer
    if result.retry_at is not None:
        seconds = max(1, math.ceil((result.retry_at - now()).total_seconds()))
        minutes = math.ceil(seconds / 60)
        told = text("sign_in.throttled", minutes=minutes, count=minutes)
        return _form(next_page, email, told), 429, {"Retry-After": str(seconds)}
    return _form(next_page, email, text("sign_in.wrong")), 401


@blueprint.get("/sign-out")
def confirm() -> ResponseReturnValue:
    if g.viewer.account_id is None:
        return redirect(url_for("home.page"))
    return render_template("sign_out.html")


@blueprint.post("/sign-out")
def leave() -> Response:
    if token := request.cookies.get(viewer.cookie_name()):
        site().accounts.sign_out(token)
    session.clear()
    answer = make_response(redirect(url_for("home.page"), 303))
    viewer.forget(answer)
    return answer
