"""What a query asks, in our query language."""

from __future__ import annotations

import pytest

from kb.query import filters_apart, parse, with_words_for, without_marks
from kb.question import LONGEST_VALUE, MOST_CHOSEN


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("product:creo 登入", "登入"),
        ("product:creo OR product:windchill 登入", "登入"),
        ("登入 OR product:creo", "登入"),
        ("登入 OR product:creo OR 逾時", "登入 OR 逾時"),
        ('lang:en "too many" OR x', '"too many" OR x'),
        ("product:creo", ""),
        ("-product:creo 登入", "-product:creo 登入"),
    ],
)
def test_what_is_left_of_a_query_without_the_values_typed_in_it_is_a_query(typed: str, left: str) -> None:
    assert filters_apart(typed)[0] == left


def test_no_more_values_and_none_longer_than_a_facet_takes_are_typed() -> None:
    long = f"product:{'b' * (LONGEST_VALUE + 1)}"
    assert filters_apart(long + " 登入") == (long + " 登入", parse("登入").filters)
    many = " ".join(f"version:{n}" for n in range(MOST_CHOSEN + 10))
    assert len(parse(many).filters.versions) <= MOST_CHOSEN


def test_a_value_may_be_left_out() -> None:
    (words, left_out) = parse("登入 -product:Creo").clauses
    assert (left_out.field, left_out.text, left_out.negated) == ("product", "creo", True)
    assert not parse("登入 -product:Creo").filters.any and words.text == "登入"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ('"too many connections" mysql', "too many connections mysql"),
        ('title:"印表機離線"', "title:印表機離線"),
        ('title:"printer is offline" -"driver pack"', 'title:printer title:is title:offline -"driver pack"'),
        ('product:"Creo Parametric" “授權”', 'product:"Creo Parametric" 授權'),
        ("授權 -浮動", "授權 -浮動"),
    ],
)
def test_without_marks_it_is_the_same_question_in_words(typed: str, words: str) -> None:
    assert without_marks(typed) == words


def test_values_that_mean_nothing_here_are_words() -> None:
    text = 'version:16.0.4266 Version:"2" -version:3 product:creo crash'
    unknown = [("version", "16.0.4266"), ("version", "2"), ("version", "3")]
    assert with_words_for(text, unknown) == "version: 16.0.4266 version: 2 -version:3 product:creo crash"
    assert not parse(with_words_for("version:1 crash", [("version", "1")])).filters.any
