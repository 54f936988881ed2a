"""What is kept stays within its budget, and goes with what it was made from."""

from __future__ import annotations

from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from indexer.caching import MEGABYTE, OVERHEAD, Cache
from kb.search import CHECKED


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, MEGABYTE)), max_size=60))
def test_it_never_holds_more_than_its_budget(asked: list[tuple[int, int]]) -> None:
    cache, sizes = Cache(1), dict[int, int]()
    for key, size in asked:
        found = cache.get(("a", key), partial(int, size), int)
        assert found == sizes.get(key, size) or found == size
        sizes[key] = found
        assert 0 <= cache.octets <= MEGABYTE


def test_the_longest_unused_goes_first() -> None:
    cache, made = Cache(1), list[str]()

    def ask(name: str) -> None:
        cache.get(("a", name), lambda: made.append(name), lambda _: MEGABYTE // 4 - OVERHEAD)

    for name in ("one", "two", "three", "four", "one", "five", "one", "two"):
        ask(name)
    assert made == ["one", "two", "three", "four", "five", "two"]


def test_what_is_too_large_to_keep_is_given_all_the_same() -> None:
    cache = Cache(1)
    assert cache.get(("a",), lambda: "large", lambda _: MEGABYTE) == "large" and cache.octets == 0


def test_what_was_made_from_something_gone_goes() -> None:
    cache, made = Cache(1), list[str]()
    for name in ("old", "kept", "kept"):
        cache.get((name, 1), partial(made.append, name), lambda _: 10)
    cache.keep_only({"kept"})
    assert cache.octets == 10 + OVERHEAD
    cache.get(("kept", 1), lambda: made.append("again"), lambda _: 10)
    assert made == ["old", "kept"]


def test_what_is_checked_before_it_is_used_stays() -> None:
    cache = Cache(1)
    cache.put((CHECKED, "page"), "shown", 10)
    cache.put(("gone", "answer"), "said", 10)
    cache.keep_only(())
    assert (cache.find((CHECKED, "page")), cache.find(("gone", "answer"))) == ("shown", None)
