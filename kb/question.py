"""What is asked: a query with its filters, and the facets there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

MAX_QUERY = 4_000
PAGE_SIZE = 10
MAX_DEPTH = 1_000
# Of a facet: so many values at once, none longer.
MOST_CHOSEN, LONGEST_VALUE = 50, 200

Sort = Literal["relevance", "updated", "title"]
FACETS = ("product", "version", "type", "lang", "date")
DATE_BUCKETS = (("month", 31), ("quarter", 92), ("year", 366), ("older", None))


@dataclass(frozen=True, slots=True)
class Filters:
    """Values chosen in each facet: any of a facet's values, all of the facets. Empty: no filter.

    `dates` holds names of `DATE_BUCKETS`: updated within so many days of the day asked, or longer ago than all of them.
    """

    products: frozenset[str] = frozenset()
    versions: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    langs: frozenset[str] = frozenset()
    dates: frozenset[str] = frozenset()

    def chosen(self, facet: str) -> frozenset[str]:
        chosen: frozenset[str] = getattr(self, facet + "s")
        return chosen

    @property
    def any(self) -> bool:
        return any(self.chosen(facet) for facet in FACETS)

    def narrowed(self, other: Filters) -> Filters:
        """These, but in each facet what the other chose where it did."""
        return Filters(**{facet + "s": other.chosen(facet) or self.chosen(facet) for facet in FACETS})


@dataclass(frozen=True, slots=True)
class Needed:
    """What an article must say, or, `negated`, must not: all of these words, each in any of its spellings.

    `field`: in the title alone, or as its number, product, type or language.
    """

    words: Sequence[Sequence[str]]
    field: str = ""
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked. `text` in the query language of `kb.query`; `page` counts from 1; `today` dates the date facet.

    `prefers` are languages, most wanted first: they break near-ties, never filter. `without` are articles the store
    refused although the index has them: they are left out of hits, counts and statistics. `plain`: nothing in the text
    is an operator. `loose`: a small part of the words will do, for what is alike rather than asked.
    """

    text: str
    filters: Filters = Filters()
    sort: Sort = "relevance"
    page: int = 1
    page_size: int = PAGE_SIZE
    today: date = date.min
    prefers: tuple[str, ...] = ()
    without: frozenset[int] = frozenset()
    explain: bool = False
    plain: bool = False
    loose: bool = False
