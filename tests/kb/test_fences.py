"""Where code is: what the renderer shows as such, and nothing else, and what CommonMark has for it."""

from __future__ import annotations

import random
import time

import pytest
from markdown import Markdown

from kb.rendering.addresses import addresses
from kb.rendering.fences import meant, parted, rendered
from kb.rendering.markdown import EXTENSIONS, SETTINGS, Renderer

MARKS = (
    "```", "````", "~~~", "~~~~", "``` ", "```\t", " ```", "    ```", "```java", "``` java", "```java x", "```.c# ",
    "```{.java}", "```{.java #x} ", "```{a}}", "```{ } }", "```wt``` x", "~~~ a ~~~", '```hl_lines="1 2"',
    "```x hl_lines='1' ", '``` hl_lines="', "- ```", "> ```", "``", "text", "", "    in", "`a`", "* b", "```\r",
)  # fmt: skip


def test_code_is_where_the_package_finds_it() -> None:
    chance, ours = random.Random(7), Renderer()._plain
    theirs = Markdown(extensions=list(EXTENSIONS), extension_configs=SETTINGS)
    for _ in range(4_000):
        text = "\n".join(chance.choices(MARKS, k=chance.randint(1, 12)))
        if 'hl_lines="\n' in text:
            continue
        lines = text.split("\n")
        expected = theirs.preprocessors["normalize_whitespace"].run(list(lines))
        given = list(expected)
        found = []
        for md, each in ((theirs, expected), (ours, given)):
            md.reset()
            found.append((md.preprocessors["fenced_code_block"].run(each), md.htmlStash.rawHtmlBlocks))
        assert found[0] == found[1], text
        assert len(rendered(lines)) == len(found[0][1]), text


@pytest.mark.parametrize(
    ("text", "shown", "as_meant"),
    [
        ("```\na\n```\nb", [(0, 3)], [(0, 3)]),
        ("```wt.properties``` in the folder\nb", [], []),
        ("~~~ strike ~~~ text\nb", [], [(0, 2)]),
        ("```\na\n", [], [(0, 3)]),
        ("```\na\n````\nb", [], [(0, 3)]),
        ("~~~~\na\n~~~\nb", [], [(0, 4)]),
        ("```\n~~~\n```\n~~~", [(0, 3)], [(0, 3), (3, 4)]),
        ('```java title="x"\na\n```\nb\n```', [(2, 5)], [(0, 3), (4, 5)]),
        ("  ```\na\n ```\nb", [], [(0, 3)]),
        ("- ```\n  a\n  ```\nb", [], [(0, 3)]),
        ("    ```\n    a", [], []),
    ],
)
def test_fences(text: str, shown: list[tuple[int, int]], as_meant: list[tuple[int, int]]) -> None:
    lines = text.split("\n")
    assert [each[:2] for each in rendered(lines)] == shown
    assert [each[:2] for each in meant(lines)] == as_meant


@pytest.mark.parametrize(
    "line", ["```a\n", "```\n~~~\n", "```" + " " * 99 + "!\n", "```{" + "a " * 40 + "\n", "~~~ ~~~\n"]
)
def test_texts_of_fences_alone_are_looked_through_once(line: str) -> None:
    lines = (line * (1_000_000 // len(line))).split("\n")
    began = time.process_time()
    rendered(lines)
    meant(lines)
    assert time.process_time() - began < 5


def test_pieces_make_the_text_again() -> None:
    chance = random.Random(3)
    for _ in range(1_000):
        text = "\n".join(chance.choices(MARKS, k=chance.randint(0, 9)))
        assert "".join(piece for piece, _ in parted(text)) == text


def test_addresses_are_those_outside_of_code() -> None:
    text = "```one``` two\n\n[a](a.log) `[b](b.log)`\n\n```\n[c](c.log)\n```\n\n"
    text += "a ` b\n\n[d](d.log)\n\nc ` d\n\n```\n[e](e.log)"
    assert list(addresses(text)) == ["a.log", "d.log", "e.log"]
