"""`kb import`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from indexer.cli.common import config, opened_store, progress
from indexer.importing import ImportOptions, import_articles
from indexer.readers.exported import sources_of
from indexer.readers.origin import opened
from kb.articles import LANGUAGES
from kb.config import Config
from kb.messages import told
from kb.reading import ENCODINGS, FORMATS, Reading
from kb.reports import STATUSES, Entry, Report, as_data, csv_rows

SHOWN = 20


@click.command(name="import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option(
    "--grants", default="", help="Who reads articles that do not say: public, or {product}:gold,{product}:silver"
)
@click.option("--new-products", is_flag=True, help="Add products the store does not know, instead of refusing them.")
@click.option(
    "--source", help="What these articles are known by in later imports; the file's or folder's name if not given."
)
@click.option("--format", "format_", type=click.Choice(FORMATS), help="What the files are, instead of finding it out.")
@click.option("--encoding", type=click.Choice(ENCODINGS), help="Of text that is not UTF-8, instead of finding it out.")
@click.option("--product", default="", help="What articles are about that do not say.")
@click.option("--lang", type=click.Choice(LANGUAGES), help="The language of articles that do not say.")
@click.option(
    "--map",
    "keys",
    multiple=True,
    metavar="COLUMN=KEY",
    help="Which column of a CSV is which key, e.g. 標題=title; COLUMN= leaves it out. Kept for later imports.",
)
@click.option("--dry-run", is_flag=True, help="Say what would change, row by row, and change nothing.")
@click.option("--diff", is_flag=True, help="With --dry-run: show the lines that would change, too.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="Print its rows as CSV, for a spreadsheet.")
def import_(paths: tuple[Path, ...], grants: str, source: str | None, keys: tuple[str, ...], **given: Any) -> int:
    """Import articles: Markdown, HTML, DOCX, CSV, JSON lines, exports of Zendesk, Salesforce, Confluence and Notion.

    A single file, a folder or a ZIP; CSV and JSON lines also as .gz or .xz.

    What cannot be taken is refused row by row with its place; the rest goes in, all of it or nothing. Run again, it
    takes only what has changed. A running server indexes it within seconds; without one, run: kb sync

    \b
    Examples:
      kb import articles
      kb import faq.jsonl.gz --grants '{product}:silver,{product}:gold,{product}:gold_plus'
      kb import faq.csv --map 標題=title --map 內文=body_markdown --dry-run
      kb import space-export.zip --product windchill --new-products
    """
    settings = config()
    named = {
        "format": given["format_"],
        "encoding": given["encoding"],
        "product": given["product"],
        "lang": given["lang"],
    }
    reading = Reading.given({name: value or "" for name, value in named.items()}, keys)
    readers = tuple(each.strip() for each in grants.split(",") if each.strip())
    options = ImportOptions(source, readers, given["new_products"], given["dry_run"], reading=reading)
    as_json, as_csv = given["as_json"], given["as_csv"]
    lang = settings.lang or "en"
    reports = []
    with opened_store(settings) as store:
        for path, part in [(each, part) for each in paths for part in _parts(each, source, settings)]:
            with progress() as draw:
                reports.append(import_articles(path, replace(options, part=part), store, settings, draw))
            if not as_json and not as_csv:
                _print(reports[-1], lang, given["diff"])
    if as_json:
        click.echo(json.dumps([as_data(report, lang) for report in reports], ensure_ascii=False, indent=1))
    elif as_csv:
        for row in csv_rows((entry for report in reports for entry in report.entries), lang):
            click.echo(row, nl=False)
    return 1 if any(report.counts["refused"] for report in reports) else 0


def _parts(path: Path, source: str | None, settings: Config) -> list[str | None]:
    """The sources of an export, each to be imported by itself under its own name. None: what there is, at once."""
    with opened(path, settings) as origin:
        parts = sources_of(origin.tree) if origin.only is None and source is None else {}
    return [*parts.values()] or [None]


def _print(report: Report, lang: str, whole: bool) -> None:
    counts = ", ".join(f"{report.counts[status]:,} {status}" for status in STATUSES)
    rate = f", {report.articles / report.seconds:,.0f} articles/s" if report.seconds > 1 else ""
    done = "Would import" if report.dry_run else "Imported"
    click.echo(f"{done} {report.source}: {counts} ({report.format}, {report.seconds:.1f} s{rate})")
    if report.dry_run and report.columns:
        click.echo("Columns (--map changes them):")
        for each in report.columns[:SHOWN]:
            first = f"  e.g. {each.samples[0]}" if each.samples else ""
            click.echo(f"  {each.name} -> {each.key or '(left out)'}{first}")
    if report.batch:
        click.echo(f"This is batch {report.batch}; to take it back: kb imports rollback {report.batch}")
    if report.rights_changed:
        click.echo(f"{report.rights_changed:,} articles would have other readers than before (marked !)")
    if report.to_look_at:
        click.echo(f"{report.to_look_at:,} articles to look at: near duplicates, missing translations (marked ?)")
    if report.products:
        click.echo(f"New products: {', '.join(report.products[:SHOWN])}{_more(report.products)}")
    if report.dry_run:
        changing = [entry for entry in report.entries if entry.status != "refused"]
        for entry in changing[:SHOWN]:
            click.echo(f"  {entry.status:<8} {entry.place}  {entry.number or ''} {entry.title}")
            _print_difference(entry, whole)
            for _, problem in entry.problems:
                click.echo(f"         ? {told(problem, lang)}")
        _tell_more(changing)
    refused = [entry for entry in report.entries if entry.status == "refused"]
    if refused:
        click.echo("Refused:")
    for entry in refused[:SHOWN]:
        for place, problem in entry.problems:
            click.echo(f"  {place}: {told(problem, lang)}")
    _tell_more(refused)
    if report.remarks:
        click.echo("Remarks:")
    for remark in report.remarks[:SHOWN]:
        click.echo(f"  {told(remark.problem, lang)} ({remark.count:,} rows, first {remark.first})")
    _tell_more(report.remarks)


def _print_difference(entry: Entry, whole: bool) -> None:
    gained, lost = entry.readers.gained, entry.readers.lost
    if entry.readers:
        told_ = [f"+{grant}" for grant in gained] + [f"-{grant}" for grant in lost]
        click.echo(f"         ! readers {' '.join(told_)}")
    for change in entry.changes:
        click.echo(f"           {change.field}: {change.before or '(none)'} -> {change.after or '(none)'}")
    if entry.lines and whole:
        for line in entry.lines:
            click.echo(f"           {line}")
        if entry.cut:
            click.echo(f"           and {entry.cut:,} more lines")
    elif entry.lines:
        added, removed = (sum(line.startswith(sign) for line in entry.lines) for sign in "+-")
        more = " and more" if entry.cut else ""
        click.echo(f"           text: {added} lines added, {removed} removed{more}; --diff shows them")


def _more(shown: tuple[str, ...]) -> str:
    return f" and {len(shown) - SHOWN:,} more" if len(shown) > SHOWN else ""


def _tell_more(each: Iterable[object]) -> None:
    count = len(list(each)) - SHOWN
    if count > 0:
        click.echo(f"  and {count:,} more; --json lists them all")
