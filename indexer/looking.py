"""The closer look at the best candidates: the title as a whole, the query as a phrase, neighbours still neighbours."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from indexer.folding import squash
from indexer.planning import Plan
from indexer.ranking import Candidate, Readable, Weights, unit_idf


@dataclass(frozen=True, slots=True)
class Looked:
    """A candidate with its final score and what it is made of."""

    candidate: Candidate
    score: float
    parts: Mapping[str, float]


def look(plan: Plan, found: Sequence[Candidate], readable: Readable, weights: Weights) -> list[Looked]:
    """The candidates in their final order, ties by article."""
    idfs = [unit_idf(unit, readable) for unit in plan.units]
    mass = sum(idfs) or 1.0
    wanted = squash(plan.text)
    neighbours = [
        (_joined(plan.text[first.start : second.end]), (idfs[at] + idfs[at + 1]) / 2)
        for at, (first, second) in enumerate(zip(plan.units, plan.units[1:], strict=False))
        if first.end <= second.start <= first.end + 3
    ]
    together = sum(idf for _, idf in neighbours) or 1.0
    codes = [(_whole(unit.surface), idf) for unit, idf in zip(plan.units, idfs, strict=True) if is_code(unit.surface)]
    looked = []
    for candidate in found:
        shard = candidate.view.shard
        title, body = squash(shard.title(candidate.document)), shard.text(candidate.document)
        parts = {"terms": candidate.score}
        if title == wanted:
            parts["title_equals"] = mass * weights.title_equals
        elif wanted and wanted in title:
            parts["title_contains"] = mass * weights.title_contains * len(wanted) / len(title)
        elif title and title in wanted:
            parts["title_contains"] = mass * weights.title_contains * len(title) / len(wanted)
        if len(plan.units) > 1 and plan.text in body:
            parts["body_contains"] = mass * weights.body_contains
        folded_title = shard.title(candidate.document)
        if codes:
            exact = sum(idf for pattern, idf in codes if pattern.search(folded_title) or pattern.search(body))
            parts["codes"] = weights.codes * exact
        if neighbours:
            kept = sum(idf for ways, idf in neighbours if any(text in body or text in folded_title for text in ways))
            parts["pairs"] = mass * weights.pairs * kept / together
        looked.append(Looked(candidate, sum(parts.values()), parts))
    return sorted(looked, key=lambda one: (-one.score, one.candidate.article))


def _joined(text: str) -> tuple[str, ...]:
    """Neighbours as asked, and Latin ones as a name of a program joins them."""
    if " " not in text or not text.isascii():
        return (text,)
    return text, text.replace(" ", "_"), text.replace(" ", "")


def is_code(surface: str) -> bool:
    """A Latin word with digits or anything else that letters are not."""
    return surface.isascii() and not surface.isalpha()


def _whole(surface: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z0-9]){re.escape(surface)}(?![a-z0-9+#])")
