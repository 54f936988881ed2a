"""What the pages of those who write have in common: to everyone else they are not there."""

from __future__ import annotations

from flask import Blueprint, Response, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound, ServiceUnavailable

from kb.editing import NoDraft
from kb.rendering.waiting import Crowded
from web import errors
from web.site import site


def admit(blueprint: Blueprint) -> None:
    """Whoever may write nothing finds none of the blueprint's pages; who has not signed in is asked to."""
    blueprint.before_request(_check)
    blueprint.register_error_handler(NoDraft, _absent)
    blueprint.register_error_handler(Crowded, _crowded)


def _check() -> ResponseReturnValue | None:
    if g.viewer.account_id is None and request.method == "GET":
        return redirect(url_for("sign_in.page", next=request.full_path.rstrip("?")))
    site().editing.check_editor(g.viewer)
    return None


def _absent(_: Exception) -> Response:
    return errors.told(NotFound())


def _crowded(_: Exception) -> Response:
    return errors.told(ServiceUnavailable())
