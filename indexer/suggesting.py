"""Suggestions while typing: article numbers, what titles go on to say, articles, and what sounds or is spelled alike.

Everything comes from titles that the scope reads, each time anew, so a suggestion never tells of what is hidden.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

from indexer.analysis import CHARACTER, EXACT, PAIR, STEM, Analysis, stem
from indexer.asking import asks
from indexer.folding import fold, squash
from indexer.planning import article_number
from indexer.readable import Readable
from indexer.respelling import MIN_RESPELLED, nearest, slips, spoken
from indexer.segmenting import open_segmenter
from indexer.sounds import FULL, GRAM, HAN, INITIALS, ZHUYIN, from_zhuyin, pieces, syllables
from indexer.sources import NUMBER, SOUND, TITLE, Title
from indexer.tree import AtLeast, Node, Prefix, Term, all_of, any_of
from kb.query import clean
from kb.search import Suggestion

MAX_TYPED = 60
MAX_TITLES = 400
MIN_LATIN = 2
MIN_SOUND = 2
MIN_INITIALS = 3
# Of so many telling words one may be missing.
WORDS_TO_ONE = 3
# So many times as many titles as there is room for are looked at closer.
MOST_RANKED = 10
NUMBERS_AT_ONCE, DIGITS = 100, "0123456789"
# What is typed with blanks is looked up without them, too, where fewer titles than this have it as it is typed.
FEW, MOST_BLANKS = 8, 5
_LATIN_TAIL = re.compile(r"[a-z0-9]+\Z")
_LATIN_WORD = re.compile(rf"(?<![a-z0-9])[a-z]{{{MIN_RESPELLED},}}(?![a-z0-9])")
_BLANK = re.compile(r"\s+")
_BETWEEN_LATIN = re.compile(r"(?<=[a-z0-9]) (?=[a-z0-9])")


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
        self._knows = open_segmenter(analysis.own_words).knows

    def suggest(self, typed: str, readable: Readable, limit: int, prefers: tuple[str, ...] = ()) -> list[Suggestion]:
        """At most `limit`: numbers, then completions, then articles.

        What only sounds or looks alike when those are few; before others what titles in the languages say that the
        reader prefers.
        """
        text = _BLANK.sub(" ", fold(clean(typed[:MAX_TYPED]).replace("\n", " "))).strip()
        if not squash(text) or (len(text) < MIN_LATIN and not HAN.search(text) and not ZHUYIN.search(text)):
            return []
        found = (
            self._said(text, "term", readable, limit, prefers)
            or list(self._alike(text, readable, limit, prefers))
            or self._with_most(text, readable, limit, prefers)
        )
        return _distinct([*_numbers(text, readable, limit), *found])[:limit]

    def _said(self, text: str, kind: str, readable: Readable, limit: int, prefers: tuple[str, ...]) -> list[Suggestion]:
        """From titles that hold the text; where there are none, those that have its words, or others of their stems,
        apart or in another order."""
        if titles := self._containing(text, readable):
            return self._from_titles(titles, kind, limit, prefers)
        for words in dict.fromkeys((self._telling(text, unfinished=True), self._telling(text))):
            if words and (found := readable.titles(all_of(words))):
                return self._articles(text, found, kind, limit, prefers)
        return []

    def _with_most(self, text: str, readable: Readable, limit: int, prefers: tuple[str, ...]) -> list[Suggestion]:
        """Titles that have most of its telling words: all but one of every three."""
        words = self._telling(text)
        for missing in range(1, len(words) // WORDS_TO_ONE + 1):
            if found := readable.titles(AtLeast(len(words) - missing, words)):
                return self._articles(text, found, "term", limit, prefers)
        return []

    def _articles(
        self, text: str, found: Iterable[Title], kind: str, limit: int, prefers: tuple[str, ...]
    ) -> list[Suggestion]:
        """Of titles the shortest, in the preferred languages first; last, where a single Han character that was typed
        last stands inside another word, such as 错 in 侦错."""
        ranked = sorted(found, key=lambda one: (_wanted(one.lang, prefers), len(one.title), one.article))
        first, last = ranked[: MOST_RANKED * limit], self._analysis.words(text)[-1][0]
        if len(last) == 1 and HAN.match(last):
            first.sort(key=lambda one: all(word[0] != last for word, _, _ in self._analysis.words(one.title)))
        return [Suggestion(one.title, _of_article(kind), one.article) for one in first[:limit]]

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

        corrected = _LATIN_WORD.sub(lambda match: _begun(match.group(), readable), text)
        if corrected != text:
            yield from self._said(corrected, "typo", readable, limit, prefers)

    def _containing(self, text: str, readable: Readable) -> list[Found]:
        """The newest titles that hold the text, its last word perhaps unfinished, whatever blanks are in either."""
        found = list(_held(text, readable, self._candidates(text)))
        blanks = [match.start() for match in _BETWEEN_LATIN.finditer(text)]
        if blanks and len(found) < FEW and len(blanks) <= MOST_BLANKS:
            joined = [text[:at] + text[at + 1 :] for at in blanks] + [_BETWEEN_LATIN.sub("", text)]
            known = {one.article for one in found}
            others = _held(text, readable, any_of(map(self._candidates, joined)))
            found += (one for one in others if one.article not in known)
        return found[:MAX_TITLES]

    def _telling(self, text: str, unfinished: bool = False) -> tuple[Node, ...]:
        """For each word that does not merely ask, the titles with it or, if it is Latin, with its stem; the last may
        be the beginning of one: `unfinished`, though it is one that asks."""
        tail = _LATIN_TAIL.search(text)
        tokens = list(self._analysis.tokens(text))
        found: list[Node] = []
        for word, start, end in self._analysis.words(text):
            inside = [token for token in tokens if start <= token.start and token.end <= end]
            kind = PAIR if end - start > 1 else CHARACTER
            parts: list[Node] = [Term(TITLE, token.term) for token in inside if token.term[0] == kind]
            for token in inside:
                if token.term[0] == EXACT:
                    last = tail is not None and token.end == len(text)
                    whole = Prefix(TITLE, token.term) if last else Term(TITLE, token.term)
                    parts.append(any_of([whole, Term(TITLE, STEM + stem(token.term[1:]))]))
            if parts and (not asks(word) or (unfinished and tail is not None and end == len(text))):
                found.append(all_of(parts))
        return tuple(dict.fromkeys(found))

    def _candidates(self, text: str) -> Node:
        """Titles with all its words, the last perhaps unfinished."""
        tail = _LATIN_TAIL.search(text)
        head = text[: tail.start()] if tail else text
        tokens = list(self._analysis.tokens(head))
        pairs = [token for token in tokens if token.term[0] == PAIR]
        paired = {at for token in pairs for at in (token.start, token.end - 1)}
        terms = [token.term for token in pairs]
        for token in tokens:
            if token.term[0] == EXACT or (token.term[0] == CHARACTER and token.start not in paired):
                terms.append(token.term)
        last = [Prefix(TITLE, EXACT + tail.group())] if tail else []
        return all_of([*(Term(TITLE, term) for term in terms), *last])

    def _from_titles(
        self, titles: Sequence[Found], kind: str, limit: int, prefers: tuple[str, ...]
    ) -> list[Suggestion]:
        """What the titles go on to say, most usual first, then the titles themselves, those that begin so first; of
        either, what titles in the preferred languages say before others."""
        if not titles:
            return []
        counts: Counter[str] = Counter()
        examples: dict[str, tuple[int, int, Found, int]] = {}
        for one in titles:
            end = self._continued(one)
            key = squash(one.title[one.start : end])
            counts[key] += 1
            example = _wanted(one.lang, prefers), one.article, one, end
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
            titles, key=lambda one: (_wanted(one.lang, prefers), one.start > 0, len(one.title), one.article)
        )
        articles = [Suggestion(one.title, _of_article(kind), one.article) for one in ranked]
        return completions + articles[: max(1, limit - len(completions))]

    def _continued(self, one: Found) -> int:
        """Where the word ends that the typed text stops in, or the next word when it stops at the end of one.

        The next stands behind nothing but blanks, and one Han character alone, such as 在, is followed by another word.
        """
        reached = one.end
        for word, start, end in self._analysis.words(one.title):
            if end > one.end:
                if start < one.end:
                    return one.end if self._is_cut_wrongly(word, one.title[start : one.end]) else end
                if one.title[reached:start].strip():
                    break
                reached = end
                if end - start > 1 or not HAN.match(word):
                    return end
        return reached if reached == len(one.title) else one.end

    def _is_cut_wrongly(self, word: str, begun: str) -> bool:
        """Whether a title's word that no dictionary knows, such as 蓝屏且, begins with what is a word by itself."""
        unknown = len(begun) > 1 and HAN.match(word) is not None and not self._knows(word)
        return unknown and len(self._analysis.words(begun)) == 1


