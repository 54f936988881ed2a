"""From an article of another system to a row like any other: converted, its links and pictures made ours."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from indexer.converting import Converted, ConvertPool, Document
from indexer.formats import Format, Found
from indexer.formats.languages import language_of
from indexer.readers.files import FileProblem
from indexer.readers.opening import Read
from indexer.readers.rows import Row, Terms, draft_of
from indexer.readers.tree import Tree, attachment
from kb import files
from kb.articles import Attachment, Problem
from kb.rendering.addresses import ADDRESS, PICTURE, article_address
from kb.rendering.cleaning import target
from kb.rendering.fences import parted

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")


def rows(format_: Format, tree: Tree, terms: Terms, pool: ConvertPool, read: Read | None = None) -> Iterator[Row]:
    """The articles of an export as rows, in its order; those that cannot be read or converted with the reason."""
    waiting: deque[Found | Row] = deque()

    def documents() -> Iterator[Document]:
        for each in format_.articles():
            waiting.append(each)
            if isinstance(each, Found):
                yield each.document

    count = 0
    for done in pool.run(documents()):
        while isinstance(waiting[0], Row):
            yield waiting.popleft()  # type: ignore[misc]
        found = waiting.popleft()
        assert isinstance(found, Found)  # noqa: S101 (rows were taken out above)
        if done.result is None:
            problem = Problem(f"convert_{done.reason}", "body_markdown", {"detail": done.detail})
            yield Row(found.place, str(found.values.get("id", "")), problems=(problem,))
        else:
            yield _Article(format_, tree, terms, found).row(done.result)
        count += 1
        if read:
            read(count)
    yield from (each for each in waiting if isinstance(each, Row))


@dataclass(slots=True)
class _Article:
    """One article on its way."""

    format: Format
    tree: Tree
    terms: Terms
    found: Found
    files: dict[str, Attachment] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def row(self, made: Converted) -> Row:
        found, place = self.found, self.found.place
        id_ = str(found.values["id"])
        for name, content in made.pictures:
            self.files[name] = files.attachment(name, content)
            self._link_file(id_, name, self.files[name])
        body = self._rewritten(id_, made.markdown)
        for path, name in found.files:
            self._attach(id_, path, name)
        values = {"title": made.title or found.name, **found.values, "body_markdown": body}
        values["lang"] = found.values.get("lang") or language_of(made.lang, f"{values['title']}\n{body}")
        values = self.terms.with_keys({**values, "lang": self.terms.defaults.get("lang") or values["lang"]})
        self.problems += found.problems
        self.problems += [Problem("embed_left_out", "body_markdown", {"value": each}, False) for each in made.left_out]
        if not values.get("product"):
            return Row(place, id_, problems=(Problem("product_needed", "product"), *self.problems))
        draft, more = draft_of(values, self.terms, tuple(self.files.values()))
        problems = (*more, *self.problems)
        if draft is None or any(each.refuses for each in problems):
            return Row(place, id_, problems=problems)
        return Row(place, draft.id, draft, problems, links=self.links)

    def _rewritten(self, id_: str, markdown: str) -> str:
        """The text with its links leading to articles and files of ours, in the way of a folder of Markdown."""
        return "".join(
            piece if is_code else ADDRESS.sub(lambda match: self._readdressed(id_, match), piece)
            for piece, is_code in parted(markdown)
        )

    def _readdressed(self, id_: str, match: re.Match[str]) -> str:
        at = next(number for number in range(1, 5) if match[number])
        address, begin = match[at], match.start(at) - match.start()
        new = self._address(id_, address)
        if new is None:
            return match[0]
        return match[0][:begin] + new + match[0][begin + len(address) :]

    def _address(self, id_: str, address: str) -> str | None:
        """What an address becomes; None: it stays. What leads nowhere is told."""
        if address.startswith("#") or address in self.files:
            return None
        path, hash_, anchor = address.partition("#")
        wanted = target(address)
        if other := self.format.article(self.found.path, wanted):
            new = quote(posixpath.relpath(other, posixpath.dirname(id_) or ".")) + ".md"
            self.links[target(new)] = article_address(other)
            return f"{new}{hash_}{anchor}"
        if file := self.format.file(self.found.path, wanted):
            taken = self._attach(id_, *file)
            return quote(taken.name) if taken else None
        elsewhere = bool(SCHEME.match(path))
        code = "image_missing" if PICTURE.search(wanted.partition("?")[0]) else "link_missing"
        if not elsewhere or code == "image_missing":
            told = Problem(code, "body_markdown", {"value": wanted[:300]}, refuses=False)
            if told not in self.problems:
                self.problems.append(told)
        return None

    def _attach(self, id_: str, path: str, name: str) -> Attachment | None:
        if path in self.names:
            return self.files[self.names[path]]
        if name.casefold() in map(str.casefold, self.files):
            name = f"{hashlib.sha256(path.encode()).hexdigest()[:6]}-{name}"
        try:
            self.files[name] = attachment(self.tree, path, name, self.terms.attachment_bytes)
        except FileProblem as problem:
            self.problems.append(Problem(problem.code, "attachments", problem.values(path)))
            return None
        self.names[path] = name
        self._link_file(id_, name, self.files[name])
        return self.files[name]

    def _link_file(self, id_: str, name: str, file: Attachment) -> None:
        self.links[name] = f"{article_address(id_)}/attachments/{quote(file.name)}"


def values_of(**values: Any) -> dict[str, Any]:
    """Those that there are."""
    return {key: value for key, value in values.items() if value not in (None, "", [], ())}
