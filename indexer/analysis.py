"""Analysis: text to the terms that are indexed and searched, the same for articles and queries, on every engine.

A term's first letter is its kind (`KINDS`): a word, a pair of characters, a character, an exact Latin word, a stem, a
code whole or in part. Terms are of folded text; offsets point into the original, which has the same length.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from operator import add

from whoosh.lang.porter import stem as porter

from indexer.folding import fold
from indexer.segmenting import Segmenter, open_segmenter

WORD, PAIR, CHARACTER, EXACT, STEM, CODE, PART = "w", "g", "c", "e", "s", "k", "p"
KINDS = {
    WORD: "a Han word of three characters or more",
    PAIR: "two neighbouring Han characters, a word or not",
    CHARACTER: "one Han character",
    EXACT: "a Latin word or number as written",
    STEM: "the stem of a Latin word",
    CODE: "a code, version, path or other compound, whole",
    PART: "a part of a code",
}
MAX_TERM = 64
MAX_JOINED = 24
# What is longer is seldom met again, and as long as a line of a log: it is taken apart each time.
LONGEST_KEPT = 2 * MAX_TERM

_HAN_CHARACTERS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af\U00020000-\U000323af"
_NOT_HAN = re.compile(f"[^{_HAN_CHARACTERS}]+")
_HAN_RUN = re.compile(f"[{_HAN_CHARACTERS}]+")
_LETTERS = "a-z0-9\u00c0-\u024f\u0370-\u052f\u0590-\u06ff"
_LATIN_RUN = re.compile(
    rf"\.net\b|[{_LETTERS}]+(?:[._\-:/\\@'’+#][{_LETTERS}]+)*(?:\+\+|#(?![{_LETTERS}]))?|_[{_LETTERS}_]+"
)
_ATOM = re.compile(rf"[{_LETTERS}]+")
_CASE = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_MIXED = re.compile(r"[a-z]+|[0-9]+")
_VERSIONED = re.compile(r"[a-z]*v([0-9]+(?:\.[0-9]+)+)")
_HEX = re.compile(r"(?:0x)?([0-9a-f]{6,16})\Z")
_HEX_PREFIXED = re.compile(r"0x([0-9a-f]{1,16})\Z")


@dataclass(frozen=True, slots=True)
class Token:
    """A term and where it stands: `start` and `end` into the original text, `position` counted in words.

    `is_word`: of a pair, whether it is a word here.
    """

    term: str
    start: int
    end: int
    position: int
    is_word: bool = False


class Analysis:
    """The analysis with one segmenter. Immutable and safe between threads; new words mean a new one."""

    def __init__(self, own_words: Iterable[str] = (), segmenter: str = "rjieba") -> None:
        self.own_words = frozenset(word for raw in own_words if _HAN_RUN.fullmatch(word := fold(raw)) and len(word) > 1)
        self._segmenter: Segmenter = open_segmenter(self.own_words, segmenter)

    def term_counts(self, text: str) -> Counter[str]:
        """How often each term occurs: what `tokens` gives, counted, without the offsets (ten times as fast)."""
        return self.counts_of(fold(text), text)

    def counts_of(self, folded: str, text: str) -> Counter[str]:
        """`term_counts` of a text that is folded already."""
        counts = self._han_counts(folded)
        places = [match.span() for match in _LATIN_RUN.finditer(folded)]
        for (run, written), times in Counter([(folded[start:end], text[start:end]) for start, end in places]).items():
            for term, _, _ in latin_terms(run, written):
                counts[term] = counts.get(term, 0) + times
        return counts

    def _han_counts(self, folded: str) -> Counter[str]:
        han = "" if folded.isascii() else _NOT_HAN.sub(" ", folded)
        if not han.strip():
            return Counter()
        words, pairs = Counter(self._segmenter.words(han)), Counter(map(add, han, han[1:]))
        return Counter(
            {
                **{WORD + word: times for word, times in words.items() if len(word) > 2 and " " not in word},
                **{CHARACTER + character: times for character, times in Counter(han).items() if character != " "},
                **{PAIR + pair: times for pair, times in pairs.items() if " " not in pair},
            }
        )

    def tokens(self, text: str) -> Iterator[Token]:
        """Every term with its place, by place. Deterministic; never raises on any text."""
        folded = fold(text)
        position = 0
        runs = [(match.start(), match.end(), True) for match in _HAN_RUN.finditer(folded)]
        runs += [(match.start(), match.end(), False) for match in _LATIN_RUN.finditer(folded)]
        for start, end, han in sorted(runs):
            if han:
                yield from self._han_tokens(folded[start:end], start, position)
                position += end - start
            else:
                for term, first, last in latin_terms(folded[start:end], text[start:end]):
                    yield Token(term, start + first, start + last, position)
                position += 1

    def _han_tokens(self, run: str, offset: int, position: int) -> Iterator[Token]:
        cuts = self._segmenter.cuts(run)
        words = {start for _, start, end in cuts if end - start == 2}
        found = [(start, end, WORD + word) for word, start, end in cuts if len(word) > 2]
        found += [(at, at + 1, CHARACTER + character) for at, character in enumerate(run)]
        found += [(at, at + 2, PAIR + first + second) for at, (first, second) in enumerate(pairwise(run))]
        for start, end, term in sorted(found):
            yield Token(term, offset + start, offset + end, position + start, term[0] == PAIR and start in words)

    def words(self, text: str) -> list[tuple[str, int, int]]:
        """The longest words of the text, folded, in order, not overlapping, with offsets: what a reader would count."""
        folded = fold(text)
        found: list[tuple[str, int, int]] = []
        for match in _HAN_RUN.finditer(folded):
            found += _longest(self._segmenter.cuts(match.group()), match.start())
        found += [(match.group(), match.start(), match.end()) for match in _LATIN_RUN.finditer(folded)]
        return sorted(found, key=lambda word: word[1])


def _longest(cuts: list[tuple[str, int, int]], offset: int) -> list[tuple[str, int, int]]:
    """Search mode gives parts before the word they are part of: keep what no other covers."""
    kept: list[tuple[str, int, int]] = []
    for word, start, end in sorted(cuts, key=lambda cut: (cut[1], -cut[2])):
        if not kept or start + offset >= kept[-1][2]:
            kept.append((word, start + offset, end + offset))
    return kept


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """Porter's stem of a folded Latin word; other words as they are."""
    return porter(word) if word.isascii() and word.isalpha() and len(word) > 2 else word


