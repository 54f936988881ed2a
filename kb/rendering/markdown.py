"""The `markdown` package with what our articles may use, made quick, and its HTML made safe."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, TypeAlias
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.blockparser import BlockParser
from markdown.blockprocessors import BlockProcessor
from markdown.extensions.fenced_code import FencedBlockPreprocessor
from markdown.preprocessors import HtmlBlockPreprocessor, NormalizeWhitespace
from markdown.treeprocessors import InlineProcessor, UnescapeTreeprocessor
from markdown.util import ETX, INLINE_PLACEHOLDER_PREFIX, STX, AtomicString

from kb.rendering.cleaning import Cleaner, Links
from kb.rendering.fences import rendered
from kb.rendering.reading import Anchors, Html, read

# Part of every article's digest: raise it when the same Markdown gives other HTML or text, and imports render it anew.
RENDERER_VERSION = "3"

EXTENSIONS = ("tables", "fenced_code", "def_list", "admonition", "sane_lists")
SETTINGS = {"tables": {"use_align_attribute": True}}

# What a text must hold for an inline pattern to match at all. A pattern not named here is always tried.
TRIGGERS: Mapping[str, tuple[str, ...]] = {
    "backtick": ("`",),
    "escape": ("\\",),
    "footnote": ("[^",),
    "reference": ("[",),
    "link": ("](",),
    "image_link": ("![",),
    "image_reference": ("![",),
    "short_reference": ("[",),
    "short_image_ref": ("![",),
    "autolink": ("<",),
    "automail": ("<",),
    "linebreak": ("  \n",),
    "html": ("<",),
    "entity": ("&",),
    "em_strong": ("*", "_"),
    "em_strong2": ("_",),
    "not_strong": ("*", "_"),
}
# Patterns that put in what is defined elsewhere in the text: where nothing is, they leave it as it is.
DEFINED = ("reference", "image_reference", "short_reference", "short_image_ref")


# An element, and the names of those that it is in.
Placed: TypeAlias = tuple[Element, list[str]]


class Part(NamedTuple):
    """A section to render. `grants` empty: whoever reads the article reads it."""

    markdown: str
    grants: tuple[str, ...] = ()


class QuickInline(InlineProcessor):
    """Tries only the patterns that can match, and leaves texts without any alone: half of the time went into those that
    could not."""

    def __init__(self, md: Markdown) -> None:
        super().__init__(md)
        patterns = md.inlinePatterns
        named = {id(patterns[name]): TRIGGERS[name] for name in TRIGGERS if name in patterns}
        # Every text holds "".
        every = self._every = [(pattern, *_two(named.get(id(pattern), ("",)))) for pattern in patterns]
        defined = [patterns[name] for name in DEFINED if name in patterns]
        self._without_definitions = [each for each in every if each[0] not in defined]
        self._triggers = re.compile("|".join(re.escape(each) for _, *triggers in every for each in triggers))
        self._tried = every

    def run(self, tree: Element, ancestors: list[str] | None = None) -> Element:
        """What the parent does, for the texts that hold something to replace."""
        self.stashed_nodes: dict[str, Element | str] = {}
        self._tried = self._every if self.md.references else self._without_definitions
        elements = self._InlineProcessor__processPlaceholders  # type: ignore[attr-defined]
        waiting: deque[Placed] = deque([(tree, [*(ancestors or ()), tree.tag.lower()])])
        while waiting:
            parent, self.ancestors = waiting.popleft()
            if parent is not tree:
                self.ancestors.append(parent.tag.lower())
            put: list[tuple[Element, list[Placed]]] = []
            # What is put behind a child is gone through, too.
            for child in parent:
                if (text := child.text) and self._holds(text) and not isinstance(text, AtomicString):
                    self.ancestors.append(child.tag.lower())
                    child.text = None
                    found = elements(self._InlineProcessor__handleInline(text), child)
                    put.append((child, found))
                    waiting += found
                    self.ancestors.pop()
                if (tail := child.tail) and self._holds(tail):
                    tail, dummy, child.tail = self._InlineProcessor__handleInline(tail), Element("d"), None
                    found = elements(tail, dummy, False)
                    child.tail = dummy.tail or None
                    after = list(parent).index(child) + 1
                    for node, _ in reversed(found):
                        parent.insert(after, node)
                if len(child):
                    waiting.append((child, self.ancestors[:]))
            for child, found in put:
                for at, (node, _) in enumerate(found):
                    child.insert(at, node)
        return tree

    def _holds(self, text: str) -> bool:
        """Whether there is anything in it to replace."""
        return INLINE_PLACEHOLDER_PREFIX in text or self._triggers.search(text) is not None

    # Names as the parent class mangles them; `test_quick_markdown` compares what comes out.
    def _InlineProcessor__processElementText(self, node: Element, subnode: Element, isText: bool = True) -> None:
        if INLINE_PLACEHOLDER_PREFIX in ((subnode.text if isText else subnode.tail) or ""):
            super()._InlineProcessor__processElementText(node, subnode, isText)  # type: ignore[misc]

    def _InlineProcessor__handleInline(self, data: str, patternIndex: int = 0) -> str:
        if isinstance(data, AtomicString) or not self._triggers.search(data):
            return data
        apply = self._InlineProcessor__applyPattern  # type: ignore[attr-defined]
        tried, start = self._tried, 0
        while patternIndex < len(tried):
            pattern, trigger, other = tried[patternIndex]
            matched = False
            if trigger in data or other in data:
                data, matched, start = apply(pattern, data, patternIndex, start)
            if not matched:
                patternIndex, start = patternIndex + 1, 0
        return data


def _two(triggers: tuple[str, ...]) -> tuple[str, str]:
    return triggers[0], triggers[-1]


# What a block must hold, one of them, for a processor to take it. One not named here is always asked.
NEEDED: Mapping[str, tuple[str, ...]] = {
    "table": ("|",),
    "deflist": (":",),
    "hashheader": ("#",),
    "setextheader": ("\n=", "\n-"),
    "hr": ("-", "_", "*"),
    "olist": (".",),
    "ulist": ("-", "*", "+"),
    "quote": (">",),
    "reference": ("]:",),
}
# How a block begins, and a later line of it, that a processor other than that of paragraphs may take.
FIRST_LINE = re.compile(r" {0,3}(?:[-#>*+_=:\[]|\d+\.)|\n|\Z| {4}")
BLANK_LINE, LATER_BLANK = re.compile(r"\n +\n"), re.compile(r"(?<=\n) +\n")
LATER_LINE = re.compile(r"\n {0,3}[-#>*+_=:\[]")


class QuickBlocks(BlockParser):
    """Asks the processors one by one only about blocks that can be something else than a paragraph, and only those that
    may take it."""

    def __init__(self, md: Markdown) -> None:
        super().__init__(md)
        self.blockprocessors = md.parser.blockprocessors
        for processor in self.blockprocessors:
            processor.parser = self

    @cached_property
    def _all(self) -> Sequence[tuple[BlockProcessor, tuple[str, ...]]]:
        """When all extensions have added theirs."""
        processors = self.blockprocessors
        needed = {id(processors[name]): NEEDED[name] for name in NEEDED if name in processors}
        return tuple((each, needed.get(id(each), ("",))) for each in processors)

    def parseBlocks(self, parent: Element, blocks: list[str]) -> None:
        while blocks:
            if _may_be_other(blocks[0]):
                for processor, needed in self._all:
                    if not any(map(blocks[0].__contains__, needed)):
                        continue
                    if processor.test(parent, blocks[0]) and processor.run(parent, blocks) is not False:
                        break
            else:
                # The last is that of paragraphs.
                self._all[-1][0].run(parent, blocks)


def _may_be_other(block: str) -> bool:
    """Whether a block may be something else than a paragraph. Tables have bars, admonitions exclamation marks."""
    return bool("|" in block or "!!!" in block or FIRST_LINE.match(block) or LATER_LINE.search(block))


class QuickWhitespace(NormalizeWhitespace):
    """Looks at every space only where a line is of spaces alone."""

    def run(self, lines: list[str]) -> list[str]:
        source = "\n".join(lines).replace(STX, "").replace(ETX, "").replace("\r\n", "\n").replace("\r", "\n") + "\n\n"
        source = source.expandtabs(self.md.tab_length)
        return (LATER_BLANK.sub("\n", source) if BLANK_LINE.search(source) else source).split("\n")


class QuickFences(FencedBlockPreprocessor):
    """Gives the parent what is code, fence by fence: it would look through the rest of the text for each."""

    def run(self, lines: list[str]) -> list[str]:
        """Code is where `fences` says, for those who ask what readers will be shown as code."""
        found: list[str] = []
        at = 0
        for fence in rendered(lines):
            found += [*lines[at : fence.start], *super().run(lines[fence.start : fence.end])]
            at = fence.end
        return [*found, *lines[at:]] if at else lines


class QuickHtmlBlocks(HtmlBlockPreprocessor):
    """Looks for blocks of HTML only where there can be one."""

    def run(self, lines: list[str]) -> list[str]:
        if any("<" in line or "&" in line for line in lines):
            return super().run(lines)
        return lines


class QuickUnescape(UnescapeTreeprocessor):
    """Looks for what was escaped only where there can be any."""

    def unescape(self, text: str) -> str:
        return super().unescape(text) if STX in text else text


class _Markdown(Markdown):
    def build_parser(self) -> _Markdown:
        super().build_parser()
        self.parser = QuickBlocks(self)
        return self


def _markdown(*more: str) -> Markdown:
    md = _Markdown(extensions=[*EXTENSIONS, *more], extension_configs=SETTINGS)
    md.treeprocessors.register(QuickInline(md), "inline", 20)
    md.treeprocessors.register(QuickUnescape(md), "unescape", 0)
    md.preprocessors.register(QuickWhitespace(md), "normalize_whitespace", 30)
    md.preprocessors.register(QuickFences(md, {}), "fenced_code_block", 25)
    md.preprocessors.register(QuickHtmlBlocks(md), "html_block", 20)
    # It only breaks the HTML into prettier lines.
    md.treeprocessors.deregister("prettify")
    return md


class Renderer:
    """Renders articles, one after another. For one thread."""

    def __init__(self) -> None:
        self._plain = _markdown()
        self._with_footnotes = _markdown("footnotes")
        self._cleaner = Cleaner()

    def sections(self, parts: Sequence[Part], links: Links | None = None) -> tuple[Html, ...]:
        """The sections of one article. `links` are the addresses of its relative links and images; others lose theirs.

        Anchors are unique in what any one reader sees, and do not tell of sections that he does not see: each set of
        grants has anchors of its own.
        """
        anchors: dict[tuple[str, ...], Anchors] = {}
        return tuple(self._section(part, links or {}, anchors) for part in parts)

    def _section(self, part: Part, links: Links, anchors: dict[tuple[str, ...], Anchors]) -> Html:
        md = self._with_footnotes if "[^" in part.markdown else self._plain
        # Before it too, for an article that failed may have left something.
        md.reset()
        html = md.convert(part.markdown)
        key = tuple(sorted(part.grants))
        return read(self._cleaner.clean(html, links), anchors.setdefault(key, Anchors(_prefix(key))))


def _prefix(grants: tuple[str, ...]) -> str:
    """Keeps anchors of articles apart from the ids of the page around them."""
    return "s" + hashlib.sha256("|".join(grants).encode()).hexdigest()[:6] + "-" if grants else "s-"


def render(markdown: str, links: Links | None = None) -> Html:
    """One text, in this process: for tools and tests. Imports use `RenderPool`."""
    (html,) = Renderer().sections([Part(markdown)], links)
    return html
