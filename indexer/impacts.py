"""How much a term matters to a document, in a few levels, settled when the document is indexed.

It is the saturated frequency of BM25F (Robertson, Zaragoza, Taylor: Simple BM25 extension to multiple weighted fields,
2004): frequencies are summed over title, headings and text before saturation. Lengths are measured against a constant,
not the average of what is indexed, so that no document bears on the level of another.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from indexer.analysis import PAIR, STEM, WORD

# The kinds of terms that have a level. Of the others (a stem has the frequency of a word as written) it says nothing
# more, by the judged queries: they count for `UNGRADED`, wherever they are.
GRADED = frozenset((WORD, PAIR, STEM))
UNGRADED = 0.9

K1, B = 1.2, 0.75
TITLE_WEIGHT, EMPHASIS_WEIGHT = 6.0, 1.0
# How long an article usually is, in the words that `indexer.documents.length` counts.
USUAL_LENGTH = 350
# A level from each bound on, and what it stands for.
BOUNDS = (0.27, 0.36, 0.48, 0.65, 0.87, 1.17, 1.57)
IMPACTS = (0.22, 0.31, 0.42, 0.56, 0.76, 1.0, 1.36, 1.82)
LEVELS = len(IMPACTS)


def level(frequency: float, norm: float) -> int:
    """From 0."""
    return bisect_right(BOUNDS, frequency * (K1 + 1) / (frequency + norm))


def levels(
    title: Mapping[str, int], emphasis: Mapping[str, int], everything: Mapping[str, int], norm: float
) -> Sequence[Sequence[str]]:
    """The terms of a document by their level, from 0, by how often they occur in the title, in headings and questions,
    and in everything. What has no level is with the lowest."""
    found: list[list[str]] = [[] for _ in range(LEVELS)]
    # Most terms occur once or twice.
    known: dict[float, list[str]] = {}
    more = {
        term: (TITLE_WEIGHT - 1) * title.get(term, 0) + EMPHASIS_WEIGHT * emphasis.get(term, 0)
        for term in {**title, **emphasis}
    }
    for term, times in everything.items():
        if term[0] not in GRADED:
            found[0].append(term)
            continue
        frequency = times + more[term] if term in more else times
        if frequency not in known:
            known[frequency] = found[level(frequency, norm)]
        known[frequency].append(term)
    return found


def norm(length: int) -> float:
    """What a document's length is to the impact of its terms."""
    return K1 * (1 - B) + K1 * B * length / USUAL_LENGTH
