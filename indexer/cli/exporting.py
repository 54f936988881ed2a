"""`kb export`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

import click

from indexer.cli.common import Refused, config, opened_store, progress, today
from kb.accounts import Accounts
from kb.archives import write_folder, write_zip
from kb.entitlements import matrices
from kb.exporting import FORMATS, File, Format, Wanted, files
from kb.store.originals import Whole, sources


@click.command()
@click.argument("path", type=click.Path(path_type=Path), metavar="DIR|FILE.zip")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="markdown", show_default=True)
@click.option("--source", help="Only the articles of this source.")
@click.option("--as", "email", help="Only what this account may read; everything if not given.")
def export(path: Path, format_: str, source: str | None, email: str | None) -> None:
    """Export articles with their attachments: as a new folder, or as one ZIP file.

    `kb import DIR` takes them back: numbers, sources, rights, products, links and files as they were. The same content
    gives the same bytes. Stopped before its end, it leaves nothing.

    \b
    Examples:
      kb export backup-2026-10-03
      kb export articles.zip --source faq
      kb export gold.zip --as gold@demo.example
      kb export rows --format jsonl
    """
    settings = config()
    zipped = path.suffix.lower() == ".zip"
    if not zipped and path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise Refused(f"{path} is there already; name a folder that is new or empty")
    if not path.resolve().parent.is_dir():
        raise Refused(f"there is no folder {path.resolve().parent}")
    with opened_store(settings) as store, progress() as draw:
        versions = matrices(settings.matrix)
        who = Accounts(store, settings, versions).viewer_of(email, today(settings)).scope if email else Whole.STORE
        with store.reading() as connection:
            counts = sources(connection, Whole.STORE)
            if source is not None and source not in counts:
                raise Refused(
                    f"there are no articles of {source!r}; there are some of: {', '.join(counts) or 'nothing'}"
                )
            written: Counter[str] = Counter()
            found = _counted(files(connection, Wanted(who, cast(Format, format_), source), draw), written)
            (write_zip if zipped else write_folder)(path, found)
    click.echo(f"Exported to {path}: {written['files']:,} files, {written['bytes'] / 1e6:,.1f} MB unpacked")


def _counted(given: Iterable[File], into: Counter[str]) -> Iterator[File]:
    for name, content in given:
        into["files"] += 1
        yield name, _counted_bytes(content, into)


def _counted_bytes(content: Iterable[bytes], into: Counter[str]) -> Iterator[bytes]:
    for piece in content:
        into["bytes"] += len(piece)
        yield piece
