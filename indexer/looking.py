"""The closer look at the best candidates: the title as a whole, the query as a phrase, neighbours still neighbours."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice, product
from math import log1p, sqrt
from typing import NamedTuple

from indexer.folding import squash
from indexer.planning import MARKS, Plan, Unit
from indexer.ranking import Ranking, Scored, is_told_by_code
from indexer.sources import Rows

MAX_NEIGHBOURS = 24
# How many octets of a text open it, and between which logarithms of their number a place is early, a text short.
OPENING = 600
LATE = 20_000
# How much of a text is looked through for words and neighbours; quotations and codes are looked for in all of it.
SEEN = 100_000
EARLY, SHORT = (0.0, 6.5), (5.5, 9.0)
MAX_TELLING, MAX_FIRST, MAX_ANCHORS, MAX_LINES, MAX_WAYS = 12, 6, 2, 20, 4
LONGEST_LINE = 150
# So many words in a row, and one more, are quoted rather than met by chance.
QUOTATION = 3
# Of so many words, so much, by their letters, stands together where they are nearly quoted; looked for at so many
# places of so many words.
FEWEST_NEARLY, MOST_NEARLY, NEARLY, MAX_PLACES, MAX_PLACED = 5, 40, 0.5, 8, 4
# Where a candidate has all that is asked, but for what was rounded, and a title says so much of it, it is no message
# with words wrong; where they have so much less, it is taken for one.
ALL, TITLED, LESS = 0.999, 0.5, 0.2
# Who has so much of what `nearly` can be worth is meant.
NEAR = 0.5
# What is not validated yet, and by how much less it can be relied on.
UNSURE = {"work_in_progress": 1.0, "not_validated": 0.5, "archived": 1.0}
DAYS_OF_YEAR = 365.25
OLD = 5.0
# What stands before and after messages and names of buttons where a text gives them word for word.
MARK = f"(?:{'|'.join(MARKS)})".encode()
STOP = "(?:[ .,!]|。)".encode()
NOTHING: frozenset[bytes] = frozenset()
DIGIT = frozenset(bytes([octet]) for octet in b"0123456789")
WORD = DIGIT | frozenset(bytes([octet]) for octet in b"abcdefghijklmnopqrstuvwxyz")
WORD_OR_SIGN = WORD | {b"+", b"#"}


@dataclass(frozen=True, slots=True)
class Looked:
    """An article found, with its score and what it is made of."""

    article: int
    score: float
    parts: Mapping[str, float]


# The place of a candidate among those found, its folded title and its folded body, in UTF-8 as it is stored.
Text = tuple[int, str, bytes]


def look(ranking: Ranking, found: Scored, texts: Sequence[Text], today: date) -> list[Looked]:
    """Candidates with what a look at them adds, in the order they came."""
    langs = {found.rows.langs[at] for at, _, _ in texts}
    closers = {lang: Closer(ranking, found, today, lang) for lang in langs}
    looked = []
    for at, title, body in texts:
        closer = closers[found.rows.langs[at]]
        encoded, start = title.encode(), body[:SEEN]
        firsts = closer.firsts(start)
        parts = {
            **closer.literal(title, encoded, body, start, firsts),
            **closer.nearly(encoded, start, firsts),
            **closer.placed(start, firsts),
            **closer.standing(found.rows, at),
        }
        before = found.parts_of(at)
        # Whether a code stands there was known of terms alone; the text tells it better.
        score = float(found.scores[at]) - before.pop("codes", 0.0) + sum(parts.values())
        looked.append(Looked(int(found.rows.articles[at]), score, {**before, **parts}))
    return looked


def nearly_quoting(ranking: Ranking, found: Scored, texts: Sequence[Text], today: date) -> list[Text]:
    """Those of the candidates that have most of what was asked together in one place."""
    closer = Closer(ranking, found, today, "")
    return [(at, title, body) for at, title, body in texts if closer.nearly_quoted(title.encode(), body[:SEEN])]


def is_near(ranking: Ranking, one: Looked) -> bool:
    """Whether a candidate looked at has so much of a message with words wrong in one place that it will be meant."""
    return one.parts.get("nearly", 0.0) > NEAR * ranking.weights.nearly


# Where pieces of a query stand first in a text: those that are there.
Firsts = Mapping[bytes, int]


class Pair(NamedTuple):
    """A way to write two words that follow each other: what it begins with, what it ends with, and whole."""

    first: bytes
    last: bytes
    whole: bytes


class Closer:
    """A query made ready to be compared with texts of a language as they stand: a word of it is there, too, as what
    the vocabulary says for it in that language."""

    def __init__(self, ranking: Ranking, found: Scored, today: date, lang: str) -> None:
        self._plan, self._weights, self._today, self._mass = ranking.plan, ranking.weights, today, ranking.mass
        self._reach = found.reach
        plan = ranking.plan
        self._wanted, self._whole, self._name = squash(plan.text), plan.whole.encode(), plan.name.encode()
        self._neighbours = _neighbours(plan, ranking.idfs, lang)
        self._together = sum(idf for _, idf in self._neighbours) or 1.0
        units = [(_ways(unit, lang), idf) for unit, idf in zip(plan.units, ranking.idfs, strict=True)]
        self._codes = [
            (unit.surface.encode(), idf)
            for unit, idf in zip(plan.units, ranking.idfs, strict=True)
            if is_told_by_code(unit, ranking.statistics)
        ]
        self._units = units
        ranked = sorted(units, key=lambda unit: -unit[1])
        self._telling = ranked[:MAX_TELLING]
        self._others = [way for ways, _ in ranked[MAX_TELLING:] for way in ways]
        ways = [way for ways, _ in self._telling for way in ways]
        ends = [end for pairs, _ in self._neighbours for pair in pairs for end in (pair.first, pair.last)]
        self._pieces = tuple(dict.fromkeys((*ways, *ends)))
        self._wrong = with_words_wrong(plan, found)
        self._looked_for = frozenset(self._pieces)
        self._sizes = [(surface, len(surface)) for surface in (unit.surface.encode() for unit in plan.units)]
        self._octets = sum(size for _, size in self._sizes) or 1

    def firsts(self, text: bytes) -> Firsts:
        return {piece: at for piece, at in zip(self._pieces, map(text.find, self._pieces), strict=True) if at >= 0}

    def literal(self, folded_title: str, title: bytes, body: bytes, start: bytes, firsts: Firsts) -> dict[str, float]:
        """What is there word for word, in parts of a score; `start`: what of the body neighbours are looked for in."""
        plan, weights = self._plan, self._weights
        parts: dict[str, float] = {}
        if squash(folded_title) == self._wanted:
            parts["title_equals"] = weights.title_equals
        if len(plan.units) > 1 and (holds_whole(body, self._whole) or stands_alone(body, self._name)):
            parts["quoted"] = weights.quoted * min(1.0, (len(plan.units) - 1) / QUOTATION)
            if stands_in_marks(body, self._whole):
                parts["in_marks"] = weights.in_marks
        if self._codes:
            exact = (idf for code, idf in self._codes if stands_alone(title, code) or stands_alone(body, code))
            parts["codes"] = weights.codes * sum(exact) / (self._mass * self._reach)
        if self._neighbours:
            in_title = self.firsts(title)
            kept = (
                idf
                for ways, idf in self._neighbours
                if _neighbours_in(title, in_title, ways) or _neighbours_in(start, firsts, ways)
            )
            parts["pairs"] = weights.pairs * sum(kept) / (self._together * self._reach)
        return parts

    def nearly(self, title: bytes, body: bytes, firsts: Firsts) -> dict[str, float]:
        """Most of a message together in one place of the text, or in the title: what was copied with words wrong, or
        names what is named otherwise there."""
        if not self._wrong:
            return {}
        in_title = sum([size for surface, size in self._sizes if surface in title])
        best = self._most_together(body, firsts, in_title)
        part = best / self._octets - NEARLY
        return {"nearly": self._weights.nearly * self._wrong * part / (1 - NEARLY)} if part > 0 else {}

    def nearly_quoted(self, title: bytes, body: bytes) -> bool:
        """Whether `nearly` is more than nothing: asked of texts most of which do not have the words at all."""
        says = sum([size for surface, size in self._sizes if surface in body or surface in title])
        return says > NEARLY * self._octets and bool(self.nearly(title, body, self.firsts(body)))

    def _most_together(self, body: bytes, firsts: Firsts, best: int) -> int:
        """How many octets of the words stand in one place, twice as wide as what was asked; `best`: so many do
        elsewhere, and fewer, or too few to count, are not looked for."""
        looked_for, width, enough = self._looked_for, len(self._whole), max(best, NEARLY * self._octets)
        might = [each for each in self._sizes if each[0] in firsts or each[0] not in looked_for]
        if sum([size for _, size in might]) <= enough:
            return best
        there = [each for each in might if each[0] in looked_for or each[0] in body]
        most = sum([size for _, size in there])
        if most <= enough:
            return best
        anchors = ((way, firsts[way]) for ways, _ in self._telling for way in ways if way in firsts)
        for anchor, at in islice(anchors, MAX_PLACED):
            for _ in range(MAX_PLACES):
                if at < 0 or best == most:
                    break
                around = body[max(0, at - width) : at + width]
                best = max(best, sum([size for surface, size in there if surface in around]))
                at = body.find(anchor, at + len(anchor))
        return best

    def placed(self, body: bytes, firsts: Firsts) -> dict[str, float]:
        """Where in a text the words of the query are, in parts of a score: an article that opens with them, says them
        early, in one line, or has little else to say, is about them."""
        weights, opening = self._weights, body[:OPENING]
        early = {way for way, at in firsts.items() if at + len(way) <= OPENING}
        early.update(way for way in self._others if way in opening)
        opens = sum(idf for ways, idf in self._units if not early.isdisjoint(ways)) / self._mass
        said = [([way for way in ways if way in firsts], idf) for ways, idf in self._telling]
        found = [(firsts[way], way) for ways, _ in said[:MAX_FIRST] for way in ways]
        first = min((at for at, _ in found), default=LATE)
        return {
            "opening": weights.opening * opens * opens,
            "early": weights.early * _falling(first, EARLY),
            "short": weights.short * _falling(len(body), SHORT),
            "line": weights.line * self._best_line(body, found[:MAX_ANCHORS], said) ** 2 / self._reach,
        }

    def _best_line(
        self, body: bytes, anchors: Sequence[tuple[int, bytes]], said: Sequence[tuple[Sequence[bytes], float]]
    ) -> float:
        """How well a line of the text, such as a heading, matches the query: recall times the root of precision.

        Of lines that hold an anchor, which comes with its first place; `said`: the telling words as the text has them.
        """
        said = [(ways, idf) for ways, idf in said if ways]
        lines = set()
        for at, anchor in anchors:
            for _ in range(MAX_LINES):
                if at < 0:
                    break
                end = body.find(b"\n", at)
                end = len(body) if end < 0 else end
                start = body.rfind(b"\n", 0, at) + 1
                if end - start <= LONGEST_LINE:
                    lines.add(body[start:end].strip())
                at = body.find(anchor, end)
        best = 0.0
        for line in lines:
            there = [(len(way), idf) for ways, idf in said if (way := _first_in(line, ways))]
            recall, precision = sum(idf for _, idf in there), min(1.0, sum(size for size, _ in there) / len(line))
            best = max(best, recall * sqrt(precision))
        return best / self._mass

    def standing(self, rows: Rows, at: int) -> dict[str, float]:
        """What an article's reputation is worth: enough to part near-ties, no more."""
        weights = self._weights
        years = (self._today.toordinal() - int(rows.updated[at])) / DAYS_OF_YEAR
        parts = {
            "helpful": weights.helpful * float(rows.helpful[at]),
            "confidence": -weights.confidence * UNSURE.get(rows.confidences[at], 0.0),
            "age": -weights.age * min(max(years, 0.0), OLD) / OLD,
        }
        return {name: part for name, part in parts.items() if part}


