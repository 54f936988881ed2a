"""Webhooks: what happens to cases is sent to other tools, signed, each receiver told no more than it may see.

Messages are signed as the Standard Webhooks specification says, with `webhook-id`, `webhook-timestamp` and
`webhook-signature`; after a change of the secret, with both for a day. Operators alone see and keep webhooks.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias, get_args
from urllib.parse import urlsplit

from kb.accounts import Viewer
from kb.config import Config
from kb.store import Store, outbox
from kb.store import accounts as account_rows
from kb.store.outbox import CONTENTS, Content, Delivery, DeliveryState, Outcome, Webhook

EventKind: TypeAlias = Literal[
    "case.opened", "case.reply", "case.note", "case.change", "case.link", "case.unlink", "case.file", "case.spr_link",
    "case.spr_unlink", "case.spr_fixed", "clock.warning", "clock.breach",
]  # fmt: skip
EVENT_KINDS: tuple[EventKind, ...] = get_args(EventKind)
REFUSALS = ("name", "taken", "url", "https", "kinds", "content", "customer", "staff_of_one", "many")
MOST = 100
LONGEST_URL = 2_000
PREFIX = "whsec_"
ROTATION = timedelta(hours=24)
KEPT = timedelta(days=30)
# An attempt takes no longer than this; a worker that is gone is waited for no longer.
HELD = timedelta(seconds=60)
FIRST_PAUSE, LONGEST_PAUSE, ATTEMPTS = timedelta(seconds=5), timedelta(hours=6), 16
LONGEST_REST = timedelta(minutes=5)


class NoWebhook(Exception):
    """There is none for whoever asks."""


class WebhookRefused(Exception):
    """A webhook cannot be so. `reason`, one of REFUSALS, names it for the reader's language."""

    def __init__(self, reason: str) -> None:
        assert reason in REFUSALS  # noqa: S101
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A receiver to be told. `kinds` none: everything; `content`: of a case its state alone, what its customer may see,
    or all that staff see; `customer`: of this customer's cases alone."""

    name: str
    url: str
    kinds: tuple[str, ...] = ()
    content: str = "state"
    customer: str | None = None


class Webhooks:
    """Keeping webhooks. Safe to share between threads."""

    def __init__(self, store: Store, config: Config) -> None:
        self._store, self._private = store, bool(config.webhook_networks)

    def all(self, viewer: Viewer) -> list[Webhook]:
        check_operator(viewer)
        with self._store.reading() as connection:
            return outbox.webhooks(connection)

    def find(self, viewer: Viewer, name: str) -> Webhook:
        check_operator(viewer)
        with self._store.reading() as connection:
            found = outbox.webhooks(connection, name)
        if not found:
            raise NoWebhook(name)
        return found[0]

    def add(self, viewer: Viewer, new: NewWebhook, now: datetime) -> str:
        """Gives the secret its messages are signed with; it is shown this once. WebhookRefused says what is wrong."""
        check_operator(viewer)
        self._check(new)
        secret = new_secret()
        values = {
            "name": new.name, "url": new.url, "secret": secret, "kinds": list(dict.fromkeys(new.kinds)),
            "content": new.content, "active": True, "silences": 0, "created_at": now,
        }  # fmt: skip
        with self._store.writing() as connection:
            customer_id = account_rows.customer_id(connection, new.customer) if new.customer else None
            if new.customer and customer_id is None:
                raise WebhookRefused("customer")
            there = outbox.webhooks(connection)
            if any(each.name == new.name for each in there):
                raise WebhookRefused("taken")
            if len(there) >= MOST:
                raise WebhookRefused("many")
            outbox.add_webhook(connection, values | {"customer_id": customer_id})
        return secret

    def _check(self, new: NewWebhook) -> None:
        if not new.name.strip() or len(new.name) > 100 or not new.name.isprintable() or "/" in new.name:
            raise WebhookRefused("name")
        _check_url(new.url, self._private)
        if set(new.kinds) - set(EVENT_KINDS):
            raise WebhookRefused("kinds")
        if new.content not in CONTENTS:
            raise WebhookRefused("content")
        if new.content == "staff" and new.customer:
            raise WebhookRefused("staff_of_one")

    def rotate(self, viewer: Viewer, name: str, now: datetime) -> str:
        """A new secret; messages are signed with the former, too, for a day."""
        found, secret = self.find(viewer, name), new_secret()
        values = {"secret": secret, "former_secret": found.secret, "former_until": now + ROTATION}
        with self._store.writing() as connection:
            outbox.change_webhook(connection, found.id, values)
        return secret

    def set_active(self, viewer: Viewer, name: str, active: bool) -> None:
        """One that is not active is told nothing new; what waits for it waits on."""
        found = self.find(viewer, name)
        with self._store.writing() as connection:
            outbox.change_webhook(connection, found.id, {"active": active, "silences": 0, "rests_until": None})

    def remove(self, viewer: Viewer, name: str) -> None:
        found = self.find(viewer, name)
        with self._store.writing() as connection:
            outbox.remove_webhook(connection, found.id)

    def deliveries(self, viewer: Viewer, state: DeliveryState, limit: int, before: int | None = None) -> list[Delivery]:
        """What waits, came, or was given up, the newest first."""
        check_operator(viewer)
        with self._store.reading() as connection:
            return outbox.of_state(connection, state, before, limit)

    def counts(self, viewer: Viewer) -> dict[str, int]:
        check_operator(viewer)
        with self._store.reading() as connection:
            return {state: outbox.count_of_state(connection, state) for state in outbox.DELIVERY_STATES}

    def replay(self, viewer: Viewer, now: datetime, *, delivery: int | None = None, name: str | None = None) -> int:
        """Tries anew what was given up: one, all of a webhook, or all. How many there were."""
        check_operator(viewer)
        webhook_id = self.find(viewer, name).id if name is not None else None
        with self._store.writing() as connection:
            done = outbox.replay(connection, now, delivery, webhook_id)
        if delivery is not None and not done:
            raise NoWebhook(str(delivery))
        return done


