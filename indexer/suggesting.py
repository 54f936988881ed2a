"""Suggestions while typing: article numbers, what titles go on to say, articles, and what sounds or is spelled alike.

Everything comes from titles that the scope reads, each time anew, so a suggestion never tells of what is hidden.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np

from indexer.analysis import CHARACTER, EXACT, PAIR, Analysis
from indexer.folding import fold, squash
from indexer.planning import article_number
from indexer.ranking import Readable, View
from indexer.shards import NUMBER, TITLE, Mask, Shard
from indexer.sounds import HAN, ZHUYIN, from_zhuyin, syllables
from kb.query import clean
from kb.search import Suggestion

MAX_TYPED = 60
MAX_TITLES = 400
MIN_LATIN = 2
MIN_SOUND = 2
MIN_INITIALS = 3
TITLEBOOKS_KEPT = 64
_LATIN_TAIL = re.compile(r"[a-z0-9]+\Z")
_BLANK = re.compile(r"\s+")


@dataclass(frozen=True)
class Spoken:
    """Titles of a shard as they sound, all in one text.

    `starts` are where a syllable begins, `ends` where a title ends.
    """

    full: str
    full_starts: frozenset[int]
    full_places: list[tuple[int, int, int]]
    initials: str
    initial_places: list[tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class Found:
    """A title that holds what was typed: from `start` to `end` in it."""

    article: int
    title: str
    start: int
    end: int


class Suggester:
    """Suggests from shards. What it keeps is of the shards, never of a scope."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._spoken: OrderedDict[str, Spoken] = OrderedDict()
        self._lock = Lock()

    def suggest(self, typed: str, readable: Readable, limit: int) -> list[Suggestion]:
        """At most `limit`: numbers, then completions, then articles.

        What only sounds or looks alike when those are few.
        """
        text = _BLANK.sub(" ", fold(clean(typed[:MAX_TYPED]).replace("\n", " "))).strip()
        if not text or (len(squash(text)) < MIN_LATIN and not HAN.search(text) and not ZHUYIN.search(text)):
            return []
        suggestions = list(_numbers(text, readable, limit))
        titles = self._containing(text, readable)
        suggestions += self._from_titles(titles, "term", limit)
        if not titles:
            suggestions += self._alike(text, readable, limit)
        return _distinct(suggestions)[:limit]

    def _alike(self, text: str, readable: Readable, limit: int) -> Iterator[Suggestion]:
        if ZHUYIN.search(text):
            kind, (sound, initials) = "zhuyin", from_zhuyin(text) or ("", "")
        elif HAN.search(text):
            kind, sound, initials = "typo", "".join(syllables(squash(text))), ""
        else:
            kind, sound, initials = "pinyin", text.replace(" ", "").replace("'", ""), ""
            initials = sound if len(sound) >= MIN_INITIALS else ""
        if len(sound) >= MIN_SOUND:
            if titles := _newest(self._sounding(sound, readable, whole=True)):
                yield from self._from_titles(titles, kind, limit)
                return
        if initials and (titles := _newest(self._sounding(initials, readable, whole=False))):
            yield from self._from_titles(titles, kind, limit)
            return
        if corrected := self._respelled(text, readable):
            yield from self._from_titles(self._containing(corrected, readable), "typo", limit)

    def _containing(self, text: str, readable: Readable) -> list[Found]:
        """Titles that hold the text, its last word perhaps unfinished; else those that hold its words anywhere."""
        found = []
        for view in readable.views:
            for document in np.flatnonzero(self._candidates(text, view)).tolist():
                title = view.shard.title(document)
                at = _place(text, title)
                if at >= 0:
                    article = int(view.shard.columns.article[document])
                    found.append(Found(article, title, at, at + len(text)))
        return _newest(found)

    def _candidates(self, text: str, view: View) -> Mask:
        mask = view.mask.copy()
        tail = _LATIN_TAIL.search(text)
        head = text[: tail.start()] if tail else text
        for token in self._analysis.tokens(head):
            kind = token.term[0]
            if kind in (PAIR, EXACT) or (kind == CHARACTER and len(squash(head)) == 1):
                mask &= _has(view.shard, token.term)
        if tail:
            mask &= _prefixed(view.shard, EXACT + tail.group())
        return mask

    def _from_titles(self, titles: Sequence[Found], kind: str, limit: int) -> list[Suggestion]:
        """What the titles go on to say, most usual first, then the titles themselves, those that begin so first."""
        if not titles:
            return []
        counts: Counter[str] = Counter()
        example: dict[str, tuple[Found, int]] = {}
        for one in titles:
            end = self._continued(one)
            key = squash(one.title[one.start : end])
            counts[key] += 1
            best = example.setdefault(key, (one, end))
            if one.article < best[0].article:
                example[key] = (one, end)
        room = max(1, limit // 2)
        usual = sorted(counts, key=lambda key: (-counts[key], len(key), key))[:room]
        completions = []
        for key in usual:
            one, end = example[key]
            if counts[key] > 1 or end < len(one.title) or one.start:
                text = one.title[one.start : end]
                completions.append(Suggestion(text, kind, source=one.article, span=(one.start, end)))
        ranked = sorted(titles, key=lambda one: (one.start > 0, len(one.title), one.article))
        articles = [Suggestion(one.title, "title" if kind == "term" else kind, one.article) for one in ranked]
        return completions + articles[: max(1, limit - len(completions))]

    def _continued(self, one: Found) -> int:
        """Where the word ends that the typed text stops in, or the next word when it stops at the end of one."""
        for _, start, end in self._analysis.words(one.title):
            if end > one.end and (start < one.end or squash(one.title[one.end : start]) == ""):
                return end
        return one.end

    def _sounding(self, sound: str, readable: Readable, whole: bool) -> Iterator[Found]:
        for view in readable.views:
            spoken = self._spoken_of(view.shard)
            text, places = (spoken.full, spoken.full_places) if whole else (spoken.initials, spoken.initial_places)
            at = text.find(sound)
            while at >= 0:
                if not whole or at in spoken.full_starts:
                    first = places[bisect_right(places, (at, 1 << 60, 0)) - 1]
                    last = places[bisect_right(places, (at + len(sound) - 1, 1 << 60, 0)) - 1]
                    _, document, start = first
                    if view.mask[document] and last[1] == document:
                        title = view.shard.title(document)
                        if HAN.search(title[start : last[2] + 1]):
                            yield Found(int(view.shard.columns.article[document]), title, start, last[2] + 1)
                at = text.find(sound, at + 1)

    def _spoken_of(self, shard: Shard) -> Spoken:
        with self._lock:
            if shard.name not in self._spoken:
                self._spoken[shard.name] = spoken(shard)
                if len(self._spoken) > TITLEBOOKS_KEPT:
                    self._spoken.popitem(last=False)
            return self._spoken[shard.name]

    def _respelled(self, text: str, readable: Readable) -> str | None:
        """The text with its Latin words that no readable title has put as the nearest word that one has."""
        changed = False

        def mended(match: re.Match[str]) -> str:
            nonlocal changed
            word = match.group()
            if len(word) < 4 or any(_prefixed(view.shard, EXACT + word)[view.mask].any() for view in readable.views):
                return word
            near = self._nearest(word, readable)
            changed = changed or near is not None
            return near or word

        mended_text = re.sub("[a-z0-9]+", mended, text)
        return mended_text if changed else None

    def _nearest(self, word: str, readable: Readable) -> str | None:
        most = 1 if len(word) < 8 else 2
        best: tuple[int, int, str] | None = None
        known: dict[str, int] = {}
        for view in readable.views:
            for first in {word[0], word[1]}:
                for term in view.shard.terms(TITLE, EXACT + first):
                    if abs(len(term) - 1 - len(word)) <= most and term not in known:
                        known[term] = distance(word, term[1:], most)
        for term, away in known.items():
            if away <= most and (count := readable_count(readable, term)):
                candidate = (away, -count, term[1:])
                best = candidate if best is None else min(best, candidate)
        return best[2] if best else None


def readable_count(readable: Readable, term: str) -> int:
    """How many readable titles hold a term."""
    return sum(int(np.count_nonzero(_has(view.shard, term) & view.mask)) for view in readable.views)


def _numbers(text: str, readable: Readable, limit: int) -> Iterator[Suggestion]:
    digits = article_number(text)
    if not digits:
        return
    found = []
    for view in readable.views:
        for term in view.shard.terms(NUMBER, digits):
            if postings := view.shard.postings(NUMBER, term):
                for document in postings.documents.tolist():
                    if view.mask[document]:
                        article = int(view.shard.columns.article[document])
                        found.append((len(term), term, article, view.shard.title(document)))
    for _, _, article, title in sorted(found)[: max(1, limit // 2)]:
        yield Suggestion(title, "number", article)


def _newest(found: Iterable[Found]) -> list[Found]:
    """The newest titles, when there are more than are worth counting; by article, so that no shard tells."""
    return sorted(found, key=lambda one: (-one.article, one.start))[:MAX_TITLES]


def _has(shard: Shard, term: str) -> Mask:
    found = np.zeros(shard.size, bool)
    if postings := shard.postings(TITLE, term):
        found[postings.documents] = True
    return found


def _prefixed(shard: Shard, prefix: str) -> Mask:
    found = np.zeros(shard.size, bool)
    for term in shard.terms(TITLE, prefix):
        found |= _has(shard, term)
    return found


def _place(text: str, title: str) -> int:
    """Where a title holds the text, from the beginning of a word; -1 when it does not."""
    at = title.find(text)
    while at > 0 and text[0].isascii() and text[0].isalnum() and title[at - 1].isascii() and title[at - 1].isalnum():
        at = title.find(text, at + 1)
    return at


def spoken(shard: Shard) -> Spoken:
    """The titles of a shard as they sound."""
    full: list[str] = []
    initials: list[str] = []
    starts: set[int] = set()
    places: list[tuple[int, int, int]] = []
    initial_places: list[tuple[int, int, int]] = []
    at = initial_at = 0
    for document in range(shard.size):
        for position, syllable in enumerate(shard.sounds(document)):
            if syllable.isalnum():
                starts.add(at)
                places.append((at, document, position))
                initial_places.append((initial_at, document, position))
                full.append(syllable)
                initials.append(syllable[0])
                at += len(syllable)
                initial_at += 1
        full.append("\n")
        initials.append("\n")
        at += 1
        initial_at += 1
    return Spoken("".join(full), frozenset(starts), places, "".join(initials), initial_places)


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
