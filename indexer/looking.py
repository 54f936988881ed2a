"""The closer look at the best candidates: the title as a whole, the query as a phrase, neighbours still neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from indexer.folding import squash
from indexer.planning import Plan, is_code
from indexer.ranking import Candidate, Readable, Weights, unit_idf

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
    """A candidate with its final score and what it is made of."""

    candidate: Candidate
    score: float
    parts: Mapping[str, float]


def look(plan: Plan, found: Sequence[Candidate], readable: Readable, weights: Weights, today: date) -> list[Looked]:
    """The candidates in their final order, ties by article. Texts are compared as UTF-8, as they are stored."""
    idfs = [unit_idf(unit, readable) for unit in plan.units]
    mass = sum(idfs) or 1.0
    wanted, whole, name = squash(plan.text), plan.text.encode(), plan.name.encode()
    neighbours = _neighbours(plan, idfs)
    together = sum(idf for _, idf in neighbours) or 1.0
    codes = [(unit.surface.encode(), idf) for unit, idf in zip(plan.units, idfs, strict=True) if is_code(unit.surface)]
    looked = []
    for candidate in found:
        shard = candidate.view.shard
        folded_title, body = shard.title(candidate.document), shard.body(candidate.document)
        title, title_bytes = squash(folded_title), folded_title.encode()
        parts: dict[str, float] = {}
        if title == wanted:
            parts["title_equals"] = mass * weights.title_equals
        elif wanted and wanted in title:
            parts["title_contains"] = mass * weights.title_contains * len(wanted) / len(title)
        elif title and title in wanted:
            parts["title_contains"] = mass * weights.title_contains * len(title) / len(wanted)
        if len(plan.units) > 1 and (holds_whole(body, whole) or stands_alone(body, name)):
            parts["body_contains"] = mass * weights.body_contains * min(1.0, (len(plan.units) - 1) / QUOTATION)
        if codes:
            exact = sum(idf for code, idf in codes if stands_alone(title_bytes, code) or stands_alone(body, code))
            parts["codes"] = weights.codes * exact
        if neighbours:
            kept = sum(
                idf for ways, idf in neighbours if _neighbours_in(body, ways) or _neighbours_in(title_bytes, ways)
            )
            parts["pairs"] = mass * weights.pairs * kept / together
        parts |= {name: mass * part for name, part in _standing(candidate, weights, today).items()}
        looked.append(Looked(candidate, candidate.score + sum(parts.values()), {**candidate.parts(), **parts}))
    return sorted(looked, key=lambda one: (-one.score, one.candidate.article))


def _standing(candidate: Candidate, weights: Weights, today: date) -> dict[str, float]:
    """What an article's reputation is worth, in parts of the query's own: enough to part near-ties, no more."""
    columns, document = candidate.view.shard.columns, candidate.document
    confidence = columns.confidence.names[columns.confidence.codes[document]]
    years = (today.toordinal() - int(columns.updated[document])) / DAYS_OF_YEAR
    parts = {
        "helpful": weights.helpful * float(columns.helpful[document]),
        "confidence": -weights.confidence * UNSURE.get(confidence, 0.0),
        "age": -weights.age * min(max(years, 0.0), OLD) / OLD,
    }
    return {name: part for name, part in parts.items() if part}


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
    # Most are not there at all, which `in` tells at once.
    return any(way in text and holds_whole(text, way) for way in ways)


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
