"""The worker that follows the clocks of cases and sends webhooks: on as many machines as there are.

Each receiver has a lane of its own, so that one that hangs holds up nobody else. A worker that dies leaves what it held
to another, which sends it again: a receiver may hear an event twice, and knows it by its id.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from indexer.posting import NotSent, Post, post
from kb import webhooks
from kb.cases import Cases
from kb.config import Config
from kb.entitlements import Matrix
from kb.logs import Trouble
from kb.store import Store, StoreError, outbox
from kb.store.outbox import Delivery, Webhook
from kb.watching import Watcher

log = logging.getLogger(__name__)
IDLE_SECONDS = 1.0
FORGET_SECONDS = 3600.0
# A lane that has sent for so long gives way; the others have theirs.
TURN_SECONDS = 30.0
# Of a worker that stops, attempts under way are waited for.
DRAIN_SECONDS = 12.0


def follow(store: Store, config: Config, matrices: tuple[Matrix, ...], stop: threading.Event) -> None:
    """Tells of clocks and sends what there is to send, until `stop` is set."""
    cases = Cases(store, config, matrices)
    watcher = Watcher(store, cases, config, matrices)
    lanes, trouble = Lanes(store, config), Trouble(log, "cases wait")
    begun, forgotten = False, float("-inf")
    while not stop.is_set():
        try:
            if not begun:
                watcher.begin(datetime.now(UTC))
                begun = True
            looked_at = watcher.watch(datetime.now(UTC))
            lanes.open()
            if time.monotonic() - forgotten > FORGET_SECONDS:
                with store.writing() as connection:
                    outbox.forget(connection, datetime.now(UTC) - webhooks.KEPT)
                cases.files.forget(datetime.now(UTC))
                forgotten = time.monotonic()
            trouble.over()
            if looked_at:
                continue
        except StoreError as error:
            trouble.met(type(error).__name__, error)
        stop.wait(IDLE_SECONDS)
    lanes.close()


class Lanes:
    """A thread for each receiver that something waits for."""

    def __init__(
        self, store: Store, config: Config, send: Callable[[Post], int] = post, chance: random.Random | None = None
    ) -> None:
        self._store, self._config, self._send = store, config, send
        self._chance = chance or random.SystemRandom()
        self._lanes: dict[int, threading.Thread] = {}
        self._closing = threading.Event()

    def open(self) -> None:
        """Opens a lane for each receiver that something is ready for and that has none."""
        self._lanes = {id_: lane for id_, lane in self._lanes.items() if lane.is_alive()}
        with self._store.reading() as connection:
            busy = outbox.busy(connection, datetime.now(UTC))
        for webhook_id in busy:
            if webhook_id not in self._lanes:
                lane = threading.Thread(target=self._run, args=(webhook_id,), daemon=True)
                self._lanes[webhook_id] = lane
                lane.start()

    def close(self) -> None:
        """Begins nothing new, and waits for what is under way."""
        self._closing.set()
        until = time.monotonic() + DRAIN_SECONDS
        for lane in self._lanes.values():
            lane.join(max(0.0, until - time.monotonic()))

    def _run(self, webhook_id: int) -> None:
        until = time.monotonic() + TURN_SECONDS
        try:
            while not self._closing.is_set() and time.monotonic() < until and self.step(webhook_id):
                pass
        except StoreError as error:
            log.warning("webhooks wait: %s", error)
        except Exception:
            log.exception("webhook %d broke", webhook_id)

    def step(self, webhook_id: int) -> bool:
        """Sends the next event to a receiver. False: there is none, or it does not answer."""
        began = datetime.now(UTC)
        with self._store.writing() as connection:
            webhook = outbox.webhook_by_id(connection, webhook_id)
            if webhook is None or not webhook.active:
                return False
            one = outbox.claim(connection, webhook_id, began, began + webhooks.HELD)
        if one is None:
            return False
        answer = self._answer(one, webhook)
        outcome = webhooks.outcome(one, webhook, answer, datetime.now(UTC), self._chance)
        with self._store.writing() as connection:
            outbox.settle(connection, one, outcome)
        if outcome.state == "dead":
            log.error("webhook_given_up webhook=%d delivery=%d", webhook.id, one.id)
        return outcome.rests_until is None

    def _answer(self, one: Delivery, webhook: Webhook) -> int | str:
        """The status, or a word for why there was none."""
        body = webhooks.message(one, webhook)
        headers = webhooks.signed(one.uid, body, webhook, datetime.now(UTC))
        try:
            return self._send(Post(webhook.url, headers, body, self._config.webhook_networks))
        except NotSent as error:
            return error.reason
