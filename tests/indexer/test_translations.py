"""What translations say for an article."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from indexer.translations import better_translations


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(-9, 9))))
def test_the_best_of_its_group_is_heard_where_it_is_better(rows: list[tuple[int, float]]) -> None:
    groups, scores = [group for group, _ in rows], [score for _, score in rows]
    better = better_translations(groups, scores)
    for at, (group, score) in enumerate(rows):
        most = max(score for other, score in rows if other == group)
        if group and most > score:
            assert groups[better[at]] == group
            assert scores[better[at]] == most
        else:
            assert at not in better