def latin_terms(run: str, written: str) -> tuple[tuple[str, int, int], ...]:
    """Terms of a run of Latin letters, digits and what joins them, with offsets inside it.

    `run` is folded, `written` as in the text (for camelCase). Each term once a place.
    """
    return (_kept_terms if len(run) <= LONGEST_KEPT else _latin_terms)(run, written)


def _latin_terms(run: str, written: str) -> tuple[tuple[str, int, int], ...]:
    if len(run) <= MAX_TERM and _in_one_piece(run, written):
        # Most are.
        kinds = (EXACT + run, STEM + stem(run), CODE + run) if _HEX.match(run) else (EXACT + run, STEM + stem(run))
        return tuple([(term, 0, len(run)) for term in kinds])
    found: dict[tuple[str, int, int], None] = {}

    def add(kind: str, text: str, start: int, end: int) -> None:
        if text and len(text) <= MAX_TERM:
            found[kind + text, start, end] = None

    atoms = [(match.group(), match.start(), match.end()) for match in _ATOM.finditer(run)]
    for atom, start, end in atoms:
        add(EXACT, atom, start, end)
        if atom.isalpha() or not any(map(str.isdigit, atom)):
            add(STEM, stem(atom), start, end)
        if not _in_one_piece(atom, written[start:end]):
            for piece, first, last in _pieces(atom, written[start:end]):
                add(PART, piece, start + first, start + last)
        for code in _code_forms(atom):
            add(CODE, code, start, end)
    if len(atoms) != 1 or atoms[0][0] != run:
        for code in _compound_forms(run, [atom for atom, _, _ in atoms]):
            add(CODE, code, 0, len(run))
        for last in range(2, len(atoms)):
            add(PART, run[: atoms[last - 1][2]], 0, atoms[last - 1][2])
    return tuple(found)


_kept_terms = lru_cache(maxsize=50_000)(_latin_terms)


def _in_one_piece(atom: str, written: str) -> bool:
    """Whether it is a word as most are: letters alone, small or capital ones, or with a capital."""
    return atom.isascii() and atom.isalpha() and (written[1:] == atom[1:] or (written.isascii() and written.isupper()))


def _pieces(atom: str, written: str) -> Iterator[tuple[str, int, int]]:
    """camelCase words and runs of letters or digits, where an atom has more than one; digits without leading zeros."""
    cases = [(match.group().lower(), *match.span()) for match in _CASE.finditer(written)]
    mixed = [(match.group(), *match.span()) for match in _MIXED.finditer(atom)]
    for pieces in (cases, mixed):
        if len(pieces) > 1:
            for last in range(2, len(pieces)):
                yield atom[: pieces[last - 1][2]], 0, pieces[last - 1][2]
            for piece, start, end in pieces:
                if len(piece) > 1:
                    yield piece, start, end
                if piece.isdigit() and piece.startswith("0") and piece.strip("0"):
                    yield piece.lstrip("0"), start, end
    if len(atom) > 4 and atom.isdigit():
        yield atom.lstrip("0"), 0, len(atom)


def _code_forms(atom: str) -> Iterator[str]:
    """Forms under which an atom is a code: mixed letters and digits, hexadecimal with and without 0x, long numbers."""
    digits = not atom.isalpha() and any(map(str.isdigit, atom))
    letters = any(map(str.isalpha, atom))
    if digits and letters:
        yield atom
        if loose := _without_zeros(atom):
            yield loose
    if match := _HEX_PREFIXED.match(atom):
        yield match.group(1)
        yield match.group(1).lstrip("0") or "0"
    elif (match := _HEX.match(atom)) or (digits and not letters and len(atom) >= 3):
        yield atom
        if atom.startswith("0"):
            yield atom.lstrip("0") or "0"


def _without_zeros(atom: str) -> str | None:
    """`kb000123` as `kb123`: numbers in a code are remembered without their zeros."""
    loose = re.sub(r"(?<=[a-z])0+(?=[0-9])", "", atom)
    return loose if loose != atom else None


def _compound_forms(run: str, atoms: list[str]) -> Iterator[str]:
    """A compound whole; without its separators where it is short (`foo-bar5`, `foobar5`); a number in it without zeros
    (`ora-01017`, `ora1017`); a version without what stands before it (`v12.1`, `tlsv1.3`)."""
    yield run
    if 2 <= len(atoms) <= 3 and len(run) <= MAX_JOINED:
        yield "".join(atoms)
    if len(atoms) == 2 and atoms[0].isalpha() and atoms[1].isdigit():
        yield atoms[0] + (atoms[1].lstrip("0") or "0")
    if match := _VERSIONED.fullmatch(run):
        yield match.group(1)
