"""The sections of an article's text, where `:::grants …` keeps some of it to fewer readers; and the text they make.

A line that may be meant as a marker is one, or is code for its readers and its author alike, or refuses the text: what
was to be kept to few is never shown to everyone because of how it was typed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

from kb.articles import Problem, Section
from kb.entitlements import expand
from kb.rendering.fences import Fence, inside, meant, rendered

Kind: TypeAlias = Literal["begin", "end", "odd begin", "odd end", "other"]

GRANTS_BEGIN = re.compile(r":::\s*grants\b(.*)\Z")
LONE_RETURN = re.compile(r"\r(?!\n)")
# Colons of every width, also with what nobody sees between them: one pair of them at least makes a marker.
COLONS, HIDDEN = ":：﹕︓∶ː", "\u00ad\u200b-\u200f\u2060\ufeff"
MARKED = re.compile(rf"[{COLONS}][{HIDDEN}]*[{COLONS}]")
UNSEEN, OTHER_COLON = re.compile(f"[{HIDDEN}]"), re.compile("[∶ː]")
# What may stand before a marker so that it is none: spaces, quotations, items of lists, headings, tags and the like.
BEFORE = re.compile(r"(?:[\s>|#*+\-_~\\•·]|:\s|\d{1,9}[.)、]|</?\w[^<>]*>)*")
RUN = re.compile(r":{2,}")
WORD = re.compile(r"[\W_]*([^\W_]*)")
READERS = re.compile(r"[\W_]*(?:staff|public)\b|\s*(?:\{product\}|[a-z0-9][a-z0-9_.-]*):[a-z]")
# What one calls them: the word in any form and in Chinese, and with a slip, which leaves most of its letters.
NAMES, LETTERS, MOST_LETTERS = ("grant", "授權", "授权", "權限", "权限"), frozenset("grants"), 8
# Nobody means more than a line's beginning as a marker.
MOST_READ = 200
MOST_TOLD = 20


def split(body: str, product: str) -> tuple[list[Section], list[Problem]]:
    """The sections of a text with what is wrong with its markers. `{product}` in a marker is the article's own."""
    marks = _marks(body)
    if not marks:
        return [Section(body)], []
    reading = _Reading(LONE_RETURN.sub("\n", body).split("\n"), marks, product)
    reading.read()
    return reading.found, reading.problems[:MOST_TOLD]


def markers_in(text: str) -> list[Problem]:
    """What looks like a marker in a text whose readers are named beside it, where none is read."""
    lines = LONE_RETURN.sub("\n", text).split("\n")
    fences = rendered(lines)
    odd = [number for number, kind in _marks(text).items() if "begin" in kind and not inside(fences, number)]
    return [_marker(lines, number) for number in odd[:MOST_TOLD]]


def joined(sections: Iterable[Section]) -> str:
    """One text of them, which `split` takes apart again."""
    return "\n".join(
        f":::grants {' '.join(each.grants)}\n{each.markdown}\n:::" if each.grants else each.markdown
        for each in sections
    )


