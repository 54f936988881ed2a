"""`kb evaluate`: how well searches find what people judged to be the answer."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from indexer.cli.common import Refused, config, progress
from indexer.evaluation import METRICS, Measured, Part, garbled, measured_sets, read_set


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path, file_okay=False), metavar="DIR...")
@click.option("--engine", metavar="NAME", help="Another engine than the one of KB_ENGINE.")
@click.option("--part", type=click.Choice(["all", "tune", "hold"]), default="all", show_default=True)
@click.option(
    "--wrong",
    type=click.IntRange(1),
    metavar="N",
    help="Put N words of each query as words of others; queries of fewer than 3 N words are left out.",
)
@click.option("--mistyped", type=click.IntRange(1), metavar="N", help="The same with one character of N words wrong.")
@click.option(
    "--keep", type=click.Path(path_type=Path, file_okay=False), help="Keep the indexes here, and use those there are."
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def evaluate(
    folders: tuple[Path, ...],
    engine: str | None,
    part: Part,
    wrong: int | None,
    mistyped: int | None,
    keep: Path | None,
    as_json: bool,
) -> None:
    """Measure relevance on sets of judged queries. Each DIR holds a set.json, see docs/search.md.

    Articles are imported and indexed in a temporary place, once for all sets over the same files.

    \b
    Examples:
      kb evaluate sets/faq
      kb evaluate sets/* --part tune --keep /tmp/indexes
      kb evaluate sets/messages --wrong 2
    """
    if find_spec("ir_measures") is None:
        raise Refused(
            "this needs the package ir_measures; where the program is: .venv/bin/pip install -e '.[evaluate]'"
        )
    judged = [read_set(folder, part) for folder in folders]
    if wrong:
        judged = [garbled(each, wrong, "wrong") for each in judged]
    if mistyped:
        judged = [garbled(each, mistyped, "mistyped") for each in judged]
    with progress() as draw:
        found = measured_sets(judged, config(), engine, keep, draw)
    if as_json:
        click.echo(json.dumps([as_data(each) for each in found], ensure_ascii=False, indent=1))
    else:
        # A figure that is cut off is none: where there is no terminal to fit, the table is as wide as it needs.
        Console(width=None if sys.stdout.isatty() else 160).print(table_of(found))


def as_data(measured: Measured) -> dict[str, object]:
    metrics = {
        name: {"mean": round(each.mean, 4), "low": round(each.low, 4), "high": round(each.high, 4)}
        for name, each in measured.estimates.items()
    }
    times = {"p50_ms": round(measured.p50_ms, 1), "p95_ms": round(measured.p95_ms, 1)}
    return {"set": measured.name, "queries": measured.queries, **metrics, **times}


def table_of(found: list[Measured]) -> Table:
    """Figures with the half width of their 95 % confidence interval."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("set")
    for name in ("queries", *METRICS, "p50 ms", "p95 ms"):
        table.add_column(name, justify="right")
    for each in found:
        figures = [f"{e.mean:.3f} ±{(e.high - e.low) / 2:.3f}" for e in (each.estimates[name] for name in METRICS)]
        table.add_row(each.name, str(each.queries), *figures, f"{each.p50_ms:.1f}", f"{each.p95_ms:.1f}")
    if len(found) > 1:
        means = [f"{sum(each.estimates[name].mean for each in found) / len(found):.3f}" for name in METRICS]
        table.add_row("mean of the sets", str(sum(each.queries for each in found)), *means, "", "")
    return table