def is_operator(viewer: Viewer) -> bool:
    return viewer.role == "operator"


def check_operator(viewer: Viewer) -> None:
    """To everyone but operators there are no webhooks."""
    if not is_operator(viewer):
        raise NoWebhook


def _check_url(url: str, private: bool) -> None:
    """Without networks of one's own that are allowed, messages go over HTTPS alone."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise WebhookRefused("url") from None
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= LONGEST_URL and port != 0
    if not plain or not parts.hostname or parts.username is not None or parts.fragment:
        raise WebhookRefused("url")
    if parts.scheme not in ("https", "http"):
        raise WebhookRefused("url")
    if parts.scheme == "http" and not private:
        raise WebhookRefused("https")


# Messages


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def message(one: Delivery, webhook: Webhook) -> bytes:
    """What a receiver is told: the same whenever it is sent."""
    content: Content = webhook.content
    shown = {"number", "product", "severity", "status"} | ({"subject", "customer"} if content != "state" else set())
    case: dict[str, Any] = {name: value for name, value in one.case.items() if name in shown}
    told: dict[str, Any] = {
        "id": one.uid, "type": one.kind, "timestamp": one.at.isoformat(),
        "case": case | {"url": f"/cases/{one.case['number']}"},
        "data": dict(one.data) if content == "staff" else _fields(one.data, content),
    }  # fmt: skip
    if content != "state":
        told |= {"by": one.by, "text": one.text}
    if content == "staff":
        told["internal"] = one.internal
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def _fields(data: Mapping[str, Any], content: Content) -> dict[str, Any]:
    """Of what changed, what a receiver of such content may know; a customer sees all of it on his page."""
    shown = {"severity", "status", "clock", "due_at"} | ({"spr", "fixed_in"} if content == "customer" else set())
    return {name: value for name, value in data.items() if name in shown}


def signed(uid: str, body: bytes, webhook: Webhook, now: datetime) -> dict[str, str]:
    """The headers that say whose a message is, by both secrets while one takes the place of the other."""
    at = str(int(now.timestamp()))
    held = [webhook.secret]
    if webhook.former_secret and webhook.former_until and now < webhook.former_until:
        held.append(webhook.former_secret)
    signatures = " ".join(signature(secret, uid, at, body) for secret in held)
    return {"webhook-id": uid, "webhook-timestamp": at, "webhook-signature": signatures}


def signature(secret: str, uid: str, at: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.new(key, f"{uid}.{at}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


# Attempts


def outcome(one: Delivery, webhook: Webhook, answer: int | str, now: datetime, chance: random.Random) -> Outcome:
    """What comes of an attempt: `answer` is the status that was answered, or a word for why there was none."""
    status = answer if isinstance(answer, int) else None
    if status is not None and 200 <= status < 300:
        return Outcome("delivered", now, status)
    problem = answer if isinstance(answer, str) else "redirect" if 300 <= answer < 400 else "refused"
    rests = now + _pause(webhook.silences, LONGEST_REST, chance) if status is None else None
    if one.attempts + 1 >= ATTEMPTS:
        return Outcome("dead", now, status, problem, rests_until=rests)
    return Outcome("waiting", now, status, problem, now + _pause(one.attempts, LONGEST_PAUSE, chance), rests)


def _pause(failed: int, longest: timedelta, chance: random.Random) -> timedelta:
    """Twice as long each time; half of it by chance, so that what failed together is not tried together."""
    whole: timedelta = min(FIRST_PAUSE * (1 << min(failed, 30)), longest)
    return whole * (0.5 + chance.random() / 2)
