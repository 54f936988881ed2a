"""`kb sprs`: software performance reports; `kb releases`: when standard support of a release ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import click

from indexer.cli.common import DAY, Refused, config, opened_store, today
from indexer.cli.people import print_table
from indexer.readers.rows import Terms
from indexer.readers.table import Table
from indexer.readers.tree import Folder
from indexer.readers.unreadable import Unreadable
from kb.accounts import Accounts, Viewer
from kb.entitlements import matrices
from kb.extended_support import ExtendedSupport, UnknownProduct
from kb.messages import told
from kb.sprs import MAX_TITLE, MAX_VERSION, PAGE, STATUSES, NewSpr, NoSpr, Sprs, number_of, wrong
from kb.store.releases import Release
from kb.store.sprs import SprRow

NEEDED = ("number", "product", "status", "title")
COLUMNS = (*NEEDED, "fixed_in")
WRONG = {
    "number": "a number has 3 to 32 letters, digits, dots and hyphens, at least one digit, like 2180459",
    "product": "there is no such product; import its articles first",
    "status": f"a status is one of {', '.join(STATUSES)}",
    "title": f"a title has 1 to {MAX_TITLE} characters",
    "fixed_in": f"a version has at most {MAX_VERSION} characters",
}
SHOWN_PROBLEMS = 50


@click.group()
def sprs() -> None:
    """Software performance reports: import them, list them, show one."""


@sprs.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
def import_(file: Path, dry_run: bool) -> None:
    """Import a CSV with the columns number, product, status, title and fixed_in (which may be left out, or empty).

    Reports that are not there are added, those that are become as the file says; importing it again changes nothing.
    A row that is wrong refuses the whole file, and each wrong row is named with its line.

    \b
    Example:
      kb sprs import sprs.csv --dry-run
    """
    settings = config()
    with opened_store(settings) as store:
        given, problems = _read(file, frozenset(store.products()))
        if problems:
            for problem in problems[:SHOWN_PROBLEMS]:
                click.echo(problem, err=True)
            raise Refused(f"{len(problems):,} rows are wrong; nothing was imported")
        taken = Sprs(store).take(given, datetime.now(UTC), dry_run=dry_run)
    would = "would be " if dry_run else ""
    click.echo(f"{taken.new:,} {would}new, {taken.changed:,} {would}changed, {taken.same:,} the same")


def _read(file: Path, products: frozenset[str]) -> tuple[list[NewSpr], list[str]]:
    """The reports of a file, and what is wrong, each with its line."""
    given: list[NewSpr] = []
    problems: list[str] = []
    lines: dict[str, int] = {}
    try:
        table = Table(Folder(file.parent), file.name, Terms("sprs"))
        if missing := [name for name in NEEDED if name not in table.columns]:
            raise Refused(f"{file.name} lacks the columns {', '.join(missing)}; it has {', '.join(table.columns)}")
        for record in table:
            place = f"{file.name}:{record.line}"
            if record.problems:
                problems += [f"{place}: {told(each)}" for each in record.problems]
                continue
            new = NewSpr(**{name: record.cells.get(name, "").strip() for name in COLUMNS})
            given.append(new)
            if reason := wrong(new, products):
                problems.append(f"{place}: {WRONG[reason]}")
            elif (before := lines.setdefault(number_of(new.number) or "", record.line)) != record.line:
                problems.append(f"{place}: the number {new.number} is in line {before} already")
    except Unreadable as unreadable:
        if unreadable.problem.code == "header_missing":
            raise Refused(f"{file.name} is empty; its first line names the columns {', '.join(COLUMNS)}") from None
        raise Refused(f"{unreadable.place}: {told(unreadable.problem)}") from None
    return given, problems


@contextmanager
def _as_account(email: str) -> Iterator[tuple[Sprs, Viewer]]:
    settings = config()
    with opened_store(settings) as store:
        viewer = Accounts(store, settings, matrices(settings.matrix)).viewer_of(email, today(settings))
        yield Sprs(store), viewer


AS = click.option("--as", "email", metavar="EMAIL", required=True, help="As this account sees them.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print as JSON.")


@sprs.command("list")
@AS
@click.option("--status", type=click.Choice(STATUSES), help="Those alone.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=PAGE, show_default=True)
@JSON
def list_(email: str, status: str | None, limit: int, as_json: bool) -> None:
    """List reports, the last changed first; for staff.

    \b
    Example:
      kb sprs list --as engineer@demo.example --status fixed
    """
    with _as_account(email) as (found, viewer):
        try:
            rows = found.page(viewer, status, limit=limit)
        except NoSpr:
            raise Refused(f"{email} is not of the staff; kb sprs show NUMBER tells of one report") from None
    if as_json:
        click.echo(json.dumps([_as_data(row) for row in rows], ensure_ascii=False, indent=1))
        return
    cells = [(row.number, row.status, row.fixed_in or "-", row.product, row.title) for row in rows]
    print_table(("NUMBER", "STATUS", "FIXED IN", "PRODUCT", "TITLE"), cells)


@sprs.command()
@click.argument("number")
@AS
@JSON
def show(number: str, email: str, as_json: bool) -> None:
    """Show a report with its articles and cases.

    \b
    Example:
      kb sprs show 2180459 --as gold@demo.example
    """
    with _as_account(email) as (found, viewer):
        one = found.find(viewer, number)
    if one is None:
        raise Refused(f"{email} sees no SPR {number}")
    articles, cases = [each.row.number for each in one.articles], [each.number for each in one.cases]
    row = one.row
    if as_json:
        data = {"number": row.number, "status": row.status, "fixed_in": row.fixed_in or None, "title": row.title}
        click.echo(json.dumps({**data, "articles": articles, "cases": cases}, ensure_ascii=False, indent=1))
        return
    click.echo(f"SPR {row.number}  {row.status}  fixed in {row.fixed_in or 'none yet'}\n{row.title}")
    for name, numbers in (("articles", articles), ("cases", cases)):
        if numbers:
            click.echo(f"  {name:<9} {', '.join(numbers)}")


def _as_data(row: SprRow) -> dict[str, str | None]:
    return {
        "number": row.number, "product": row.product, "status": row.status, "title": row.title,
        "fixed_in": row.fixed_in or None, "changed_at": row.changed_at.isoformat(),
    }  # fmt: skip


@click.group()
def releases() -> None:
    """When standard support of a product's releases ends; extended support counts from there."""


