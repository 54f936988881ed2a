"""Suggestions while typing: article numbers, what titles go on to say, articles, and what sounds or is spelled alike.

Everything comes from titles that the scope reads, each time anew, so a suggestion never tells of what is hidden.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from indexer.analysis import CHARACTER, CODE, EXACT, PAIR, PART, STEM, Analysis, stem
from indexer.folding import fold, squash
from indexer.planning import article_number
from indexer.ranking import Statistics
from indexer.sounds import FULL, GRAM, HAN, INITIALS, ZHUYIN, from_zhuyin, pieces, syllables
from indexer.sources import NUMBER, SOUND, TITLE, Source, Title, rights
from indexer.tree import Articles, Node, Not, Prefix, Term, all_of
from kb.entitlements import Scope
from kb.query import clean
from kb.search import Respelled, Suggestion

MAX_TYPED = 60
MAX_TITLES = 400
MAX_LOOKED = 800
MIN_LATIN = 2
MIN_SOUND = 2
MIN_INITIALS = 3
MIN_RESPELLED = 4
NUMBERS_AT_ONCE = 200
_LATIN_TAIL = re.compile(r"[a-z0-9]+\Z")
# A word of letters that stands by itself: no part of a code, a field or what is to be left out.
_MISSPELT = re.compile(
    rf"(?<![^\s\"“(（\u3400-\u9fff])[a-z]{{{MIN_RESPELLED},}}(?![^\s\"”)）,.!?:;\u3000-\u9fff]|:\S|\.\S)"
)
_LATIN_WORD = re.compile(rf"(?<![a-z0-9])[a-z]{{{MIN_RESPELLED},}}(?![a-z0-9])")
_BLANK = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Found:
    """A title that holds what was typed: from `start` to `end` in it."""

    article: int
    title: str
    lang: str
    start: int
    end: int


class Suggester:
    """Suggests from readable titles of a source."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis

    def suggest(self, typed: str, readable: Readable, limit: int, prefers: tuple[str, ...] = ()) -> list[Suggestion]:
        """At most `limit`: numbers, then completions, then articles.

        What only sounds or looks alike when those are few; before others what titles in the languages say that the
        reader prefers.
        """
        text = _BLANK.sub(" ", fold(clean(typed[:MAX_TYPED]).replace("\n", " "))).strip()
        if not squash(text) or (len(text) < MIN_LATIN and not HAN.search(text) and not ZHUYIN.search(text)):
            return []
        suggestions = list(_numbers(text, readable, limit))
        titles = self._containing(text, readable)
        suggestions += self._from_titles(titles, "term", limit, prefers)
        if not titles:
            suggestions += self._alike(text, readable, limit, prefers)
        return _distinct(suggestions)[:limit]

    def _alike(self, text: str, readable: Readable, limit: int, prefers: tuple[str, ...]) -> Iterator[Suggestion]:
        if ZHUYIN.search(text):
            kind, (sound, initials) = "zhuyin", from_zhuyin(text) or ("", "")
        elif HAN.search(text):
            kind, sound, initials = "typo", "".join(syllables(squash(text))), ""
        else:
            kind, sound, initials = "pinyin", text.replace(" ", "").replace("'", ""), ""
            initials = sound if len(sound) >= MIN_INITIALS else ""
        if len(sound) >= MIN_SOUND:
            if titles := _sounding(FULL, sound, readable):
                yield from self._from_titles(titles, kind, limit, prefers)
                return
        if initials and (titles := _sounding(INITIALS, initials, readable)):
            yield from self._from_titles(titles, kind, limit, prefers)
            return

        def begins_a_word(word: str) -> bool:
            return readable.counts([Prefix(TITLE, EXACT + word)])[0] > 0

        corrected, words = _respelled(_LATIN_WORD, text, begins_a_word, readable)
        if words:
            yield from self._from_titles(self._containing(corrected, readable), "typo", limit, prefers)

    def respelled(self, text: str, readable: Readable, statistics: Statistics) -> Respelled | None:
        """See `kb.search.Engine.respelled`. Codes and what stands joined to anything else are left as they are.

        `statistics` are of what is readable: a search for the text has asked for the same.
        """

        def is_said(word: str) -> bool:
            forms = EXACT + word, STEM + stem(word), CODE + word, PART + word
            return any(statistics.of(forms).frequencies.values())

        mended, words = _respelled(_MISSPELT, fold(clean(text)), is_said, readable)
        sources = [(word, readable.newest(Term(TITLE, EXACT + word))) for word in words]
        return Respelled(mended, tuple((word, titles[0].article) for word, titles in sources)) if words else None

    def _containing(self, text: str, readable: Readable) -> list[Found]:
        """The newest titles that hold the text, its last word perhaps unfinished."""
        found = []
        for one in readable.titles(self._candidates(text)):
            at = _place(text, one.title)
            if at >= 0:
                found.append(Found(*one, at, at + len(text)))
        return found[:MAX_TITLES]

    def _candidates(self, text: str) -> Node:
        tail = _LATIN_TAIL.search(text)
        head = text[: tail.start()] if tail else text
        found: list[Node] = []
        for token in self._analysis.tokens(head):
            kind = token.term[0]
            if kind in (PAIR, EXACT) or (kind == CHARACTER and len(squash(head)) == 1):
                found.append(Term(TITLE, token.term))
        if tail:
            found.append(Prefix(TITLE, EXACT + tail.group()))
        return all_of(found)

    def _from_titles(
        self, titles: Sequence[Found], kind: str, limit: int, prefers: tuple[str, ...]
    ) -> list[Suggestion]:
        """What the titles go on to say, most usual first, then the titles themselves, those that begin so first; of
        either, what titles in the preferred languages say before others."""
        if not titles:
            return []
        wanted = {lang: at for at, lang in enumerate(prefers)}
        counts: Counter[str] = Counter()
        examples: dict[str, tuple[int, int, Found, int]] = {}
        for one in titles:
            end = self._continued(one)
            key = squash(one.title[one.start : end])
            counts[key] += 1
            example = wanted.get(one.lang, len(prefers)), one.article, one, end
            examples[key] = min(example, examples.get(key, example), key=lambda each: each[:2])
        room = max(1, limit // 2)
        usual = sorted(counts, key=lambda key: (examples[key][0], -counts[key], len(key), key))[:room]
        completions = []
        for key in usual:
            _, _, one, end = examples[key]
            if counts[key] > 1 or end < len(one.title) or one.start:
                text = one.title[one.start : end]
                completions.append(Suggestion(text, kind, source=one.article, span=(one.start, end)))
        ranked = sorted(
            titles, key=lambda one: (wanted.get(one.lang, len(prefers)), one.start > 0, len(one.title), one.article)
        )
        articles = [Suggestion(one.title, "title" if kind == "term" else kind, one.article) for one in ranked]
        return completions + articles[: max(1, limit - len(completions))]

    def _continued(self, one: Found) -> int:
        """Where the word ends that the typed text stops in, or the next word when it stops at the end of one.

        The next stands behind nothing but blanks, and one Han character alone, such as 在, is followed by another word.
        """
        reached = one.end
        for word, start, end in self._analysis.words(one.title):
            if end > one.end:
                if start < one.end:
                    return end
                if one.title[reached:start].strip():
                    break
                reached = end
                if end - start > 1 or not HAN.match(word):
                    return end
        return reached if reached == len(one.title) else one.end


@dataclass(frozen=True, slots=True)
class Readable:
    """What a scope reads of a source."""

    source: Source
    rights: Node

    def titles(self, among: Node) -> Sequence[Title]:
        """The newest titles of which it holds: so many that no reader tells the rest from none."""
        return self.source.titles(all_of([self.rights, among]), MAX_LOOKED)

    def newest(self, among: Node) -> Sequence[Title]:
        """The newest title alone."""
        return self.source.titles(all_of([self.rights, among]), 1)

    def counts(self, nodes: Sequence[Node]) -> Sequence[int]:
        return self.source.frequencies(self.rights, nodes) if nodes else ()


def readable(source: Source, scope: Scope, without: frozenset[int] = frozenset()) -> Readable:
    """What a scope reads of a source, but for these articles."""
    return Readable(source, all_of([rights(source, scope), *([Not(Articles(without))] if without else [])]))


def _sounding(kind: str, sound: str, readable: Readable) -> list[Found]:
    """The newest titles that sound so from the beginning of a syllable or a Latin word, at least in part in Chinese."""
    whole = [piece for piece in pieces(kind, sound) if len(piece) > GRAM]
    node = all_of(Term(SOUND, piece) for piece in whole) if whole else Prefix(SOUND, kind + sound)
    found = []
    for one in readable.titles(node):
        for start, end in _spoken(kind, sound, _syllables(one.title)):
            if HAN.search(one.title[start:end]) and _begins(one.title, start):
                found.append(Found(*one, start, end))
        if len(found) >= MAX_TITLES:
            break
    return found[:MAX_TITLES]


@lru_cache(maxsize=10_000)
def _syllables(title: str) -> Sequence[str]:
    return syllables(title)


def _spoken(kind: str, sound: str, sounds: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where characters sound so: from one, to after another."""
    places = [at for at, syllable in enumerate(sounds) if syllable.isalnum()]
    spoken = [sounds[at] if kind == FULL else sounds[at][0] for at in places]
    text = "".join(spoken)
    starts = dict(zip(accumulate(map(len, spoken), initial=0), range(len(spoken)), strict=False))
    ends = list(accumulate(map(len, spoken)))
    at = text.find(sound)
    while at >= 0:
        if at in starts:
            yield places[starts[at]], places[bisect_left(ends, at + len(sound))] + 1
        at = text.find(sound, at + 1)


def _respelled(
    misspelt: re.Pattern[str], text: str, is_said: Callable[[str], bool], readable: Readable
) -> tuple[str, list[str]]:
    """The text with its misspelt words that nothing says put as the nearest words of readable titles, and these."""
    words: dict[str, None] = {}

    def mended(match: re.Match[str]) -> str:
        word = match.group()
        near = None if is_said(word) else _nearest(word, readable)
        if near:
            words[near] = None
        return near or word

    return misspelt.sub(mended, text), list(words)


def _nearest(word: str, readable: Readable) -> str | None:
    most = 1 if len(word) < 7 else 2
    known: dict[str, int] = {}
    for first in sorted({word[0], word[1]}):
        for term in readable.source.terms(TITLE, EXACT + first):
            if abs(len(term) - 1 - len(word)) <= most and (away := distance(word, term[1:], most)) <= most:
                known[term] = away
    terms = list(known)
    counts = readable.counts([Term(TITLE, term) for term in terms])
    found = [(known[term], -count, term[1:]) for term, count in zip(terms, counts, strict=True) if count]
    return min(found)[2] if found else None


def _numbers(text: str, readable: Readable, limit: int) -> Iterator[Suggestion]:
    """The articles whose number begins so, the shortest numbers first."""
    digits = article_number(text)
    if not digits:
        return
    wanted = max(1, limit // 2)
    terms = sorted(readable.source.terms(NUMBER, digits), key=lambda term: (len(term), term))
    for at in range(0, len(terms), NUMBERS_AT_ONCE):
        some = [Term(NUMBER, term) for term in terms[at : at + NUMBERS_AT_ONCE]]
        for node, count in zip(some, readable.counts(some), strict=True):
            for one in reversed(readable.titles(node) if count else ()):
                yield Suggestion(one.title, "number", one.article)
                wanted -= 1
                if not wanted:
                    return


def _place(text: str, title: str) -> int:
    """Where a title holds the text, from the beginning of a word; -1 when it does not."""
    at = title.find(text)
    while at > 0 and not _begins(title, at):
        at = title.find(text, at + 1)
    return at


def _begins(title: str, at: int) -> bool:
    """Whether no Latin word stands around this place: one that is taken begins here."""
    around = title[max(at - 1, 0) : at + 1]
    return at == 0 or not (around.isascii() and around.isalnum())


def distance(one: str, other: str, most: int) -> int:
    """How many letters must be put in, left out, changed or swapped; `most + 1` when more than that."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, row = row, [i] + [0] * len(other)
        for j, its in enumerate(other, 1):
            row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != its))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == its:
                row[j] = min(row[j], before[j - 2] + 1)
        if min(row) > most:
            return most + 1
        before = last
    return row[-1]


def _distinct(suggestions: Iterable[Suggestion]) -> list[Suggestion]:
    seen: set[tuple[str, int | None]] = set()
    kept = []
    for one in suggestions:
        key = (squash(one.text) if one.article is None else "", one.article)
        if key not in seen:
            seen.add(key)
            kept.append(one)
    return kept
