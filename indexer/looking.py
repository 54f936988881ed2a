"""The closer look at the best candidates: the title as a whole, the query as a phrase, neighbours still neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from indexer.folding import squash
from indexer.planning import Plan, is_code
from indexer.ranking import Ranking, Scored
from indexer.sources import Rows

MAX_NEIGHBOURS = 24
# So many words in a row, and one more, are quoted rather than met by chance.
QUOTATION = 3
# What is not validated yet, and by how much less it can be relied on.
UNSURE = {"work_in_progress": 1.0, "not_validated": 0.5, "archived": 1.0}
DAYS_OF_YEAR = 365.25
OLD = 5.0
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


def look(ranking: Ranking, found: Scored, texts: Sequence[tuple[int, str, bytes]], today: date) -> list[Looked]:
    """Candidates in their final order, ties by article. Each is given by its place among those found, its folded title
    and its folded body; texts are compared as UTF-8, as they are stored."""
    closer = Closer(ranking, today)
    looked = []
    for at, title, body in texts:
        parts = {**closer.literal(title, body), **closer.standing(found.rows, at)}
        before = found.parts_of(at)
        # Whether a code stands there was known of terms alone; the text tells it better.
        score = float(found.scores[at]) - before.pop("codes", 0.0) + sum(parts.values())
        looked.append(Looked(int(found.rows.articles[at]), score, {**before, **parts}))
    return sorted(looked, key=lambda one: (-one.score, one.article))


class Closer:
    """A query made ready to be compared with texts as they stand."""

    def __init__(self, ranking: Ranking, today: date) -> None:
        self._plan, self._weights, self._today, self._mass = ranking.plan, ranking.weights, today, ranking.mass
        plan = ranking.plan
        self._wanted, self._whole, self._name = squash(plan.text), plan.text.encode(), plan.name.encode()
        self._neighbours = _neighbours(plan, ranking.idfs)
        self._together = sum(idf for _, idf in self._neighbours) or 1.0
        units = zip(plan.units, ranking.idfs, strict=True)
        self._codes = [(unit.surface.encode(), idf) for unit, idf in units if is_code(unit.surface)]

    def literal(self, folded_title: str, body: bytes) -> dict[str, float]:
        """What is there word for word, in parts of a score."""
        plan, weights, mass, wanted = self._plan, self._weights, self._mass, self._wanted
        title, title_bytes = squash(folded_title), folded_title.encode()
        parts: dict[str, float] = {}
        if title == wanted:
            parts["title_equals"] = mass * weights.title_equals
        elif wanted and wanted in title:
            parts["title_contains"] = mass * weights.title_contains * len(wanted) / len(title)
        elif title and title in wanted:
            parts["title_contains"] = mass * weights.title_contains * len(title) / len(wanted)
        if len(plan.units) > 1 and (holds_whole(body, self._whole) or stands_alone(body, self._name)):
            parts["body_contains"] = mass * weights.body_contains * min(1.0, (len(plan.units) - 1) / QUOTATION)
        if self._codes:
            exact = (idf for code, idf in self._codes if stands_alone(title_bytes, code) or stands_alone(body, code))
            parts["codes"] = weights.codes * sum(exact)
        if self._neighbours:
            kept = sum(
                idf for ways, idf in self._neighbours if _neighbours_in(body, ways) or _neighbours_in(title_bytes, ways)
            )
            parts["pairs"] = mass * weights.pairs * kept / self._together
        return parts

    def standing(self, rows: Rows, at: int) -> dict[str, float]:
        """What an article's reputation is worth, in parts of the query's own: enough to part near-ties, no more."""
        weights = self._weights
        years = (self._today.toordinal() - int(rows.updated[at])) / DAYS_OF_YEAR
        parts = {
            "helpful": weights.helpful * float(rows.helpful[at]),
            "confidence": -weights.confidence * UNSURE.get(rows.confidences[at], 0.0),
            "age": -weights.age * min(max(years, 0.0), OLD) / OLD,
        }
        return {name: self._mass * part for name, part in parts.items() if part}


def _neighbours(plan: Plan, idfs: Sequence[float]) -> list[tuple[tuple[bytes, ...], float]]:
    """The most telling neighbours of the query, each in the ways it may be written, with its weight."""
    found = [
        (_joined(plan.text[first.start : second.end]), (idfs[at] + idfs[at + 1]) / 2)
        for at, (first, second) in enumerate(zip(plan.units, plan.units[1:], strict=False))
        if first.end <= second.start <= first.end + 3
    ]
    return sorted(found, key=lambda one: -one[1])[:MAX_NEIGHBOURS]


def _joined(text: str) -> tuple[bytes, ...]:
    """Neighbours as asked, Latin ones also as a name of a program joins them, a number as a log gives it."""
    if " " not in text or not text.isascii():
        return (text.encode(),)
    joints = (" ", ": ") if text[-1].isdigit() else (" ", "_", "")
    return tuple(text.replace(" ", joint).encode() for joint in joints)


def _neighbours_in(text: bytes, ways: Sequence[bytes]) -> bool:
    for way in ways:  # a loop: asked of thousands of texts, most of which have none
        if way in text and holds_whole(text, way):
            return True
    return False


def holds_whole(text: bytes, piece: bytes) -> bool:
    """Whether a piece occurs with its numbers whole: `event id 12` is not in `event id 1274`."""
    before = DIGIT if piece[:1].isdigit() else NOTHING
    after = DIGIT if piece[-1:].isdigit() else NOTHING
    return bool(piece) and _stands(text, piece, before, after)


def stands_alone(text: bytes, code: bytes) -> bool:
    """Whether a code occurs with no letter or digit right before or after it; `c` of `c++` does not."""
    return bool(code) and _stands(text, code, WORD, WORD_OR_SIGN)


def _stands(text: bytes, piece: bytes, before: frozenset[bytes], after: frozenset[bytes]) -> bool:
    """Whether a piece occurs with none of these bytes next to it."""
    at = text.find(piece)
    while at >= 0:
        end = at + len(piece)
        if text[at - 1 : at] not in before and text[end : end + 1] not in after:
            return True
        at = text.find(piece, at + 1)
    return False