def with_words_wrong(plan: Plan, found: Scored) -> float:
    """How likely it is, from 0 to 1, a message with words wrong: by what no candidate has, or no title says."""
    if not FEWEST_NEARLY <= len(plan.units) <= MOST_NEARLY:
        return 0.0
    return min(1.0, max(ALL - found.reach, TITLED - found.titled, 0.0) / LESS)


def _falling(octets: int, bounds: tuple[float, float]) -> float:
    """1 up to the first bound of the logarithm, falling to 0 at the second."""
    least, most = bounds
    return min(1.0, max(0.0, (most - log1p(octets)) / (most - least)))


def _ways(unit: Unit, lang: str) -> tuple[bytes, ...]:
    """A word as asked, then as articles of a language have it. What merely means the same says less of where it is."""
    others = (one.surface for one in unit.evidence if one.lang in ("", lang) and one.origin not in ("asked", "synonym"))
    return tuple(dict.fromkeys(way.encode() for way in (unit.surface, *others)))


def _first_in(text: bytes, ways: Sequence[bytes]) -> bytes:
    for way in ways:  # a loop: asked of thousands of texts, most of which have none
        if way in text:
            return way
    return b""


def _neighbours(plan: Plan, idfs: Sequence[float], lang: str) -> list[tuple[tuple[Pair, ...], float]]:
    """The most telling neighbours of the query, each in the ways it may be written, with its weight."""
    found = [
        (
            (*_joined(plan.text, first, second), *_translated(first, second, lang)),
            (idfs[at] + idfs[at + 1]) / 2,
        )
        for at, (first, second) in enumerate(zip(plan.units, plan.units[1:], strict=False))
        if first.end <= second.start <= first.end + 3
    ]
    return sorted(found, key=lambda one: -one[1])[:MAX_NEIGHBOURS]


