"""`kb webhooks`: who is told what happens to cases, and what did not get through."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import cast

import click

from indexer.cli.common import Refused, config, opened_store
from indexer.cli.people import print_table
from kb.accounts import Viewer
from kb.store.outbox import CONTENTS, DELIVERY_STATES, DeliveryState
from kb.webhooks import EVENT_KINDS, NewWebhook, NoWebhook, WebhookRefused, Webhooks

# Whoever runs commands on the server keeps the site.
OPERATOR = Viewer(role="operator")
WRONG = {
    "name": "a name has 1 to 100 characters that can be printed, and no slash",
    "taken": "there is a webhook of this name already",
    "url": "the address must be like https://tool.example/hook, without a user, a fragment or spaces",
    "https": "the address must begin with https://; http:// is for networks named in KB_WEBHOOK_NETWORKS",
    "kinds": f"known kinds are {', '.join(EVENT_KINDS)}",
    "content": f"known contents are {', '.join(CONTENTS)}",
    "customer": "there is no customer of this name; see: kb user list",
    "staff_of_one": "what staff see is not for a customer's own webhook: --content customer",
    "many": "there are as many webhooks as there may be",
}


@click.group()
def webhooks() -> None:
    """Who is told what happens to cases, and what did not get through."""


@contextmanager
def _opened() -> Iterator[Webhooks]:
    settings = config()
    with opened_store(settings) as store:
        try:
            yield Webhooks(store, settings)
        except WebhookRefused as refused:
            raise Refused(WRONG[refused.reason]) from None
        except NoWebhook as error:
            raise Refused(f"there is no {error}; see: kb webhooks list") from None


@webhooks.command()
@click.argument("name")
@click.argument("url")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(EVENT_KINDS), help="Only these; else everything.")
@click.option(
    "--content", type=click.Choice(CONTENTS), default="state", show_default=True,
    help="How much its receiver may see: the state of a case alone, what its customer sees, or all that staff see.",
)  # fmt: skip
@click.option("--customer", help="Of this customer's cases alone.")
def add(name: str, url: str, kinds: tuple[str, ...], content: str, customer: str | None) -> None:
    """Add a webhook and print the secret its messages are signed with. It is shown this once.

    \b
    Example:
      kb webhooks add crm https://crm.example/hooks/kb --content customer --kind case.opened --kind case.reply
    """
    with _opened() as found:
        click.echo(found.add(OPERATOR, NewWebhook(name, url, kinds, content, customer), datetime.now(UTC)))


@webhooks.command("list")
def list_() -> None:
    """List webhooks, and how many events wait or were given up.

    \b
    Example:
      kb webhooks list
    """
    with _opened() as found:
        rows = [
            (each.name, each.url, " ".join(each.kinds) or "all", each.content, each.customer or "", _state(each.active))
            for each in found.all(OPERATOR)
        ]
        counts = found.counts(OPERATOR)
    print_table(("Name", "Address", "Kinds", "Content", "Customer", "Active"), rows)
    click.echo(f"waiting {counts['waiting']:,}, given up {counts['dead']:,}")


def _state(active: bool) -> str:
    return "yes" if active else "no"


@webhooks.command()
@click.argument("name")
def rotate(name: str) -> None:
    """Make a new secret and print it; messages are signed with the former, too, for a day.

    \b
    Example:
      kb webhooks rotate crm
    """
    with _opened() as found:
        click.echo(found.rotate(OPERATOR, name, datetime.now(UTC)))


@webhooks.command()
@click.argument("name")
@click.option("--undo", is_flag=True, help="Go on.")
def pause(name: str, undo: bool) -> None:
    """Tell a webhook nothing new; what waits for it waits on.

    \b
    Example:
      kb webhooks pause crm
    """
    with _opened() as found:
        found.set_active(OPERATOR, name, undo)
    click.echo(f"{name} is told again." if undo else f"{name} is told nothing.")


@webhooks.command()
@click.argument("name")
def remove(name: str) -> None:
    """Remove a webhook, and all that waits for it.

    \b
    Example:
      kb webhooks remove crm
    """
    with _opened() as found:
        found.remove(OPERATOR, name)
    click.echo(f"Removed {name}.")


@webhooks.command()
@click.option("--state", type=click.Choice(DELIVERY_STATES), default="dead", show_default=True)
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="The newest first.")
def deliveries(state: str, limit: int) -> None:
    """List what was given up (the dead letters), waits, or came through.

    \b
    Example:
      kb webhooks deliveries
    """
    with _opened() as found:
        shown = found.deliveries(OPERATOR, cast(DeliveryState, state), limit)
    rows = [
        (str(each.id), each.webhook, each.kind, str(each.case["number"]), f"{each.at:%Y-%m-%d %H:%M}",
         str(each.attempts), str(each.status or each.problem or ""))
        for each in shown
    ]  # fmt: skip
    print_table(("Delivery", "Webhook", "Kind", "Case", "Happened (UTC)", "Attempts", "Last answer"), rows)


@webhooks.command()
@click.argument("delivery", required=False, type=click.IntRange(1))
@click.option("--webhook", "name", help="All that was given up of this webhook.")
def replay(delivery: int | None, name: str | None) -> None:
    """Try anew what was given up: one, all of a webhook, or all.

    \b
    Example:
      kb webhooks replay 4711
      kb webhooks replay --webhook crm
    """
    with _opened() as found:
        done = found.replay(OPERATOR, datetime.now(UTC), delivery=delivery, name=name)
    click.echo(f"{done:,} to be tried anew.")
