"""HTML to Markdown that the renderer turns into the same: `markdownify`, with the ways of Python-Markdown.

Nested blocks are indented by four; code within lists is indented, not fenced; a table whose cells hold more than a line
stays HTML.
"""

from __future__ import annotations

import base64
import binascii
import re
from html import escape
from typing import Any
from urllib.parse import quote, unquote

from bs4 import BeautifulSoup, Tag
from markdownify import ATX, MarkdownConverter

from indexer.converting import Converted
from kb.rendering.reading import slug

DROPPED = (
    "script",
    "style",
    "template",
    "noscript",
    "head",
    "nav",
    "form",
    "button",
    "input",
    "select",
    "textarea",
    "svg",
)
EMBEDDED = ("iframe", "object", "embed", "video", "audio")
BLOCKS_IN_CELL = ["table", "pre", "ul", "ol", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "dl", "hr"]
# What parts cells and rows while a table is put together; no text has them any more.
CELL, ROW = "\x1f", "\x1e"
UNSHOWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
SPECIAL = re.compile(r"[\\`*\[\]]|(?<!\w)_|_(?!\w)|<|&(?=#?\w+;)")
LINE_START = re.compile(
    r"^(\s{0,3})(#{1,6}(?=\s)|[-+>](?=\s|-|>|$)|!!!|\d+(?=\.\s)|:::|:\s|~~~|=+\s*$|\|)", re.MULTILINE
)
DATA = re.compile(r"data:image/(png|jpe?g|gif|webp|bmp);base64,(.*)\Z", re.DOTALL | re.IGNORECASE)
LANGUAGE = re.compile(r"(?:language-|lang-|brush:\s*)([A-Za-z0-9+#-]+)")
NOTE = re.compile(r"(?:confluence-information-macro-|callout-|admonition[ -]|alert-)(\w+)")
NOTES = {
    "warning": "warning",
    "note": "warning",
    "tip": "tip",
    "information": "note",
    "info": "note",
    "error": "danger",
}
RAW_ATTRIBUTES = frozenset({"href", "src", "alt", "colspan", "rowspan", "align", "id", "start"})
BLANK = re.compile(r"\n{3,}")


def from_html(html: str, part: str = "") -> Converted:
    """`part`: the id or a class of the element that holds the text; the whole body when there is none such."""
    soup = BeautifulSoup(UNSHOWN.sub("", html), "html.parser")
    title = soup.title.get_text(" ", strip=True) if soup.title else ""
    lang = _lang(soup)
    body: Tag = soup.body or soup
    found = soup.find(id=part) or soup.find(class_=part) if part else None
    if isinstance(found, Tag):
        body = found
    left_out = tuple(_left_out(body))
    for each in body.find_all(DROPPED):
        each.decompose()
    heading = _title_of(body)
    pictures = tuple(_pictures(body))
    return Converted(heading or title, _markdown(body), lang, pictures, left_out)


def _lang(soup: BeautifulSoup) -> str:
    found = soup.find("html")
    return str(found.get("lang") or found.get("xml:lang") or "") if isinstance(found, Tag) else ""


def _left_out(body: Tag) -> list[str]:
    found = []
    for each in body.find_all(EMBEDDED):
        source = each.get("src") or each.get("data")
        if source:
            found.append(str(source)[:300])
        each.decompose()
    return found


def _title_of(body: Tag) -> str:
    """The first level-1 heading is the title when it is the only one, or a document's title; others go down a level."""
    headings = body.find_all("h1")
    title = ""
    if headings and (len(headings) == 1 or "title" in (headings[0].get("class") or ())):
        title = headings[0].get_text(" ", strip=True)
        headings.pop(0).decompose()
    if headings:
        for level in range(5, 0, -1):
            for each in body.find_all(f"h{level}"):
                each.name = f"h{level + 1}"
    return title


def _pictures(body: Tag) -> list[tuple[str, bytes]]:
    """Pictures written into the HTML itself, which then refers to them by name."""
    found: list[tuple[str, bytes]] = []
    for each in body.find_all("img"):
        match = DATA.match(str(each.get("src") or ""))
        if not match:
            continue
        try:
            content = base64.b64decode(unquote(match[2]), validate=False)
        except (binascii.Error, ValueError):
            continue
        name = f"image-{len(found) + 1}.{match[1].lower().replace('jpeg', 'jpg')}"
        found.append((name, content))
        each["src"] = name
    return found


