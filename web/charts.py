"""Charts as SVG, drawn here: widths in percent, so that they fit any page and their words stay as large as the page's.

A chart stands beside the table of its numbers; what it shows is in the table, too.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

ROW, BAR, LABEL = 46, 16, 15
PLOT, HEAD, FOOT = 150, 22, 24
COLUMN = 0.62
LONGEST = 40


@dataclass(frozen=True, slots=True)
class Series:
    """What a part of a bar stands for; `tone` is its colour, a class of reports.css."""

    name: str
    tone: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar in parts, one of each series. `told` is what stands at its end."""

    label: str
    values: Sequence[int]
    told: str


@dataclass(frozen=True, slots=True)
class Rect:
    """`x` and `width` in percent; `title` is shown to who points at it."""

    x: float
    y: float
    width: float
    height: float
    tone: str
    title: str


@dataclass(frozen=True, slots=True)
class Text:
    x: float
    y: float
    anchor: str
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing, and what it says in a sentence for those who do not see it."""

    label: str
    height: int
    rects: tuple[Rect, ...]
    texts: tuple[Text, ...]
    legend: tuple[Series, ...]


def bars(label: str, series: Sequence[Series], given: Sequence[Bar]) -> Chart:
    """Bars that lie, one below the other, each with its label above it."""
    most = max((sum(bar.values) for bar in given), default=0) or 1
    rects: list[Rect] = []
    texts: list[Text] = []
    for at, bar in enumerate(given):
        top = at * ROW
        texts += [Text(0, top + LABEL, "start", _short(bar.label)), Text(100, top + LABEL, "end", bar.told)]
        rects.append(Rect(0, top + LABEL + 6, 100, BAR, "track", ""))
        for start, value, one in _parts(bar, series):
            title = f"{bar.label} · {one.name}: {value}"
            rects.append(Rect(_part(start, most), top + LABEL + 6, _part(value, most), BAR, one.tone, title))
    return Chart(label, max(len(given) * ROW, ROW), tuple(rects), tuple(texts), tuple(series))


def columns(label: str, series: Sequence[Series], given: Sequence[Bar]) -> Chart:
    """Columns that stand beside each other, for what passes in time."""
    most = max((sum(bar.values) for bar in given), default=0) or 1
    slot = 100 / max(len(given), 1)
    rects = [Rect(0, HEAD + PLOT, 100, 1, "axis", "")]
    texts: list[Text] = []
    for at, bar in enumerate(given):
        middle = (at + 0.5) * slot
        texts.append(Text(middle, HEAD + PLOT + FOOT - 6, "middle", bar.label))
        total = sum(bar.values)
        if total:
            texts.append(Text(middle, HEAD + PLOT * (1 - total / most) - 6, "middle", bar.told))
        for start, value, one in _parts(bar, series):
            height = round(PLOT * value / most, 2)
            top = round(HEAD + PLOT - PLOT * start / most - height, 2)
            left, width = round(middle - slot * COLUMN / 2, 3), round(slot * COLUMN, 3)
            rects.append(Rect(left, top, width, height, one.tone, f"{bar.label} · {one.name}: {value}"))
    return Chart(label, HEAD + PLOT + FOOT, tuple(rects), tuple(texts), tuple(series))


def _parts(bar: Bar, series: Sequence[Series]) -> Iterator[tuple[int, int, Series]]:
    """Where each part of a bar begins, how much it is, and of what."""
    start = 0
    for value, one in zip(bar.values, series, strict=True):
        if value:
            yield start, value, one
        start += value


def _part(value: float, most: float) -> float:
    return round(100 * value / most, 3)


def _short(words: str) -> str:
    """What has room in one line of a phone: a Chinese character is as wide as two letters."""
    width = 0
    for at, character in enumerate(words):
        width += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if width > LONGEST:
            return words[:at].rstrip() + "…"
    return words
