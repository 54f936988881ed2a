"""What the pages of those who write have in common: to everyone else they are not there."""

from __future__ import annotations

from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound, ServiceUnavailable

from kb.editing import NoDraft
from kb.rendering.waiting import Crowded
from web import errors
from web.site import site
from web.viewer import sign_in_first


def admit(blueprint: Blueprint) -> None:
    """Whoever may write nothing finds none of the blueprint's pages; who has not signed in is asked to."""
    blueprint.before_request(_check)
    blueprint.register_error_handler(NoDraft, _absent)
    blueprint.register_error_handler(Crowded, _crowded)


def _check() -> ResponseReturnValue | None:
    if request.method == "GET" and (first := sign_in_first()):
        return first
    site().editing.check_editor(g.viewer)
    return None


def _absent(_: Exception) -> Response:
    return errors.told(NotFound())


def _crowded(_: Exception) -> Response:
    return errors.told(ServiceUnavailable())
