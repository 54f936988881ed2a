"""Which format an import is in: by its files and what is in them. It can be named instead, and is then not asked."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from indexer.formats import Format
from indexer.formats.confluence import Confluence, is_confluence
from indexer.formats.documents import ENDINGS, Documents
from indexer.formats.notion import PAGE, Notion
from indexer.formats.salesforce import Salesforce, is_salesforce
from indexer.formats.zendesk import Zendesk
from indexer.readers.files import FileProblem
from indexer.readers.markdown_folder import is_article
from indexer.readers.origin import JSON_LINES, Origin, kind_of
from indexer.readers.rows import Terms
from indexer.readers.table import Table
from indexer.readers.tree import Tree
from indexer.readers.unreadable import Unreadable
from kb.reading import FormatName

SAMPLE = 1 << 16


def recognised(origin: Origin, terms: Terms) -> FormatName:
    tree, paths = origin.tree, _paths(origin)
    tables = [path for path in paths if kind_of(path) == ".csv"]
    if any(is_salesforce(_columns(tree, path, terms)) for path in tables[:3]):
        return "salesforce"
    markdown = [path for path in paths if is_article(path)]
    if markdown:
        notion = sum(bool(PAGE.match(posixpath.basename(path))) for path in markdown)
        return "notion" if 2 * notion > len(markdown) else "markdown"
    if any(kind_of(path) in JSON_LINES for path in paths):
        return "json_lines"
    pages = [path for path in paths if path.lower().endswith(ENDINGS)]
    if pages and any(
        is_confluence(_head(tree, path)) for path in pages if posixpath.basename(path).lower() == "index.html"
    ):
        return "confluence"
    if any(path.lower().endswith(".json") and _is_zendesk(_head(tree, path)) for path in paths):
        return "zendesk"
    if pages:
        return "documents"
    return "csv" if tables else "markdown"


def opened_as(name: FormatName, origin: Origin, terms: Terms) -> Format:
    """The export of another system. Unreadable: it is none of that format."""
    tree, paths = origin.tree, _paths(origin)
    if name == "zendesk":
        return Zendesk(tree, [path for path in paths if path.lower().endswith(".json")])
    if name == "salesforce":
        tables = [path for path in paths if kind_of(path) == ".csv"]
        return Salesforce(tree, tables[0], terms)
    if name == "confluence":
        return Confluence(tree, terms)
    if name == "notion":
        return Notion(tree, terms)
    return Documents(tree, terms, [origin.only] if origin.only else None)


def row_files(origin: Origin, name: FormatName) -> list[str]:
    """The files of rows there are."""
    endings = JSON_LINES if name == "json_lines" else (".csv",)
    return [path for path in _paths(origin) if kind_of(path) in endings]


def _paths(origin: Origin) -> Sequence[str]:
    return [origin.only] if origin.only else origin.tree.paths()


def _head(tree: Tree, path: str) -> str:
    try:
        with tree.open(path) as file:
            return file.read(SAMPLE).decode("utf-8", "replace")
    except (FileProblem, OSError):
        return ""


def _columns(tree: Tree, path: str, terms: Terms) -> list[str]:
    try:
        return Table(tree, path, terms).columns
    except Unreadable:
        return []


def _is_zendesk(head: str) -> bool:
    return bool(re.search(r'"(articles|translations|sections)"\s*:\s*\[', head))
