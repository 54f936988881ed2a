"""From a parsed query to what is looked up: units a reader would count as words, and weighted terms that find them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod

from indexer.analysis import CHARACTER, CODE, EXACT, PAIR, PART, STEM, Analysis, Token, stem
from indexer.folding import fold, to_simplified, to_traditional
from indexer.labels import without_labels
from indexer.vocabulary import Cut, Match, Origin, Vocabulary
from kb.query import Clause, Parsed

MAX_UNITS = 400
MAX_NUMBERS = 20
NUMBER_LENGTH = 6
MAX_NAME = 6
MAX_UNITS_TRANSLATED = 40
SCATTERED = 0.7
INSIDE = 0.8
# Of what a unit is made of, of at most so many terms, so many alternatives each.
MOST_MADE_OF, MOST_WAYS = 4, 2
# The language of what counts in articles of any.
EVERY = ""
HAN_LANGS = frozenset({"zh-Hant", "zh-Hans"})
# What a passage is given in, and what it is pasted with.
MARKS = "\"'`「」『』“”‘’"
AROUND = " \t\r\n" + MARKS
STOPS = AROUND + "。.!?,:;…"
# What every hexadecimal code begins with tells none from another.
HEXADECIMAL = PART + "0x"
# So many digits tell something where they are but a part of a code, or apart from its letters.
MIN_DIGITS, MAX_LETTERS = 3, 6
# What article numbers begin with, here and elsewhere.
PREFIX = "kb"
# What is written before a code of any kind, in any language.
ANY_CODE = frozenset({"code", "error", "event", "id"})
_NUMBER = re.compile(r"(?:kb[\s\-#:]{0,2}0*|0*)([1-9][0-9]{0,11})")
_HAN = re.compile("[\u3400-\u9fff]")
_PLAIN = re.compile("[a-z]+(?:['’][a-z]{1,2})?")
_SHORT = re.compile("(?P<word>[a-z]+)['’](?P<end>[a-z]{1,2})")
_HYPHENATED = re.compile("[a-z]+(?:-[a-z]+)+")
_VERSION_AND_PACK = re.compile("(?P<version>[0-9][0-9.]*)(?P<pack>(?:sp|cu|ru|r)[0-9]+)")
_LETTERED = re.compile("(?P<letters>[a-z]{0,6})(?P<digits>[0-9]+)")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,}")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Terms that together show a unit is there: each carries its share; a document's cover is the sum of the shares.

    Of the vocabulary (`origin` other than asked), it counts by its `certainty`, and only in articles of the language
    `lang`, when there is one. `whole`: by all of its terms alone, as a code is; a word is there by half of them.
    """

    shares: Mapping[str, float]
    surface: str = ""
    lang: str = ""
    origin: Origin = "asked"
    certainty: float = 1.0
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Unit:
    """A word of the query, with its place. Any of its `evidence` covers it; `surface` is folded."""

    surface: str
    start: int
    end: int
    evidence: tuple[Evidence, ...]

    @property
    def is_plain(self) -> bool:
        """A Latin word of letters alone, or one run together with another: `user's`, `can't`."""
        return bool(_PLAIN.fullmatch(self.surface))


@dataclass(frozen=True, slots=True)
class Weighted:
    """A term to score by. Of the vocabulary, it counts by its `certainty`, and only in articles of the language `lang`,
    when there is one.

    `is_word`: of a pair of characters, whether the text it is of has it as a word.
    """

    term: str
    is_word: bool = False
    lang: str = ""
    origin: Origin = "asked"
    certainty: float = 1.0

    @property
    def kind(self) -> str:
        return self.term[0]


