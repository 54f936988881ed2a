"""What translations say for an article."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from indexer.translations import better_translations


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(-9, 9))))
def test_the_best_of_its_group_is_heard_where_it_is_better(rows: list[tuple[int, float]]) -> None:
    groups, scores = [group for group, _ in rows], [score for _, score in rows]
    better = better_translations(groups, scores, range(len(rows)))
    for at, (group, score) in enumerate(rows):
        most = max(score for other, score in rows if other == group)
        if group and most > score:
            assert groups[better[at]] == group
            assert scores[better[at]] == most
        else:
            assert at not in better


def test_of_several_that_are_as_good_the_oldest_is_heard() -> None:
    assert better_translations([1, 1, 1], [2.0, 2.0, 1.0], [9, 7, 8]) == {2: 1}
    assert better_translations([1, 1, 1], [1.0, 2.0, 2.0], [8, 7, 9]) == {0: 1}
