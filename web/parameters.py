"""The parameters of a search, the same for pages and API: read from an address, checked, written back into one."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Mapping
from datetime import date as day
from typing import Annotated, Any, Literal, TypeAlias
from urllib.parse import quote_plus, urlencode

from flask import g
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from werkzeug.datastructures import MultiDict

from kb.articles import LANGUAGES, TYPES, ArticleType, Language
from kb.question import DATE_BUCKETS, FACETS, LONGEST_VALUE, MOST_CHOSEN, Filters, Query, Sort
from web.language import THEMES
from web.messages import text
from web.problems import BadParameter, QueryTooLong

LAST_PAGE = 1_000_000
# Stands for the values of a facet where an address is taken apart: no value holds it.
PLACE = "\x00"
SORTS: tuple[Sort, ...] = ("relevance", "updated", "title")
DateBucket: TypeAlias = Literal["month", "quarter", "year", "older"]
DATES: tuple[str, ...] = tuple(name for name, _ in DATE_BUCKETS)

assert set(DATES) == {"month", "quarter", "year", "older"}  # noqa: S101 - the two lists must say the same


def _whole(value: object) -> object:
    """Digits and nothing else: pydantic alone would take ` 1_0 `, too."""
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise ValueError("not a whole number")
    return value


def _visible(text: str) -> str:
    """What no one can see or type is a space."""
    if not text.isprintable():
        text = "".join(character if _typed(character) else " " for character in text)
    return text.strip()


def _typed(character: str) -> bool:
    return character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs")


Value = Annotated[str, Field(min_length=1, max_length=LONGEST_VALUE)]


class SearchParameters(BaseModel):
    """What a search takes. A parameter that may be repeated selects any of its values."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    q: Annotated[str, AfterValidator(_visible)] = Field(
        "", description='What to look for: words, "phrases", -not, OR, title:, number:, product:, prefix*.'
    )
    product: tuple[Value, ...] = Field((), max_length=MOST_CHOSEN, description="Products, by identifier.")
    version: tuple[Value, ...] = Field((), max_length=MOST_CHOSEN, description="Versions the article applies to.")
    type: tuple[ArticleType, ...] = Field((), max_length=MOST_CHOSEN, description="Kinds of article.")
    lang: tuple[Language, ...] = Field((), max_length=MOST_CHOSEN, description="Languages of the article.")
    date: tuple[DateBucket, ...] = Field(
        (), max_length=MOST_CHOSEN, description="When it was updated: within a month, a quarter, a year, or longer ago."
    )
    sort: Sort = Field("relevance", description="Order of the results.")
    page: Annotated[int, BeforeValidator(_whole)] = Field(
        1, ge=1, le=LAST_PAGE, description="Which page of ten results, from 1."
    )

    @property
    def filters(self) -> Filters:
        return Filters(*(frozenset(self.chosen(facet)) for facet in FACETS))

    def chosen(self, facet: str) -> tuple[str, ...]:
        values: tuple[str, ...] = getattr(self, facet)
        return values

    def query(self, today: day) -> Query:
        return Query(self.q, self.filters, self.sort, self.page, today=today, prefers=(g.language,))

    def changed(self, **values: object) -> SearchParameters:
        """The same search with other values, from its first page unless one is named."""
        return self.model_copy(update={"page": 1, **values})

    def toggles(self, facet: str, path: str) -> Callable[[str], str]:
        """By value the address with it chosen, or not any more; for many values: what stays is put together once."""
        now = set(self.chosen(facet))
        placed = self.changed(**{facet: (PLACE,)}).address(path)
        bare = self.changed(**{facet: ()}).address(path)
        before, _, after = placed.partition(urlencode({facet: PLACE}))

        def address(value: str) -> str:
            chosen = "&".join(f"{facet}={quote_plus(each, errors='replace')}" for each in sorted(now ^ {value}))
            return f"{before}{chosen}{after}" if chosen else bare

        return address

    def unfiltered(self) -> SearchParameters:
        return self.changed(**dict.fromkeys(FACETS, ()))

    def pairs(self) -> list[tuple[str, str]]:
        """What is not at its default, in one order, so that equal searches have equal addresses."""
        pairs = [("q", self.q)] if self.q else []
        pairs += [(facet, value) for facet in FACETS for value in sorted(self.chosen(facet))]
        pairs += [("sort", self.sort)] if self.sort != "relevance" else []
        return pairs + ([("page", str(self.page))] if self.page > 1 else [])

    def address(self, path: str) -> str:
        pairs = self.pairs()
        return f"{path}?{urlencode(pairs, errors='replace')}" if pairs else path


def read(args: MultiDict[str, str], longest: int, *, empty_is_absent: bool = True) -> SearchParameters:
    """The parameters in an address. QueryTooLong, or BadParameter for the first wrong one. Forms send empty ones."""
    if (length := len(args.get("q", ""))) > longest:
        raise QueryTooLong(length, longest)
    given: dict[str, Any] = {}
    for name, field in SearchParameters.model_fields.items():
        values = [value for value in args.getlist(name) if value or not (empty_is_absent or name == "q")]
        if isinstance(field.default, tuple):
            given[name] = tuple(dict.fromkeys(values))
        elif len(set(values)) > 1:
            raise BadParameter(name, " · ".join(values), text("wrong.once"))
        elif values:
            given[name] = values[0]
    try:
        return SearchParameters.model_validate(given)
    except ValidationError as error:
        raise _refused(error.errors()[0], given) from None


def check_names(args: MultiDict[str, str], known: Collection[str]) -> None:
    """Refuses the first parameter that there is not: programs mistype. Pages take what other sites add."""
    for name, value in args.items():
        if name not in known:
            raise BadParameter(name, value, text("wrong.name", choices=", ".join(known)))


def whole(args: MultiDict[str, str], name: str, default: int, most: int) -> int:
    """A whole number from 1; the default when it is not given."""
    given = args.get(name)
    if given is None:
        return default
    if not (given.isascii() and given.isdigit() and len(given) <= len(str(most)) and 1 <= int(given) <= most):
        raise BadParameter(name, given, text("wrong.whole", most=most))
    return int(given)


def prefix(args: MultiDict[str, str], longest: int) -> str:
    """What is being typed: `q`, the one parameter of suggestions."""
    return read(MultiDict([("q", value) for value in args.getlist("q")]), longest).q


def _refused(error: Mapping[str, Any], given: Mapping[str, Any]) -> BadParameter:
    name, *place = error["loc"]
    value = given[name][place[0]] if place else given[name]
    return BadParameter(name, value if isinstance(value, str) else " · ".join(value), right(str(name), not place))


def right(name: str, whole: bool = False) -> str:
    """What a parameter takes, in the reader's language. `whole`: the list of its values is at fault, not one."""
    choices = {"type": TYPES, "lang": LANGUAGES, "date": DATES, "sort": SORTS, "ui": LANGUAGES, "theme": THEMES}
    if name == "page":
        return text("wrong.whole", most=LAST_PAGE)
    if name in choices and not (whole and name in FACETS):
        return text("wrong.choice", choices=", ".join(choices[name]))
    if whole:
        return text("wrong.values", most=MOST_CHOSEN)
    return text("wrong.characters", most=200)


def check_settings(args: MultiDict[str, str]) -> None:
    """Refuses a language or theme of the page that there is not."""
    for name, allowed in (("ui", LANGUAGES), ("theme", THEMES)):
        if (value := args.get(name)) and value not in allowed:
            raise BadParameter(name, value, right(name))
