"""What a token may be used for: each part of the API names the scope it takes, and nothing is open that names none."""

from __future__ import annotations

from collections.abc import Iterable

from flask import g, request
from werkzeug.datastructures import WWWAuthenticate

from web.messages import text
from web.problems import Refused

# Blueprint → the scopes that reading and changing take.
SCOPES: dict[str, tuple[str, str]] = {
    "api": ("read", "read"),
    "case_api": ("cases:read", "cases:write"),
    "spr_api": ("read", "sprs:write"),
    "draft_api": ("drafts", "drafts"),
    "change_api": ("drafts", "drafts"),
    "import_api": ("imports", "imports"),
    "webhook_api": ("webhooks", "webhooks"),
}
# Says nothing of what there is.
FREE = ("api.document",)


class OutOfScope(Refused):
    """The token may not be used for this; `scope` is what it lacks (RFC 6750)."""

    def __init__(self, scope: str) -> None:
        super().__init__(text("api.out_of_scope", scope=scope), forbidden=True)
        self.www_authenticate = WWWAuthenticate("bearer", {"error": "insufficient_scope", "scope": scope})

    def get_headers(self, *arguments: object) -> list[tuple[str, str]]:
        return [*super().get_headers(), ("WWW-Authenticate", str(self.www_authenticate))]


def needed(blueprint: str, method: str) -> str:
    """The scope that a request to this part takes."""
    reading, changing = SCOPES[blueprint]
    return reading if method in ("GET", "HEAD", "OPTIONS") else changing


def check() -> None:
    """OutOfScope when the asker came with a token that is not for this."""
    if g.viewer.token_scopes is None or request.blueprint is None or request.endpoint in FREE:
        return
    scope = needed(request.blueprint, request.method)
    if not g.viewer.may_use(scope):
        raise OutOfScope(scope)


def told(scopes: Iterable[str]) -> list[tuple[str, str]]:
    """Scopes with what they are for, in the reader's language."""
    return [(scope, text(f"scope.{scope.replace(':', '_')}")) for scope in scopes]
