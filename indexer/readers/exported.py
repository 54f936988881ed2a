"""Articles of an export, read back to what they were: see kb.exporting, which writes them."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from indexer.readers.files import FileProblem
from indexer.readers.rows import Row, Terms, draft_of, shown
from indexer.readers.tree import Tree, attachment, content, resolved
from kb.articles import Attachment, Problem
from kb.exporting import BAR, EXTRA, FILE_GRANTS, LINKS, MANIFEST, MARK, OWN_KEYS, SECTION_MARK, SECTIONS
from kb.reports import Place

MAX_MANIFEST = 1 << 20
# Pages and files of articles: nothing else does an export lead to by itself.
LEADS = re.compile(r"/articles/KB\d{6,9}(/attachments/[^\s\"'<>]+)?\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Exported:
    """What an exported article says of itself: a row like any other, and what only exports know."""

    row: Mapping[str, Any]
    files: tuple[tuple[str, str], ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    grants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def sources_of(tree: Tree) -> dict[str, str]:
    """What an export holds: its folders and files, each with the source that it is of. Nothing: it is no export."""
    if not tree.has(MANIFEST):
        return {}
    try:
        named = json.loads(content(tree, MANIFEST, MAX_MANIFEST))["sources"]
        return {str(name): str(source) for name, source in named.items()}
    except (FileProblem, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}


def is_exported(plain: str, text: str) -> bool:
    """Whether a file is of an export and no editor has changed its line ends. `plain`: its text with plain ones."""
    head, end, _ = plain.removeprefix("---\n").partition("\n---\n")
    return bool(end) and f"\n{MARK}: " in head and text.startswith(f"---\n{head}\n---\n")


def from_front_matter(values: Mapping[str, Any], body: str) -> Exported:
    """From a file of Markdown."""
    wrong: list[Problem] = []
    row = {key: value for key, value in values.items() if key not in OWN_KEYS}
    row |= _json_object(values.get(EXTRA), wrong)
    if SECTIONS in values:
        row[SECTIONS] = _sections(values, body, wrong)
    else:
        row["body_markdown"] = body
    files = tuple((posixpath.basename(path), path) for path in _texts(values, "attachments", wrong))
    links = dict(_parted(each, wrong, LINKS) for each in _texts(values, LINKS, wrong))
    given = dict(_parted(each, wrong, FILE_GRANTS) for each in _texts(values, FILE_GRANTS, wrong))
    return _checked(row, files, links, {name: tuple(grants.split()) for name, grants in given.items()}, wrong)


def from_object(values: Mapping[str, Any]) -> Exported:
    """From a line of JSON."""
    wrong: list[Problem] = []
    row = {key: value for key, value in values.items() if key not in OWN_KEYS}
    row |= _mapping(values, EXTRA, wrong)
    row[SECTIONS] = values.get(SECTIONS)
    files, grants = [], {}
    for each in values.get("attachments") or ():
        if not isinstance(each, dict) or not all(isinstance(each.get(key), str) for key in ("name", "path")):
            wrong.append(_odd("attachments", each))
            continue
        files.append((each["name"], each["path"]))
        if each.get("grants"):
            grants[each["name"]] = tuple(map(str, each["grants"]))
    links = {key: str(value) for key, value in _mapping(values, LINKS, wrong).items()}
    return _checked(row, tuple(files), links, grants, wrong)


def row_of(found: Exported, tree: Tree, path: str, place: Place, terms: Terms, at: Callable[[str], Place]) -> Row:
    """As an import takes it. `path`: the file it is in, which attachments are beside."""
    files: list[Attachment] = []
    problems = list(found.problems)
    for name, relative in found.files:
        try:
            files.append(attachment(tree, resolved(tree, path, relative), name, terms.attachment_bytes))
        except FileProblem as problem:
            problems.append(Problem(problem.code, "attachments", problem.values(relative)))
    draft, more = draft_of(found.row, terms, tuple(files))
    given = found.row.get("id")
    if draft is None or problems:
        return Row(place, given if isinstance(given, str) else "", problems=(*problems, *more), at=at)
    return Row(place, draft.id, draft, tuple(more), at, found.links, found.grants, exported=True)


def _checked(
    row: dict[str, Any],
    files: tuple[tuple[str, str], ...],
    links: dict[str, str],
    grants: dict[str, tuple[str, ...]],
    wrong: list[Problem],
) -> Exported:
    wrong += (_odd(LINKS, leads) for leads in links.values() if not LEADS.match(leads))
    named = {name for name, _ in files}
    wrong += (_odd(FILE_GRANTS, name) for name in grants if name not in named)
    return Exported(row, files, links, grants, tuple(wrong))


def _sections(values: Mapping[str, Any], body: str, wrong: list[Problem]) -> list[dict[str, Any]]:
    grants = _texts(values, SECTIONS, wrong)
    mark = values.get(SECTION_MARK)
    texts = body.split(f"\n{mark}\n")
    if len(texts) != len(grants):
        wrong.append(Problem("exported_sections", SECTIONS, {"found": len(texts), "wanted": len(grants), "mark": mark}))
    return [{"markdown": text, "grants": given.split()} for text, given in zip(texts, grants, strict=False)]


def _parted(text: str, wrong: list[Problem], key: str) -> tuple[str, str]:
    name, bar, rest = text.rpartition(BAR)
    if not bar:
        wrong.append(_odd(key, text))
    return name, rest


def _texts(values: Mapping[str, Any], key: str, wrong: list[Problem]) -> list[str]:
    given = values.get(key)
    if given is None:
        return []
    if not isinstance(given, list):
        wrong.append(_odd(key, given))
        return []
    return [str(each) for each in given]


def _json_object(given: object, wrong: list[Problem]) -> dict[str, Any]:
    if given is None:
        return {}
    try:
        return _mapping({EXTRA: json.loads(str(given))}, EXTRA, wrong)
    except (ValueError, RecursionError):
        wrong.append(_odd(EXTRA, given))
        return {}


def _mapping(values: Mapping[str, Any], key: str, wrong: list[Problem]) -> dict[str, Any]:
    given = values.get(key) or {}
    if isinstance(given, dict):
        return given
    wrong.append(_odd(key, given))
    return {}


def _odd(key: str, value: object) -> Problem:
    return Problem("exported_wrong", key, {"value": shown(value)})