def _wanted(lang: str, prefers: tuple[str, ...]) -> int:
    """The place of a language among those that the reader prefers."""
    return prefers.index(lang) if lang in prefers else len(prefers)


def _of_article(kind: str) -> str:
    return "title" if kind == "term" else kind


def _begun(word: str, readable: Readable) -> str:
    """The word, if that of a readable title begins so, else the nearest, if there is one."""
    if readable.counts([Prefix(TITLE, EXACT + word)])[0]:
        return word
    return next(nearest(word, readable, slips(word)), word)


def _held(text: str, readable: Readable, among: Node) -> Iterator[Found]:
    for one in readable.titles(among):
        if at := _place(text, one.title):
            yield Found(*one, *at)


def _sounding(kind: str, sound: str, readable: Readable) -> list[Found]:
    """The newest titles that sound so from the beginning of a syllable or a Latin word, at least in part in Chinese."""
    whole = [piece for piece in pieces(kind, sound) if len(piece) > GRAM]
    node = all_of(Term(SOUND, piece) for piece in whole) if whole else Prefix(SOUND, kind + sound)
    found = []
    for one in readable.titles(node):
        for start, end in _spoken(kind, sound, spoken(one.title)):
            if HAN.search(one.title[start:end]) and _begins(one.title, start):
                found.append(Found(*one, start, end))
        if len(found) >= MAX_TITLES:
            break
    return found[:MAX_TITLES]


