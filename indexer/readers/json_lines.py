"""JSON lines: one article a line, an object with the keys of docs/importing.md."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from indexer.readers.files import FileProblem, attachment, inside, media_type
from indexer.readers.markdown_folder import file_links
from indexer.readers.opening import Read, guess, lines
from indexer.readers.rows import Row, Terms, draft_of, shown
from kb.articles import Attachment, Problem
from kb.reports import Place


def read_json_lines(path: Path, terms: Terms, read: Read | None = None) -> Iterator[Row]:
    """The rows of a file, those that are none included. Raises Unreadable where the rest of the file is lost."""
    for number, line in lines(path, read):
        if line.strip():
            yield _row(path, number, line, terms)


def _row(path: Path, number: int, line: bytes, terms: Terms) -> Row:
    place = Place(path.name, number)
    try:
        found = json.loads(line, parse_constant=_no_constant, object_pairs_hook=_object)
    except UnicodeDecodeError as error:
        problem = Problem("not_utf8", "", {"guess": guess(line)})
        return Row(Place(path.name, number, error.start + 1), problems=(problem,))
    except json.JSONDecodeError as error:
        return Row(Place(path.name, number, error.colno), problems=(Problem("not_json", "", {"detail": error.msg}),))
    except RecursionError:
        return Row(place, problems=(Problem("not_json", "", {"detail": "nested too deeply"}),))
    except ValueError as error:
        return Row(place, problems=(Problem("not_json", "", {"detail": str(error)}),))
    if not isinstance(found, dict):
        return Row(place, problems=(Problem("not_object", "", {"value": shown(found)}),))
    at = partial(_place_of, path.name, number, line)
    given = found.get("id")
    id_ = given if isinstance(given, str) else ""
    files, wrong = _attachments(path, found.get("attachments"), terms)
    draft, problems = draft_of(found, terms, files)
    if wrong or draft is None:
        return Row(place, id_, problems=(*problems, *wrong), at=at)
    return Row(place, draft.id, draft, tuple(problems), at, file_links(draft, found.get("attachments")))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{shown(next(name for name in names if names.count(name) > 1))} is there twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _place_of(file: str, number: int, line: bytes, key: str) -> Place:
    """Where the row has this key, or its beginning when it has not."""
    text = line.decode("utf-8", "replace")
    return Place(file, number, max(text.find(json.dumps(key, ensure_ascii=False)), 0) + 1)


def _attachments(path: Path, given: object, terms: Terms) -> tuple[tuple[Attachment, ...], list[Problem]]:
    if given is None:
        return (), []
    if not isinstance(given, list):
        return (), [_wrong("wrong_kind", kind="list", value=shown(given))]
    found, problems = [], []
    for each in given:
        try:
            found.append(_attachment(path, each, terms.attachment_bytes))
        except FileProblem as problem:
            problems.append(_wrong(problem.code, value=shown(each), limit_mb=problem.limit_mb))
    return tuple(found), problems


def _attachment(path: Path, given: object, limit: int) -> Attachment:
    """A path beside the file, or an object with a name and its content in base64."""
    if isinstance(given, str):
        found = inside(path.parent, path.parent, given)
        return attachment(found, found.name, limit)
    if isinstance(given, dict) and isinstance(given.get("name"), str) and isinstance(given.get("content_base64"), str):
        try:
            content = base64.b64decode(given["content_base64"], validate=True)
        except (binascii.Error, ValueError):
            raise FileProblem("not_base64") from None
        if len(content) > limit:
            raise FileProblem("file_too_large", limit >> 20)
        return Attachment(given["name"], media_type(content), content)
    raise FileProblem("attachment_form")


def _wrong(code: str, **values: Any) -> Problem:
    return Problem(code, "attachments", values)
