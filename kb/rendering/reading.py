"""What a reader sees of clean HTML: its plain text, its headings; and the anchors that make headings reachable."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape, unescape
from urllib.parse import unquote

# Clean HTML only: there every value is in double quotes and holds none.
TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)((?: [^\s=>\"]+=\"[^\"]*\")*) ?/?>")
SPACE = re.compile(r"\s+")
# A line broken between two Han characters is no space.
HAN_BREAK = re.compile(
    r"(?<=[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef])[ \t]*\n[ \t]*(?=[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef])"
)
SLUG = re.compile(r"[^\w\s-]+")
ID = re.compile(r' (?:id|name)="([^"]*)"')
ALT = re.compile(r' alt="([^"]*)"')
LOCAL = re.compile(r'(<a[^>]*? href=")#([^"]*)"')

# What footnotes end with: a way back, no words.
BACK = "\xa0↩"

NOTHING, CELL, LINE, BLOCK = 0, 1, 2, 3
BETWEEN = ("", " | ", "\n", "\n\n")
BREAKS = (
    dict.fromkeys("p h1 h2 h3 h4 h5 h6 ul ol pre blockquote table div dl hr figure details".split(), BLOCK)
    | dict.fromkeys("li tr dt dd summary caption figcaption br".split(), LINE)
    | {"td": CELL, "th": CELL}
)
HEADINGS = {"h1": 2, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}


@dataclass(frozen=True, slots=True)
class Html:
    """A rendered section.

    Safe HTML, the text searched, its headings, and (level, heading, anchor) for a table of contents.
    """

    html: str
    text: str
    headings: tuple[str, ...] = ()
    toc: tuple[tuple[int, str, str], ...] = ()


class Anchors:
    """Hands out anchors, each once."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._taken: set[str] = set()

    def take(self, wanted: str) -> str:
        name = self._prefix + wanted
        number = 0
        while name in self._taken:
            number += 1
            name = f"{self._prefix}{wanted}-{number}"
        self._taken.add(name)
        return name

    def guess(self, wanted: str) -> str:
        """The anchor that another section would have for this name."""
        return self._prefix + wanted


def slug(heading: str) -> str:
    """Words of any script, joined by hyphens; what no anchor may hold is left out."""
    return SPACE.sub("-", SLUG.sub("", heading.lower()).strip())[:80] or "section"


@dataclass(slots=True)
class _Page:
    """What has been read so far: pieces of HTML, and blocks of text with what stands before each."""

    anchors: Anchors
    html: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    gap: int = NOTHING
    code: int = 0
    heading: tuple[int, str] | None = None
    toc: list[tuple[int, str, str]] = field(default_factory=list)
    moved: dict[str, str] = field(default_factory=dict)

    def say(self, piece: str) -> None:
        if "\n" in piece and not self.code:
            piece = HAN_BREAK.sub("", piece)
        self.html.append(piece)
        self.line.append(piece)

    def end_line(self, gap: int) -> None:
        """What was said so far is complete; what follows stands apart by `gap` at least."""
        if self.line:
            said = "".join(self.line)
            self.line.clear()
            said = said.rstrip().strip("\n") if self.code else " ".join(said.split())
            if said:
                self.text += (BETWEEN[self.gap] if self.text else "", said)
                self.gap = NOTHING
        if gap > self.gap:
            self.gap = gap


def read(html: str, anchors: Anchors) -> Html:
    """The text and the headings of clean HTML, and the HTML with its anchors, its one level-1 heading left to the
    title.
    """
    page = _Page(anchors)
    place = 0
    for tag in TAG.finditer(html):
        if tag.start() > place:
            page.say(html[place : tag.start()])
        place = tag.end()
        _tag(page, bool(tag[1]), tag[2], tag[3], tag[0])
    page.say(html[place:])
    page.end_line(NOTHING)
    joined = _with_local_links("".join(page.html), page)
    text = unescape("".join(page.text)).replace(BACK, "").replace("\xa0", " ")
    return Html(joined.strip(), text, tuple(heading for _, heading, _ in page.toc), tuple(page.toc))


def _tag(page: _Page, closes: bool, name: str, attributes: str, whole: str) -> None:
    if name in HEADINGS:
        _close_heading(page, name) if closes else _open_heading(page, name, attributes)
        return
    if name == "img":
        _image(page, attributes, whole)
        return
    gap = BREAKS.get(name)
    if gap is not None:
        # A cell is apart from the one before it; between the last and the next row is the row's own break.
        page.end_line(NOTHING if gap == CELL and not closes else gap)
    if name == "pre":
        page.code = max(0, page.code + (-1 if closes else 1))
    if attributes and not closes and (found := ID.search(attributes)):
        anchor = page.moved[unescape(found[1])] = page.anchors.take(unescape(found[1]))
        rest = ID.sub("", attributes)
        whole = f'<{name} id="{escape(anchor)}"{rest}>'
    page.html.append(whole)


def _open_heading(page: _Page, name: str, attributes: str) -> None:
    page.end_line(BLOCK)
    page.heading = (len(page.html), attributes)
    page.html.append("")


def _close_heading(page: _Page, name: str) -> None:
    said = len(page.text)
    page.end_line(BLOCK)
    if page.heading is None:
        return
    (place, attributes), page.heading = page.heading, None
    level = HEADINGS[name]
    heading = SPACE.sub(" ", unescape("".join(page.text[said + 1 :]))).strip()
    own = ID.search(attributes)
    attributes = ID.sub("", attributes)
    if heading:
        wanted = slug(heading)
        anchor = page.anchors.take(wanted)
        page.moved.setdefault(wanted, anchor)
        if own:
            page.moved[unescape(own[1])] = anchor
        page.toc.append((level, heading, anchor))
        attributes += f' id="{escape(anchor)}"'
    page.html[place] = f"<h{level}{attributes}>"
    page.html.append(f"</h{level}>")


def _image(page: _Page, attributes: str, whole: str) -> None:
    """A picture's words are read and searched; without an address they stand in for it."""
    found = ALT.search(attributes)
    words = found[1] if found else ""
    if ' src="' in attributes:
        page.html.append(whole)
        page.line.append(f" {words} ")
    elif words:
        page.say(words)


def _with_local_links(html: str, page: _Page) -> str:
    if ' href="#' not in html:
        return html

    def moved(match: re.Match[str]) -> str:
        wanted = unquote(unescape(match[2]))
        anchor = page.moved.get(wanted) or page.anchors.guess(wanted)
        return f'{match[1]}#{escape(anchor)}"'

    return LOCAL.sub(moved, html)
