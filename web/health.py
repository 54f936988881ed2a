"""For those who run it: is the process alive, can it serve."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from flask import Blueprint, Response, current_app, jsonify

from kb.config import Config
from web.site import site

blueprint = Blueprint("health", __name__)
LEAST_DISK = 100 * 1024 * 1024


@blueprint.get("/livez")
def livez() -> Response:
    """Touches nothing."""
    return _told({"status": "ok"}, 200)


@blueprint.get("/readyz")
def readyz() -> Response:
    """Whether store, index and disk do their part; 503 and which does not otherwise.

    Without an index the store answers searches, in a plainer form: `degraded`, and 200.
    """
    found = {name: _tried(name, check) for name, check in (("store", _store), ("index", _index), ("disk", _disk))}
    ready = found["store"] and found["disk"]
    parts = {name: "ok" if good else "failing" for name, good in found.items()}
    status = "failing" if not ready else "ok" if found["index"] else "degraded"
    return _told({"status": status, **parts}, 200 if ready else 503)


def _tried(name: str, check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception:
        current_app.logger.exception("not ready: %s", name)
        return False


def _store() -> bool:
    site().store.check()
    return True


def _index() -> bool:
    return bool(site().engine.status().generation)


def _disk() -> bool:
    config: Config = current_app.extensions["kb-config"]
    return shutil.disk_usage(config.home).free >= LEAST_DISK


def _told(parts: dict[str, str], status: int) -> Response:
    answer = jsonify(parts)
    answer.status_code = status
    answer.headers["Cache-Control"] = "no-store"
    return answer
