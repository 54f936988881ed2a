"""What is to be imported: a folder, a ZIP or a single file, opened, and what it is called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath

from indexer.readers.exported import sources_of
from indexer.readers.tree import Below, Folder, Tree
from indexer.readers.unreadable import Unreadable
from indexer.readers.zipped import Zip, ZipLimits
from kb.articles import Problem
from kb.config import Config
from kb.imports import ImportRefused, source_of

JSON_LINES = (".jsonl", ".ndjson")
PACKED = (".gz", ".xz")
DOCUMENTS = (".html", ".htm", ".xhtml", ".docx", ".json")


@dataclass(frozen=True, slots=True)
class Origin:
    """The files of an import. `only`: one of them alone is meant; `name`: the source's when nobody names it.

    `beside`: all files of the export that it is a part of.
    """

    tree: Tree
    name: str
    only: str | None = None
    beside: Tree | None = None

    @property
    def products(self) -> Tree | None:
        """Where the products of the articles are told, if they are."""
        return self.beside or (self.tree if self.only is None else None)

    @property
    def kind(self) -> str:
        """The ending of the one file, without that of its packing; "" when there are many."""
        return kind_of(self.only) if self.only else ""


@contextmanager
def opened(path: Path, config: Config) -> Iterator[Origin]:
    """ImportRefused: there is nothing at `path`, or nothing that can be imported."""
    if not path.exists():
        raise ImportRefused(Problem("import_absent", "", {"value": str(path)}))
    if path.is_dir():
        yield Origin(Folder(path), path.resolve().name)
        return
    kind = kind_of(path.name)
    if kind == ".zip":
        with _zip(path, config) as tree:
            yield Origin(tree, source_of(path.name))
    elif kind == ".md":
        yield Origin(Folder(path.parent), path.resolve().parent.name, path.name)
    elif kind in (*JSON_LINES, ".csv", *DOCUMENTS):
        yield Origin(Folder(path.parent, Path()), source_of(path.name), path.name)
    else:
        raise ImportRefused(Problem("import_kind", "", {"value": path.name}))


def part_of(origin: Origin, source: str | None) -> Origin:
    """Of an export the files of that source, or of the one that it holds; anything else as it is.

    ImportRefused: it holds many.
    """
    sources = sources_of(origin.tree) if origin.only is None else {}
    if not sources:
        return origin
    found = [name for name, of in sources.items() if source in (None, of)]
    if len(found) != 1:
        raise ImportRefused(Problem("import_sources", "", {"sources": ", ".join(sources.values())}))
    name, tree = found[0], origin.tree
    if kind_of(name) in JSON_LINES:
        return Origin(tree, sources[name], name, tree)
    return Origin(Below(tree, name), sources[name], None, tree)


def _zip(path: Path, config: Config) -> Zip:
    limits = ZipLimits(config.zip_entries, config.zip_mb, config.zip_entry_mb, config.zip_ratio, config.zip_depth)
    try:
        return Zip(path, limits)
    except Unreadable as error:
        raise ImportRefused(error.problem) from error


def kind_of(name: str) -> str:
    suffixes = [suffix.lower() for suffix in PurePath(name).suffixes]
    if suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""
