"""What a term is called in Taiwan, on the Mainland and in English, so that a question in one finds the others.

Applied to queries alone: articles are indexed as they are written. Each row of a file of terms is one concept, each
column a language, alternatives in it joined by `|`.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from threading import Lock
from typing import Literal

from indexer.analysis import Analysis, Token, stem
from indexer.folding import fold

COLUMNS = ("zh-Hant", "zh-Hans", "en")
log = logging.getLogger(__name__)

MAX_WORDS = 5
MAX_HAN = 12
# What is longer is made of several words.
LONGEST_WORD = 4
KEPT_TEXTS = 5_000
# How surely a word stands for what its meaning is called elsewhere, when it is not the first for it in its own column:
# 打不開 for 无法打开, which is as near to 無法開啟.
EVERYDAY = 0.75
_WORD = re.compile(r"[a-z0-9]+|[^a-z0-9\s]+")
_HAN = re.compile("[\u3400-\u9fff]")

ENGLISH = "en"
# Words of so many letters have no endings; names that only look like a plural are none.
SHORT, VOWELS = 3, frozenset("aeiouy")
NAMES = frozenset({"windows", "teams"})
PLURALS = ("ies", "i"), ("sses", "s"), ("ss", "s"), ("us", "us"), ("is", "is"), ("s", "")
VERBS = ("ied", "i"), ("ing", ""), ("ed", "")

Words = tuple[str, ...]
# When a file was changed, and its size; None: there is none.
Stamp = tuple[float, int] | None
Cut = Callable[[str], tuple[Token, ...]]

# `translation` is into Chinese, `english` an English word for a Chinese one.
Origin = Literal["asked", "script", "synonym", "translation", "english"]


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another way to say a term: folded, where from, how surely (0 to 1), and in which language of articles it counts.

    English words count in all (`lang` is empty): Chinese articles are full of them.
    """

    text: str
    lang: str
    origin: Origin
    certainty: float


@dataclass(frozen=True, slots=True)
class Match:
    """A term of the vocabulary at a place of a folded text, and the languages that say it so."""

    start: int
    end: int
    alternatives: tuple[Alternative, ...]
    langs: frozenset[str]


class VocabularyError(Exception):
    """A file of terms is malformed: says which line and what is wrong with it."""


class Vocabulary:
    """Terms by language. Immutable: a changed file means a new one."""

    def __init__(self, rows: Iterable[tuple[tuple[str, ...], ...]] = ()) -> None:
        self._rows: list[tuple[tuple[str, ...], ...]] = []
        self._han: dict[str, list[tuple[int, int]]] = {}
        # By the stems of their words, with the words.
        self._latin: dict[tuple[str, ...], list[tuple[Words, tuple[int, int]]]] = {}
        for row in rows:
            at = len(self._rows)
            self._rows.append(tuple(tuple(fold(term) for term in column) for column in row))
            for column, terms in enumerate(self._rows[-1]):
                for term in terms:
                    self._key(term, (at, column))

    def _key(self, term: str, place: tuple[int, int]) -> None:
        if _HAN.search(term):
            self._han.setdefault(term, []).append(place)
        else:
            words = tuple(word for word in _WORD.findall(term) if word[0].isascii())
            self._latin.setdefault(tuple(map(stem, words)), []).append((words, place))

    def __len__(self) -> int:
        return len(self._rows)

    @cached_property
    def analysis(self) -> Analysis:
        """The analysis of questions, which knows the words of the vocabulary that a dictionary written on the Mainland
        cuts a character off: 儲存|格. Those it cuts into words, 主控|文件, it goes on cutting.

        Articles are cut without: every pair of characters is indexed, wherever words end.
        """
        return _analysis_with(frozenset(term for term in self._han if len(term) <= LONGEST_WORD))

    @cached_property
    def cut(self) -> Cut:
        """The terms of a text, such as what a word is called elsewhere; kept for as long as the vocabulary is."""
        return lru_cache(KEPT_TEXTS)(lambda text: tuple(self.analysis.tokens(text)))

    def matches(self, folded: str, langs: tuple[str, ...] = ()) -> Iterator[Match]:
        """The longest terms in a folded text, from its beginning, not overlapping. `langs`: what it is written in.

        Terms of several concepts give the alternatives of all of them, the less certain for it.
        """
        yield from self._han_matches(folded, langs)
        yield from self._latin_matches(folded)

    def _han_matches(self, folded: str, langs: tuple[str, ...]) -> Iterator[Match]:
        at = 0
        while at < len(folded):
            for size in range(min(MAX_HAN, len(folded) - at), 1, -1):
                if places := self._han.get(folded[at : at + size]):
                    yield self._match(at, folded[at : at + size], places, langs)
                    at += size - 1
                    break
            at += 1

    def _latin_matches(self, folded: str) -> Iterator[Match]:
        words = [match for match in _WORD.finditer(folded) if match.group()[0].isascii()]
        stems = [stem(match.group()) for match in words]
        at = 0
        while at < len(words):
            for size in range(min(MAX_WORDS, len(words) - at), 0, -1):
                asked = [match.group() for match in words[at : at + size]]
                found = self._latin.get(tuple(stems[at : at + size]), ())
                if places := [place for its, place in found if all(map(_means, asked, its))]:
                    start, end = words[at].start(), words[at + size - 1].end()
                    yield self._match(start, folded[start:end], places, (ENGLISH,))
                    at += size - 1
                    break
            at += 1

    def _match(self, at: int, term: str, places: list[tuple[int, int]], langs: tuple[str, ...]) -> Match:
        said_in = frozenset(COLUMNS[column] for _, column in places)
        return Match(at, at + len(term), self._alternatives(term, places, langs), said_in)

    def _alternatives(
        self, term: str, places: list[tuple[int, int]], langs: tuple[str, ...]
    ) -> tuple[Alternative, ...]:
        own = [place for place in places if COLUMNS[place[1]] in langs] or places
        rows = {at for at, _ in own}
        certainty = 1 / math.sqrt(len(rows))
        found: dict[tuple[str, str], Alternative] = {}
        for at, column in own:
            everyday = COLUMNS[column] != ENGLISH and term not in self._rows[at][column][:1]
            for other, terms in enumerate(self._rows[at]):
                origin = _origin(column, other)
                elsewhere = certainty * EVERYDAY if everyday and other != column else certainty
                for rank, text in enumerate(terms):
                    lang = "" if COLUMNS[other] == ENGLISH else COLUMNS[other]
                    alternative = Alternative(text, lang, origin, elsewhere / math.sqrt(1 + rank))
                    if text != term:
                        found.setdefault((text, lang), alternative)
        return tuple(found.values())


