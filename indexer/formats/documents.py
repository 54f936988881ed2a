"""HTML pages and DOCX documents: one, a folder, or a ZIP. The id of an article is its path without the ending."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from indexer.converting import Document
from indexer.formats import Found
from indexer.formats.converted import values_of
from indexer.readers.encodings import Decoded, Doubtful, decoded, told_encoding
from indexer.readers.files import FileProblem
from indexer.readers.rows import Row, Terms
from indexer.readers.tree import Tree, content, resolved
from kb.articles import LANGUAGES, Problem
from kb.reports import Place

HTML = (".html", ".htm", ".xhtml")
ENDINGS = (*HTML, ".docx")
MAX_FILE = 32 << 20
LANG = re.compile(r"\.(" + "|".join(LANGUAGES) + r")\Z")
DECLARED = re.compile(
    rb"""<meta[^>]+charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)|<\?xml[^>]+encoding\s*=\s*["']([A-Za-z0-9_.:-]+)""",
    re.IGNORECASE,
)


class Documents:
    """`part`: the id or class of the element that holds an HTML page's text."""

    def __init__(self, tree: Tree, terms: Terms, paths: Sequence[str] | None = None, part: str = "") -> None:
        self._tree, self._terms, self._part = tree, terms, part
        chosen = tree.paths() if paths is None else paths
        self.paths = [
            path for path in chosen if path.lower().endswith(ENDINGS) and not posixpath.basename(path).startswith("~$")
        ]
        self._ids = {path: posixpath.splitext(path)[0] for path in self.paths}

    @property
    def total(self) -> int:
        return len(self.paths)

    def articles(self) -> Iterator[Found | Row]:
        yield from (self.found(path) for path in self.paths)

    def found(self, path: str, **values: object) -> Found | Row:
        place = Place(self._tree.shown(path))
        try:
            data = content(self._tree, path, MAX_FILE)
            document, problems = self._document(path, data)
        except FileProblem as problem:
            return Row(place, problems=(Problem(problem.code, "", problem.values(posixpath.basename(path))),))
        except Doubtful as doubt:
            return Row(place, problems=(doubt.problem,))
        id_ = self._ids[path]
        lang = LANG.search(id_)
        given = {"id": id_, "lang": lang[1] if lang else "", "group": LANG.sub("", id_) if lang else "", **values}
        name = posixpath.basename(LANG.sub("", id_)).replace("_", " ")
        return Found(place, path, values_of(**given), document, name, problems=problems)

    def _document(self, path: str, data: bytes) -> tuple[Document, tuple[Problem, ...]]:
        if path.lower().endswith(".docx"):
            return Document("docx", data), ()
        text = html_text(data, self._terms.encoding)
        return Document("html", text.text, self._part), (told_encoding(text.encoding),) if text.found else ()

    def article(self, path: str, address: str) -> str | None:
        found = self.file(path, address)
        return self._ids.get(found[0]) if found else None

    def file(self, path: str, address: str) -> tuple[str, str] | None:
        return file_of(self._tree, path, address)


def file_of(tree: Tree, path: str, address: str) -> tuple[str, str] | None:
    """The file that a relative address means in the file `path`, and its own name."""
    try:
        found = resolved(tree, path, address.partition("?")[0])
    except FileProblem:
        return None
    return found, posixpath.basename(found)


def html_text(data: bytes, encoding: str | None) -> Decoded:
    """The text of a page, in the encoding that it declares. Doubtful: nobody can say."""
    declared = DECLARED.search(data[:4096])
    said = (declared[1] or declared[2]).decode("ascii") if declared else None
    return decoded(data, encoding or said)
