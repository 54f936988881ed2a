"""Webhooks in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from kb.store.outbox import DELIVERY_STATES
from web.openapi_parts import Door, choice, parameter, ui, whole

ABSENT = {"404": "There is no such webhook for the one who asks: operators alone see them."}
REFUSED = ABSENT | {
    "409": "The first request with this `Idempotency-Key` is still at work.",
    "422": "It cannot be so; `detail` says why.",
}
ROOT, ONE = "/api/v1/webhooks", "/api/v1/webhooks/{name}"


def doors() -> list[Door]:
    name = parameter("name", {"type": "string", "pattern": "^[^/]+$", "maxLength": 100}, "The webhook's name.", "path")
    delivery = whole("delivery", 1, 2**31 - 1, place="path")
    state = choice("state", ("dead", *(each for each in DELIVERY_STATES if each != "dead")))

    def door(path: str, method: str, name: str, summary: str, answer: str | None, **others: Any) -> Door:
        problems = REFUSED if method == "post" else ABSENT
        return Door(path, method, name, summary, answer, "webhooks", problems=problems, **others)

    return [
        door(ROOT, "get", "webhooks", "Who is told what happens to cases", "Webhooks", parameters=(ui(),)),
        door(
            ROOT, "post", "addWebhook", "Add a webhook; its secret is told this once", "Secret", status="201",
            body="NewWebhook",
        ),
        door(ONE, "patch", "changeWebhook", "Pause it, or go on", "Webhook", parameters=(name,), body="WebhookChange"),
        door(ONE, "delete", "removeWebhook", "Remove it, and what waits", None, status="204", parameters=(name,)),
        door(
            ONE + "/rotate", "post", "rotateSecret", "A new secret; the former signs, too, for a day", "Secret",
            status="201", parameters=(name,),
        ),
        door(
            ROOT + "/deliveries", "get", "deliveries", "What was given up, waits, or came through", "Deliveries",
            parameters=(state, whole("after", 1, 2**31 - 1), whole("limit", 1, 100, 50), ui()),
        ),
        door(
            ROOT + "/deliveries/{delivery}/replay", "post", "replay", "Try anew what was given up", "Replayed",
            parameters=(delivery,),
        ),
        door(ROOT + "/deliveries/replay", "post", "replayAll", "Try anew all that was given up", "Replayed"),
    ]  # fmt: skip
