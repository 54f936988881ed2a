"""Analysis: terms with their places, and the same terms counted."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.analysis import Analysis
from indexer.folding import fold, to_simplified

ANALYSIS = Analysis()
SAID = """無法登入 伺服器的 記憶體 、 WTException HTTPServer MyHttp2Server ０ｘＡＢ facade 0x80070005 ora-01017 foo-bar5
TLSv1.3 C++ .NET _private_ naïve İstanbul"""
WORDS = st.sampled_from([" ", "\n", *SAID.split()])


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS | st.text(max_size=5), max_size=12).map("".join))
def test_what_is_counted_is_what_stands_there(text: str) -> None:
    assert ANALYSIS.term_counts(text) == Counter(token.term for token in ANALYSIS.tokens(text))


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("server", set()),
        ("Server", set()),
        ("SERVER", set()),
        ("HTTPServer", {"http", "server"}),
        ("getHttp", {"get", "http"}),
        ("foo5", {"foo"}),
    ],
)
def test_words_of_one_piece_have_no_parts(word: str, parts: set[str]) -> None:
    assert parts == {term[1:] for term in ANALYSIS.term_counts(word) if term[0] == "p"}


def test_ascii_folds_as_other_text_does() -> None:
    everything = "".join(map(chr, range(0x80)))
    assert fold(everything) + "简" == fold(everything + "簡") == everything.lower() + "简"


def test_every_character_folds_to_the_small_and_simplified_one_of_its_kind() -> None:
    characters = [chr(point) for point in range(0x30000) if not 0xD800 <= point <= 0xDFFF]
    plain = [normalize("NFKC", character) for character in characters]
    accented = {one for one in characters if not one.isascii() and normalize("NFD", one)[0].isascii()}
    same = {one for one, form in zip(characters, plain, strict=True) if form == one == one.lower()} - accented
    assert [one for one in same if fold(one) != to_simplified(one)] == []
    wide = {one: form for one, form in zip(characters, plain, strict=True) if len(form) == 1 and form.isascii()}
    assert [one for one, form in wide.items() if fold(one) != form.lower()] == []


def test_a_long_run_is_not_kept_in_memory() -> None:
    run = ".".join(f"{n:x}" for n in range(20_000))
    Analysis().tokens(run)
    tracemalloc.start()
    Analysis().tokens(run[1:])
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 1_000_000
