"""From the keys and values of a row or a front matter to a draft, whatever kind of file they came from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from kb.articles import Attachment, Draft, Problem, Section
from kb.entitlements import expand
from kb.files import grants_by_name
from kb.reading import KEYS as ALL_KEYS
from kb.reports import Place
from kb.sections import split

KEYS = frozenset(ALL_KEYS)
# No key of ours nests; keys of others are kept, but not to any depth.
MAX_DEPTH = 20
UNSHOWN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
MARKUP = re.compile(r"^[#>\s]+|[*_`]+")
FIRST_WORDS = 60
# What collections of parallel texts call a group of translations.
PARALLEL = "parallel_key"
SENTENCE_END = re.compile(r"[。！？；]|[.!?;](?=\s)")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?=\Z|[T ])")


@dataclass(frozen=True, slots=True)
class Terms:
    """What an import says of all of its rows: their source, the grants of those that name none, names to products.

    `keys` are ours by the names that columns have; `defaults` are values for rows that have none. `encoding` is that of
    text that is not UTF-8 and does not say what it is; None: to be found out. `remark` is told what authors should know
    of a whole file.
    """

    source: str
    grants: tuple[str, ...] = ()
    product: Callable[[str], str] = str
    attachment_bytes: int = 20 << 20
    keys: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    time_zone: str = "UTC"
    remark: Callable[[Problem, Place], None] = lambda _problem, _place: None

    def with_keys(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The row under our keys, with the defaults for what it leaves out. Columns named `""` are left out."""
        named = {self.keys.get(name, name): value for name, value in row.items()}
        named.pop("", None)
        if _line(named.get(PARALLEL)) and not named.get("group"):
            named["group"] = named.pop(PARALLEL)
        return {
            **{key: value for key, value in self.defaults.items() if not named.get(key)},
            **{key: value for key, value in named.items() if value or key not in self.defaults},
        }


@dataclass(frozen=True, slots=True)
class Row:
    """One article of a file as far as it could be read: a draft, or the problems why there is none.

    `at` tells where in the file a key stands. `links` are the addresses of relative links; `file_grants` the grants of
    attachments that only part of the readers may have: see `with_file_grants`. `exported`: it is of an export, and says
    all of this itself.
    """

    place: Place
    id: str = ""
    draft: Draft | None = None
    problems: tuple[Problem, ...] = ()
    at: Callable[[str], Place] | None = None
    links: Mapping[str, str] = field(default_factory=dict)
    file_grants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exported: bool = False

    def place_of(self, key: str) -> Place:
        return self.at(key) if self.at and key else self.place


def with_file_grants(row: Row) -> Row:
    """A row with its files' readers as its text has them; one of an export as it says."""
    draft = row.draft
    if draft is None or row.exported or not draft.attachments:
        return row
    found = grants_by_name(draft.sections, {each.name for each in draft.attachments}, row.links)
    return replace(row, file_grants={name: grants for name, grants in found.items() if grants})


