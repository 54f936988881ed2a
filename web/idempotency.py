"""`Idempotency-Key`: a program whose answer got lost asks again, and what it asked for is done once.

Key, question and what was made are kept for a day, not the answer: who asks again is told of it as it is now, and as
far as he may read it now. That the work is done is noted in the transaction that does it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from typing import TypeVar

from flask import Blueprint, Response, g, request
from werkzeug.wsgi import get_input_stream

from kb.store import idempotency
from kb.store.idempotency import Claim
from web.language import now
from web.messages import text
from web.problems import BadParameter, Conflicting, Refused
from web.site import site

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEY = re.compile(r"[\x21-\x7e]{1,200}")
IN_MEMORY = CHUNK = 1 << 20
Made = TypeVar("Made")


def install(blueprint: Blueprint) -> None:
    """Every POST of the blueprint takes a key: what it changes, it changes within `once`. To be called after its own
    checks of who asks are in place."""
    blueprint.before_request(_claim)
    blueprint.after_request(_settle)
    blueprint.teardown_request(_let_go)


def once(work: Callable[[], Made]) -> Made:
    """What comes of the work, which JSON can hold; what came of it the first time when it was done under this key."""
    claim: Claim | None = g.get("idempotency_claim")
    if claim is None:
        return work()
    if claim.made is not None:
        first: Made = claim.made[0]
        return first
    made = work()
    idempotency.at_work.set(None)
    with site().store.writing() as connection:
        idempotency.keep(connection, claim.id, made)
    return made


def _claim() -> None:
    key = request.headers.get(HEADER)
    if request.method != "POST" or key is None:
        return
    if not KEY.fullmatch(key):
        raise BadParameter(HEADER, key, text("wrong.key"))
    fingerprint = _fingerprint()
    with site().store.writing() as connection:
        claim = idempotency.claim(connection, g.viewer.account_id, key, fingerprint, now())
    if not claim.same:
        raise Refused(text("api.key_used"))
    if not claim.ours and claim.made is None:
        raise Conflicting(text("api.key_done" if claim.written else "api.key_busy"))
    g.idempotency_claim = claim
    if claim.ours:
        idempotency.at_work.set(claim.id)


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


def _settle(response: Response) -> Response:
    """What did nothing, as it was refused or only looked, leaves its key free."""
    claim: Claim | None = g.pop("idempotency_claim", None)
    if claim is None:
        return response
    idempotency.at_work.set(None)
    if claim.ours:
        with site().store.writing() as connection:
            idempotency.release(connection, claim.id)
    else:
        response.headers[REPLAYED] = "true"
    return response


def _let_go(_: BaseException | None) -> None:
    idempotency.at_work.set(None)
    if body := g.pop("idempotency_body", None):
        body.close()
