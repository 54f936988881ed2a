"""`Idempotency-Key`: a program whose answer got lost asks again, and what it asked for is done once.

Key, question and answer are kept for a day. That the work is done is noted in the transaction that does it.
"""

from __future__ import annotations

import hashlib
import re
from tempfile import SpooledTemporaryFile

from flask import Blueprint, Response, g, request
from werkzeug.wsgi import get_input_stream

from kb.store import idempotency
from kb.store.idempotency import Given
from web.language import now
from web.messages import text
from web.problems import BadParameter, Conflicting, Refused
from web.site import site

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEY = re.compile(r"[\x21-\x7e]{1,200}")
KEPT_HEADERS = ("Content-Type", "Location")
IN_MEMORY = CHUNK = 1 << 20


def install(blueprint: Blueprint) -> None:
    """Every POST of the blueprint takes a key. To be called after its own checks of who asks are in place."""
    blueprint.before_request(_claim)
    blueprint.after_request(_keep)
    blueprint.teardown_request(_let_go)


def _claim() -> Response | None:
    key = request.headers.get(HEADER)
    if request.method != "POST" or key is None:
        return None
    if not KEY.fullmatch(key):
        raise BadParameter(HEADER, key, text("wrong.key"))
    fingerprint = _fingerprint()
    with site().store.writing() as connection:
        claim = idempotency.claim(connection, g.viewer.account_id, key, fingerprint, now())
    if claim.ours:
        g.idempotency_key = claim.id
        idempotency.at_work.set(claim.id)
        return None
    if not claim.same:
        raise Refused(text("api.key_used"))
    if claim.answer is None:
        raise Conflicting(text("api.key_done" if claim.written else "api.key_busy"))
    answer = Response(claim.answer.body, claim.answer.status, dict(claim.answer.headers))
    answer.headers[REPLAYED] = "true"
    return answer


def _fingerprint() -> str:
    """Of all that was asked. The body is read for it, and laid anew where it was."""
    asked = hashlib.sha256(f"{request.full_path}\n{request.content_type or ''}\n".encode("utf-8", "replace"))
    g.idempotency_body = body = SpooledTemporaryFile(IN_MEMORY)
    sent = get_input_stream(request.environ, max_content_length=request.max_content_length)
    while piece := sent.read(CHUNK):
        asked.update(piece)
        body.write(piece)
    body.seek(0)
    request.environ["wsgi.input"] = body
    return asked.hexdigest()


def _keep(response: Response) -> Response:
    key_id = g.pop("idempotency_key", None)
    if key_id is None:
        return response
    idempotency.at_work.set(None)
    with site().store.writing() as connection:
        if response.status_code >= 500:
            idempotency.release(connection, key_id)
        else:
            headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
            idempotency.keep(connection, key_id, Given(response.status_code, headers, response.get_data()))
    return response


def _let_go(_: BaseException | None) -> None:
    idempotency.at_work.set(None)
    if body := g.pop("idempotency_body", None):
        body.close()
