"""The query language: words, "phrases", -not, OR, product: version: lang: title: number:, prefix*.

What does not parse is words. A pasted log or stack trace (several lines, or very many words) is text: nothing in it is
an operator.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, cast

from kb.articles import LANGUAGES, TYPES
from kb.question import LONGEST_VALUE, MOST_CHOSEN, Filters, Query

Kind = Literal["words", "phrase", "prefix", "value"]
Field = Literal["", "title", "number", "product", "version", "lang", "type"]

PASTED_WORDS = 30
# So much beside a quotation is a message that quotes, no question with an operator. A Chinese word has two characters.
MESSAGE_WORDS, CHARACTERS_OF_WORD = 3, 2
# `-bugreport(C# …)` is an option of a program with what it is of, not a word to leave out.
_PIECE = re.compile(
    r"""(?P<minus>(?<!\S)-(?=[^\W\d_](?!\S*[(（])|["“＂]))?
        (?:(?P<field>product|version|lang|type|title|number):(?=\S))?
        (?:(?P<mark>["“＂])(?P<phrase>[^"”＂]+)["”＂]|(?P<word>\S+))""",
    re.VERBOSE | re.IGNORECASE,
)
_CHOSEN = "product", "version", "lang", "type"
_PREFIX = re.compile(r"(?:[^\W_]{2,}|[\u3400-\u9fff])[^\s*]*\*\Z")
_LANGS: dict[str, str] = {language.lower(): language for language in LANGUAGES}
_LANGS |= dict.fromkeys(("zh-tw", "tw", "繁體", "繁體中文"), "zh-Hant")
_LANGS |= dict.fromkeys(("zh-cn", "cn", "简体", "简体中文"), "zh-Hans") | {"english": "en"}
_TYPE_JOINT = re.compile(r"[\s_-]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_SPACE = re.compile(r"[\s\u3000]+")


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a query that must or must not hold. Clauses of one `group` are alternatives: any of them will do.

    `field` limits it to the title or to the article's number; a `value` of a facet is one to leave out. A plain `words`
    clause is a wish, not a condition, unless it is negated, fielded or in a group with others. `printed`: a phrase
    between “marks of print”, as names and messages that were copied have them, or "in" the middle of what reads like
    such a message.
    """

    text: str
    kind: Kind = "words"
    field: Field = ""
    negated: bool = False
    group: int = 0
    printed: bool = False

    @property
    def typed(self) -> str:
        """It as it was typed, or could have been."""
        said = f"{self.field}:{self.text}" if self.field else self.text
        return ("-" if self.negated else "") + said + ("*" if self.kind == "prefix" else "")


@dataclass(frozen=True, slots=True)
class Parsed:
    """`text` is what ranking goes by: every wanted word in its order. `filters` are what the query itself chose."""

    text: str
    clauses: tuple[Clause, ...] = ()
    filters: Filters = field(default_factory=Filters)

    @property
    def conditions(self) -> tuple[Clause, ...]:
        """The clauses that are not mere wishes."""
        groups = [clause.group for clause in self.clauses]
        return tuple(
            clause
            for clause in self.clauses
            if clause.negated or clause.field or clause.kind != "words" or groups.count(clause.group) > 1
        )


def clean(text: str) -> str:
    """The text without control, bidirectional and other invisible characters, spaces run together, lines kept apart."""
    lines = (_SPACE.sub(" ", "".join(map(_visible, line))).strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def _visible(character: str) -> str:
    point = ord(character)
    if point < 32 or 0x7F <= point <= 0x9F:
        return " "
    hidden = point == 0xAD or 0x200B <= point <= 0x200F or 0x202A <= point <= 0x202E or 0x2060 <= point <= 0x206F
    if hidden or point == 0xFEFF or 0xFFF9 <= point <= 0xFFFB or 0xD800 <= point <= 0xDFFF:
        return ""
    return character


def understood(query: Query) -> tuple[Parsed, Filters]:
    """What a query asks, and its filters narrowed by those its text chose."""
    parsed = Parsed(clean(query.text)) if query.plain else parse(query.text)
    return parsed, query.filters.narrowed(parsed.filters)


def parse(text: str) -> Parsed:
    """What a query asks. Never raises; text of any kind and length gives a query of words at least."""
    cleaned = clean(text)
    if "\n" in cleaned or cleaned.count(" ") > PASTED_WORDS:
        return Parsed(cleaned)
    clauses, chosen = _pieces(cleaned)
    if not any(not clause.negated for clause in clauses) and not any(chosen.values()):
        return Parsed(cleaned)
    if _is_message(clauses):
        clauses = [replace(clause, printed=clause.kind == "phrase") for clause in clauses]
    filters = Filters(
        products=frozenset(chosen["product"]),
        versions=frozenset(chosen["version"]),
        langs=frozenset(chosen["lang"]),
        types=frozenset(chosen["type"]),
    )
    return Parsed(_wanted(clauses), tuple(clauses), filters)


def _wanted(clauses: Iterable[Clause]) -> str:
    return " ".join(clause.text for clause in clauses if not clause.negated and clause.field != "number")


def doubtful(parsed: Parsed) -> tuple[Clause, ...]:
    """The clauses, beside others, that a pasted text would have, too: `-Name`, an option of a command; `char*`, a type
    of C."""
    found = tuple(
        clause
        for clause in parsed.clauses
        if not clause.field and (clause.kind == "prefix" or (clause.negated and clause.kind == "words"))
    )
    return found if len(found) < len(parsed.clauses) else ()


def literally(clause: Clause, fold: Callable[[str], str]) -> re.Pattern[str]:
    """How a folded text has what a doubtful clause says, where it is no operator."""
    said = re.escape(fold(clause.text))
    return re.compile(rf"(?<![\w-])-{said}(?![\w-])" if clause.negated else rf"(?<!\w){said} ?\*")


def as_words(parsed: Parsed, some: Collection[Clause]) -> Parsed:
    """The same with some of its clauses as mere words."""
    clauses = tuple(replace(each, kind="words", negated=False) if each in some else each for each in parsed.clauses)
    return Parsed(_wanted(clauses), clauses, parsed.filters)


def _is_message(clauses: Sequence[Clause]) -> bool:
    """Whether it says so much beside what it quotes that it was copied from somewhere."""
    words = 0.0
    for clause in clauses:
        if clause.kind == "words" and not clause.negated and not clause.field:
            han = len(_HAN.findall(clause.text))
            words += han / CHARACTERS_OF_WORD or 1
    return words >= MESSAGE_WORDS


def unquoted(parsed: Parsed) -> Parsed | None:
    """The same with the printed phrases it wants as mere words; None where there are none."""
    clauses = tuple(
        replace(clause, kind="words") if clause.printed and not clause.field and not clause.negated else clause
        for clause in parsed.clauses
    )
    return replace(parsed, clauses=clauses) if clauses != parsed.clauses else None


def without_marks(text: str) -> str:
    """A query with the words of its phrases, in the title where these were to be; as it was, where there are none.

    What it leaves out and values that it chooses stay as they are: of these, words would be another question.
    """

    def words(match: re.Match[str]) -> str:
        field = (match["field"] or "").lower()
        if not match["phrase"] or match["minus"] or field not in ("", "title"):
            return match.group()
        return " ".join(f"title:{word}" for word in match["phrase"].split()) if field else match["phrase"]

    return _SPACE.sub(" ", _PIECE.sub(words, clean(text)))


def without_minus(text: str) -> str:
    """A query that looks for what it left out as well; as it was, where it leaves out nothing."""
    return _SPACE.sub(" ", _PIECE.sub(lambda match: match.group().removeprefix(match["minus"] or ""), clean(text)))


def with_phrases_left_out(text: str) -> str:
    """A query that leaves out what it might have meant as it stands: a phrase after a minus sign is nothing else."""

    def phrase(match: re.Match[str]) -> str:
        word = match["word"]
        return f'-"{word}"' if match["minus"] and word and not match["field"] else match.group()

    return _SPACE.sub(" ", _PIECE.sub(phrase, clean(text)))


def filters_apart(text: str) -> tuple[str, Filters]:
    """A query without the values of facets that were typed in it, and these; as it was, where it is nothing else but
    what to leave out."""
    parsed = parse(text)
    if not parsed.filters.any or (parsed.clauses and all(clause.negated for clause in parsed.clauses)):
        return text, Filters()

    left = [""]
    for match in _PIECE.finditer(clean(text)):
        # Where a value stood, there may be nothing left for an OR to join.
        value = (match["phrase"] or match["word"]).strip()
        chosen = not match["minus"] and _choice((match["field"] or "").lower(), value)
        if not chosen and not (match["word"] == "OR" and left[-1] in ("", "OR")):
            left.append(match.group())
    return " ".join(left).removesuffix(" OR").strip(), parsed.filters


def with_words_for(text: str, unknown: Collection[tuple[str, str]]) -> str:
    """A query with these values of facets, such as `("version", "16.0.4266")`, as mere words: what was pasted looks
    like them, too."""

    def words(match: re.Match[str]) -> str:
        field, value = (match["field"] or "").lower(), (match["phrase"] or match["word"]).strip()
        return (
            f"{field}: {value}" if (field, _choice(field, value)) in unknown and not match["minus"] else match.group()
        )

    return _SPACE.sub(" ", _PIECE.sub(words, clean(text)))


def without_each(text: str) -> list[tuple[str, str]]:
    """Every piece of a query as it was typed, with what is left of the query without it; none for a single piece."""
    cleaned = clean(text)
    if "\n" in cleaned or cleaned.count(" ") > PASTED_WORDS:
        return []
    found = [match for match in _PIECE.finditer(cleaned) if match["word"] != "OR"]
    if len(found) < 2:
        return []
    return [
        (match.group(), _SPACE.sub(" ", cleaned[: match.start()] + cleaned[match.end() :]).strip()) for match in found
    ]


def _pieces(text: str) -> tuple[list[Clause], dict[str, list[str]]]:
    clauses: list[Clause] = []
    chosen: dict[str, list[str]] = {field: [] for field in _CHOSEN}
    joined, group = False, 0
    for match in _PIECE.finditer(text):
        field = (match["field"] or "").lower()
        value = (match["phrase"] or match["word"]).strip()
        if match["word"] == "OR" and not field and not match["minus"]:
            joined = bool(clauses)
            continue
        choice = _choice(field, value)
        if choice and not match["minus"] and len(chosen[field]) < MOST_CHOSEN:
            chosen[field].append(choice)
            continue
        group = group if joined and clauses else group + 1
        clauses.append(_clause(match, value, field, group, choice))
        joined = False
    return clauses, chosen


def _choice(field: str, value: str) -> str | None:
    """The value of a facet that was typed; None where the field is none, or has no such value."""
    if field not in _CHOSEN or len(value) > LONGEST_VALUE:
        return None
    if field == "lang":
        return _LANGS.get(value.lower())
    if field == "type":
        return {_TYPE_JOINT.sub("", each): each for each in TYPES}.get(_TYPE_JOINT.sub("", value.lower()))
    return value.lower() if field == "product" else value


def _clause(match: re.Match[str], value: str, field: str, group: int, choice: str | None) -> Clause:
    if choice and match["minus"]:
        return Clause(choice, "value", cast(Field, field), negated=True, group=group)
    # A phrase of marks alone, such as "^", is nowhere to be looked up.
    kind: Kind = "phrase" if any(map(str.isalnum, match["phrase"] or "")) else "words"
    limited: Field = "title" if field == "title" else "number" if field == "number" else ""
    if kind == "words" and _PREFIX.fullmatch(value):
        kind, value = "prefix", value.rstrip("*")
    if field and not limited:
        value = f"{field}:{value}"
    return Clause(value, kind, limited, negated=bool(match["minus"]), group=group, printed=match["mark"] == "“")
