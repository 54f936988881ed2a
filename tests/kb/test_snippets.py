"""Passages: what is marked, and that nothing is lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.snippets import Marks, holds, marked

WORDS = st.dictionaries(st.text("ab1 伺服器授權", min_size=1, max_size=4), st.floats(0.1, 9), max_size=4)


def shown(text: str, *asked: str, others: tuple[str, ...] = ()) -> list[str]:
    """What is marked in a text."""
    marks = Marks(dict.fromkeys(asked, 1.0), dict.fromkeys(others, 1.0))
    return [piece for piece, hit in marked(text, marks, str.lower).pieces() if hit]


@pytest.mark.parametrize(
    ("text", "asked", "hits"),
    [
        ("License licenses licensed licensing", "licens", ["License", "licenses", "licensed", "licensing"]),
        ("license unlicensed", "license", ["license"]),
        ("art artifacts", "art", ["art"]),
        ("id 12, id 1274, 312", "12", ["12"]),
        ("C and C++, not CPU", "c++", ["C++"]),
        ("ORA-01017 xORA-01017", "ora-01017", ["ORA-01017"]),
        ("port 1 of 11 or 104", "1", ["1"]),
        ("xa_a_a", "a_a", ["a_a"]),
        ("授權伺服器授權", "授權", ["授權", "授權"]),
    ],
)
def test_a_word_is_marked_from_its_beginning(text: str, asked: str, hits: list[str]) -> None:
    assert shown(text, asked) == hits


@pytest.mark.parametrize(
    ("text", "asked", "hits"),
    [
        ("You receive 0x80070005 error", "80070005", ["0x80070005"]),
        ("of 0x80070005, or 80070005, not 180070005", "0x80070005", ["0x80070005", "80070005"]),
        ("the log has ORA-01017: invalid", "ora1017", ["ORA-01017"]),
        ("ORA 1017 and ora01017, not ORA-10170", "ora-01017", ["ORA 1017", "ora01017"]),
        ("ORA-01017 and 1017, not 10171", "1017", ["01017", "1017"]),
        ("compiler error C3309, not 33091", "3309", ["3309"]),
        ("in Windows 10, not 0x10 or 010", "10", ["10"]),
        ("550, 1550, 5503 then 0550 and 550", "550", ["550", "0550", "550"]),
    ],
)
def test_a_code_is_marked_in_any_of_its_forms(text: str, asked: str, hits: list[str]) -> None:
    assert shown(text, asked) == hits


def test_of_a_compound_that_is_nowhere_whole_its_parts_are_marked() -> None:
    assert shown("授權檔與伺服器", "授權伺服器") == ["伺服器"]
    assert shown("授權檔與伺服器", others=("授權伺服器",)) == [], "but not of another way to say it"
    assert shown("服務與服務器", others=("服務器",)) == ["服務器"]


def cut(text: str) -> list[tuple[str, int, int]]:
    """Words of two characters, where they are these; else of one."""
    return [(match.group(), *match.span()) for match in re.finditer("了解|設定|裝置|.", text, re.DOTALL)]


@pytest.mark.parametrize(
    ("text", "asked", "hits"),
    [
        ("我了解了授權", ("了", "授權"), ["了", "授權"]),
        ("設定檔與授權", ("設", "授權"), ["授權"]),
        ("設定" * 300 + "，設", ("設", "授權"), []),
        ("可設，設定。" * 5, ("設", "授權"), ["設"] * 5),
        ("很了解，裝了裝置", ("了", "裝", "授權"), ["裝", "了"]),
    ],
)
def test_a_single_character_is_marked_where_it_is_a_word(text: str, asked: tuple[str, ...], hits: list[str]) -> None:
    marks = Marks(dict.fromkeys(asked, 1.0), words=cut)
    assert [piece for piece, hit in marked(text, marks, str).pieces() if hit] == hits
    assert marked(text, marks, str).whole == {one for one in asked if one in text}, "it is said all the same"


def test_a_file_holds_a_single_character_where_it_is_a_word() -> None:
    marks = Marks({"了": 1.0, "授權": 2.0}, words=cut)
    assert holds("我了解授權", marks, str) == 2.0
    assert holds("我了解了授權", marks, str) == 3.0


def test_of_a_long_text_little_is_cut() -> None:
    seen: list[int] = []

    def counting(text: str) -> list[tuple[str, int, int]]:
        seen.append(len(text))
        return cut(text)

    text = "沒有標點" * 20_000 + "".join(map(chr, range(0x4E00, 0x5000))) * 40
    marks = Marks({chr(point): 1.0 for point in range(0x4E00, 0x5000)} | {"授權": 1.0}, words=counting)
    marked(text, marks, str)
    assert sum(seen) < 2 * 40 * 0x200


@given(st.text("ab1 伺服器授權。\n", max_size=60), WORDS, WORDS)
def test_pieces_make_up_the_text(text: str, asked: dict[str, float], others: dict[str, float]) -> None:
    marks = Marks(asked, others)
    found = marked(text, marks, str.lower)
    pieces = found.pieces()
    assert "".join("".join(piece.split()) for piece, _ in pieces) == "".join(text.split())
    assert len("".join(piece for piece, _ in found.passage(width=20))) <= len(text) + 8


def test_a_passage_holds_what_tells_most_and_keeps_its_width() -> None:
    text = "開頭。" * 100 + "授權伺服器逾時的解法在這裡。" + "結尾。" * 100
    pieces = marked(text, Marks({"授權伺服器": 5.0, "開頭": 0.1}), str.lower).passage()
    assert ("授權伺服器", True) in pieces
    assert len("".join(piece for piece, _ in pieces)) < 250
    assert "".join(piece for piece, _ in marked("沒有", Marks({"別的": 1.0}), str.lower).passage()) == "沒有"


def test_two_passages_that_meet_are_one() -> None:
    text = "filler text that goes on and on, " * 30 + "TARGET one and then a GOAL, " + "more filler goes on, " * 60
    for apart in range(60, 180, 3):
        words = text.replace("one and then a", "x " * apart)
        shown = "".join(piece for piece, _ in marked(words, Marks({"target": 1.0, "goal": 1.0}), str.lower).passage())
        assert "…  …" not in shown and "… …" not in shown


def test_it_is_known_what_stands_whole() -> None:
    asked = Marks({"授權伺服器": 1.0, "12": 1.0, "逾時": 1.0}, {"timeout": 1.0})
    assert marked("授權檔逾時, id 1274, timeout", asked, str.lower).whole == {"逾時"}
