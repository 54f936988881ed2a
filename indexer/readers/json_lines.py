"""JSON lines: one article a line, an object with the keys of docs/importing.md."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

from indexer.readers import exported
from indexer.readers.encodings import not_utf8
from indexer.readers.files import FileProblem
from indexer.readers.markdown_folder import file_links
from indexer.readers.opening import Read, lines
from indexer.readers.rows import Row, Terms, draft_of, shown
from indexer.readers.tree import Tree, beside
from kb.articles import Attachment, Problem
from kb.exporting import MARK
from kb.files import attachment
from kb.reports import Place
from kb.sections import markers_in


def read_json_lines(tree: Tree, path: str, terms: Terms, read: Read | None = None) -> Iterator[Row]:
    """The rows of a file, those that are none included. Raises Unreadable where the rest of the file is lost."""
    file = JsonLines(tree, path, terms)
    for number, line in lines(tree, path, terms, read):
        if line.strip():
            yield file.row(number, line)


@dataclass(frozen=True)
class JsonLines:
    """A file of rows, line by line."""

    tree: Tree
    path: str
    terms: Terms

    @cached_property
    def _name(self) -> str:
        return self.tree.shown(self.path)

    def row(self, number: int, line: bytes) -> Row:
        name = self._name
        found = parsed(name, number, line)
        if isinstance(found, Row):
            return found
        at = partial(_place_of, name, number, line)
        if MARK in found:
            exported_ = exported.from_object(found)
            return exported.row_of(exported_, self.tree, self.path, Place(name, number), self.terms, at)
        found = self.terms.with_keys(found)
        given = found.get("id")
        files, wrong = self._attachments(found.get("attachments"))
        draft, problems = draft_of(found, self.terms, files)
        wrong += _markers(found.get("sections"))
        if wrong or draft is None:
            id_ = given if isinstance(given, str) else ""
            return Row(Place(name, number), id_, problems=(*problems, *wrong), at=at)
        links = file_links(draft, found.get("attachments"))
        return Row(Place(name, number), draft.id, draft, tuple(problems), at, links)

    def _attachments(self, given: object) -> tuple[tuple[Attachment, ...], list[Problem]]:
        if given is None:
            return (), []
        if not isinstance(given, list):
            return (), [_wrong("wrong_kind", kind="list", value=shown(given))]
        found, problems = [], []
        for each in given:
            try:
                found.append(self._attachment(each))
            except FileProblem as problem:
                problems.append(_wrong(problem.code, **problem.values(shown(each))))
        return tuple(found), problems

    def _attachment(self, given: object) -> Attachment:
        """A path beside the file, or an object with a name and its content in base64."""
        limit = self.terms.attachment_bytes
        if isinstance(given, str):
            return beside(self.tree, self.path, given, limit)
        if not isinstance(given, dict):
            raise FileProblem("attachment_form")
        name, packed = given.get("name"), given.get("content_base64")
        if not isinstance(name, str) or not isinstance(packed, str):
            raise FileProblem("attachment_form")
        try:
            content = base64.b64decode(packed, validate=True)
        except (binascii.Error, ValueError):
            raise FileProblem("not_base64") from None
        if len(content) > limit:
            raise FileProblem("file_too_large", limit >> 20)
        return attachment(name, content)


def _markers(sections: object) -> list[Problem]:
    """Markers in texts whose readers the row names beside them: there they are none."""
    given = [each for each in sections if isinstance(each, dict)] if isinstance(sections, list) else []
    texts = (each.get("body_markdown" if "body_markdown" in each else "markdown") for each in given)
    return [replace(each, field="sections") for text in texts if isinstance(text, str) for each in markers_in(text)]


def parsed(name: str, number: int, line: bytes) -> dict[str, Any] | Row:
    """The object of a line of the file `name`; a row that says what is wrong with it."""
    place = Place(name, number)
    try:
        found = _DECODER.decode(line.decode(json.detect_encoding(line), "surrogatepass"))
    except UnicodeDecodeError as error:
        return Row(Place(name, number, error.start + 1), problems=(not_utf8(line),))
    except json.JSONDecodeError as error:
        return Row(Place(name, number, error.colno), problems=(Problem("not_json", "", {"detail": error.msg}),))
    except RecursionError:
        return Row(place, problems=(Problem("not_json", "", {"detail": "nested too deeply"}),))
    except ValueError as error:
        return Row(place, problems=(Problem("not_json", "", {"detail": str(error)}),))
    if not isinstance(found, dict):
        return Row(place, problems=(Problem("not_object", "", {"value": shown(found)}),))
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{shown(next(name for name in names if names.count(name) > 1))} is there twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_object)


def _place_of(file: str, number: int, line: bytes, key: str) -> Place:
    """Where the row has this key, or its beginning when it has not."""
    text = line.decode("utf-8", "replace")
    return Place(file, number, max(text.find(json.dumps(key, ensure_ascii=False)), 0) + 1)


def _wrong(code: str, **values: Any) -> Problem:
    return Problem(code, "attachments", values)
