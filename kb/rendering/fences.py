"""Where the fenced code of a text is: as the renderer finds it, and as its author will have meant it."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from itertools import accumulate
from math import inf
from typing import NamedTuple

from markdown.extensions.attr_list import get_attrs_and_remainder

MARKS = ("```", "~~~")
TAB = 4
# What the `fenced_code` of `markdown` takes for a beginning: nothing before it, and a language or `{…}` after it.
BEGINS = re.compile(
    r"""(?P<marks>~{3,}+|`{3,}+)[ ]*+
    (?:\{(?P<attrs>.*)\}|(?:\.?[\w#.+-]*+[ ]*+)?(?:hl_lines=(?P<quote>["']).*?(?P=quote)[ ]*+)?)\Z""",
    re.VERBOSE,
)
# What CommonMark takes for one, also at the start of an item of a list.
MEANT = re.compile(r"(?P<item> {0,3}(?:(?:[-*+]|\d{1,9}[.)]) {1,4})*)(?P<marks>`{3,}+(?=[^`]*\Z)|~{3,}+)")
# Code within a line or a few of them; a blank line ends what holds it.
IN_LINES = re.compile(r"(?<![`\\])(`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)\1(?!`)", re.DOTALL)


class Fence(NamedTuple):
    """Lines of code from the fence that begins it up to, and not with, `end`. `closed`: the last is a fence, too."""

    start: int
    end: int
    closed: bool = True


def rendered(lines: Sequence[str]) -> list[Fence]:
    """As readers are shown them: a fence is closed by the very same marks, and one that nothing closes is none.

    The renderer asks here, so that whoever else asks is told what it does.
    """
    fences = {number: _plain(line) for number, line in enumerate(lines) if line.startswith(MARKS)}
    ends: dict[str, list[int]] = {}
    for number, line in fences.items():
        ends.setdefault(line.rstrip(" "), []).append(number)
    found: list[Fence] = []
    for number, line in fences.items():
        begins = BEGINS.match(line)
        if not begins or (found and number < found[-1].end) or _has_remainder(begins["attrs"]):
            continue
        closing = ends.get(begins["marks"], [])
        if (at := bisect(closing, number)) < len(closing):
            found.append(Fence(number, closing[at] + 1))
    return found


def _has_remainder(attrs: str | None) -> bool:
    return bool(attrs and get_attrs_and_remainder(attrs)[1])


def meant(lines: Sequence[str]) -> list[Fence]:
    """As CommonMark has them, and editors show them: closed by as many marks or more, else they go on to the end."""
    found: list[Fence] = []
    begins: re.Match[str] | None = None
    start = 0
    for number, line in enumerate(lines):
        if not any(each in line for each in MARKS):
            continue
        line = _plain(line)
        if begins is None:
            if begins := MEANT.match(line):
                start = number
        elif _closes(line, begins):
            found.append(Fence(start, number + 1))
            begins = None
    return [*found, Fence(start, len(lines), closed=False)] if begins else found


def _closes(line: str, begins: re.Match[str]) -> bool:
    marks, inset = line.strip(" "), len(line) - len(line.lstrip(" "))
    return marks.startswith(begins["marks"]) and not marks.strip(marks[0]) and inset <= len(begins["item"]) + 3


def _plain(line: str) -> str:
    return line.removesuffix("\r").expandtabs(TAB)


def inside(fences: Sequence[Fence], line: int) -> Fence | None:
    """The one that a line is in."""
    at = bisect(fences, (line, inf)) - 1
    return fences[at] if at >= 0 and line < fences[at].end else None


def parted(markdown: str) -> Iterator[tuple[str, bool]]:
    """A text piece by piece, each with whether it is code: between fences, or within lines."""
    lines = markdown.split("\n")
    places = [0, *accumulate(len(line) + 1 for line in lines)]
    at = 0
    for fence in rendered(lines):
        yield from _parted(markdown[at : places[fence.start]])
        at = places[fence.end]
        yield markdown[places[fence.start] : at], True
    yield from _parted(markdown[at:])


def _parted(text: str) -> Iterator[tuple[str, bool]]:
    at = 0
    for code in IN_LINES.finditer(text):
        yield text[at : code.start()], False
        yield code[0], True
        at = code.end()
    yield text[at:], False