class _Reading:
    """A text on its way into sections. `marks`: what may be a marker, by its line."""

    def __init__(self, lines: Sequence[str], marks: Mapping[int, Kind], product: str) -> None:
        self._lines, self._marks, self._product = lines, marks, product
        self._shown, self._meant = rendered(lines), meant(lines)
        self._has_begin = any("begin" in kind for kind in marks.values())
        self._doubtful: set[Fence] = set()
        self._start = 0
        self._grants: tuple[str, ...] | None = None
        self.found: list[Section] = []
        self.problems: list[Problem] = []

    def read(self) -> None:
        others = []
        for number, kind in self._marks.items():
            if self._is_code(number, kind):
                continue
            if kind == "begin":
                self._begin(number)
            elif kind == "end" and self._grants is not None:
                self._end(number, None)
            elif kind == "odd begin" or (kind == "odd end" and self._has_begin):
                self.problems.append(_marker(self._lines, number))
            elif kind == "end" and self._has_begin:
                self._tell("section_end_alone", number)
            else:
                others.append(number)
        if self._grants is not None:
            self.problems.append(Problem("section_unclosed", "body_markdown"))
        self._end(len(self._lines), None)
        if others:
            self._tell("marker_shown", others[0], refuses=False, value=_beginning(self._lines[others[0]]))

    def _is_code(self, number: int, kind: Kind) -> bool:
        """Whether it is of code, and no marker. Where that is in doubt, the text is refused."""
        code, other = inside(self._shown, number), inside(self._meant, number)
        if not code and not other:
            return False
        doubtful = other if not code else code if not other else self._open
        if doubtful and kind != "other" and self._has_begin and doubtful not in self._doubtful:
            self._doubtful.add(doubtful)
            self._tell("section_in_doubt", number, fence=doubtful.start + 1)
        return True

    @property
    def _open(self) -> Fence | None:
        """A fence that nothing closes: where there is one, another may be closed by what was to begin the next."""
        return self._meant[-1] if self._meant and not self._meant[-1].closed else None

    def _begin(self, number: int) -> None:
        begins = GRANTS_BEGIN.match(self._lines[number].rstrip())
        if self._grants is not None:
            self._tell("sections_nested", number)
        grants = tuple(expand(begins[1].replace(",", " ").split(), self._product)) if begins else ()
        if not grants:
            self._tell("section_grants_missing", number)
        self._end(number, grants)

    def _end(self, number: int, grants: tuple[str, ...] | None) -> None:
        """What was before this line is a section; what comes has these grants."""
        text = "\n".join(self._lines[self._start : number])
        if text.strip():
            self.found.append(Section(text, self._grants or ()))
        self._start, self._grants = number + 1, grants

    def _tell(self, code: str, number: int, refuses: bool = True, **values: object) -> None:
        self.problems.append(Problem(code, "body_markdown", {"line": number + 1, **values}, refuses))


def _marks(body: str) -> dict[int, Kind]:
    if not MARKED.search(body):
        return {}
    lines = LONE_RETURN.sub("\n", body).split("\n")
    kinds = ((number, _kind(line)) for number, line in enumerate(lines) if MARKED.search(line))
    return {number: kind for number, kind in kinds if kind}


def _kind(line: str) -> Kind | None:
    """What a line may be meant as."""
    plain = line.rstrip()
    if GRANTS_BEGIN.match(plain):
        return "begin"
    if plain == ":::":
        return "end"
    # What ends a line elsewhere does not here.
    kinds = [kind for each in plain.splitlines() if MARKED.search(each) and (kind := _odd_kind(each))]
    return min(kinds, key=("odd begin", "odd end", "other").index, default=None)


def _odd_kind(line: str) -> Kind | None:
    read = OTHER_COLON.sub(":", UNSEEN.sub("", line.strip()[:MOST_READ]))
    read = unicodedata.normalize("NFKC", read).casefold()
    run = RUN.match(read, BEFORE.match(read).end())  # type: ignore[union-attr]
    if not run:
        return None
    rest = read[run.end() :]
    word = WORD.match(rest)[1]  # type: ignore[index]
    if len(run[0]) == 2:
        return "odd begin" if word in ("grant", "grants") else None
    slip = len(word) <= MOST_LETTERS and len(LETTERS.intersection(word)) >= len(LETTERS) - 1
    if slip or word.startswith(NAMES) or READERS.match(rest):
        return "odd begin"
    return "other" if rest.strip() else "odd end"


def _marker(lines: Sequence[str], number: int) -> Problem:
    return Problem("section_marker", "body_markdown", {"line": number + 1, "value": _beginning(lines[number])})


def _beginning(line: str) -> str:
    text = line.strip()
    return text if len(text) <= 40 else text[:39] + "…"
