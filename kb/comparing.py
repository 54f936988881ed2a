"""What an import would change of an article that is there: its fields, who may read it, its text line by line."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from kb.articles import Draft, Section
from kb.reports import Change, Readers
from kb.store.originals import Original

CONTEXT = 2
MAX_LINES = 200
MAX_LINE = 400
# Beyond this, comparing lines pairwise takes minutes; the lines that came and went are told without their order.
MAX_COMPARED = 4_000
FIELDS = ("title", "lang", "product", "type", "category", "confidence")
LISTS = ("versions", "also_asked_as")


@dataclass(frozen=True, slots=True)
class Difference:
    """What is different between two states of an article; `lines` of its text, as a unified diff, `cut` left out."""

    changes: tuple[Change, ...] = ()
    readers: Readers = field(default_factory=Readers)
    lines: tuple[str, ...] = ()
    cut: int = 0

    def __bool__(self) -> bool:
        return bool(self.changes or self.readers or self.lines)


def compared(before: Original, after: Original) -> Difference:
    """Two states of an article, whichever are in the store."""
    old = {file.name: (file.digest, file.grants) for file in before.files}
    new = {file.name: (file.digest, file.grants) for file in after.files}
    files = tuple(
        Change("attachments", name if name in old else "", name if name in new else "")
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    )
    fields = changes(replace(before, files=()), replace(after.draft, updated=None), {})
    lines, cut = text_lines(before.draft, after.draft)
    return Difference((*fields, *files), readers(before.draft, after.draft), lines, cut)


def changes(before: Original, after: Draft, file_grants: Mapping[str, tuple[str, ...]]) -> tuple[Change, ...]:
    """Field by field, the text left out. What the import leaves to the store (number, day) counts only when given."""
    return tuple(_changes(before, after, file_grants))


def is_same(
    before: Original, after: Draft, links: Mapping[str, str], file_grants: Mapping[str, tuple[str, ...]]
) -> bool:
    """Whether an exported article is what the store has: nothing of it would change."""
    plain = replace(
        after,
        attachments=(),
        grants=tuple(sorted(after.grants)),
        former_numbers=tuple(sorted(after.former_numbers)),
        sections=tuple(Section(each.markdown, tuple(sorted(each.grants))) for each in after.sections),
    )
    old = {file.name: (file.digest, file.grants) for file in before.files}
    new = {file.name: (file.digest, frozenset(file_grants.get(file.name, ()))) for file in after.attachments}
    return plain == before.draft and old == new and dict(links) == dict(before.links)


def _changes(before: Original, after: Draft, file_grants: Mapping[str, tuple[str, ...]]) -> Iterator[Change]:
    there = before.draft
    pairs = [(name, getattr(there, name), getattr(after, name)) for name in FIELDS]
    pairs += [(name, _joined(getattr(there, name)), _joined(getattr(after, name))) for name in LISTS]
    for name in ("group", "owner", "review_on", "expires_at"):
        pairs.append((name, _shown(getattr(there, name)), _shown(getattr(after, name))))
    if after.number:
        pairs.append(("number", before.number, after.number))
    if after.updated:
        pairs.append(("updated", str(there.updated or ""), str(after.updated)))
    if more := [each for each in after.former_numbers if each not in there.former_numbers]:
        pairs.append(("former_numbers", _joined(there.former_numbers), _joined((*there.former_numbers, *more))))
    pairs.append(("grants", _joined(there.grants), _joined(sorted(after.grants))))
    for name in sorted({*there.extra, *after.extra}):
        pairs.append((name, _shown(there.extra.get(name)), _shown(after.extra.get(name))))
    old = {file.name: (file.digest, file.grants) for file in before.files}
    new = {file.name: (file.digest, frozenset(file_grants.get(file.name, ()))) for file in after.attachments}
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            pairs.append(("attachments", name if name in old else "", name if name in new else ""))
    for name, was, is_ in pairs:
        if was != is_ or name == "attachments":
            yield Change(name, was, is_)


def readers(before: Draft, after: Draft) -> Readers:
    """The grants that would open more of the article than before, and those that would open less.

    A grant that opens the article or any section of it is one that reads; one that opens other sections than before
    both gains and loses.
    """
    was, is_ = _opened(before), _opened(after)
    gained = [grant for grant in is_ if is_[grant] - was.get(grant, frozenset())]
    lost = [grant for grant in was if was[grant] - is_.get(grant, frozenset())]
    return Readers(tuple(sorted(gained)), tuple(sorted(lost)))


def _opened(draft: Draft) -> dict[str, frozenset[tuple[str, ...]]]:
    """For each grant what it opens: the article itself, and its restricted sections, by their grants."""
    own: frozenset[tuple[str, ...]] = frozenset([()])
    restricted = {tuple(sorted(section.grants)) for section in draft.sections if section.grants}
    return {
        grant: own | {grants for grants in restricted if grant in grants} if grant in draft.grants else frozenset()
        for grant in {*draft.grants, *(each for grants in restricted for each in grants)}
    }


def text_lines(before: Draft, after: Draft) -> tuple[tuple[str, ...], int]:
    """A unified diff of the text, sections with their grants, and how many lines of it were left out at the end."""
    old, new = _lines(before.sections), _lines(after.sections)
    if old == new:
        return (), 0
    if len(old) + len(new) > MAX_COMPARED:
        there, here = set(old), set(new)
        found = [f"-{line}" for line in old if line not in here] + [f"+{line}" for line in new if line not in there]
    else:
        found = list(difflib.unified_diff(old, new, lineterm="", n=CONTEXT))[2:]
    shown = tuple(line if len(line) <= MAX_LINE else line[: MAX_LINE - 1] + "…" for line in found[:MAX_LINES])
    return shown, len(found) - len(shown)


def _lines(sections: tuple[Section, ...]) -> list[str]:
    found: list[str] = []
    for section in sections:
        if section.grants:
            found.append(f"::: grants {_joined(sorted(section.grants))}")
        found += section.markdown.strip("\n").splitlines()
        if section.grants:
            found.append(":::")
    return found


def _joined(values: object) -> str:
    return ", ".join(values) if isinstance(values, (list, tuple)) else str(values)


def _shown(value: object) -> str:
    return "" if value is None else str(value)[:MAX_LINE]