@lru_cache(2)
def _analysis_with(words: frozenset[str]) -> Analysis:
    """Tens of megabytes, and the same for every vocabulary of these words."""
    plain = Analysis()
    return Analysis(word for word in words if any(end - start == 1 for _, start, end in plain.words(word)))


def _origin(column: int, other: int) -> Origin:
    if column == other:
        return "synonym"
    if COLUMNS[other] == ENGLISH:
        return "english"
    return "translation" if COLUMNS[column] == ENGLISH else "script"


def _means(asked: str, term: str) -> bool:
    """Of words of one stem, whether the one asked may be called as the other is: `copies` as `copy`, `insertion` as
    `insert`, but `access` not as `accessibility`, `us` not as `use`."""
    return base(asked) == base(term) or (len(asked) > len(term) > SHORT and asked not in NAMES)


@lru_cache(KEPT_TEXTS)
def base(word: str) -> str:
    """What an English word and its inflections have in common: `copy`, `copies`, `copying`, `copied`."""
    if len(word) <= SHORT or word in NAMES or not word.isalpha():
        return word
    for endings in (PLURALS, VERBS):
        for ending, kept in endings:
            begins = word.removesuffix(ending)
            if begins != word and len(begins + kept) >= SHORT and not VOWELS.isdisjoint(begins):
                word = begins + kept
                break
    word = word.removesuffix("e")
    word = word[:-1] if len(word) > SHORT and word[-1] == word[-2] else word
    return word[:-1] + "i" if word[-1] == "y" else word


def parse_terms(text: str, name: str) -> Iterator[tuple[tuple[str, ...], ...]]:
    """The rows of a file of terms. VocabularyError names the line that is not one."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        columns = line.split("\t")
        if len(columns) != len(COLUMNS):
            raise VocabularyError(f"{name}:{number}: {len(columns)} columns; {len(COLUMNS)} are needed, parted by tabs")
        yield tuple(tuple(filter(None, map(str.strip, column.split("|")))) for column in columns)


@cache
def shipped_rows() -> tuple[tuple[tuple[str, ...], ...], ...]:
    """The terms that come with the program."""
    text = files("indexer").joinpath("dictionaries/terms.tsv").read_text(encoding="utf-8")
    return tuple(parse_terms(text, "terms.tsv"))


class Vocabularies:
    """The vocabulary of now: the shipped terms and those of an editable file, read again when it changes."""

    def __init__(self, own: Path | None = None) -> None:
        self._own = own
        self._lock = Lock()
        self._read: tuple[Stamp, int, Vocabulary] | None = None

    def current(self) -> Vocabulary:
        """A malformed file of one's own is logged and changes nothing."""
        return self.numbered()[1]

    def numbered(self) -> tuple[int, Vocabulary]:
        """The vocabulary of now, with a number that is another for every change of it."""
        stamp = _stamp(self._own)
        if self._read is None or self._read[0] != stamp:
            with self._lock:
                if self._read is None or self._read[0] != stamp:
                    self._read = self._again(stamp, self._read)
        _, number, vocabulary = self._read
        return number, vocabulary

    def _again(self, stamp: Stamp, before: tuple[Stamp, int, Vocabulary] | None) -> tuple[Stamp, int, Vocabulary]:
        number = before[1] + 1 if before else 1
        if self._own and not stamp:
            log.warning("%s: no file; the terms that come with the program are in use", self._own)
        try:
            return stamp, number, Vocabulary(shipped_rows() + (own_rows(self._own) if self._own and stamp else ()))
        except VocabularyError as error:
            log.error("the vocabulary stays as it was: %s", error)
        return stamp, number, before[2] if before else Vocabulary(shipped_rows())


def own_rows(path: Path) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """The rows of an editable file. VocabularyError when it is malformed, not UTF-8 or no file that can be read."""
    if not path.is_file():
        raise VocabularyError(f"{path}: no file")
    try:
        return tuple(parse_terms(path.read_text(encoding="utf-8-sig"), str(path)))
    except UnicodeDecodeError as error:
        raise VocabularyError(f"{path}: not UTF-8 at byte {error.start}") from error
    except OSError as error:
        raise VocabularyError(f"{path}: {error.strerror}") from error


def _stamp(path: Path | None) -> Stamp:
    try:
        found = path.stat() if path else None
    except OSError:
        return None
    return (found.st_mtime, found.st_size) if found else None
