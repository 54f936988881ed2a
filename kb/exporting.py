"""Everything that was written, as files an import takes back: Markdown or JSON lines, and attachments.

The same content gives the same bytes, whatever store it comes from. Where the plain form would lose something (line
ends, sections that no marker can part, values that are no texts) the file says it in keys of its own.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeAlias
from urllib.parse import unquote

from sqlalchemy import Connection

from kb.articles import Draft, Section
from kb.entitlements import STAFF, Scope
from kb.rendering.addresses import addresses
from kb.rendering.cleaning import target
from kb.sections import joined, split
from kb.store import originals, reading, redirects, writing
from kb.store.articles import Product, withdrawn
from kb.store.links import ADDRESS
from kb.store.originals import Original, OriginalFile, Whole

Format: TypeAlias = Literal["markdown", "jsonl"]
FORMATS: tuple[Format, ...] = ("markdown", "jsonl")
File: TypeAlias = tuple[str, Iterable[bytes]]
Told: TypeAlias = Callable[[str, int, int], None]

MANIFEST = "export.json"
PRODUCTS = "products.toml"
VERSION = "1"
# Keys that only exported articles have; `MARK` says that one is.
MARK = "exported"
SECTIONS, SECTION_MARK, FILE_GRANTS, LINKS, EXTRA = "sections", "section_mark", "file_grants", "links", "extra_json"
OWN_KEYS = frozenset(
    {MARK, SECTIONS, SECTION_MARK, FILE_GRANTS, LINKS, EXTRA, "attachments", "body_markdown", "encoding"}
)
# Fields of a draft that are written in their own way; a source is a folder or file of its own.
APART = ("source", "sections", "attachments", "extra")
# Parts a name or an address from what belongs to it. No name of a file and no address of ours holds it.
BAR = " | "
PAGE = 100
NAME_LENGTH = 50
NOT_IN_NAMES = re.compile(r"[^\w.]+")
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/@-]*\Z")
KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,60}\Z")
# What YAML does not take in a text as it is, or takes for the end of a line.
ESCAPED = re.compile(
    "[\"\\\\\u2028\u2029\ufeff]|[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to export, and for whom. `source` None: all of them."""

    scope: Scope | Whole
    format: Format = "markdown"
    source: str | None = None


def files(connection: Connection, wanted: Wanted, told: Told) -> Iterator[File]:
    """Every file of an export, by path and content, as the store is at one moment; `told` hears how far it is.

    The content of one is taken before the next is asked for.
    """
    counts = originals.sources(connection, wanted.scope)
    if wanted.source is not None:
        counts = {name: count for name, count in counts.items() if name == wanted.source}
    names = _folders(counts)
    ending = ".jsonl" if wanted.format == "jsonl" else ""
    manifest = {"format": VERSION, "sources": {names[source] + ending: source for source in counts}}
    yield MANIFEST, [_lines_of(json.dumps(manifest, ensure_ascii=False, indent=1))]
    products = writing.products(connection)
    if wanted.scope is not Whole.STORE:
        products = {name: products[name] for name in reading.counts_by_product(connection, wanted.scope)}
    yield PRODUCTS, [_lines_of(_products(products.values()))]
    progress = _Progress(told, sum(counts.values()))
    for source in counts:
        part = _Source(connection, wanted, source, names[source])
        yield from part.json_lines(progress) if wanted.format == "jsonl" else part.markdown(progress)


@dataclass
class _Progress:
    told: Told
    total: int
    done: int = 0

    def __call__(self, more: int) -> None:
        self.done += more
        self.told("exporting", self.done, self.total)