def _spoken(kind: str, sound: str, sounds: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where characters sound so: from one, to after another."""
    places = [at for at, syllable in enumerate(sounds) if syllable.isalnum()]
    heard = [sounds[at] if kind == FULL else sounds[at][0] for at in places]
    text = "".join(heard)
    starts = dict(zip(accumulate(map(len, heard), initial=0), range(len(heard)), strict=False))
    ends = list(accumulate(map(len, heard)))
    at = text.find(sound)
    while at >= 0:
        if at in starts:
            yield places[starts[at]], places[bisect_left(ends, at + len(sound))] + 1
        at = text.find(sound, at + 1)


def _numbers(text: str, readable: Readable, limit: int) -> Iterator[Suggestion]:
    """The articles whose number begins so, the shortest numbers first."""
    digits = article_number(text)
    if not digits:
        return
    wanted = max(1, limit // 2)
    for number in _numbers_read(digits, readable):
        for one in reversed(readable.titles(Term(NUMBER, number))):
            yield Suggestion(one.title, "number", one.article)
            wanted -= 1
            if not wanted:
                return


def _numbers_read(digits: str, readable: Readable) -> Iterator[str]:
    """The numbers of readable articles that begin so, looking only where some do: of the rest there may be many."""
    begun = [digits + digit for digit in DIGITS]
    whole, *counts = readable.counts([Term(NUMBER, digits), *(Prefix(NUMBER, each) for each in begun)])
    if whole:
        yield digits
    parts: list[tuple[str, list[str]]] = []
    for each, count in zip(begun, counts, strict=True):
        numbers = sorted(readable.source.terms(NUMBER, each)) if count else []
        parts += ((each, list(some)) for _, some in groupby(sorted(numbers, key=len), key=len))
    for each, some in sorted(parts, key=lambda part: len(part[1][0])):
        yield from _among(each, some, readable)


def _among(begun: str, numbers: Sequence[str], readable: Readable) -> Iterator[str]:
    """Those of readable articles, of sorted numbers of one length that begin so."""
    if len(numbers) <= NUMBERS_AT_ONCE:
        counts = readable.counts([Term(NUMBER, number) for number in numbers])
        yield from (number for number, count in zip(numbers, counts, strict=True) if count)
        return
    parts = [(each, list(some)) for each, some in groupby(numbers, key=lambda number: number[: len(begun) + 1])]
    counts = readable.counts([Prefix(NUMBER, each) for each, _ in parts])
    for (each, some), count in zip(parts, counts, strict=True):
        if count:
            yield from _among(each, some, readable)


def _place(text: str, title: str) -> tuple[int, int] | None:
    """Where a title holds the text, from the beginning of a word: as it is, else with all blanks left out."""
    at = title.find(text)
    while at >= 0:
        if _begins(title, at):
            return at, at + len(text)
        at = title.find(text, at + 1)
    bare, wanted = title.replace(" ", ""), text.replace(" ", "")
    at = bare.find(wanted) if bare != title or wanted != text else -1
    while at >= 0:
        places = [place for place, character in enumerate(title) if character != " "]
        if _begins(title, places[at]):
            return places[at], places[at + len(wanted) - 1] + 1
        at = bare.find(wanted, at + 1)
    return None


def _begins(title: str, at: int) -> bool:
    """Whether no Latin word stands around this place: one that is taken begins here."""
    around = title[max(at - 1, 0) : at + 1]
    return at == 0 or not (around.isascii() and around.isalnum())


def _distinct(suggestions: Iterable[Suggestion]) -> list[Suggestion]:
    seen: set[tuple[str, int | None]] = set()
    kept = []
    for one in suggestions:
        key = (squash(one.text) if one.article is None else "", one.article)
        if key not in seen:
            seen.add(key)
            kept.append(one)
    return kept
