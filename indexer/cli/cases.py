"""`kb cases`: the queue and a case, as an account sees them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from indexer.cli.common import Refused, config, opened_store, told_to_end
from indexer.cli.working import change, close, desk, link, open_, reply, unlink
from indexer.delivering import follow
from kb.cases import PAGE, way_of
from kb.clocks import NEVER
from kb.entitlements import matrices
from kb.reckoning import Reckoning
from kb.store.cases import CaseRow

SHOWN_SUBJECT = 60


@click.group()
def cases() -> None:
    """Cases: list them in the order of their clocks, show one, open and work them."""


@cases.command()
def recount() -> None:
    """Count every case anew for the reports: after a change of contracts, matrix or holidays that is to hold for old
    cases, too.
    """
    settings = config()
    with opened_store(settings) as store:
        done = Reckoning(store, settings, matrices(settings.matrix)).recount(datetime.now(UTC))
    click.echo(f"counted {done:,} cases")


@cases.command("list")
@click.option("--as", "email", metavar="EMAIL", required=True, help="As this account sees them.")
@click.option("--closed", is_flag=True, help="Those that are closed, newest first.")
@click.option("--after", metavar="NUMBER", help=f"The {PAGE} that come after this case; without it the first {PAGE}.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def list_(email: str, closed: bool, after: str | None, as_json: bool) -> None:
    """List the open cases, the next to be breached first.

    \b
    Example:
      kb cases list --as engineer@demo.example
    """
    with desk(email) as at:
        seen = at.cases.case(at.viewer, after, datetime.now(UTC)) if after else None
        if after and seen is None:
            raise _absent(email, after)
        place = way_of(not closed).place(seen.row) if seen else None
        rows = at.cases.page(at.viewer, is_open=not closed, after=place)
    more, rows = len(rows) > PAGE, rows[:PAGE]
    if as_json:
        click.echo(json.dumps([_as_data(row) for row in rows], ensure_ascii=False, indent=1))
        return
    if not rows:
        click.echo("no cases")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("Number", "Sev", "Status", "Due", "Product", "Customer", "Owner", "Subject"):
        table.add_column(name)
    for row in rows:
        due = row.due_at.strftime("%Y-%m-%d %H:%M UTC") if row.due_at < NEVER else "-"
        subject = row.subject[:SHOWN_SUBJECT]
        cells = (row.number, str(row.severity), row.status, due, row.product, row.customer, row.owner or "-", subject)
        table.add_row(*cells)
    Console().print(table)
    if more:
        click.echo(f"there are more: --after {rows[-1].number}")


def _absent(email: str, number: str) -> Refused:
    return Refused(f"{email} sees no case {number}; see: kb cases list --as {email}")


@cases.command()
@click.argument("number")
@click.option("--as", "email", metavar="EMAIL", required=True, help="As this account sees it.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def show(number: str, email: str, as_json: bool) -> None:
    """Show a case with its clocks, links and conversation.

    \b
    Example:
      kb cases show C00000042 --as engineer@demo.example
    """
    with desk(email) as at:
        case = at.cases.case(at.viewer, number, datetime.now(UTC))
    if case is None:
        raise _absent(email, number)
    clocks = [
        {"kind": one.kind, "state": one.state, "due_at": one.due.isoformat() if one.due else None}
        for one in case.clocks
    ]
    links = [
        {"number": one.link.number, "role": one.link.role, "open_to_customer": one.open_to_customer}
        for one in case.links
    ]
    sprs = [{"number": row.number, "status": row.status, "fixed_in": row.fixed_in or None} for row in case.sprs]
    if as_json:
        events = [
            {"at": one.at.isoformat(), "by": one.by, "kind": one.kind, "internal": one.internal, "text": one.text}
            for one in case.events
        ]
        data = {**_as_data(case.row), "clocks": clocks, "links": links, "sprs": sprs, "events": events}
        click.echo(json.dumps(data, ensure_ascii=False, indent=1))
        return
    row = case.row
    click.echo(f"{row.number}  severity {row.severity}  {row.status}  {row.product} {row.version}  {row.customer}")
    click.echo(row.subject)
    for clock in clocks:
        click.echo(f"  {clock['kind']:<15} {clock['state']:<12} {clock['due_at'] or ''}")
    for one in links:
        click.echo(f"  {one['role']:<15} {one['number']}{'' if one['open_to_customer'] else '  (not the customer)'}")
    for spr in sprs:
        click.echo(f"  {'spr':<15} {spr['number']}  {spr['status']}  {spr['fixed_in'] or ''}".rstrip())
    for event in case.events:
        click.echo(f"\n{event.at:%Y-%m-%d %H:%M} UTC  {event.by}  {event.kind}")
        if event.text:
            click.echo(event.text)


@cases.command()
def work() -> None:
    """Follow the clocks of cases and send webhooks, until stopped. `kb serve` runs it by itself.

    \b
    Example:
      kb cases work
    """
    settings = config()
    with opened_store(settings) as store:
        follow(store, settings, matrices(settings.matrix), told_to_end())


for command in (open_, reply, change, close, link, unlink):
    cases.add_command(command)


def _as_data(row: CaseRow) -> dict[str, Any]:
    return {
        "number": row.number, "subject": row.subject, "severity": row.severity, "status": row.status,
        "product": row.product, "version": row.version, "customer": row.customer, "owner": row.owner,
        "opened_at": row.opened_at.isoformat(), "due_at": row.due_at.isoformat() if row.due_at < NEVER else None,
    }  # fmt: skip