@dataclass(frozen=True, slots=True)
class Rewording:
    """The other ways to say a term of the query: each is a list of terms. `asked` are the terms it was asked by.

    A document is credited with the best of the ways it has, and never with more than the term asked for is worth.
    """

    asked: tuple[Weighted, ...]
    ways: tuple[tuple[Weighted, ...], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything ranking needs to know of a query.

    `name` is the query as a program would write it in one word, if it is one.

    `numbers` are article numbers it may name, without prefix and zeros. `langs` are the languages it seems to be
    written in, likeliest first. `han`: it has Han characters; `certain`: they are of one script only, or of words that
    only one region says.
    """

    text: str
    units: tuple[Unit, ...]
    terms: tuple[Weighted, ...]
    conditions: tuple[Clause, ...] = ()
    wishes: bool = True
    numbers: frozenset[str] = frozenset()
    langs: tuple[str, ...] = ()
    name: str = ""
    rewordings: tuple[Rewording, ...] = ()
    han: bool = False
    certain: bool = False

    @property
    def whole(self) -> str:
        """The query as a text would have it in a sentence: without marks around it and the stop at its end."""
        return self.text.strip(AROUND).rstrip(STOPS)


def plan(parsed: Parsed, vocabulary: Vocabulary) -> Plan:
    """What to look up for a query. A query of no letter, digit or Han character has no units."""
    text, analysis = without_labels(parsed.text), vocabulary.analysis
    tokens = [token for token in analysis.tokens(text) if token.term != HEXADECIMAL]
    folded = fold(text)
    langs = langs_of(text)
    units = _units(text, tokens, analysis)
    said = _said(tokens)
    units = [_written_otherwise(unit, before) for unit, before in zip(units, (None, *units), strict=False)]
    units = list(_numbers_whole(units))
    for term in _compound_terms(units):
        said.setdefault(term, Weighted(term))
    name = _name_of_a_program(units) or ""
    if name:
        said |= {kind + name: Weighted(kind + name) for kind in (CODE, EXACT, PART)}
        joined = tuple(Evidence({kind + name: 1.0}) for kind in (CODE, EXACT, PART))
        units = [replace(unit, evidence=unit.evidence + joined) for unit in units]
    rewordings: tuple[Rewording, ...] = ()
    han, certain = _script(text)
    if len(units) <= MAX_UNITS_TRANSLATED:
        # A term said twice is still one: each counts where it stands first, as units do.
        first: dict[str, Match] = {}
        for match in vocabulary.matches(folded, langs[:1]):
            first.setdefault(folded[match.start : match.end], match)
        matches = [match for match in first.values() if not _in_code(match, units)]
        units = [_with_alternatives(unit, matches, vocabulary.cut) for unit in units]
        rewordings = tuple(_rewording(match, tokens, set(said), vocabulary.cut) for match in matches)
        if told := _told(matches) if han and not certain else ():
            langs, certain = told, True
    wishes = len(parsed.conditions) < len(parsed.clauses) or not parsed.clauses
    numbers = _numbers(units, folded)
    return Plan(
        folded, tuple(units), tuple(said.values()), parsed.conditions, wishes, numbers, langs, name, rewordings, han,
        certain,
    )  # fmt: skip


def _said(tokens: Sequence[Token]) -> dict[str, Weighted]:
    """The telling terms, each once; a pair that is a word somewhere is one."""
    found: dict[str, Weighted] = {}
    for token in _telling(tokens):
        if token.term not in found or token.is_word:
            found[token.term] = Weighted(token.term, token.is_word)
    return found


def _telling(tokens: Sequence[Token]) -> Iterator[Token]:
    """All but the characters that a pair holds: it says more, of far fewer articles."""
    paired = {at for token in tokens if token.term[0] == PAIR for at in (token.start, token.end - 1)}
    return (token for token in tokens if token.term[0] != CHARACTER or token.start not in paired)


def _numbers(units: list[Unit], folded: str) -> frozenset[str]:
    """Article numbers among the units. Digits alone only when they are all that is asked, and a whole number's length:
    `404` is an error, not an article."""
    named = units[:MAX_NUMBERS] if len(units) > 1 else ()
    numbers = {article_number(unit.surface) for unit in named if not unit.surface.isdigit()}
    whole = folded.strip()
    if not whole.isdigit() or len(whole) >= NUMBER_LENGTH:
        numbers.add(article_number(whole))
    return frozenset(filter(None, numbers))


def _in_code(match: Match, units: Sequence[Unit]) -> bool:
    """Whether a term of the vocabulary is but a part of a code: `ERROR_REPORTING_MANAGER` speaks of no report."""
    return any(
        unit.start <= match.start and match.end <= unit.end and match.end - match.start < unit.end - unit.start
        for unit in units
        if is_code(unit.surface)
    )


def is_code(surface: str) -> bool:
    """A Latin word with digits or anything else that letters are not."""
    return surface.isascii() and not _PLAIN.fullmatch(surface)


def code_term(surface: str) -> str:
    """The term of a code that stands by itself."""
    return (EXACT if surface.isalnum() else CODE) + surface


def _with_alternatives(unit: Unit, matches: Sequence[Match], cut: Cut) -> Unit:
    """The unit, covered also by what the vocabulary says for it, for a part of it, or for what it is a part of."""
    found = list(unit.evidence)
    inside: list[Match] = []
    for match in matches:
        before = after = ""
        if unit.start <= match.start and match.end <= unit.end:
            inside.append(match)
            before, after = unit.surface[: match.start - unit.start], unit.surface[match.end - unit.start :]
        elif unit.start < match.start or match.end < unit.end:
            continue
        for one in match.alternatives:
            found += (
                Evidence(way.shares, one.text, one.lang, one.origin, one.certainty)
                for way in _evidence(one.text, cut(before + one.text + after))
            )
    return replace(unit, evidence=(*found, *_all_replaced(unit, inside, cut)))


def _all_replaced(unit: Unit, matches: Sequence[Match], cut: Cut) -> Iterator[Evidence]:
    """What the vocabulary says in each language for all the terms that a unit is made of, of which there are several:
    开启文件 for 打开文档."""
    if not 2 <= len(matches) <= MOST_MADE_OF:
        return
    for lang, joint in (("zh-Hant", ""), ("zh-Hans", ""), (EVERY, " ")):
        ways = [[one for one in match.alternatives if one.lang == lang][:MOST_WAYS] for match in matches]
        whole = sum(match.end - match.start for match in matches) == len(unit.surface)
        if not all(ways) or (joint and not whole):
            continue
        for chosen in product(*ways):
            text, at = "", unit.start
            for match, one in zip(matches, chosen, strict=True):
                text += unit.surface[at - unit.start : match.start - unit.start] + joint + one.text
                at = match.end
            text = (text + unit.surface[at - unit.start :]).strip()
            certainty = prod(one.certainty for one in chosen)
            for way in _evidence(text, cut(text)):
                yield Evidence(way.shares, text, lang, chosen[0].origin, certainty)


def _rewording(match: Match, tokens: Sequence[Token], known: set[str], cut: Cut) -> Rewording:
    within = [token for token in tokens if match.start <= token.start and token.end <= match.end]
    ways = (
        tuple(
            Weighted(term, said.is_word, one.lang, one.origin, one.certainty)
            for term, said in sorted(_said(cut(one.text)).items())
            if term not in known
        )
        for one in match.alternatives
    )
    return Rewording(tuple(said for _, said in sorted(_said(within).items())), tuple(filter(None, ways)))


def article_number(surface: str) -> str | None:
    """The digits, without zeros in front, of what may be an article's number: `kb000123`, `123456`."""
    match = _NUMBER.fullmatch(surface)
    return match.group(1) if match else None


def langs_of(text: str) -> tuple[str, ...]:
    """The languages a text can be in, by its characters: [] when they do not tell."""
    if not _HAN.search(text):
        return ("en",) if _LATIN_WORD.search(text) else ()
    simplified = to_simplified(text)
    if simplified != text:
        return ("zh-Hant", "zh-Hans")
    return ("zh-Hans", "zh-Hant") if to_traditional(text) != text else ("zh-Hant", "zh-Hans")


def _told(matches: Iterable[Match]) -> tuple[str, ...]:
    """The languages by what only one of them says, 登入 or 登录; () when that does not tell."""
    only = {lang for match in matches if len(match.langs & HAN_LANGS) == 1 for lang in match.langs & HAN_LANGS}
    return (*only, *(HAN_LANGS - only)) if len(only) == 1 else ()


def _script(text: str) -> tuple[bool, bool]:
    """Whether there are Han characters, and whether they tell Traditional from Simplified."""
    return bool(_HAN.search(text)), to_simplified(text) != text or to_traditional(text) != text


def _units(text: str, tokens: list[Token], analysis: Analysis) -> list[Unit]:
    found: dict[str, Unit] = {}
    for surface, start, end in analysis.words(text):
        if surface not in found and len(found) < MAX_UNITS:
            inside = [token for token in tokens if start <= token.start and token.end <= end]
            found[surface] = Unit(surface, start, end, tuple(_evidence(surface, inside)))
    return list(found.values())


def _evidence(surface: str, tokens: Sequence[Token]) -> list[Evidence]:
    kinds: dict[str, list[str]] = {}
    for token in tokens:
        kinds.setdefault(token.term[0], []).append(token.term)
    if pairs := kinds.get(PAIR):
        return [Evidence({pair: 1 / len(set(pairs)) for pair in pairs})]
    if CHARACTER in kinds:
        return [Evidence({kinds[CHARACTER][0]: 1.0})]
    evidence = [Evidence({code: 1.0}) for code in kinds.get(CODE, ())]
    if short := _SHORT.fullmatch(surface):
        # `user's` is as much as there by `user`; what `can't` is cut into tells nothing.
        return [*evidence, Evidence({STEM + stem(short["word"]): 1.0})] if short["end"] == "s" else evidence
    atoms = dict.fromkeys(kinds.get(STEM, []) + [term for term in kinds.get(EXACT, []) if _has_digit(term)])
    if atoms:
        share = 1.0 if surface.isalnum() else SCATTERED
        evidence.append(Evidence({term: share / len(atoms) for term in atoms}, whole=_has_digit(surface)))
    if surface.isalpha():
        evidence += [Evidence({CODE + surface: 1.0}), Evidence({PART + surface: INSIDE})]
    if solid := solid_term(surface):
        evidence.append(Evidence({solid: 1.0}))
    numbers = [term for term in kinds.get(PART, ()) if _has_digit(term)]
    if numbers:
        evidence.append(Evidence({term: 0.6 / len(numbers) for term in numbers}))
    return evidence or [Evidence({EXACT + surface: 1.0})]


def _written_otherwise(unit: Unit, before: Unit | None) -> Unit:
    """A code of letters and digits that an article may write together (`c 3309`, C3309), apart (`event7023`, event ID
    7023), or of which the digits alone were asked."""
    if packed := _VERSION_AND_PACK.fullmatch(unit.surface):
        version = packed["version"]
        parts = [(CODE if "." in version else EXACT) + version, EXACT + packed["pack"]]
        apart = Evidence(dict.fromkeys(parts, INSIDE / len(parts)), whole=True)
        return replace(unit, evidence=(*unit.evidence, apart))
    letters, digits = _lettered(unit.surface)
    if len(digits) < MIN_DIGITS:
        return unit
    if letters:
        parts = [digits] if letters in ANY_CODE else [letters, digits]
        apart = Evidence({EXACT + part: INSIDE / len(parts) for part in parts}, whole=True)
        return replace(unit, evidence=(*unit.evidence, apart))
    found = [Evidence({PART + digits: INSIDE})]
    if before and before.end == unit.start - 1 and before.surface.isalpha() and len(before.surface) <= MAX_LETTERS:
        found.insert(0, Evidence({CODE + before.surface + digits.lstrip("0"): 1.0}))
    return replace(unit, evidence=(*unit.evidence, *found))


def _numbers_whole(units: Sequence[Unit]) -> Iterator[Unit]:
    """`kb 104430` in one, as `kb104430`: a `kb` by itself tells nothing here."""
    before: Unit | None = None
    for unit in units:
        if before and unit.surface.isdigit() and unit.start - before.end <= len(": "):
            yield replace(unit, surface=before.surface + unit.surface, start=before.start)
            before = None
            continue
        if before:
            yield before
        before = unit if unit.surface == PREFIX else None
        if not before:
            yield unit
    if before:
        yield before


def solid_term(surface: str) -> str:
    """The term of what was typed with hyphens, written without: `failover` of `fail-over`; "" for anything else."""
    return STEM + stem(surface.replace("-", "")) if _HYPHENATED.fullmatch(surface) else ""


def _lettered(surface: str) -> tuple[str, str]:
    """The letters and the digits of a code of some letters, perhaps none, and digits; nothing for any other."""
    match = _LETTERED.fullmatch(surface)
    return (match["letters"], match["digits"]) if match else ("", "")


def _compound_terms(units: Iterable[Unit]) -> Iterator[str]:
    """A plain Latin word may be a part of a compound (`exception` of `WTException`) or one run together (`nodejs`); a
    code as it may be written otherwise."""
    for unit in units:
        if unit.is_plain:
            yield CODE + unit.surface
            yield PART + unit.surface
        elif solid := solid_term(unit.surface):
            yield solid
        elif _VERSION_AND_PACK.fullmatch(unit.surface):
            yield from unit.evidence[-1].shares
        elif digits := _lettered(unit.surface)[1]:
            yield from (term for one in unit.evidence for term in one.shares if term.endswith(digits))


def _name_of_a_program(units: Sequence[Unit]) -> str | None:
    """A few Latin words as a program would write them in one: `null pointer exception`, NullPointerException."""
    words = [unit.surface for unit in units]
    if not 2 <= len(words) <= MAX_NAME or not all(word.isascii() and word.isalpha() for word in words):
        return None
    return "".join(words)


def _has_digit(term: str) -> bool:
    return any(character.isdigit() for character in term)