@contextmanager
def _releases() -> Iterator[ExtendedSupport]:
    settings = config()
    with opened_store(settings) as store:
        yield ExtendedSupport(store, matrices(settings.matrix))


@releases.command("set")
@click.argument("product")
@click.argument("ends", type=DAY)
@click.option("--release", "name", default="", help="As its versions begin, 12.1; left out: the whole product.")
def set_(product: str, ends: date, name: str) -> None:
    """Say the last day of standard support.

    \b
    Example:
      kb releases set windchill 2026-06-30 --release 12.0
    """
    with _releases() as found:
        try:
            found.save(Release(product, name.strip(), ends))
        except UnknownProduct:
            raise Refused(f"there is no product {product!r}; import its articles first") from None
    click.echo(f"standard support of {f'{product} {name}'.strip()} ends on {ends}")


@releases.command("list")
def list_releases() -> None:
    """List what is said, the one that ends first first."""
    with _releases() as found:
        rows = [(each.product, each.name or "(all)", str(each.standard_ends)) for each in found.releases()]
    print_table(("PRODUCT", "RELEASE", "STANDARD SUPPORT ENDS"), rows)


@releases.command("remove")
@click.argument("product")
@click.option("--release", "name", default="", help="The release; left out: what was said of the whole product.")
def remove(product: str, name: str) -> None:
    """Take back what was said of a release."""
    with _releases() as found:
        if not found.remove(product, name.strip()):
            raise Refused(f"nothing is said of {f'{product} {name}'.strip()}; see: kb releases list")
    click.echo("removed")
