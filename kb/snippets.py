"""Passages: the lines of an article that answer, cut at the ends of sentences, with what was asked marked in them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple, TypeAlias

Pieces = tuple[tuple[str, bool], ...]

# The words of a text, each with its beginning and end.
Words: TypeAlias = Callable[[str], Sequence[tuple[str, int, int]]]

BEGINS, ENDS = ("… ", False), (" … ", False)
WIDTH = 150
MAX_PLACES = 60
MAX_ENDING = 3
# What may stand of a code before its digits.
LONGEST_BEFORE = 24
MIN_STEM = 3
PATTERNS_KEPT = 10_000
_SENTENCE_END = re.compile(r"[。！？!?；;\n]|\.(?=\s)")
_CLAUSE_END = re.compile(r"[，、,:：)）」』\]\s]")
# Letters and a number, a hexadecimal number, a number: in any of the forms in which they are written.
_CODE = re.compile(
    r"(?P<letters>[a-z]{1,6})[ _#:-]?0*(?P<number>[1-9][0-9]*)|(?:0x)?0*(?P<hex>(?=[a-f]*[0-9])[1-9a-f][0-9a-f]{5,15})"
    r"|0*(?P<digits>[1-9][0-9]{2,})"
)
_SPACE = re.compile(r"\s+")
_HAN = re.compile("[\u3400-\u9fff]")
# So much is looked at before a character that may be a word, and from there on at once.
_BEFORE = 12
_HAN_BEFORE = re.compile(r"[\u3400-\u9fff]*\Z")
_HAN_RUN = re.compile("[\u3400-\u9fff]{1,100}")


class _Place(NamedTuple):
    start: int
    end: int
    mark: str
    weight: float


@dataclass(frozen=True, slots=True)
class Marks:
    """Folded words and phrases with how telling they are: of `asked`, a part stands for what is nowhere whole.

    `others` are other ways to say it, whose parts say something else: 服务 of 服务器. `words`, where there is one, cuts
    a text as the index does: a single Han character is marked where it is a word, not 设 of 设定.
    """

    asked: Mapping[str, float] = field(default_factory=dict)
    others: Mapping[str, float] = field(default_factory=dict)
    words: Words | None = field(default=None, compare=False)

    def standing(self, folded: str, places: Sequence[_Place]) -> Sequence[_Place]:
        """Those of the places, by their order in the text, where a mark stands as a word."""
        if self.words is None:
            return places
        characters = [place.start for place in places if _is_character(place.mark)]
        alone = set(_alone(folded, characters, self.words))
        return [place for place in places if place.start in alone or not _is_character(place.mark)]


@dataclass(frozen=True, slots=True)
class Marked:
    """A text and where marks stand in it; `whole` are those of what was asked that stand whole in it."""

    text: str
    places: Sequence[_Place]
    whole: frozenset[str]

    def pieces(self) -> Pieces:
        """The whole text in pieces: (text, whether it is what was asked). Joined, they are the text."""
        return tuple(_pieces(self.text, 0, len(self.text), self.places))

    def passage(self, width: int = WIDTH) -> Pieces:
        """At most two passages of about `width` characters that hold the most telling marks, in pieces, `…` where cut.

        A text without any mark gives its beginning.
        """
        text, places = self.text, self.places
        if not places:
            start, end = _widened(text, 0, 0, width)
            return tuple(_cut(text, start, end, ()))
        spans = [_best_window(places, width)]
        shown = _marks_in(places, spans[0])
        rest = [place for place in places if place.mark not in shown]
        if rest:
            second = _best_window(rest, width)
            half = width // 2
            spans = sorted(_widened(text, *span, half) for span in (spans[0], second))
            if not text[spans[0][1] : spans[1][0]].strip():
                spans = [(spans[0][0], spans[1][1])]
        else:
            spans = [_widened(text, *spans[0], width)]
        cut: list[tuple[str, bool]] = []
        for span in spans:
            pieces = list(_cut(text, *span, places))
            cut += pieces[1:] if cut and (cut[-1], pieces[0]) == (ENDS, BEGINS) else pieces
        return tuple(cut)


def marked(text: str, marks: Marks, fold: Callable[[str], str]) -> Marked:
    """The text with its marks, none inside another."""
    folded = fold(text)
    found: list[_Place] = []
    whole = set()
    for mark, weight in marks.asked.items():
        if there := _occurrences(folded, mark, mark, weight):
            whole.add(mark)
        found += there or _parts(folded, mark, weight)
    for mark, weight in marks.others.items():
        found += _occurrences(folded, mark, mark, weight)
    kept: list[_Place] = []
    for place in marks.standing(folded, sorted(found, key=lambda one: (one.start, -one.end))):
        if not kept or place.start >= kept[-1].end:
            kept.append(place)
    return Marked(text, kept, frozenset(whole))


def holds(text: str, marks: Marks, fold: Callable[[str], str]) -> float:
    """How telling those of the marks are that stand whole in the text."""
    folded = fold(text)
    there = ((weight, _occurrences(folded, mark, mark, weight)) for mark, weight in marks.asked.items())
    return sum(weight for weight, places in there if marks.standing(folded, places))


def _is_character(mark: str) -> bool:
    return len(mark) == 1 and _HAN.match(mark) is not None


def _alone(folded: str, places: Sequence[int], words: Words) -> Iterator[int]:
    """Those of ascending places of Han characters where one is a word by itself; only what stands around is cut."""
    alone: set[int] = set()
    reached = 0
    for at in places:
        if at >= reached:
            before = _HAN_BEFORE.search(folded, max(0, at - _BEFORE), at)
            run = _HAN_RUN.match(folded, before.start() if before else at)
            begin, reached = run.span() if run else (at, at)
            alone = {begin + start for _, start, end in words(folded[begin:reached]) if end - start == 1}
        if at in alone:
            yield at


def _parts(folded: str, mark: str, weight: float) -> list[_Place]:
    """A Han compound that is nowhere whole: its longest parts that are somewhere."""
    if mark.isascii():
        return []
    for size in range(len(mark) - 1, 1, -1):
        found: list[_Place] = []
        for at in range(len(mark) - size + 1):
            part = mark[at : at + size]
            found += _occurrences(folded, part, part, weight * size / len(mark))
        if found:
            return found
    return []


def _occurrences(folded: str, text: str, mark: str, weight: float) -> list[_Place]:
    form = _form(text)
    places: list[_Place] = []
    at, reached = folded.find(form.telling), 0
    while at >= 0 and len(places) < MAX_PLACES:
        around = max(reached, at - form.before), at + len(form.telling) + MAX_ENDING + 1
        match = form.pattern.search(folded, *around)
        if match and match.start() <= at:
            places.append(_Place(*match.span(), mark, weight))
            reached = match.end()
        # It may begin within one that is no word: a_a in xa_a_a.
        at = folded.find(form.telling, max(reached, at + 1))
    return places


class _Form(NamedTuple):
    """How a mark stands in a text: what of it stands there in any form, how much may stand before that, and the pattern
    of all. A pattern alone takes ten times as long to find."""

    telling: str
    before: int
    pattern: re.Pattern[str]


@lru_cache(PATTERNS_KEPT)
def _form(text: str) -> _Form:
    """A Latin word stands from its beginning, with an ending if it is long enough; a code also with 0x or without, its
    letters apart from its digits, and these with zeros in front."""
    if code := _CODE.fullmatch(text):
        begins = f"(?<![a-z0-9]){code['letters']}[ _#:-]?" if code["letters"] else "(?<![a-z0-9])(?:0x)?"
        # Of C3309 a number is a part that was asked for.
        begins = "(?<![0-9])" if code["digits"] else begins
        telling: str = code["number"] or code["hex"] or code["digits"]
        return _Form(telling, LONGEST_BEFORE, re.compile(f"{begins}0*{telling}(?![a-z0-9])"))
    before, after = "", ""
    if text[0].isascii() and text[0].isalnum():
        before = "(?<![A-Za-z0-9])"
    if text[-1].isascii() and text[-1].isalnum():
        most = MAX_ENDING if len(text) >= MIN_STEM and text.isalpha() else 0
        after = f"[A-Za-z0-9]{{0,{most}}}(?![A-Za-z0-9])"
    return _Form(text, 0, re.compile(before + re.escape(text) + after))


def _best_window(places: Sequence[_Place], width: int) -> tuple[int, int]:
    """The span no wider than `width` (or one place) whose different marks weigh most; the earliest of equals."""
    best, best_weight, first = (places[0].start, places[0].end), -1.0, 0
    inside: dict[str, int] = {}
    different = 0.0
    for at, place in enumerate(places):
        count = inside[place.mark] = inside.get(place.mark, 0) + 1
        if count == 1:
            different += place.weight
        while place.end - places[first].start > width and first < at:
            gone = places[first]
            inside[gone.mark] -= 1
            if not inside[gone.mark]:
                different -= gone.weight
            first += 1
        weight = different + 1e-3 * (at - first + 1)
        if weight > best_weight + 1e-9:
            best, best_weight = (places[first].start, place.end), weight
    return best


def _marks_in(places: Sequence[_Place], span: tuple[int, int]) -> set[str]:
    first = bisect_left(places, span[0], key=lambda place: place.start)
    found = set()
    for place in places[first:]:
        if place.end > span[1]:
            break
        found.add(place.mark)
    return found


def _widened(text: str, start: int, end: int, width: int) -> tuple[int, int]:
    """The span grown to about `width` characters: from the beginning of a sentence, to the end of one where near."""
    room = max(width - (end - start), 20)
    low = max(0, start - room // 2)
    begin = max((match.end() for match in _SENTENCE_END.finditer(text, low, start)), default=None)
    if begin is None:
        begin = low if low == 0 else _after(text, low, start)
    stop = min(len(text), begin + max(width, end - begin))
    ends = [match.end() for match in _SENTENCE_END.finditer(text, end, min(len(text), stop + 20))]
    if ends:
        return begin, ends[-1]
    if stop == len(text):
        return begin, stop
    cuts = [match.start() for match in _CLAUSE_END.finditer(text, end, stop)]
    return begin, cuts[-1] if cuts else stop


def _after(text: str, low: int, start: int) -> int:
    match = _CLAUSE_END.search(text, low, start)
    return match.end() if match else low


def _cut(text: str, start: int, end: int, places: Sequence[_Place]) -> Iterator[tuple[str, bool]]:
    before = text[:start].rstrip()
    if before and not _SENTENCE_END.match(before[-1]) and before[-1] != ".":
        yield BEGINS
    yield from _pieces(text, start, end, places)
    if text[end:].strip():
        yield ENDS


def _pieces(text: str, start: int, end: int, places: Sequence[_Place]) -> Iterator[tuple[str, bool]]:
    at = start
    for place in places:
        if place.start < at or place.end > end:
            continue
        if place.start > at:
            yield _SPACE.sub(" ", text[at : place.start]), False
        yield text[place.start : place.end], True
        at = place.end
    if at < end:
        yield _SPACE.sub(" ", text[at:end]), False
