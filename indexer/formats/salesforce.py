"""Salesforce Knowledge: a CSV whose rich texts are HTML files beside it, or HTML; as its own importer takes it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape

from indexer.converting import Document
from indexer.formats import Found
from indexer.formats.converted import values_of
from indexer.formats.documents import HTML, MAX_FILE, file_of, html_text
from indexer.formats.languages import language_of
from indexer.readers.encodings import Doubtful
from indexer.readers.files import FileProblem
from indexer.readers.rows import Row, Terms
from indexer.readers.table import Record, Table
from indexer.readers.tree import Tree, content, resolved
from kb.articles import Problem
from kb.reports import Place

# What a row can be known by, the best first.
NAMED = ("UrlName", "ArticleNumber", "KnowledgeArticleId", "Id", "Title")
ADDRESS = re.compile(r"(?:/articles/(?:[\w-]+/)?[\w-]+/|/article/|urlName=)([\w-]+)")
LANGUAGES = ("Language", "translation_language", "PublishStatus_Language")
CATEGORY = "datacategorygroup."
PUBLIC = "pkb"


def is_salesforce(columns: list[str]) -> bool:
    """Whether the columns of a CSV are those of an export of Salesforce Knowledge."""
    there = set(columns)
    own = {"UrlName", "IsMasterLanguage", "Channels", "ArticleNumber", "KnowledgeArticleId", "RecordTypeId"}
    return "Title" in there and (bool(own & there) or any(each.startswith(CATEGORY) for each in columns))


class Salesforce:
    def __init__(self, tree: Tree, path: str, terms: Terms) -> None:
        self._tree, self._path, self._terms = tree, path, terms
        self._table = Table(tree, path, terms)
        self._records = list(self._table)
        self._ids: dict[int, tuple[str, str, str]] = {}
        self._by_name: dict[str, dict[str, str]] = {}
        self._name_all()

    def _name_all(self) -> None:
        """The id, group and language of each row. A translation follows the row of its master language."""
        master = ""
        for record in self._records:
            cells = record.cells
            if record.problems or not (name := next((cells[key] for key in NAMED if cells.get(key)), "")):
                continue
            said = next((cells[key] for key in LANGUAGES if cells.get(key)), "")
            lang = language_of(said, " ".join(cells.values()))
            translated = cells.get("IsMasterLanguage", "1").strip().lower() in ("0", "false")
            group = master if translated and master else name.strip()
            master = group
            self._ids[record.line] = (f"{group}.{lang}", group, lang)
            for each in {group, name.strip()}:
                self._by_name.setdefault(each, {})[lang] = f"{group}.{lang}"

    @property
    def total(self) -> int:
        return len(self._records)

    def articles(self) -> Iterator[Found | Row]:
        for record in self._records:
            place = Place(self._table.name, record.line)
            if record.problems:
                yield Row(place, problems=record.problems)
            elif record.line not in self._ids:
                yield Row(place, problems=(Problem("key_missing", "UrlName"),))
            else:
                yield self._found(place, record)

    def _found(self, place: Place, record: Record) -> Found | Row:
        id_, group, lang = self._ids[record.line]
        cells, problems = record.cells, list[Problem]()
        pieces, base = [], self._path
        for column, value in cells.items():
            if value.strip().lower().endswith(HTML) and "\n" not in value.strip():
                try:
                    base = resolved(self._tree, self._path, value.strip())
                    pieces.append((column, html_text(content(self._tree, base, MAX_FILE), self._terms.encoding).text))
                except FileProblem as problem:
                    problems.append(Problem(problem.code, column, problem.values(value.strip())))
                except Doubtful as doubt:
                    problems.append(Problem(doubt.problem.code, column, doubt.problem.values))
            elif value.lstrip().startswith("<"):
                pieces.append((column, value))
        if problems:
            return Row(place, id_, problems=tuple(problems))
        channels = cells.get("Channels", "")
        if channels and PUBLIC not in channels.lower():
            problems.append(Problem("restricted_there", "grants", refuses=False))
        category = next((value for name, value in cells.items() if name.startswith(CATEGORY)), "")
        values = values_of(
            id=id_, group=group, lang=lang, title=cells.get("Title", "").strip(),
            category=category.split("+")[0].strip(), product=cells.get("Product__c", "").strip(),
        )  # fmt: skip
        document = Document("html", _page(cells, pieces))
        return Found(place, f"{base}#{lang}", values, document, problems=tuple(problems))

    def article(self, path: str, address: str) -> str | None:
        found = ADDRESS.search(address)
        languages = self._by_name.get(found[1], {}) if found else {}
        return languages.get(path.rpartition("#")[2]) or next(iter(languages.values()), None)

    def file(self, path: str, address: str) -> tuple[str, str] | None:
        return file_of(self._tree, path, address)


def _page(cells: Mapping[str, str], pieces: list[tuple[str, str]]) -> str:
    """The summary, then the rich texts of a row, under the names of their columns when there are several."""
    summary = cells.get("Summary", "").strip()
    parts = [f"<p>{escape(summary)}</p>"] if summary and not summary.startswith("<") else []
    for column, html in pieces:
        body = re.search(r"<body[^>]*>(.*)</body>", html, re.DOTALL | re.IGNORECASE)
        heading = column.removesuffix("__c").replace("_", " ")
        parts.append(
            (f"<h2>{escape(heading)}</h2>" if len(pieces) > 1 else "") + f"<div>{body[1] if body else html}</div>"
        )
    return "\n".join(parts)