@dataclass(frozen=True)
class _Source:
    """The articles of one source, in the order of their numbers."""

    connection: Connection
    wanted: Wanted
    source: str
    folder: str

    def markdown(self, progress: _Progress) -> Iterator[File]:
        for original in self._originals(progress):
            product = file_name(original.draft.product)
            name = f"{original.number}-{file_name(original.draft.title)}.{original.draft.lang}.md"
            paths = {each.name: f"files/{original.number}/{each.name}" for each in original.files}
            yield f"{self.folder}/{product}/{name}", [markdown_of(original, paths).encode()]
            yield from self._files(original.files, {k: f"{self.folder}/{product}/{path}" for k, path in paths.items()})

    def json_lines(self, progress: _Progress) -> Iterator[File]:
        yield f"{self.folder}.jsonl", self._rows(progress)
        for original in self._originals(None):
            yield from self._files(original.files, self._paths(original))

    def _rows(self, progress: _Progress) -> Iterator[bytes]:
        for original in self._originals(progress):
            row = object_of(original, self._paths(original))
            yield json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    def _paths(self, original: Original) -> dict[str, str]:
        return {each.name: f"{self.folder}.files/{original.number}/{each.name}" for each in original.files}

    def _originals(self, progress: _Progress | None) -> Iterator[Original]:
        after = ""
        while page := originals.numbered(self.connection, self.source, after, PAGE):
            after = page[-1].number
            yield from within(self.connection, page, self.wanted.scope)
            if progress:
                progress(len(page))

    def _files(self, found: Iterable[OriginalFile], paths: Mapping[str, str]) -> Iterator[File]:
        for each in found:
            yield paths[each.name], [originals.content(self.connection, each.id)]


def within(connection: Connection, given: Iterable[Original], scope: Scope | Whole) -> Iterator[Original]:
    """What the scope may read of them: articles, their sections and files, links and former numbers that lead it on."""
    if scope is Whole.STORE:
        yield from given
        return
    kept = [each for each in given if _reads(each.draft, scope)]
    former = redirects.led(connection, {number for each in kept for number in each.draft.former_numbers}, scope)
    linked = {link[1] for each in kept for leads in each.links.values() if (link := ADDRESS.match(leads))}
    reached = redirects.reached(connection, linked, scope)
    for each in kept:
        numbers = tuple(number for number in each.draft.former_numbers if number in former)
        sections = tuple(part for part in each.draft.sections if not part.grants or scope.reads(part.grants))
        files = tuple(file for file in each.files if not file.grants or scope.reads(file.grants))
        yield replace(
            each,
            draft=replace(each.draft, sections=sections, former_numbers=numbers),
            files=files,
            links=dict(_links(each, sections, {file.name for file in files}, reached)),
        )


def _reads(draft: Draft, scope: Scope) -> bool:
    gone = withdrawn(draft.confidence, draft.expires_at)
    return scope.reads(draft.grants) and (not gone or STAFF in scope.grants)


