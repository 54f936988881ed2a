"""Words that may be meant instead: the nearest in letters, or those of the same sound, as readable titles have them.

A word is taken for misspelt when no readable title has it, next to nothing readable says it (`ONE_IN`), and what is
near is said many times as often (`TIMES`): both go by what the reader may read, so that a typo which a large site
contains is one, and on a small site only what nothing says. What the vocabulary or the dictionary knows is right.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, islice, pairwise
from typing import NamedTuple

from indexer.analysis import CODE, EXACT, PAIR, PART, STEM, WORD, stem
from indexer.asking import asks
from indexer.folding import fold, to_simplified, to_traditional
from indexer.ranking import Statistics
from indexer.readable import Readable
from indexer.segmenting import open_segmenter
from indexer.sounds import FULL, GRAM, HAN, pieces, syllables
from indexer.sources import EVERYTHING, SOUND, TITLE, Title
from indexer.tree import NEVER, Node, Prefix, Term, all_of, any_of
from indexer.vocabulary import LONGEST_WORD, Vocabulary
from kb.search import Respelled

ONE_IN, TIMES = 5_000, 100
# So many letters has a misspelt word; one that something says, but for two that changed places.
MIN_RESPELLED, MIN_SAID = 4, 6
# A word of so many letters may have two slips, but for a name written with capitals inside: AccountNo is no account.
LONG = 7
LONGEST_RUN = 8
# Two words are meant as one, or one as two, that so many times as many titles write so; of so many letters, the parts
# of at least so many. In more words than a few, such as a log, none is looked for.
TIMES_TITLED, MIN_JOINED, LONGEST_JOINED, MIN_PART, FEW_WORDS = 10, 6, 30, 2, 12
# For so much of a question so many titles are looked through for what sounds the same.
MOST_HEARD, TITLES_HEARD = 8, 200
LAST = chr(0x10FFFF)
TRADITIONAL, SIMPLIFIED = "zh-Hant", "zh-Hans"
# A word of letters that stands by itself: no part of a code, a field or what is to be left out.
_BEFORE, _AFTER = r"(?<![^\s\"“(（\u3400-\u9fff])", r"(?![^\s\"”)）,.!?:;\u3000-\u9fff]|:\S|\.\S)"
_MISSPELT = re.compile(f"{_BEFORE}[a-z]{{{MIN_RESPELLED},}}{_AFTER}")
_TWO_WORDS = re.compile(f"{_BEFORE}(?=(?P<first>[a-z]{{2,}}) (?P<second>[a-z]{{2,}}){_AFTER})")
_HAN_RUN = re.compile(r"(?<![\u3400-\u9fff\-])(?<![a-z]:)[\u3400-\u9fff]{2,}")


@dataclass(frozen=True, slots=True)
class Change:
    """From `start` to `end`, `said` is meant, folded, which the title of the article has; `text` is the same, written
    as the question is."""

    start: int
    end: int
    said: str
    text: str
    article: int


@dataclass(frozen=True, slots=True)
class Doubt:
    """What may be misspelt, folded, where it stands and how it sounds; only its `free` characters may be others."""

    at: range
    asked: str
    sounds: Sequence[str]
    free: Sequence[bool]


class Titled(NamedTuple):
    """About how many titles say something, and the newest that does."""

    titles: int
    newest: Title | None


@dataclass(frozen=True)
class Respelling:
    """A question to be mended by what its reader may read; `statistics` are of that."""

    text: str
    readable: Readable
    statistics: Statistics
    vocabulary: Vocabulary

    @cached_property
    def _folded(self) -> str:
        return fold(self.text)

    @cached_property
    def _is_short(self) -> bool:
        return len(_MISSPELT.findall(self._folded)) <= FEW_WORDS

    def respelled(self) -> Respelled | None:
        """See `kb.search.Engine.respelled`. Codes and what stands joined to anything else are left as they are."""
        changes = sorted([*self._latin(), *self._joined(), *self._han()], key=lambda change: change.start)
        if not changes:
            return None
        text, at = "", 0
        made: dict[tuple[str, int], None] = {}
        for change in changes:
            if change.start >= at:
                text, at = text + self.text[at : change.start] + change.text, change.end
                made[change.said, change.article] = None
        return Respelled(text + self.text[at:], tuple(made))

    def _latin(self) -> Iterator[Change]:
        for match in _MISSPELT.finditer(self._folded):
            word, (start, end) = match.group(), match.span()
            forms = _forms(word)
            if self._is_known_in(start, end):
                continue
            if apart := self._apart(word) if self._is_short else None:
                yield Change(start, end, apart[0], apart[0], apart[1].article)
                continue
            if not self._is_rare(self._said(forms)):
                continue
            if self._is_titled(any_of(Term(TITLE, form) for form in forms)):
                continue
            most = 1 if _is_name(self.text[start:end]) else slips(word)
            near_it = nearest(word, self.readable, most, self._titles_with_others(word))
            found = (near for near in near_it if self._is_meant(near, word))
            if near := next(found, None):
                yield Change(start, end, near, near, self.readable.newest(Term(TITLE, EXACT + near))[0].article)

    def _joined(self) -> Iterator[Change]:
        """Words that titles have as one: `out look`."""
        if not self._is_short:
            return
        for match in _TWO_WORDS.finditer(self._folded):
            (start, _), (_, end), one = match.span("first"), match.span("second"), match["first"] + match["second"]
            if not MIN_JOINED <= len(one) <= LONGEST_JOINED or any(map(asks, match.groups())):
                continue
            if self._is_rare(self._said((EXACT + one,))) or self._is_known_in(start, end):
                continue
            together, apart = self._titles_saying(one), self._titles_saying(*match.groups())
            if together.newest and together.titles >= TIMES_TITLED * apart.titles:
                yield Change(start, end, one, one, together.newest.article)

    def _apart(self, word: str) -> tuple[str, Title] | None:
        """What titles write as two words, `sqlserver`, and the newest that does; of several ways, the one in most."""
        if not MIN_JOINED <= len(word) <= LONGEST_JOINED:
            return None
        cuts = [(word[:at], word[at:]) for at in range(MIN_PART, len(word) - MIN_PART + 1)]
        counts = self.readable.counts([_titled_together(each) for each in cuts])
        ways = sorted((-count, cut) for cut, count in zip(cuts, counts, strict=True) if count)
        for cut in (cut for _, cut in ways):
            titles, newest = self._titles_saying(*cut)
            if not newest:
                continue
            # What articles are full of is right, but for what many titles write otherwise.
            as_one = self._titles_saying(word).titles or int(not self._is_rare(self._said(_forms(word))))
            return (" ".join(cut), newest) if titles >= TIMES_TITLED * as_one else None
        return None

    def _titles_saying(self, *words: str) -> Titled:
        """About how many titles say the words one after the other, parted from all else, by those that were looked
        through."""
        among = _titled_together(words)
        looked = self.readable.titles(among, TITLES_HEARD)
        said = re.compile(rf"(?<![a-z0-9_.\-]){' '.join(words)}(?![a-z0-9_\-]|\.\S)")
        found = [one for one in looked if said.search(one.title)]
        whole = self.readable.counts([among])[0] if len(looked) == TITLES_HEARD else len(looked)
        return Titled(round(whole * len(found) / max(1, len(looked))), found[0] if found else None)

    def _is_known_in(self, start: int, end: int) -> bool:
        """Whether the vocabulary has what stands there as one term."""
        return any(first <= start and end <= last for first, last in self._known)

    @cached_property
    def _known(self) -> Sequence[tuple[int, int]]:
        return [(match.start, match.end) for match in self.vocabulary.matches(self._folded)]

    def _titles_with_others(self, word: str) -> Node:
        """Titles with any of the other words of the question that tell something; none: never."""
        others = {
            each for each, _, _ in self.vocabulary.analysis.words(self._folded) if each != word and not asks(each)
        }
        terms = [term for other in sorted(others) for term in _titled_as(other)]
        return any_of(Term(TITLE, term) for term in terms)

    def _said(self, forms: Sequence[str]) -> int:
        """In how many readable articles a word is, in the most usual of its forms."""
        return max(self.statistics.of(forms).frequencies.values())

    def _is_meant(self, near: str, asked: str) -> bool:
        """A short word that something says is near many: there two letters have changed places."""
        said = self._said(_forms(asked))
        tells = len(asked) >= MIN_SAID or sorted(near) == sorted(asked) or not said
        return tells and self._said(_forms(near)) >= TIMES * said

    def _is_rare(self, said: int) -> bool:
        return said * ONE_IN <= self.statistics.count

    def _is_titled(self, node: Node) -> bool:
        return self.readable.counts([node])[0] > 0

    def _han(self) -> Iterator[Change]:
        mended = set[int]()
        doubts = chain.from_iterable(map(self._doubts, _HAN_RUN.finditer(self._folded)))
        for doubt in islice(doubts, MOST_HEARD):
            if mended.isdisjoint(doubt.at) and (found := self._heard(doubt)):
                mended.update(doubt.at)
                yield self._written(doubt.at.start, *found)

    def _doubts(self, run: re.Match[str]) -> Iterator[Doubt]:
        """What may be misspelt: next to nothing says it, and it has characters of no right word, beside right words, or
        is cut as a word though none is known, or is all of a short run. A right word is in it whole or not at all; all
        that is asked may be one.

        The longest first: what stands around a word tells which of those that sound alike is meant.
        """
        asked, first = run.group(), run.start()
        right, sounds = self._right(asked), syllables(asked)
        cuts = {range(start, end) for _, start, end in self.vocabulary.analysis.words(asked)}
        sizes = [size for size in (len(asked), *range(LONGEST_WORD, 1, -1)) if size <= min(len(asked), LONGEST_RUN)]
        for size in dict.fromkeys(sizes):
            for at in (range(start, start + size) for start in range(len(asked) - size + 1)):
                inside = [one for one in right if one.start < at.stop and at.start < one.stop]
                whole = all(at.start <= one.start and one.stop <= at.stop for one in inside)
                free = [not any(place in one for one in inside) for place in at]
                text = asked[at.start : at.stop]
                doubted = inside or at in cuts or (size == len(asked) <= LONGEST_WORD)
                if whole and any(free) and doubted and self._is_rare(self._together(text)):
                    yield Doubt(range(first + at.start, first + at.stop), text, sounds[at.start : at.stop], free)

    def _right(self, asked: str) -> list[range]:
        """Where words stand that the dictionary or the vocabulary knows: none of their characters is changed."""
        cuts = self.vocabulary.analysis.tokens(asked)
        words = [range(one.start, one.end) for one in cuts if one.term[0] == WORD or one.is_word]
        known = [word for word in words if _in_dictionary(asked[word.start : word.stop])]
        return [*known, *(range(match.start, match.end) for match in self.vocabulary.matches(asked))]

    def _together(self, asked: str) -> int:
        """In how many readable articles Han characters stand so, at most."""
        if len(asked) > LONGEST_WORD:
            return self.readable.counts([all_of(Term(EVERYTHING, PAIR + pair) for pair in _pairs(asked))])[0]
        return min(self.statistics.of(PAIR + pair for pair in _pairs(asked)).frequencies.values())

    def _heard(self, doubt: Doubt) -> tuple[str, Title] | None:
        """Of what sounds so, what most titles say, no rarity itself, and a title that does, of the question's script
        if one is."""
        if self._is_titled(all_of(Term(TITLE, PAIR + pair) for pair in _pairs(doubt.asked))):
            return None
        found: dict[str, list[Title]] = {}
        for one in self.readable.titles(_sounding(doubt.sounds), TITLES_HEARD):
            for word in set(_said_in(one.title, doubt.sounds)):
                if all(new == old or may for new, old, may in zip(word, doubt.asked, doubt.free, strict=True)):
                    found.setdefault(word, []).append(one)
        asked = self._together(doubt.asked)
        for word in sorted(found, key=lambda word: (-len(found[word]), word)):
            said = self._together(word)
            if said < TIMES * asked or self._is_rare(said) or not self._is_known(word):
                continue
            titles = sorted(found[word], key=lambda one: one.lang != self._script)
            if title := next((one for one in titles if self._has_word(one.title, word)), None):
                return word, title
        return None

    def _is_known(self, word: str) -> bool:
        """Whether it is a word, or longer than words are."""
        whole = (match.start == 0 and match.end == len(word) for match in self.vocabulary.matches(word))
        return len(word) > LONGEST_WORD or _in_dictionary(word) or any(whole)

    def _has_word(self, title: str, word: str) -> bool:
        """Whether the title says it in whole words: not 中指 of 中|指定."""
        words = self.vocabulary.analysis.words(title)
        begin, end = {start for _, start, _ in words}, {end for _, _, end in words}
        places = (match.start() for match in re.finditer(re.escape(word), title))
        return any(at in begin and at + len(word) in end for at in places)

    def _written(self, start: int, word: str, title: Title) -> Change:
        """Only the characters that are others, in the script of the question, or of the title when it is of none."""
        script = self._script or title.lang
        asked = zip(word, self._folded[start:], self.text[start:], strict=False)
        written = to_traditional(word) if script == TRADITIONAL else word
        text = "".join(typed if said == old else new for new, (said, old, typed) in zip(written, asked, strict=False))
        return Change(start, start + len(word), word, text, title.article)

    @cached_property
    def _script(self) -> str:
        if to_simplified(self.text) != self.text:
            return TRADITIONAL
        return SIMPLIFIED if to_traditional(self.text) != self.text else ""


def slips(word: str) -> int:
    """How many there may be in a word."""
    return 1 if len(word) < LONG else 2


def nearest(word: str, readable: Readable, most: int, beside: Node = NEVER) -> Iterator[str]:
    """The words of readable titles that so many slips make of this one: those of fewest first, then those in most of
    the titles `beside` which they may stand, then those in most titles."""
    known: dict[str, int] = {}
    for first in sorted({word[0], word[1]}):
        known.update(spelt_like(EXACT + word, sorted(readable.source.terms(TITLE, EXACT + first)), most))
    counts = readable.counts([Term(TITLE, term) for term in known])
    titled = {term: count for term, count in zip(known, counts, strict=True) if count}
    both = (
        readable.counts([all_of([Term(TITLE, term), beside]) for term in titled])
        if beside != NEVER
        else [0] * len(titled)
    )
    found = [(known[term], -there, -titled[term], term[1:]) for term, there in zip(titled, both, strict=True)]
    yield from (term for *_, term in sorted(found))


def spelt_like(word: str, others: Sequence[str], most: int) -> Iterator[tuple[str, int]]:
    """Of sorted words, those of which at most so many letters must be put in, left out, changed or swapped, and how
    many. What begins as another did is not compared again."""
    rows, begun, at = [list(range(len(word) + 1))], "", 0
    while at < len(others):
        other = others[at]
        same = next((place for place, letter in enumerate(begun) if not other.startswith(letter, place)), len(begun))
        del rows[same + 1 :]
        begun = other[:same]
        for letter in other[same:]:
            begun += letter
            rows.append(_row(word, begun, rows))
            if min(rows[-1]) > most:
                at = bisect_left(others, begun + LAST, at)
                break
        else:
            if rows[-1][-1] <= most:
                yield other, rows[-1][-1]
            at += 1


def _row(word: str, other: str, rows: Sequence[Sequence[int]]) -> list[int]:
    """How far each beginning of the word is from the other, of which all but the last letter has its rows."""
    before, row, letter = rows[-1], [len(other)], other[-1]
    for j, its in enumerate(word, 1):
        best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != its))
        if j > 1 and len(other) > 1 and letter == word[j - 2] and other[-2] == its:
            best = min(best, rows[-2][j - 2] + 1)
        row.append(best)
    return row


@lru_cache(maxsize=10_000)
def spoken(title: str) -> Sequence[str]:
    """How each character of a title sounds."""
    return syllables(title)


def _sounding(sounds: Sequence[str]) -> Node:
    whole = [piece for piece in pieces(FULL, "".join(sounds)) if len(piece) > GRAM]
    return all_of(Term(SOUND, piece) for piece in whole) if whole else Prefix(SOUND, FULL + "".join(sounds))


def _said_in(title: str, sounds: Sequence[str]) -> Iterator[str]:
    """What the title says of which each character sounds so."""
    its, wanted = spoken(title), list(sounds)
    for at in range(len(its) - len(wanted) + 1):
        if its[at] == wanted[0] and its[at : at + len(wanted)] == wanted:
            word = title[at : at + len(wanted)]
            if all(map(HAN.match, word)):
                yield word


def _is_name(written: str) -> bool:
    """Whether capital letters inside say that it is no word of a language."""
    return not (written.islower() or written.isupper() or written.istitle())


def _in_dictionary(word: str) -> bool:
    return open_segmenter().knows(word)


def _titled_as(word: str) -> tuple[str, ...]:
    """The terms by which titles have a word."""
    return (PAIR + word,) if len(word) == 2 and HAN.match(word) else (WORD + word, EXACT + word, STEM + stem(word))


def _titled_together(words: Sequence[str]) -> Node:
    return all_of([Term(TITLE, EXACT + word) for word in words])


def _forms(word: str) -> tuple[str, ...]:
    return EXACT + word, STEM + stem(word), CODE + word, PART + word


def _pairs(text: str) -> list[str]:
    return [first + second for first, second in pairwise(text)]