def _joined(text: str, first: Unit, second: Unit) -> list[Pair]:
    """Neighbours as asked, Latin ones also as a name of a program joins them, a number as a log gives it."""
    asked, joints = text[first.start : second.end], [" "]
    if " " in asked and asked.isascii():
        joints = [" ", ": "] if asked[-1].isdigit() else [" ", "_", ""]
    ends = text[first.start : first.end].encode(), text[second.start : second.end].encode()
    return [Pair(*ends, asked.replace(" ", joint).encode()) for joint in joints]


def _translated(first: Unit, second: Unit, lang: str) -> list[Pair]:
    """Neighbours in the words of articles of a language; in English, in either order: `formatting cells`."""
    _, *pairs = product(_ways(first, lang)[:MAX_WAYS], _ways(second, lang)[:MAX_WAYS])
    if lang != "en":
        return [_run_together(one, other, b"") for one, other in pairs]
    return [_run_together(*each, b" ") for one, other in pairs for each in ((one, other), (other, one))]


def _run_together(one: bytes, other: bytes, joint: bytes) -> Pair:
    return Pair(one, other, one if one == other else one + joint + other)


def _neighbours_in(text: bytes, firsts: Firsts, ways: Sequence[Pair]) -> bool:
    """Looked for from where both words can be at the earliest, and not at all where one of them is nowhere."""
    for first, last, whole in ways:  # a loop: asked of thousands of texts, most of which have none
        if first in firsts and last in firsts:
            start = max(firsts[first], firsts[last] + len(last) - len(whole))
            if holds_whole(text, whole, start):
                return True
    return False


