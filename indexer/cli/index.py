"""`kb build`, `kb sync`, `kb check`."""

from __future__ import annotations

import os
import time
from functools import partial

import click

from indexer.appearing import watching
from indexer.audit import Findings, audit, repair
from indexer.cli.common import config, opened_engine, opened_store, progress, until_told
from indexer.giving_way import LESS_URGENT
from indexer.sync import drain, follow, rebuild
from kb.search import Engine

SHOWN = 20
ENGINE = click.option("--engine", metavar="NAME", help="Another engine than the one of KB_ENGINE.")

# Those who bring the index up to date meanwhile are let finish.
PATIENCE = 60


@click.command()
@ENGINE
def build(engine: str | None) -> None:
    """Index every article anew. The index there is keeps serving until the new one is whole, and whoever reads goes
    first.

    \b
    Examples:
      kb build
      kb build --engine tantivy
    """
    settings = config()
    began = time.monotonic()
    os.nice(LESS_URGENT)
    with opened_store(settings) as store, opened_engine(settings, engine) as opened:
        with progress() as draw:
            serving = engine in (None, settings.engine)
            told = partial(draw, "indexing")
            done = rebuild(store, opened, told, settings.limits, serving=serving, patience=PATIENCE)
        _tell(opened, f"Indexed {done.articles:,} articles in {time.monotonic() - began:.1f} s")


@click.command()
@ENGINE
@click.option(
    "--follow",
    "following",
    is_flag=True,
    help="Go on until stopped, and publish what is due, too.",
)
def sync(engine: str | None, following: bool) -> int:
    """Bring the index up to date with the store. Exit code 1 when changes wait on, since another process has them.

    \b
    Examples:
      kb sync
      kb sync --follow
    """
    settings = config()
    began = time.monotonic()
    os.nice(LESS_URGENT)
    with opened_store(settings) as store, opened_engine(settings, engine) as opened:
        if following:
            with watching(store, settings), until_told() as stop:
                follow(store, opened, stop, settings.limits)
            return 0
        with progress() as draw:
            done = drain(store, opened, lambda done, total: draw("indexing", done, total), settings.limits)
        _tell(opened, f"Indexed {done.articles:,} changed articles in {time.monotonic() - began:.1f} s")
        if waiting := store.waiting():
            click.echo(
                f"{waiting:,} changes wait on: another process is at them, or they are newer; run it again", err=True
            )
    return 1 if waiting else 0


def _tell(engine: Engine, what: str) -> None:
    status = engine.status()
    click.echo(f"{what}; {status.engine} holds {status.documents:,} documents in {status.bytes / 1e6:,.1f} MB")


@click.command()
@click.option("--repair", "repairing", is_flag=True, help="Put right what is found.")
def check(repairing: bool) -> int:
    """Compare the index with the store: every article, its text and who may read it.

    Exit code 1 when something was found, repaired or not.

    \b
    Examples:
      kb check
      kb check --repair
    """
    settings = config()
    os.nice(LESS_URGENT)
    with opened_store(settings) as store, opened_engine(settings) as engine:
        with progress() as draw:
            findings = audit(store, engine, lambda done, total: draw("checking", done, total))
        _print(findings, store.waiting())
        if findings.clean:
            return 0
        if repairing and (findings.outdated or findings.damaged):
            rebuild(store, engine, limits=settings.limits)
        elif repairing:
            repair(store, engine, findings)
        if repairing:
            again = audit(store, engine)
            click.echo("Repaired." if again.clean else "Not all could be repaired; run: kb build")
    return 1


def _print(findings: Findings, waiting: int) -> None:
    if findings.clean:
        click.echo(f"{findings.checked:,} articles checked: the index holds what the store says.")
        return
    if findings.damaged:
        click.echo("The index is damaged; kb build or --repair makes it anew.")
        return
    click.echo(f"{findings.checked:,} articles checked.")
    if findings.outdated:
        click.echo("The index was written by other rules than today's; kb build or --repair makes it anew.")
    kinds = (
        ("not in the index", findings.missing),
        ("other than in the store", findings.stale),
        ("gone", findings.extra),
    )
    for what, ids in kinds:
        if ids:
            more = f" and {len(ids) - SHOWN:,} more" if len(ids) > SHOWN else ""
            click.echo(f"{len(ids):,} {what}: {', '.join(map(str, ids[:SHOWN]))}{more}")
    if waiting:
        click.echo(f"{waiting:,} changes are waiting to be indexed: kb sync")
