"""What makes rendering quick changes nothing of what is rendered: `markdown` as it comes gives the same."""

from __future__ import annotations

import random

from markdown import Markdown

from kb.rendering.cleaning import Cleaner
from kb.rendering.markdown import EXTENSIONS, SETTINGS, Part, Renderer
from kb.rendering.reading import Anchors, read

LINES = (
    "段落 one", "# 標題", "  ## b", "===", "---", " - - -", "* a", "+ b", "  - c", "1. x", "１. y", "12. z", "   3. w",
    "> 引言", "   > q", ": 定義", "  : d", "[r]: http://example.org/", "  [r2]: <x>", "[r] and *it* `co|de`", "a | b",
    "--|--", "| c | d |", "!!! note", "!!! tip \"T\"", "    in", "        deep", "    * sub", "_ _ _", "***", "", "",
    "", "```", "~~~", "<b>x</b>", "<div>", "</div>", "a  ", "\\* no", "#no", "1.no", ":no", "[^1]: note", "see[^1]",
    "text: more", "\tx", "=", "_a_", "&amp; <", "!", "1)", "a **b** _c_ [d *e*](f \"g\") ![h](i) `j` <k@l.m>",
    "**[x](y)** tail *z* `q` **r** \\` ~", "![img *x*](u) after **b**", "***c** d* __e__f_g_",
    "| **a** | `b` | [c](d) |", "\x02klzzwxh:0000\x03 *a*", "   ", "x  ",
)  # fmt: skip


def test_quick_rendering_gives_what_the_package_gives() -> None:
    chance, renderer, cleaner = random.Random(5), Renderer(), Cleaner()
    plain = {
        more: Markdown(extensions=[*EXTENSIONS, *more], extension_configs=SETTINGS) for more in ((), ("footnotes",))
    }
    for md in plain.values():
        md.treeprocessors.deregister("prettify")
    for _ in range(1_500):
        text = "\n".join(chance.choices(LINES, k=chance.randint(1, 14)))
        md = plain[("footnotes",) if "[^" in text else ()]
        md.reset()
        expected = read(cleaner.clean(md.convert(text), {}), Anchors("s-"))
        assert renderer.sections([Part(text)]) == (expected,), text
