"""A folder of Markdown files with front matter, as docs/authoring.md describes it; also one such file alone."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath
from urllib.parse import quote

from indexer.readers import exported
from indexer.readers.encodings import Decoded, Doubtful, decoded, told_encoding
from indexer.readers.files import FileProblem
from indexer.readers.front_matter import FrontMatter, FrontMatterError, parse
from indexer.readers.opening import Read
from indexer.readers.rows import Row, Terms, draft_of
from indexer.readers.tree import Tree, attachment, content, resolved
from kb.articles import LANGUAGES, Attachment, Draft, Problem
from kb.exporting import MARK
from kb.rendering.addresses import PICTURE, addresses, article_address
from kb.rendering.cleaning import target
from kb.reports import Place
from kb.sections import split

MAX_FILE = 32 << 20
NAME = re.compile(r"(?P<id>.+)\.(?P<lang>" + "|".join(LANGUAGES) + r")\.md\Z")
# What a text says of its own encoding, where it is not UTF-8.
DECLARED = re.compile(rb"^encoding:[ \t]*([A-Za-z0-9_.-]+)[ \t]*\r?$", re.MULTILINE)
MAX_DECLARED = 65_536
NO_ARTICLES = frozenset({"readme.md", "contributing.md", "license.md", "changelog.md"})


def file_links(draft: Draft, given: object) -> dict[str, str]:
    """Where the attachments of an article will be, by their names and by the paths the row gave."""
    base = article_address(draft.id)
    links = {each.name: f"{base}/attachments/{quote(each.name)}" for each in draft.attachments}
    paths = [each for each in given if isinstance(each, str)] if isinstance(given, list) else []
    named = ((target(path), PurePosixPath(path).name) for path in paths)
    return links | {path: links[name] for path, name in named if name in links}


@dataclass(frozen=True, slots=True)
class Identity:
    """What an article of a folder is known by. Its translations share `group`."""

    group: str
    lang: str

    @property
    def external_id(self) -> str:
        return f"{self.group}.{self.lang}" if self.lang else self.group


@dataclass(slots=True)
class _Files:
    """The files an article needs, found so far: attachments by path, and the addresses of what its text refers to."""

    found: dict[str, Attachment]
    links: dict[str, str]
    problems: list[Problem]


def is_article(path: str) -> bool:
    name = posixpath.basename(path).lower()
    return name.endswith(".md") and name not in NO_ARTICLES


class MarkdownFolder:
    """Reads the articles of a tree. `only`: just this file."""

    def __init__(self, tree: Tree, terms: Terms, only: str | None = None) -> None:
        self._tree, self._terms, self._only = tree, terms, only
        self._identities: dict[str, Identity | None] = {}

    def paths(self) -> list[str]:
        """The files that are articles, by name. Hidden files and folders are not looked at."""
        if self._only:
            return [self._only]
        return [path for path in self._tree.paths() if is_article(path)]

    def rows(self, read: Read | None = None) -> Iterator[Row]:
        """The articles, those that cannot be read included. `read` is told how many files have been taken."""
        for number, path in enumerate(self.paths(), 1):
            yield self._row(path)
            if read:
                read(number)

    def _row(self, path: str) -> Row:
        try:
            text = self._text(path)
            matter = parse(text.text)
        except FrontMatterError as error:
            place = Place(self._tree.shown(path), error.line, error.column)
            return Row(place, problems=(Problem(error.code, "", error.values),))
        if MARK in matter.values:
            return self._exported(path, matter)
        identity = self._identity_of(path, matter)
        row = dict(matter.values)
        row.pop("encoding", None)
        given = row.pop("attachments", None)
        row |= {"id": identity.external_id, "group": identity.group, "lang": identity.lang or None}
        row["body_markdown"] = matter.body
        files = self._files(path, matter, given)
        if text.found:
            files.problems.append(told_encoding(text.encoding))
        draft, problems = draft_of(self._terms.with_keys(row), self._terms, tuple(files.found.values()))
        name = self._tree.shown(path)
        place, at = Place(name, 1), partial(_place_of, name, matter)
        if draft is None or any(problem.refuses for problem in files.problems):
            return Row(place, identity.external_id, problems=(*problems, *files.problems), at=at)
        return Row(place, draft.id, draft, (*problems, *files.problems), at, files.links)

    def _exported(self, path: str, matter: FrontMatter) -> Row:
        """Of an export: what it says holds, to the last line end, and nothing is looked for beside it."""
        name = self._tree.shown(path)
        found = exported.from_front_matter(matter.values, matter.body)
        at = partial(_place_of, name, matter)
        return exported.row_of(found, self._tree, path, Place(name, 1), self._terms, at)

    def _text(self, path: str) -> Decoded:
        try:
            return _text(content(self._tree, path, MAX_FILE), self._terms.encoding)
        except FileProblem as problem:
            raise FrontMatterError(problem.code, **problem.values(posixpath.basename(path))) from None

    def _identity_of(self, path: str, matter: FrontMatter) -> Identity:
        folder, file = posixpath.split(path)
        named = NAME.match(file)
        stem, lang = (named["id"], named["lang"]) if named else (file[:-3], "")
        given, said = matter.values.get("id"), matter.values.get("lang")
        if not isinstance(given, str) or not given.strip():
            given = posixpath.join(folder, stem)
        return Identity(given.strip(), said.strip() if isinstance(said, str) else lang)

    def _identity(self, path: str) -> Identity | None:
        """Of another article of the folder; None when the file is none."""
        if path not in self._identities:
            try:
                self._identities[path] = self._identity_of(path, parse(self._text(path).text))
            except FrontMatterError:
                self._identities[path] = None
        return self._identities[path]

    def _files(self, path: str, matter: FrontMatter, given: object) -> _Files:
        files = _Files({}, {}, [])
        self._identities[path] = identity = self._identity_of(path, matter)
        if given is not None and not (isinstance(given, list) and all(isinstance(each, str) for each in given)):
            files.problems.append(Problem("wrong_kind", "attachments", {"kind": "list of texts", "value": repr(given)}))
            given = None
        for name in given or ():
            self._attach(path, name, files)
        for section in split(matter.body, "{product}")[0]:
            for address in addresses(section.markdown):
                self._link(path, address, identity, files)
        return files

    def _attach(self, path: str, name: str, files: _Files) -> Attachment | None:
        try:
            found = resolved(self._tree, path, name)
            if found not in files.found:
                taken = {each.name.casefold() for each in files.found.values()}
                folder, shown = posixpath.split(found)
                if shown.casefold() in taken:
                    shown = f"{posixpath.basename(folder)}-{shown}"
                files.found[found] = attachment(self._tree, found, shown, self._terms.attachment_bytes)
        except FileProblem as problem:
            files.problems.append(Problem(problem.code, "attachments", problem.values(name)))
            return None
        return files.found[found]

    def _link(self, path: str, address: str, identity: Identity, files: _Files) -> None:
        wanted = target(address)
        if wanted in files.links:
            return
        try:
            found = resolved(self._tree, path, wanted)
        except FileProblem as problem:
            missing = "image_missing" if PICTURE.search(wanted) else "link_missing"
            code = "link_outside" if problem.code == "file_outside" else missing
            told = Problem(code, "body_markdown", {"value": wanted}, refuses=False)
            if told not in files.problems:
                files.problems.append(told)
            return
        if found.lower().endswith(".md"):
            if other := self._identity(found):
                files.links[wanted] = article_address(other.external_id)
            return
        if file := self._attach(path, wanted, files):
            files.links[wanted] = f"{article_address(identity.external_id)}/attachments/{quote(file.name)}"


def _text(data: bytes, encoding: str | None) -> Decoded:
    declared = DECLARED.search(data[:MAX_DECLARED])
    try:
        found = decoded(data, declared[1].decode("ascii") if declared else encoding)
    except Doubtful as doubt:
        raise FrontMatterError(doubt.problem.code, **doubt.problem.values) from doubt
    plain = found.text.replace("\r\n", "\n").replace("\r", "\n")
    # The front matter of an export is its own in any case; its body has the line ends that the article has.
    return found if plain != found.text and exported.is_exported(plain, found.text) else replace(found, text=plain)


def _place_of(file: str, matter: FrontMatter, key: str) -> Place:
    if key == "body_markdown":
        return Place(file, matter.body_line)
    return Place(file, *matter.places.get(key, (1, None)))
