"""A folder of Markdown files with front matter, as docs/authoring.md describes it; also one such file alone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

from indexer.readers.files import FileProblem, attachment, inside
from indexer.readers.front_matter import FrontMatter, FrontMatterError, parse
from indexer.readers.opening import BOM, OTHER_ENCODINGS, Read, guess
from indexer.readers.rows import Row, Terms, Values, draft_of, split
from kb.articles import LANGUAGES, Attachment, Draft, Problem, Section
from kb.rendering.cleaning import target
from kb.reports import Place

MAX_FILE = 32 << 20
NAME = re.compile(r"(?P<id>.+)\.(?P<lang>" + "|".join(LANGUAGES) + r")\.md\Z")
NO_ARTICLES = frozenset({"readme.md", "contributing.md", "license.md", "changelog.md"})
# Addresses as Markdown and HTML write them. Too many do no harm: they are looked up, not replaced.
ADDRESS = re.compile(
    r"""\]\(\s*(?:<([^<>\n]+)>|([^\s()<>]+(?:\([^\s()]*\)[^\s()]*)*))|^\s{0,3}\[[^\]\n]+\]:\s*<?([^\s<>]+)|(?:src|href)=["']([^"'\n]+)["']""",
    re.MULTILINE,
)
CODE = re.compile(r"^ {0,3}(`{3,}|~{3,}).*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)|(?<!`)(`+)(?!`).+?(?<!`)\2(?!`)", re.M | re.S)
ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|/|#")


def article_address(external_id: str) -> str:
    """Where an article of the same import will be; the store puts its number in."""
    return "kb-article:" + external_id.encode("utf-8", "replace").hex()


def file_links(draft: Draft, given: object) -> dict[str, str]:
    """Where the attachments of an article will be, by their names and by the paths the row gave."""
    base = article_address(draft.id)
    links = {each.name: f"{base}/attachments/{quote(each.name)}" for each in draft.attachments}
    paths = [each for each in given if isinstance(each, str)] if isinstance(given, list) else []
    return links | {target(path): links[Path(path).name] for path in paths if Path(path).name in links}


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

    found: dict[Path, Attachment]
    grants: dict[str, tuple[str, ...] | None]
    links: dict[str, str]
    problems: list[Problem]


class MarkdownFolder:
    """Reads the articles below `root`. `only`: just this file."""

    def __init__(self, root: Path, terms: Terms, only: Path | None = None) -> None:
        self._shown, self._root, self._terms = root, root.resolve(), terms
        self._only = only.resolve() if only else None
        self._identities: dict[Path, Identity | None] = {}

    def paths(self) -> list[Path]:
        """The files that are articles, by name. Hidden files and folders are not looked at."""
        if self._only:
            return [self._only]
        found: list[Path] = []
        for folder, folders, names in os.walk(self._root):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            found += (
                Path(folder, name)
                for name in sorted(names)
                if name.lower().endswith(".md") and not name.startswith(".") and name.lower() not in NO_ARTICLES
            )
        return found

    def rows(self, read: Read | None = None) -> Iterator[Row]:
        """The articles, those that cannot be read included. `read` is told how many files have been taken."""
        for number, path in enumerate(self.paths(), 1):
            yield self._row(path)
            if read:
                read(number)

    def _row(self, path: Path) -> Row:
        try:
            matter = parse(self._text(path))
        except FrontMatterError as error:
            place = Place(self._name_of(path), error.line, error.column)
            return Row(place, problems=(Problem(error.code, "", error.values),))
        identity = self._identity_of(path, matter)
        row = dict(matter.values)
        given = row.pop("attachments", None)
        row |= {"id": identity.external_id, "group": identity.group, "lang": identity.lang or None}
        row["body_markdown"] = matter.body
        files = self._files(path, matter, given)
        draft, problems = draft_of(row, self._terms, tuple(files.found.values()))
        name = self._name_of(path)
        place, at = Place(name, 1), partial(_place_of, name, matter)
        if draft is None or any(problem.refuses for problem in files.problems):
            return Row(place, identity.external_id, problems=(*problems, *files.problems), at=at)
        grants = {name: found for name, found in files.grants.items() if found}
        return Row(place, draft.id, draft, (*problems, *files.problems), at, files.links, grants)

    def _text(self, path: Path) -> str:
        try:
            return _text(inside(self._root, path.parent, path.name))
        except FileProblem as problem:
            raise FrontMatterError(problem.code, value=path.name) from None

    def _name_of(self, path: Path) -> str:
        """The file as the one who imports knows it."""
        return str(self._shown / path.relative_to(self._root))

    def _identity_of(self, path: Path, matter: FrontMatter) -> Identity:
        named = NAME.match(path.name)
        stem, lang = (named["id"], named["lang"]) if named else (path.name[:-3], "")
        given, said = matter.values.get("id"), matter.values.get("lang")
        if not isinstance(given, str) or not given.strip():
            given = (path.parent.relative_to(self._root) / stem).as_posix()
        return Identity(given.strip(), said.strip() if isinstance(said, str) else lang)

    def _identity(self, path: Path) -> Identity | None:
        """Of another article of the folder; None when the file is none."""
        if path not in self._identities:
            try:
                self._identities[path] = self._identity_of(path, parse(self._text(path)))
            except FrontMatterError:
                self._identities[path] = None
        return self._identities[path]

    def _files(self, path: Path, matter: FrontMatter, given: object) -> _Files:
        files = _Files({}, {}, {}, [])
        self._identities[path] = identity = self._identity_of(path, matter)
        if given is not None and not (isinstance(given, list) and all(isinstance(each, str) for each in given)):
            files.problems.append(Problem("wrong_kind", "attachments", {"kind": "list of texts", "value": repr(given)}))
            given = None
        for name in given or ():
            self._attach(path, name, (), files)
        for section in _sections(matter.body):
            for address in _addresses(section.markdown):
                self._link(path, address, section.grants, identity, files)
        return files

    def _attach(self, path: Path, name: str, grants: tuple[str, ...], files: _Files) -> Attachment | None:
        """`grants` empty: whoever reads the article may have the file."""
        try:
            found = inside(self._root, path.parent, name)
            if found not in files.found:
                taken = {each.name.casefold() for each in files.found.values()}
                shown = found.name if found.name.casefold() not in taken else f"{found.parent.name}-{found.name}"
                files.found[found] = attachment(found, shown, self._terms.attachment_bytes)
        except FileProblem as problem:
            values = {"value": name, "limit_mb": problem.limit_mb}
            files.problems.append(Problem(problem.code, "attachments", values))
            return None
        file = files.found[found]
        before = files.grants.get(file.name, ())
        files.grants[file.name] = (
            () if not grants or (file.name in files.grants and not before) else _both(before, grants)
        )
        return file

    def _link(self, path: Path, address: str, grants: tuple[str, ...], identity: Identity, files: _Files) -> None:
        wanted = target(address)
        if wanted in files.links and not grants:
            return
        try:
            found = inside(self._root, path.parent, wanted)
        except FileProblem as problem:
            code = "link_outside" if problem.code == "file_outside" else "link_missing"
            told = Problem(code, "body_markdown", {"value": wanted}, refuses=False)
            if told not in files.problems:
                files.problems.append(told)
            return
        if found.suffix.lower() == ".md":
            if other := self._identity(found):
                files.links[wanted] = article_address(other.external_id)
            return
        if file := self._attach(path, wanted, grants, files):
            files.links[wanted] = f"{article_address(identity.external_id)}/attachments/{quote(file.name)}"


def _both(before: tuple[str, ...] | None, grants: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*(before or ()), *grants)))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise FrontMatterError("file_unreadable", detail=error.strerror or str(error)) from error
    if len(data) > MAX_FILE:
        raise FrontMatterError("file_too_large", limit_mb=MAX_FILE >> 20, value=path.name)
    for mark, name in OTHER_ENCODINGS:
        if data.startswith(mark):
            raise FrontMatterError("not_utf8", guess=name)
    try:
        text = data.removeprefix(BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise FrontMatterError("not_utf8", line, column, guess=guess(data)) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _sections(body: str) -> Iterator[Section]:
    """The sections with their grants as written: enough to tell the article's own from the restricted ones."""
    yield from split(Values({}), body, "{product}")


def _addresses(markdown: str) -> Iterator[str]:
    for match in ADDRESS.finditer(CODE.sub("", markdown)):
        address = next(group for group in match.groups() if group)
        if not ELSEWHERE.match(address):
            yield address


def _place_of(file: str, matter: FrontMatter, key: str) -> Place:
    if key == "body_markdown":
        return Place(file, matter.body_line)
    return Place(file, *matter.places.get(key, (1, None)))