def _links(
    original: Original, sections: Sequence[Section], files: Collection[str], reached: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Those to files that are there, and those of these sections to articles that are reached."""
    said = {target(address) for each in sections for address in addresses(each.markdown)}
    whole = len(sections) == len(original.draft.sections)
    for address, leads in original.links.items():
        link = ADDRESS.match(leads)
        if link is None:
            continue
        _, of_file, name = leads.partition(f"/articles/{original.number}/attachments/")
        if unquote(name) in files if of_file else link[1] in reached and (whole or address in said):
            yield address, leads


def object_of(original: Original, paths: Mapping[str, str]) -> dict[str, Any]:
    """A row of JSON lines; `paths` are those of the attachments."""
    row: dict[str, Any] = {MARK: VERSION, **_values(original.draft)}
    row[SECTIONS] = [{"markdown": each.markdown, "grants": list(each.grants)} for each in original.draft.sections]
    row["attachments"] = [
        {"name": each.name, "path": paths[each.name], "grants": sorted(each.grants)} for each in original.files
    ]
    row[LINKS] = dict(sorted(original.links.items()))
    row[EXTRA] = dict(sorted(original.draft.extra.items()))
    return row


def markdown_of(original: Original, paths: Mapping[str, str]) -> str:
    """A file of Markdown; `paths` are those of the attachments, seen from where the file is."""
    draft = original.draft
    matter = _values(draft)
    if original.files:
        matter["attachments"] = [paths[each.name] for each in original.files]
    if restricted := [each for each in original.files if each.grants]:
        matter[FILE_GRANTS] = [f"{each.name}{BAR}{' '.join(sorted(each.grants))}" for each in restricted]
    if original.links:
        matter[LINKS] = [f"{address}{BAR}{leads}" for address, leads in sorted(original.links.items())]
    plain = {key: value for key, value in sorted(draft.extra.items()) if _is_plain(key, value)}
    matter |= plain
    if more := {key: value for key, value in sorted(draft.extra.items()) if key not in plain}:
        matter[EXTRA] = json.dumps(more, ensure_ascii=False, sort_keys=True)
    body = joined(draft.sections)
    parts, problems = split(body, draft.product)
    if parts != [*draft.sections] or any(each.refuses for each in problems):
        texts = [each.markdown for each in draft.sections]
        mark = _section_mark(texts)
        matter[SECTIONS] = [" ".join(each.grants) for each in draft.sections]
        matter[SECTION_MARK] = mark
        body = f"\n{mark}\n".join(texts)
    matter[MARK] = VERSION
    head = "".join(f"{key}: {_yaml(value)}\n" for key, value in matter.items())
    return f"---\n{head}---\n{body}"


def _values(draft: Draft) -> dict[str, Any]:
    """The fields of a draft under the names that readers know them by; what is empty is left out, grants never."""
    found: dict[str, Any] = {}
    for each in fields(Draft):
        value = getattr(draft, each.name)
        if each.name not in APART and (value not in (None, "", ()) or each.name == "grants"):
            found[each.name] = list(value) if isinstance(value, tuple) else str(value)
    return found


def _is_plain(key: str, value: object) -> bool:
    """Whether the front matter can hold it so that it is read as the same."""
    texts = isinstance(value, str) or (isinstance(value, list) and all(isinstance(each, str) for each in value))
    own = key in OWN_KEYS or key in {each.name for each in fields(Draft)}
    return texts and not own and KEY.match(key) is not None


def _section_mark(texts: Iterable[str]) -> str:
    """A line that no section holds; pages that show Markdown do not show it."""
    given, number = "\n".join(texts), 1
    mark = "<!-- section -->"
    while mark in given:
        number += 1
        mark = f"<!-- section {number} -->"
    return mark


def _yaml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_quoted(each) for each in value) + "]"
    return value if PLAIN.match(value) else _quoted(value)


def _quoted(text: str) -> str:
    return '"' + ESCAPED.sub(_escape, text) + '"'


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    return "\\" + character if character in '"\\' else f"\\U{ord(character):08X}"


def _products(given: Iterable[Product]) -> str:
    """`products.toml`."""
    parts = []
    for each in given:
        names = ", ".join(f"{lang} = {_quoted(name)}" for lang, name in sorted(each.names.items()))
        words = ", ".join(map(_quoted, each.words))
        parts.append(f'["{each.id}"]\nnames = {{ {names} }}\nwords = [{words}]\n')
    return "\n".join(parts)


def _lines_of(text: str) -> bytes:
    return text.rstrip("\n").encode() + b"\n"


def _folders(sources: Iterable[str]) -> dict[str, str]:
    """A folder of its own for each source, also where capitals make no difference."""
    taken: set[str] = set()
    found = {}
    for source in sources:
        name, number = file_name(source), 1
        while name.casefold() in taken:
            number += 1
            name = f"{file_name(source)}-{number}"
        taken.add(name.casefold())
        found[source] = name
    return found


def file_name(text: str) -> str:
    """The text as part of a file's name on any system, shortened."""
    words = NOT_IN_NAMES.sub("-", unicodedata.normalize("NFC", text)).strip("-._")
    return words[:NAME_LENGTH].rstrip("-._") or "x"