def holds_whole(text: bytes, piece: bytes, start: int = 0) -> bool:
    """Whether a piece occurs, from `start` on, with its numbers whole: `event id 12` is not in `event id 1274`."""
    before = DIGIT if piece[:1].isdigit() else NOTHING
    after = DIGIT if piece[-1:].isdigit() else NOTHING
    return bool(piece) and _stands(text, piece, before, after, start)


def stands_alone(text: bytes, code: bytes) -> bool:
    """Whether a code occurs with no letter or digit right before or after it; `c` of `c++` does not."""
    return bool(code) and _stands(text, code, WORD, WORD_OR_SIGN)


def stands_in_marks(text: bytes, piece: bytes) -> bool:
    """Whether a text gives a piece in marks of quotation, with a stop at its end or without."""
    return bool(piece) and re.search(b"%b *%b%b*%b" % (MARK, re.escape(piece), STOP, MARK), text) is not None


def _stands(text: bytes, piece: bytes, before: frozenset[bytes], after: frozenset[bytes], start: int = 0) -> bool:
    """Whether a piece occurs, from `start` on, with none of these bytes next to it."""
    at = text.find(piece, start)
    while at >= 0:
        end = at + len(piece)
        if text[at - 1 : at] not in before and text[end : end + 1] not in after:
            return True
        at = text.find(piece, at + 1)
    return False
