"""Webhooks for programs that operators run."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import NotFound

from kb.store.outbox import DELIVERY_STATES, Webhook
from kb.webhooks import EventKind, NewWebhook, NoWebhook, WebhookRefused, check_operator
from web import errors, idempotency, parameters, schema
from web.api import json_of
from web.bodies import body
from web.idempotency import once
from web.language import now
from web.messages import text
from web.problems import BadParameter, Refused
from web.site import site
from web.viewer import require_token
from web.webhooks import told

blueprint = Blueprint("webhook_api", __name__, url_prefix="/api/v1/webhooks")
PARAMETERS = {"webhook_api.webhooks": ("ui",), "webhook_api.deliveries": ("state", "after", "limit", "ui")}
MOST, LONGEST_ID = 100, 2**31 - 1


@blueprint.before_request
def check() -> None:
    """To everyone but operators there are none; changes take a token."""
    require_token()
    check_operator(g.viewer)
    if request.endpoint in PARAMETERS:
        parameters.check_names(request.args, PARAMETERS[request.endpoint])


idempotency.install(blueprint)


@blueprint.errorhandler(NoWebhook)
def absent(_: NoWebhook) -> Response:
    return errors.told(NotFound())


@blueprint.errorhandler(WebhookRefused)
def refused(error: WebhookRefused) -> Response:
    return errors.told(Refused(told(error)))


@blueprint.get("")
def webhooks() -> Response:
    return json_of(schema.Webhooks(webhooks=[_told(each) for each in site().webhooks.all(g.viewer)]))


@blueprint.post("")
def add() -> Response:
    given = body(schema.NewWebhook)
    new = NewWebhook(given.name, given.url, tuple(given.kinds), given.content, given.customer)
    secret = once(lambda: site().webhooks.add(g.viewer, new, now()))
    return json_of(schema.Secret(name=given.name, secret=secret), 201)


@blueprint.post("/<name>/rotate")
def rotate(name: str) -> Response:
    secret = once(lambda: site().webhooks.rotate(g.viewer, name, now()))
    return json_of(schema.Secret(name=name, secret=secret), 201)


@blueprint.patch("/<name>")
def change(name: str) -> Response:
    site().webhooks.set_active(g.viewer, name, body(schema.WebhookChange).active)
    return json_of(_told(site().webhooks.find(g.viewer, name)))


@blueprint.delete("/<name>")
def remove(name: str) -> Response:
    site().webhooks.remove(g.viewer, name)
    return Response(status=204)


@blueprint.get("/deliveries")
def deliveries() -> Response:
    """What waits, came through or was given up, the newest first."""
    state = request.args.get("state", "dead")
    if state not in DELIVERY_STATES:
        raise BadParameter("state", state, text("wrong.choice", choices=", ".join(DELIVERY_STATES)))
    limit = parameters.whole(request.args, "limit", 50, MOST)
    before = parameters.whole(request.args, "after", LONGEST_ID, LONGEST_ID)
    found = site().webhooks.deliveries(g.viewer, state, limit + 1, before)
    shown = [
        schema.Delivery(
            id=each.id, webhook=each.webhook, event=each.uid, kind=cast(EventKind, each.kind),
            case=str(each.case["number"]), at=each.at,
            state=each.delivery_state, attempts=each.attempts, next_at=each.next_at, status=each.status,
            problem=each.problem,
        )
        for each in found[:limit]
    ]  # fmt: skip
    return json_of(schema.Deliveries(deliveries=shown, next=found[limit - 1].id if len(found) > limit else None))


@blueprint.post("/deliveries/<int(max=2147483647):delivery>/replay")
def replay(delivery: int) -> Response:
    replayed = once(lambda: site().webhooks.replay(g.viewer, now(), delivery=delivery))
    return json_of(schema.Replayed(replayed=replayed))


@blueprint.post("/deliveries/replay")
def replay_all() -> Response:
    return json_of(schema.Replayed(replayed=once(lambda: site().webhooks.replay(g.viewer, now()))))


def _told(found: Webhook) -> schema.Webhook:
    return schema.Webhook(
        name=found.name, url=found.url, kinds=cast(list[EventKind], list(found.kinds)), content=found.content,
        customer=found.customer,
        active=found.active, answers=found.silences == 0, created_at=found.created_at,
    )  # fmt: skip
