"""For those who run it: is the process alive, can it serve."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable

from flask import Blueprint, Flask, Response, current_app, jsonify

from kb import patience
from kb.logs import Trouble
from kb.search import EngineDown
from kb.store import StoreError
from web.site import site

log = logging.getLogger(__name__)

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
    checks = {"store": _store, "index": _index, "disk": _disk}
    found = {name: _tried(name, check) for name, check in checks.items()}
    ready = found["store"] and found["disk"]
    parts = {name: "ok" if good else "failing" for name, good in found.items()}
    status = "failing" if not ready else "ok" if found["index"] else "degraded"
    return _told({"status": status, **parts}, 200 if ready else 503)


def install(app: Flask) -> None:
    app.extensions["kb-health"] = {name: Trouble(log, name) for name in ("store", "index", "disk")}


def _tried(name: str, check: Callable[[], str]) -> bool:
    trouble: Trouble = current_app.extensions["kb-health"][name]
    try:
        wrong, kind = check(), "found"
    except (EngineDown, StoreError) as error:
        wrong, kind = str(error), type(error).__name__
    except Exception as error:
        trouble.broke(error)
        return False
    if wrong:
        trouble.met(kind, wrong)
    else:
        trouble.over()
    return not wrong


def _store() -> str:
    site().store.check()
    return ""


def _index() -> str:
    # Who asks, such as HAProxy, waits for seconds alone.
    with patience.within(1):
        return "" if site().engine.status().generation else "there is no index"


def _disk() -> str:
    home = current_app.extensions["kb-config"].home
    free = shutil.disk_usage(home).free
    return "" if free >= LEAST_DISK else f"{free // 1_000_000} MB are left in {home}"


def _told(parts: dict[str, str], status: int) -> Response:
    answer = jsonify(parts)
    answer.status_code = status
    answer.headers["Cache-Control"] = "no-store"
    return answer
