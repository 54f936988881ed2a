"""Who is asking: settled once, before each request, into `g.viewer`."""

from __future__ import annotations

from typing import Any, NoReturn

from flask import Flask, Response, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from kb.accounts import ANONYMOUS, Viewer
from kb.imports import is_author
from kb.licences import writes
from web import parameters, scopes
from web.language import today, use_account_language
from web.security import in_frames
from web.site import site

UNASKED = ("assets.send", "health.livez", "health.readyz")


def install(app: Flask) -> None:
    app.before_request(_settle)
    app.context_processor(lambda: {"viewer": g.get("viewer", ANONYMOUS)})
    app.jinja_env.globals["imports_open"] = lambda: is_author(g.get("viewer", ANONYMOUS))
    app.jinja_env.globals["may_write"] = _may_write


def _may_write(product: str = "") -> bool:
    """Whether the reader may write about a product; "": about any."""
    viewer = g.get("viewer", ANONYMOUS)
    return writes(viewer.role, viewer.licences, [product] if product else viewer.products)


def cookie_name() -> str:
    return "__Host-kb_session" if _secure() else "kb_session"


def _settle() -> None:
    g.viewer = ANONYMOUS
    if request.endpoint in UNASKED:
        return
    g.viewer = _who()
    use_account_language(g.viewer.lang)
    parameters.check_settings(request.args)
    scopes.check()


def _who() -> Viewer:
    accounts = site().accounts
    if request.path.startswith("/api/") and (header := request.headers.get("Authorization")):
        scheme, _, token = header.partition(" ")
        viewer = accounts.bearer(token.strip(), today()) if scheme.lower() == "bearer" else None
        return viewer or _unauthorized()
    token = request.cookies.get(cookie_name(), "")
    account = accounts.session(token) if token else None
    return accounts.viewer(account, today()) if account else ANONYMOUS


def sign_in_first() -> ResponseReturnValue | None:
    """The way to the page asked for, by the one to sign in; None for who has."""
    if g.viewer.account_id is None:
        return redirect(url_for("sign_in.page", next=request.full_path.rstrip("?")))
    return None


def require_token() -> None:
    """Unauthorized unless whoever asks is known, and for changes by a token."""
    if g.viewer.account_id is None or (request.method != "GET" and "Authorization" not in request.headers):
        _unauthorized()


def _unauthorized() -> NoReturn:
    raise Unauthorized(www_authenticate=WWWAuthenticate("bearer"))


def remember(response: Response, token: str) -> None:
    """Puts a session into the browser."""
    hours = site().config.session_hours
    response.set_cookie(cookie_name(), token, hours * 3600, **_cookie())


def forget(response: Response) -> None:
    response.delete_cookie(cookie_name(), **_cookie())


def _cookie() -> dict[str, Any]:
    framed = in_frames(site().config)
    kept = {"samesite": "None" if framed else "Lax", "partitioned": framed}
    return {"secure": _secure(), "httponly": True, "path": "/", **kept}


def _secure() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"])
