"""When an article was last updated: on the day its author names, else when what all of its readers see last changed.

What is for some of them alone may change without a sign to the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TypeAlias

from sqlalchemy import Connection

from kb.articles import Draft
from kb.entitlements import STAFF
from kb.store import originals
from kb.store.articles import Key, Rendered
from kb.store.originals import Original

BLANK_LINES = re.compile(r"\n(?:[ \t]*\n)+")
SHOWN = ("title", "lang", "product", "type", "category", "versions", "also_asked_as", "confidence")
# A part of an article with the grants that may read it; none: the article's own.
Part: TypeAlias = tuple[str, Iterable[str]]


def days_that_stay(connection: Connection, given: Mapping[Key, Rendered]) -> dict[Key, date]:
    """Of these articles, which are there, those that name no day and show all of their readers what they did."""
    silent = {key: each for key, each in given.items() if each.draft.updated is None}
    found: dict[Key, date] = {}
    for source in sorted({source for source, _ in silent}):
        ids = [id_ for of, id_ in silent if of == source]
        for id_, before in originals.of_source(connection, source, ids).items():
            day = before.draft.updated
            if day and _has_readers(before.draft) and _before(before) == _after(silent[source, id_]):
                found[source, id_] = day
    return found


def _has_readers(draft: Draft) -> bool:
    """Others than staff: where there are none, it is new to those who come."""
    return draft.confidence != "archived" and not {STAFF}.issuperset(draft.grants)


def _before(there: Original) -> tuple[object, ...]:
    sections = [(section.markdown, section.grants) for section in there.draft.sections]
    return _seen(there.draft, sections, [(f"{file.name} {file.digest}", file.grants) for file in there.files])


def _after(given: Rendered) -> tuple[object, ...]:
    sections = [(section.markdown, section.grants) for section in given.sections]
    files = [(f"{each.file.name} {each.file.digest}", each.grants) for each in given.attachments]
    return _seen(given.draft, sections, files)


def _seen(draft: Draft, sections: Iterable[Part], files: Iterable[Part]) -> tuple[object, ...]:
    """What everybody sees who reads the article."""
    text = "\n\n".join(markdown.strip() for markdown in _for_all(draft, sections))
    shown = (getattr(draft, name) for name in SHOWN)
    return *shown, BLANK_LINES.sub("\n\n", text), sorted(_for_all(draft, files))


def _for_all(draft: Draft, parts: Iterable[Part]) -> list[str]:
    return [part for part, grants in parts if not (needed := set(grants)) or needed.issuperset(draft.grants)]
