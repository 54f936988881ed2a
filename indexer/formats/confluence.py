"""Confluence: the HTML export of a space. Pages are `Title_12345.html`, files `attachments/<page>/<id>.<ending>`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from html import unescape

from indexer.formats import Found
from indexer.formats.documents import HTML, Documents, file_of
from indexer.readers.rows import Row, Terms
from indexer.readers.tree import Tree

PAGE = re.compile(r"(?:^|_)(\d+)\.html?\Z", re.IGNORECASE)
TITLE = re.compile(r"<title>\s*(.*?)\s*</title>", re.DOTALL | re.IGNORECASE)
LISTED = re.compile(r'<a href="(attachments/[^"]+)">([^<]+)</a>')
MODIFIED = re.compile(
    r"(?:last (?:modified|updated)(?:\s+by.*?)?\s+on|Created by.*?\s+on)\s+(\w{3}) (\d{1,2}), (\d{4})", re.DOTALL
)
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
PART = "main-content"


def is_confluence(index: str) -> bool:
    """Whether `index.html` is that of a space."""
    return (
        "Space Details:" in index or "Available Pages:" in index or 'class="theme-default aui-theme-default"' in index
    )


class Confluence:
    def __init__(self, tree: Tree, terms: Terms) -> None:
        self._tree = tree
        paths = [
            path for path in tree.paths() if path.lower().endswith(HTML) and not path.lower().endswith("index.html")
        ]
        self._documents = Documents(tree, terms, paths, PART)
        self._ids = {path: found[1] if (found := PAGE.search(path)) else posixpath.splitext(path)[0] for path in paths}
        self._names: dict[str, str] = {}

    @property
    def total(self) -> int:
        return len(self._ids)

    def articles(self) -> Iterator[Found | Row]:
        for path, id_ in self._ids.items():
            found = self._documents.found(path, id=id_)
            yield self._with_page(path, found) if isinstance(found, Found) else found

    def _with_page(self, path: str, found: Found) -> Found:
        """What the page says around its text: space and title, when it was changed, its attachments by name."""
        html = str(found.document.content)
        title = TITLE.search(html)
        space, colon, rest = unescape(title[1]).partition(" : ") if title else ("", "", "")
        files = []
        for address, name in LISTED.findall(html):
            if file := file_of(self._tree, path, address):
                self._names[file[0]] = unescape(name).strip()
                files.append((file[0], self._names[file[0]]))
        values = {**found.values, "title": rest if colon else space}
        if space and colon:
            values["category"] = space
        if (day := MODIFIED.search(html)) and day[1] in MONTHS:
            values["updated"] = f"{day[3]}-{MONTHS.index(day[1]) + 1:02}-{int(day[2]):02}"
        return Found(found.place, path, values, found.document, found.name, tuple(files), found.problems)

    def article(self, path: str, address: str) -> str | None:
        if file := file_of(self._tree, path, address):
            return self._ids.get(file[0])
        page = re.search(r"(?:pageId=|/pages/)(\d+)", address)
        return page[1] if page and page[1] in self._ids.values() else None

    def file(self, path: str, address: str) -> tuple[str, str] | None:
        file = file_of(self._tree, path, address)
        return (file[0], self._names.get(file[0], file[1])) if file else None