def _markdown(body: Tag) -> str:
    anchors = {unquote(str(a["href"])[1:]) for a in body.find_all("a", href=True) if str(a["href"]).startswith("#")}
    text = _Converter(anchors).convert_soup(body)
    return BLANK.sub("\n\n", text).strip() + "\n"


def _address(value: str) -> str:
    """As Markdown takes an address: no space, no parenthesis."""
    return quote(value.strip(), safe="/:?#[]@!$&'*+,;=%~-._") if re.search(r"[\s()<>\"]", value) else value.strip()


class _Converter(MarkdownConverter):
    """`anchors` are the ids that links of the document lead to: they are kept, and those of headings, for others'."""

    def __init__(self, anchors: set[str]) -> None:
        super().__init__(heading_style=ATX, bullets="-", sub_symbol="<sub>", sup_symbol="<sup>")
        self._anchors = anchors

    def process_tag(self, node: Any, parent_tags: Any = None) -> str:
        text: str = super().process_tag(node, parent_tags=parent_tags)  # type: ignore[misc]
        anchor = node.get("id") or (node.get("name") if node.name == "a" else None)
        heading = re.fullmatch(r"h[1-6]", node.name) and anchor != slug(node.get_text())
        if (
            anchor
            and (heading or anchor in self._anchors)
            and "_noformat" not in (parent_tags or ())
            and node.name not in ("tr", "td", "th")
        ):
            mark = f'<a id="{escape(anchor)}"></a>'
            lead = re.match(r"\s*(?:#{1,6} |-   |\d+\.\s+)?", text)
            at = lead.end() if lead else 0
            return text[:at] + mark + text[at:]
        return text

    def escape(self, text: str, parent_tags: Any) -> str:
        if not text:
            return ""
        text = SPECIAL.sub(lambda match: {"<": "&lt;", "&": "&amp;"}.get(match[0], "\\" + match[0]), text)
        text = LINE_START.sub(_line_start, text)
        return text.replace("|", "\\|") if {"td", "th"} & set(parent_tags or ()) else text

    def convert_a(self, el: Tag, text: str, parent_tags: Any) -> str:
        href = str(el.get("href") or "").strip()
        words = text.strip()
        if not href or not words or "_noformat" in parent_tags or re.match(r"(?i)(javascript|vbscript|data):", href):
            return text
        return f"[{words}]({_address(href)})"

    def convert_img(self, el: Tag, text: str, parent_tags: Any) -> str:
        source = str(el.get("src") or "").strip()
        alt = SPECIAL.sub(lambda match: "\\" + match[0], " ".join(str(el.get("alt") or "").split()))
        return f"![{alt}]({_address(source)})" if source and not source.startswith("data:") else alt

    def convert_br(self, el: Tag, text: str, parent_tags: Any) -> str:
        if {"td", "th"} & set(parent_tags):
            return "<br>"
        return " " if "_inline" in parent_tags else "  \n"

    def convert_pre(self, el: Tag, text: str, parent_tags: Any) -> str:
        code = el.get_text().strip("\n")
        if not code.strip():
            return ""
        if {"li", "blockquote", "dd"} & set(parent_tags) or el.find_parent(_is_note):
            return "\n\n" + "\n".join("    " + line for line in code.split("\n")) + "\n\n"
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", code)), default=0))
        return f"\n\n{fence}{_language(el)}\n{code}\n{fence}\n\n"

    def convert_li(self, el: Tag, text: str, parent_tags: Any) -> str:
        parent = el.parent
        mark = "-"
        if parent is not None and parent.name == "ol":
            start = str(parent.get("start") or "1")
            before = len([each for each in el.previous_siblings if isinstance(each, Tag) and each.name == "li"])
            mark = f"{(int(start) if start.isdigit() else 1) + before}."
        first, *rest = text.strip().split("\n")
        lines = [f"{mark.ljust(3)} {first}", *(f"    {line}" if line.strip() else "" for line in rest)]
        # An item of several blocks stands apart, or the next one would become a part of it.
        around = "\n\n" if any(not line.strip() for line in rest) else ""
        return around + "\n".join(lines) + (around or "\n")

    def convert_dd(self, el: Tag, text: str, parent_tags: Any) -> str:
        first, *rest = text.strip().split("\n")
        return "\n".join([f":   {first}", *(f"    {line}" if line.strip() else "" for line in rest)]) + "\n\n"

    def convert_dt(self, el: Tag, text: str, parent_tags: Any) -> str:
        words = " ".join(text.split())
        return f"\n\n{words}\n" if words else ""

    def convert_div(self, el: Tag, text: str, parent_tags: Any) -> str:
        if (note := _note(el)) and "_inline" not in parent_tags:
            body = "\n".join(f"    {line}" if line.strip() else "" for line in text.strip().split("\n"))
            return f"\n\n!!! {note}\n\n{body}\n\n"
        return text if "_inline" in parent_tags else f"\n\n{text.strip()}\n\n"

    convert_section = convert_article = convert_main = convert_header = convert_footer = convert_div
    convert_details = convert_figure = convert_div

    def convert_summary(self, el: Tag, text: str, parent_tags: Any) -> str:
        return f"\n\n**{text.strip()}**\n\n" if text.strip() else ""

    # Tables

    def convert_td(self, el: Tag, text: str, parent_tags: Any) -> str:
        return re.sub(r"\s*\n\s*", " ", text.strip()) + CELL

    convert_th = convert_td

    def convert_tr(self, el: Tag, text: str, parent_tags: Any) -> str:
        return text.strip(" \n") + ROW

    def convert_table(self, el: Tag, text: str, parent_tags: Any) -> str:
        nested = {"li", "td", "th", "blockquote"} & set(parent_tags)
        if _is_complex(el) and not nested:
            return f"\n\n{_raw(el)}\n\n"
        rows = [row.strip(" \n").removesuffix(CELL).split(CELL) for row in text.split(ROW)[:-1]]
        caption = text.split(ROW)[-1].strip() if ROW in text else text.strip()
        rows = [row for row in rows if any(cell.strip() for cell in row)]
        if not rows:
            return ""
        if {"td", "th"} & set(parent_tags):
            return " ".join(cell for row in rows for cell in row)
        width = max(map(len, rows))
        lines = ["| " + " | ".join([*row, *[""] * (width - len(row))]) + " |" for row in rows]
        lines.insert(1, "|" + " --- |" * width)
        table = "\n".join(lines)
        return f"\n\n{table}\n\n{caption}\n\n" if caption else f"\n\n{table}\n\n"


