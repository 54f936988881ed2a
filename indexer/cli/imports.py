"""`kb imports`: what was imported, and taking it back."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click
from rich import box
from rich.console import Console
from rich.table import Table

from indexer.cli.common import Refused, config, opened_store, told_to_end
from indexer.working import follow
from kb.accounts import Accounts
from kb.config import Config
from kb.entitlements import matrices
from kb.messages import obstacle_told
from kb.store import Store
from kb.store.articles import RollbackRefused

SHOWN = 20


@click.group()
def imports() -> None:
    """What was imported, and taking it back."""


@imports.command(name="list")
@click.option("--limit", default=50, type=click.IntRange(1, 10_000), help="How many, the newest first.")
def list_(limit: int) -> None:
    """List batches, the newest first.

    \b
    Example:
      kb imports list
    """
    settings = config()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("Batch", "When", "Source", "New", "Changed", "By", "Taken back"):
        table.add_column(
            name, no_wrap=name != "Source", justify="right" if name in ("Batch", "New", "Changed") else "left"
        )
    with opened_store(settings) as store:
        names = _names(store, settings)
        found = store.batches(limit)
    for batch in found:
        new, changed = (f"{batch.counts.get(name, 0):,}" for name in ("new", "changed"))
        by = names.get(batch.account_id or 0, "")
        back = _when(batch.rolled_back_at, settings) if batch.rolled_back_at else ""
        table.add_row(str(batch.id), _when(batch.started_at, settings), batch.source, new, changed, by, back)
    if found:
        Console().print(table)
    else:
        click.echo("Nothing was imported yet: kb import --help")


@imports.command()
@click.argument("batch", type=click.IntRange(1))
def rollback(batch: int) -> int:
    """Take a batch back: every article, attachment, right and product as before it.

    Refused, and nothing changed, where later work would be lost.

    \b
    Example:
      kb imports rollback 12
    """
    settings = config()
    lang = settings.lang or "en"
    with opened_store(settings) as store:
        try:
            done = store.roll_back(batch, None, datetime.now(UTC))
        except RollbackRefused as error:
            if not error.obstacles:
                raise Refused(f"there is no batch {batch} that could be taken back: kb imports list") from error
            click.echo(f"Batch {batch} stays; later work would be lost:", err=True)
            for each in error.obstacles[:SHOWN]:
                click.echo(f"  {each.number} {each.title}: {obstacle_told(each, lang)}", err=True)
            if len(error.obstacles) > SHOWN:
                click.echo(f"  and {len(error.obstacles) - SHOWN:,} more", err=True)
            return 1
    new, changed = done.counts.get("new", 0), done.counts.get("changed", 0)
    click.echo(f"Took batch {batch} of {done.source} back: {new:,} articles removed, {changed:,} as they were before")
    return 0


@imports.command()
def work() -> None:
    """Do the imports that are sent in browsers and by programs, until stopped. `kb serve` runs it by itself.

    \b
    Example:
      kb imports work
    """
    settings = config()
    with opened_store(settings) as store:
        follow(store, settings, told_to_end())


def _names(store: Store, settings: Config) -> dict[int, str]:
    return {each.id: each.name for each in Accounts(store, settings, matrices(settings.matrix)).all()}


def _when(moment: datetime, settings: Config) -> str:
    return moment.astimezone(ZoneInfo(settings.time_zone)).strftime("%Y-%m-%d %H:%M")
