"""What is said when something is wrong: a page, or for the API a problem document (RFC 9457), in the reader's language.

The page of an error holds nothing of what was asked for: that of a forbidden article is that of an absent one.
"""

from __future__ import annotations

import logging

from flask import Flask, Response, g, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable

from kb.search import EngineDown
from kb.store import StoreError
from web.language import DEFAULT
from web.messages import text
from web.problems import BadParameter, Conflicting, PastTheEnd, QueryTooLong, Refused

RETRY_SECONDS = "10"
TOLD = (400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503)

log = logging.getLogger(__name__)


def install(app: Flask) -> None:
    app.register_error_handler(HTTPException, told)
    for kind in (StoreError, EngineDown, OperationalError, NoConnection):
        app.register_error_handler(kind, _unavailable)
    app.register_error_handler(Exception, _broken)


def _unavailable(error: Exception) -> ResponseReturnValue:
    # What the program itself says is a sentence; where it was when it heard so tells nothing more.
    known = isinstance(error, StoreError | EngineDown)
    log.error("unavailable: %s", error if known else type(error).__name__, exc_info=None if known else error)
    answer = told(ServiceUnavailable())
    answer.headers["Retry-After"] = RETRY_SECONDS
    return answer


def _broken(error: Exception) -> ResponseReturnValue:
    log.error("broken", exc_info=error)
    return told(InternalServerError())


def told(error: HTTPException) -> Response:
    """The answer for an error, with the status and the headers it asks for."""
    if "language" not in g:
        g.language, g.theme = DEFAULT, "auto"
    status = error.code or 500
    if error.response is not None or status < 400:
        return make_response(error.get_response())
    page = _problem(error, status) if for_programs() else _page(error, status)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After", "WWW-Authenticate"):
            page.headers[name] = value
    return page


def for_programs() -> bool:
    """Whether the one who asks reads JSON: the API, and the suggestions that a script fetches."""
    return request.path.startswith("/api/") or request.path == "/suggest"


def _page(error: HTTPException, status: int) -> Response:
    known = status if status in TOLD else 400 if status < 500 else 500
    last = error.last if isinstance(error, PastTheEnd) else None
    page = render_template(
        "error.html", status=status, title=_title(error, known), detail=_detail(error, known), last=last, known=known
    )
    return make_response(page, status)


def _problem(error: HTTPException, status: int) -> Response:
    known = status if status in TOLD else 400 if status < 500 else 500
    problem = {"type": "about:blank", "title": _title(error, known), "status": status, "detail": _detail(error, known)}
    if isinstance(error, BadParameter):
        problem["parameter"] = error.parameter
    answer = jsonify(problem)
    answer.status_code = status
    answer.content_type = "application/problem+json"
    return answer


def _title(error: HTTPException, known: int) -> str:
    return text("error.past_title") if isinstance(error, PastTheEnd) else text(f"error.{known}.title")


def _detail(error: HTTPException, known: int) -> str:
    if isinstance(error, BadParameter):
        return text("error.parameter", name=error.parameter, value=error.value, right=error.right)
    if isinstance(error, QueryTooLong):
        return text("error.query_long", length=f"{error.length:,}", limit=f"{error.limit:,}")
    if isinstance(error, PastTheEnd):
        return text("error.past_deep" if error.deep else "error.past")
    if isinstance(error, Refused | Conflicting):
        return error.told
    if isinstance(error, CSRFError):
        return text("error.form")
    return text(f"error.{known}.detail")
