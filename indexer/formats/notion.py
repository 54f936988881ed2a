"""Notion: its export as Markdown. Pages are `Title <32 hex digits>.md`, their files in a folder of that name."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from indexer.converting import Document
from indexer.formats import Found
from indexer.formats.converted import values_of
from indexer.formats.documents import file_of
from indexer.readers.encodings import Doubtful, decoded
from indexer.readers.files import FileProblem
from indexer.readers.mapping import guessed
from indexer.readers.rows import Row, Terms
from indexer.readers.tree import Tree, content
from kb.articles import Problem
from kb.reports import Place

PAGE = re.compile(r"(?P<title>.*?)\s*(?P<id>[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.md\Z")
PROPERTY = re.compile(r"([^\n:#\[\]!<>`*-][^\n:]{0,60}): (.+)\Z")
ASIDE = re.compile(r"<aside>\s*\n?(.*?)\n?\s*</aside>", re.DOTALL)
SEVERAL = ("versions", "also_asked_as", "grants")
MAX_FILE = 32 << 20


class Notion:
    def __init__(self, tree: Tree, terms: Terms) -> None:
        self._tree, self._terms = tree, terms
        named = ((path, PAGE.match(posixpath.basename(path))) for path in tree.paths())
        self._ids = {path: match["id"].replace("-", "") for path, match in named if match}

    @property
    def total(self) -> int:
        return len(self._ids)

    def articles(self) -> Iterator[Found | Row]:
        yield from (self._found(path, id_) for path, id_ in self._ids.items())

    def _found(self, path: str, id_: str) -> Found | Row:
        place = Place(self._tree.shown(path))
        try:
            text = decoded(content(self._tree, path, MAX_FILE), self._terms.encoding).text.replace("\r\n", "\n")
        except FileProblem as problem:
            return Row(place, id_, problems=(Problem(problem.code, "", problem.values(path)),))
        except Doubtful as doubt:
            return Row(place, id_, problems=(doubt.problem,))
        name = PAGE.match(posixpath.basename(path))
        title, values, body = _parts(text)
        named = values_of(**{**values, "id": id_, "title": title})
        body = ASIDE.sub(_note, body)
        return Found(place, path, named, Document("markdown", body), name["title"] if name else "")

    def article(self, path: str, address: str) -> str | None:
        if file := file_of(self._tree, path, address):
            return self._ids.get(file[0])
        found = re.search(r"notion\.(?:so|site)/.*?([0-9a-f]{32})", address)
        return found[1] if found and found[1] in self._ids.values() else None

    def file(self, path: str, address: str) -> tuple[str, str] | None:
        return file_of(self._tree, path, address)


def _parts(text: str) -> tuple[str, dict[str, object], str]:
    """The title, the properties of a page of a database, and the text."""
    title, rest = "", text.lstrip("\n")
    if rest.startswith("# "):
        first, _, rest = rest.partition("\n")
        title = first[2:].strip()
    block, _, after = rest.lstrip("\n").partition("\n\n")
    matches = [PROPERTY.match(line) for line in block.split("\n")]
    if not all(matches):
        return title, {}, rest
    keys = guessed([match[1].strip() for match in matches if match])
    values: dict[str, object] = {}
    for match in matches:
        assert match is not None  # noqa: S101 (all of them matched)
        key = keys.get(match[1].strip(), match[1].strip())
        if key not in ("id", "title", "body_markdown"):
            several = [each.strip() for each in match[2].split(",")]
            values[key] = several if key in SEVERAL else match[2].strip()
    return title, values, after


def _note(match: re.Match[str]) -> str:
    lines = match[1].strip().split("\n")
    return "!!! note\n\n" + "\n".join(f"    {line}" if line.strip() else "" for line in lines) + "\n"