def _line_start(match: re.Match[str]) -> str:
    space, mark = match[1], match[2]
    if mark[0] in ":~=|":
        return f"{space}&#{ord(mark[0])};{mark[1:]}"
    if mark[0].isdigit():
        return f"{space}{mark}\\"
    return f"{space}\\{mark}"


def _note(el: Tag) -> str:
    """The kind of admonition that an element is, by its class; "" for none."""
    found = NOTE.search(" ".join(el.get("class") or ()))
    return NOTES.get(found[1], "") if found else ""


def _is_note(el: Tag) -> bool:
    return bool(_note(el))


def _language(el: Tag) -> str:
    inner = el.find("code")
    said = [*(el.get("class") or ()), *((inner.get("class") or ()) if isinstance(inner, Tag) else ())]
    found = LANGUAGE.search(" ".join([*map(str, said), str(el.get("data-syntaxhighlighter-params") or "")]))
    return found[1].lower() if found else ""


def _is_complex(table: Tag) -> bool:
    if table.find(BLOCKS_IN_CELL):
        return True
    return any(
        str(cell.get(name) or "1") != "1" for cell in table.find_all(["td", "th"]) for name in ("colspan", "rowspan")
    )


def _raw(table: Tag) -> str:
    for each in [table, *table.find_all(True)]:
        each.attrs = {name: value for name, value in each.attrs.items() if name in RAW_ATTRIBUTES}
    # A line that is empty would end the HTML where Markdown reads on.
    return re.sub(r"\n\s*\n", "\n", str(table))
