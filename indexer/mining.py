"""Terms mined from titles: what one language's titles say wherever their translations say another thing.

An authoring tool: it proposes, a person decides. Its measure is Dice's coefficient over pairs of titles.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

from indexer.analysis import Analysis
from indexer.folding import fold
from indexer.vocabulary import COLUMNS, Vocabulary
from kb.store.articles import ArticleRow

# A language and what is said in it.
Term: TypeAlias = tuple[str, str]

LEAST_TIMES = 2
LEAST_DICE = 0.7
LONGEST = 3
# No English term begins or ends with one of these.
JOINTS = frozenset(
    "a an and are as at by can cannot do does for from how i if in into is it its no not of on or that the their this "
    "to was what when where which why will with you your".split()
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Two terms of two languages that stand in the same titles: in so many pairs, and how exclusively (0 to 1)."""

    terms: tuple[Term, Term]
    times: int
    dice: float

    @property
    def line(self) -> str:
        """As a line of KB_TERMS."""
        by_lang = dict(self.terms)
        return "\t".join(by_lang.get(lang, "") for lang in COLUMNS)


def proposals(rows: Iterable[ArticleRow], vocabulary: Vocabulary) -> list[Proposal]:
    """The pairs the vocabulary does not have yet, the surest first. Each term is proposed once."""
    alone: Counter[tuple[Term, str]] = Counter()
    together: Counter[tuple[Term, Term]] = Counter()
    for here, there in _pairs(rows):
        alone.update((one, other_lang) for one in here for other_lang in {lang for lang, _ in there})
        alone.update((other, one_lang) for other in there for one_lang in {lang for lang, _ in here})
        together.update((one, other) for one in here for other in there)
    found = []
    for (one, other), times in together.items():
        dice = 2 * times / (alone[one, other[0]] + alone[other, one[0]])
        if times >= LEAST_TIMES and dice >= LEAST_DICE and not _known(one, other, vocabulary):
            found.append(Proposal((one, other), times, dice))
    return _each_once(sorted(found, key=_surest))


def _pairs(rows: Iterable[ArticleRow]) -> Iterator[tuple[set[Term], set[Term]]]:
    """The terms of every two titles of which one translates the other, without those they share."""
    analysis = Analysis()
    groups: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for row in rows:
        if row.group:
            groups[row.source, row.group].setdefault(row.lang, row.title)
    for titles in groups.values():
        for here, there in combinations([lang for lang in COLUMNS if lang in titles], 2):
            ones, others = (set(_terms(titles[lang], lang, analysis)) for lang in (here, there))
            yield {(here, one) for one in _without(ones, others)}, {(there, one) for one in _without(others, ones)}


def _surest(one: Proposal) -> tuple[float, int, int, str]:
    return -one.dice, -one.times, -sum(len(term) for _, term in one.terms), one.line


def _each_once(found: Iterable[Proposal]) -> list[Proposal]:
    kept: list[Proposal] = []
    taken: set[tuple[Term, str]] = set()
    for one in found:
        (first, second) = one.terms
        ends = {(first, second[0]), (second, first[0])}
        if not ends & taken:
            taken |= ends
            kept.append(one)
    return kept


def _without(terms: set[str], others: set[str]) -> set[str]:
    """Terms that the others do not hold: what is in a longer one, in either script, is no other word for it."""
    folded = [fold(other) for other in others]
    return {term for term in terms if not any(fold(term) in other for other in folded)}


def _terms(title: str, lang: str, analysis: Analysis) -> Iterator[str]:
    """Han words, alone and up to LONGEST joined; of English titles, Latin words likewise."""
    words = [(start, end) for surface, start, end in analysis.words(title) if surface.isascii() == (lang == "en")]
    for at in range(len(words)):
        for last in range(at, min(at + LONGEST, len(words))):
            if last > at and words[last][0] - words[last - 1][1] > (1 if lang == "en" else 0):
                break
            term = title[words[at][0] : words[last][1]]
            ends = {title[slice(*words[at])].lower(), title[slice(*words[last])].lower()}
            if len(term) > 1 and not ends & JOINTS and not any(character.isdigit() for character in term):
                yield term.lower() if lang == "en" else term


def _known(one: Term, other: Term, vocabulary: Vocabulary) -> bool:
    wanted = fold(other[1])
    return (
        any(
            fold(alternative.text) == wanted
            for match in vocabulary.matches(fold(one[1]), (one[0],))
            for alternative in match.alternatives
        )
        or fold(one[1]) == wanted
    )
