"""What suggestions look at, beside what the contract of engines says of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.readable import Readable
from indexer.respelling import spelt_like
from indexer.sources import Source, Title
from indexer.suggesting import Suggester
from indexer.tree import AtLeast, Node, OneOf, Prefix, Term
from tests.contracts.engines import ANALYSIS

RIGHTS = OneOf("audience", frozenset({"public"}))


class Numbered:
    """A source of articles that have numbers alone, of which some are read."""

    def __init__(self, numbers: Sequence[int], read: Sequence[int]) -> None:
        self.numbers, self.read, self.asked, self.listed = sorted(map(str, numbers)), set(map(str, read)), 0, 0

    def frequencies(self, among: Node, parts: Sequence[Node]) -> Sequence[int]:
        self.asked += len(parts)
        return [sum(_holds(part, number) for number in self.read) for part in parts]

    def titles(self, among: Node, limit: int) -> Sequence[Title]:
        parts = cast(AtLeast, among).parts[1:]
        found = sorted((int(one) for one in self.read if all(_holds(part, one) for part in parts)), reverse=True)
        return [Title(article, f"{article}", "en") for article in found[:limit]]

    def terms(self, field: str, prefix: str) -> Sequence[str]:
        found = [number for number in self.numbers if number.startswith(prefix)] if field == "n" else []
        self.listed += len(found)
        return found


def _holds(part: Node, number: str) -> bool:
    match part:
        case Term("n", text):
            return number == text
        case Prefix("n", text):
            return number.startswith(text)
    return False


@pytest.mark.parametrize("typed", ["KB1", "KB12"])
@pytest.mark.parametrize("read", [(), (129_999,), (120_000, 129_999), tuple(range(125_000, 130_000))])
def test_numbers_take_no_longer_for_those_that_are_hidden(typed: str, read: tuple[int, ...]) -> None:
    source = Numbered(range(100_000, 130_000), read)
    found = Suggester(ANALYSIS).suggest(typed, Readable(cast(Source, source), RIGHTS), 8)
    assert [each.article for each in found if each.kind == "number"] == list(read[:4])
    assert source.asked < 300
    assert bool(source.listed) == bool(read)


@given(word=st.text("abc", min_size=1, max_size=8), others=st.sets(st.text("abc", max_size=9)), most=st.integers(1, 2))
def test_words_spelt_like_another_are_those_of_few_slips(word: str, others: set[str], most: int) -> None:
    expected = {other: away for other in others if (away := slips(word, other)) <= most}
    assert dict(spelt_like(word, sorted(others), most)) == expected


def slips(one: str, other: str) -> int:
    """How many letters must be put in, left out, changed or swapped."""
    rows = [list(range(len(other) + 1))]
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, its in enumerate(other, 1):
            row.append(min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (letter != its)))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == its:
                row[j] = min(row[j], rows[-2][j - 2] + 1)
        rows.append(row)
    return rows[-1][-1]
