"""What is to happen at its moment: drafts that are due are published, articles that have expired are archived."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from kb.config import Config
from kb.curating import Curating
from kb.editing import Editing
from kb.entitlements import matrices
from kb.logs import Trouble
from kb.publishing import Publishing
from kb.store import Store, StoreError

log = logging.getLogger(__name__)

EVERY_SECONDS = 1.0
LONGEST_PAUSE = 30.0


@contextmanager
def watching(store: Store, config: Config) -> Iterator[None]:
    """Does what is due, every second for as long as the block runs, beside what the block does."""
    stop = threading.Event()
    thread = threading.Thread(target=_watch, args=(store, config, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _watch(store: Store, config: Config, stop: threading.Event) -> None:
    """Trouble is logged and tried again, ever more patiently."""
    publishing = Publishing(store, config, matrices(config.matrix))
    editing, pause = Editing(store, publishing), EVERY_SECONDS
    curating, trouble = Curating(store, editing, publishing), Trouble(log, "what is due waits")
    try:
        while not stop.wait(pause):
            try:
                now = datetime.now(UTC)
                published, expired = editing.publish_due(now), curating.expire_due(now)
                if published or expired:
                    log.info("published %d drafts, archived %d articles", published, expired)
                pause = EVERY_SECONDS
                trouble.over()
            except StoreError as error:
                trouble.met(type(error).__name__, error)
                pause = min(pause * 2, LONGEST_PAUSE)
            except Exception:
                log.exception("what is due could not be done; next try in %.0f s", pause)
                pause = min(pause * 2, LONGEST_PAUSE)
    finally:
        publishing.close()
