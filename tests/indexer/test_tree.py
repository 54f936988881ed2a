"""What must hold, put together."""

from __future__ import annotations

from indexer.tree import ALWAYS, NEVER, AtLeast, Term, all_of, any_of

A, B, C = (Term("b", text) for text in "abc")


def test_any_of_any_of_some_is_one_any() -> None:
    assert any_of([any_of([A, B]), C, NEVER, any_of([B, any_of([C, A])])]) == AtLeast(1, (A, B, C))
    assert any_of([any_of([A]), NEVER]) == A
    assert any_of([NEVER, any_of([])]) == NEVER
    assert any_of([A, ALWAYS]) == ALWAYS
    assert any_of([all_of([A, B]), C]) == AtLeast(1, (AtLeast(2, (A, B)), C))