class Values:
    """The values of a row, asked for by key and kind. What is not of its kind is noted and left out."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self._row = row
        self.problems: list[Problem] = []
        self.remarks: list[Problem] = []

    def text(self, key: str, missing: str | None = "") -> str:
        """`missing` None: there must be one."""
        value = self._row.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and key in ("id", "group"):
            return str(value)
        if isinstance(value, str):
            return value
        if value is not None:
            self.wrong("wrong_kind", key, kind="text", value=shown(value))
        elif missing is None:
            self.wrong("key_missing", key)
        return missing or ""

    def line(self, key: str, missing: str | None = "") -> str:
        return self.text(key, missing).strip()

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._row.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.wrong("wrong_kind", key, kind="list of texts", value=shown(value))
            return ()
        return tuple(dict.fromkeys(each.strip() for each in value if each.strip()))

    def day(self, key: str) -> date | None:
        value = self.line(key)
        if not value:
            return None
        found = DAY.match(value)
        try:
            if found:
                return date.fromisoformat(found[0])
        except ValueError:
            pass
        self.wrong("wrong_date", key, value=shown(value))
        return None

    def moment(self, key: str, zone: str) -> datetime | None:
        """A day is its beginning in that time zone, and so is a time that does not name its own."""
        value = self.line(key)
        if not value:
            return None
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            self.wrong("wrong_moment", key, value=shown(value))
            return None
        return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)

    def wrong(self, code: str, key: str, /, **values: Any) -> None:
        self.problems.append(Problem(code, key, values))


def shown(value: object) -> str:
    """A value as a message quotes it."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def draft_of(
    row: Mapping[str, Any], terms: Terms, files: tuple[Attachment, ...] = ()
) -> tuple[Draft | None, list[Problem]]:
    """The draft that a row describes, with remarks on it; or what keeps it from describing one."""
    if deep := [key for key, value in row.items() if _deeper(value, MAX_DEPTH)]:
        return None, [Problem("nested_too_deep", shown(key), {"limit": MAX_DEPTH}) for key in deep]
    plain: Mapping[str, Any] = cleaned(row)
    remarks = [Problem("characters_left_out", key, refuses=False) for key in row if plain.get(key) != row[key]]
    row, values = plain, Values(plain)
    product = terms.product(values.line("product", None))
    given = values.texts("grants") if row.get("grants") is not None else terms.grants
    sections = _sections(values, row, product)
    number = values.line("number") or None
    fields: dict[str, Any] = {
        "id": values.line("id", None),
        "title": values.line("title", None),
        "lang": values.line("lang", None),
        "type": values.line("type") or "reference",
        "category": values.line("category"),
        "versions": values.texts("versions"),
        "updated": values.day("updated"),
        "also_asked_as": values.texts("also_asked_as"),
        "confidence": values.line("confidence") or "validated",
        "group": values.line("group") or None,
        "owner": values.line("owner") or None,
        "review_on": values.day("review_on"),
        "former_numbers": values.texts("former_numbers"),
        "expires_at": values.moment("expires_at", terms.time_zone),
    }
    extra = {key: value for key, value in row.items() if key not in KEYS and value is not None}
    if values.problems:
        return None, values.problems
    remarks += values.remarks
    if not fields["title"] and (first := _first_words(sections)):
        fields["title"] = first
        remarks.append(Problem("title_made", "title", refuses=False))
    grants = tuple(expand(given, product))
    made = Draft(
        source=terms.source, product=product, sections=sections, grants=grants, number=number, attachments=files,
        extra=extra, **fields,
    )  # fmt: skip
    return made, remarks


def _line(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _first_words(sections: Iterable[Section]) -> str:
    """What an article without a title is called by: the first line of its text that has words, to the end of a
    sentence where one is near."""
    lines = (line for section in sections for line in section.markdown.splitlines())
    words = next((plain for line in lines if any(map(str.isalnum, plain := MARKUP.sub("", line).strip()))), "")
    if len(words) <= FIRST_WORDS:
        return words
    ends = [match.end() for match in SENTENCE_END.finditer(words, 0, FIRST_WORDS)]
    return words[: ends[-1]].rstrip() if ends else words[: FIRST_WORDS - 1].rstrip() + "…"


def _sections(values: Values, row: Mapping[str, Any], product: str) -> tuple[Section, ...]:
    given = row.get("sections")
    if given is None:
        return tuple(_split(values, values.text("body_markdown", None), product))
    found: list[Section] = []
    if body := values.text("body_markdown"):
        found += _split(values, body, product)
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        values.wrong("wrong_kind", "sections", kind="list of objects", value=shown(given))
        return ()
    for each in given:
        part = Values(each)
        text = part.text("body_markdown" if "body_markdown" in each else "markdown", None)
        found.append(Section(text, tuple(expand(part.texts("grants"), product))))
        values.problems += [
            Problem(each.code, "sections", {**each.values, "key": each.field}) for each in part.problems
        ]
    return tuple(found)


def _split(values: Values, body: str, product: str) -> list[Section]:
    sections, found = split(body, product)
    values.problems += (each for each in found if each.refuses)
    values.remarks += (each for each in found if not each.refuses)
    return sections


def _deeper(value: object, levels: int) -> bool:
    """Whether lists and objects are nested deeper than so many levels."""
    if isinstance(value, dict):
        value = list(value.values())
    return isinstance(value, list) and (levels == 0 or any(_deeper(each, levels - 1) for each in value))


def cleaned(value: Any) -> Any:
    """The value without the characters that no page shows and no database takes: controls, halves of pairs."""
    if isinstance(value, str):
        return UNSHOWN.sub(_stand_in, value) if UNSHOWN.search(value) else value
    if isinstance(value, Mapping):
        return {cleaned(key): cleaned(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(each) for each in value]
    return value


def _stand_in(match: re.Match[str]) -> str:
    return "\ufffd" if "\ud800" <= match[0] <= "\udfff" else " "
