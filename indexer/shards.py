"""What ranking reads of an index, whatever the engine: arrays over the documents of a shard, and posting lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from kb.entitlements import Scope

TITLE, EMPHASIS, EVERYTHING, NUMBER = "t", "h", "b", "n"
# `helpful` is kept as a whole number of so many parts.
HELPFUL_UNIT = 1_000

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


class Postings(NamedTuple):
    """The documents that hold a term, ascending, and how often each does."""

    documents: NDArray[np.uint16]
    frequencies: NDArray[np.uint8]


@dataclass(frozen=True)
class Values:
    """A column of few different values: `codes[d]` is the place of document d's value in `names`."""

    names: tuple[str, ...]
    codes: NDArray[np.int32]


@dataclass(frozen=True)
class Columns:
    """What is known of each document of a shard, by document number. `titles` are folded and squashed."""

    article: NDArray[np.int64]
    lengths: NDArray[np.float32]
    title_lengths: NDArray[np.float32]
    updated: NDArray[np.int32]
    helpful: Floats
    confidence: Values
    audience: Values
    lang: Values
    product: Values
    type: Values
    versions: Values


class Shard(Protocol):
    """A part of an index that does not change but for deletions. Documents are numbered from 0."""

    @property
    def name(self) -> str:
        """Unique and never used again: caches go by it."""

    @property
    def size(self) -> int: ...

    @property
    def columns(self) -> Columns: ...

    def living(self) -> Mask:
        """False for documents deleted since."""

    def postings(self, field: str, term: str) -> Postings | None: ...

    def terms(self, field: str, prefix: str) -> list[str]:
        """All terms that begin so, in their order: a limit would tell of terms that the scope does not read."""

    def body(self, document: int) -> bytes:
        """The folded body, in UTF-8."""

    def title(self, document: int) -> str:
        """The folded title."""

    def sounds(self, document: int) -> list[str]:
        """How each character of the title sounds (indexer.sounds.syllables)."""


def readable(shard: Shard, scope: Scope) -> Mask:
    """The documents of a shard that a scope reads: by audience, whole and exactly."""
    from kb.entitlements import Audience

    audience = shard.columns.audience
    allowed = np.array([bool(scope) and Audience.from_key(key).includes(scope) for key in audience.names], bool)
    if not len(allowed):
        return np.zeros(shard.size, bool)
    return allowed[audience.codes] & shard.living()
