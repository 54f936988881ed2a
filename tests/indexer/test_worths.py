"""Sums of what a document is worth."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from indexer.impacts import LEVELS, levels, norm
from indexer.sources import EVERYTHING, TITLE
from indexer.tree import AtLeast, Best, Graded, OneOf, Sum, Term, Weighted, Within, Worth
from indexer.worths import merged, roughly

TEXTS = st.sampled_from("abc")
WEIGHTS = st.integers(0, 9)
LEAVES: st.SearchStrategy[Worth] = st.one_of(
    st.builds(Weighted, st.builds(Term, st.sampled_from((TITLE, EVERYTHING)), TEXTS), WEIGHTS),
    st.builds(Graded, TEXTS, st.tuples(*[WEIGHTS] * LEVELS)),
)


def _nested(parts: st.SearchStrategy[Worth]) -> st.SearchStrategy[Worth]:
    several = st.lists(parts, max_size=3).map(tuple)
    english = st.just(OneOf("lang", frozenset({"en"})))
    return st.one_of(st.builds(Sum, several), st.builds(Best, several), st.builds(Within, english, parts))


WORTHS = st.recursive(LEAVES, _nested, max_leaves=12)
# The level of each term of a text, and the terms of its title.
ARTICLES = st.tuples(st.dictionaries(TEXTS, st.integers(0, LEVELS - 1)), st.frozensets(TEXTS), st.booleans())


def _amount(worth: Worth, article: tuple[dict[str, int], frozenset[str], bool]) -> int:
    terms, title, english = article
    match worth:
        case Weighted(AtLeast(least, parts), weight):
            return weight if sum(_amount(Weighted(part, 1), article) for part in parts) >= least else 0
        case Weighted(Term(field, text), weight):
            return weight if text in (title if field == TITLE else terms) else 0
        case Graded(text, given):
            return given[terms[text]] if text in terms else 0
        case Sum(parts):
            return sum(_amount(part, article) for part in parts)
        case Best(parts):
            return max((_amount(part, article) for part in parts), default=0)
        case Within(_, part):
            return _amount(part, article) if english else 0
    raise AssertionError(worth)


@given(st.lists(WORTHS, max_size=4), ARTICLES)
def test_merging_changes_no_amount_and_names_each_term_once(
    parts: list[Worth], article: tuple[dict[str, int], frozenset[str], bool]
) -> None:
    worth = Sum(tuple(parts))
    found = merged(worth)
    assert _amount(found, article) == _amount(worth, article)
    named = [part.part for part in found.parts if isinstance(part, Weighted)]
    named += [Term(EVERYTHING, part.text) for part in found.parts if isinstance(part, Graded)]
    assert len(named) == len(set(named))


def test_another_way_to_say_it_chooses_an_article_that_says_all_of_it() -> None:
    both = Sum((Weighted(Term(EVERYTHING, "a"), 3), Weighted(Term(EVERYTHING, "b"), 4)))
    strong, weak = Weighted(Term(EVERYTHING, "c"), 5), Weighted(Term(EVERYTHING, "d"), 2)
    worth = roughly(Best((strong, weak, Within(OneOf("lang", frozenset({"en"})), both))))
    said = {"": 0, "a": 0, "ab": 7, "c": 7, "d": 0, "abcd": 7}
    assert {terms: _amount(worth, (dict.fromkeys(terms, 0), frozenset(), False)) for terms in said} == said


def test_words_as_written_and_codes_have_no_level() -> None:
    often = {"serror": 9, "eerror": 9, "kora-01017": 9, "c锁": 9, "g锁定": 9}
    found = levels({}, {}, often, norm(100))
    assert sorted(found[0]) == ["c锁", "eerror", "kora-01017"]
    assert sorted(term for level in found[1:] for term in level) == ["g锁定", "serror"]
