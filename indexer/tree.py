"""What an engine is asked, in terms that every engine can count exactly alike: what must hold, and what it is worth.

Nothing in it asks for an engine's own statistics: worth is in whole numbers, so that sums are exact in any order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Term:
    """A term of ours, or an article's number, occurs in a field."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Prefix:
    """Some term of the field begins so."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """A column (`audience`, `product`, `version`, `type`, `lang`) has one of the values."""

    column: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Updated:
    """Last updated on these days, as ordinals, ends included; None is open."""

    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class Articles:
    """One of these articles."""

    ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Groups:
    """Of one of these groups of translations."""

    ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """So many of the parts hold. A part given twice counts twice."""

    least: int
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Node


Node: TypeAlias = Term | Prefix | OneOf | Updated | Articles | Groups | AtLeast | Not

ALWAYS = AtLeast(0, ())
NEVER = AtLeast(1, ())


@dataclass(frozen=True, slots=True)
class Weighted:
    """Worth so much where the part holds."""

    part: Node
    weight: int


@dataclass(frozen=True, slots=True)
class Graded:
    """A term of the text, worth `weights[level]` where it has that impact (`indexer.impacts`)."""

    text: str
    weights: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    parts: tuple[Worth, ...]


@dataclass(frozen=True, slots=True)
class Best:
    """The greatest of the parts; 0 where none is worth anything."""

    parts: tuple[Worth, ...]


@dataclass(frozen=True, slots=True)
class Within:
    """What the part is worth where the condition holds, 0 elsewhere."""

    condition: Node
    part: Worth


Worth: TypeAlias = Weighted | Graded | Sum | Best | Within


def any_of(parts: Iterable[Node]) -> Node:
    """At least one holds; never, when there is none. Any of any of some is one any, which is quicker to go through."""
    flat: dict[Node, None] = {}
    for part in parts:
        if isinstance(part, AtLeast) and part.least == 1:
            flat.update(dict.fromkeys(part.parts))
        else:
            flat[part] = None
    distinct = tuple(flat)
    if ALWAYS in distinct:
        return ALWAYS
    return distinct[0] if len(distinct) == 1 else AtLeast(1, distinct)


def all_of(parts: Iterable[Node]) -> Node:
    """All hold; always, when there is none."""
    distinct = tuple(dict.fromkeys(part for part in parts if part != ALWAYS))
    return distinct[0] if len(distinct) == 1 else AtLeast(len(distinct), distinct)
