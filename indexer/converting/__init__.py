"""Documents of other systems to our Markdown, in children with limits of time and memory, by well-kept libraries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from kb.limited import Limits, Pool

Kind: TypeAlias = Literal["html", "docx", "markdown"]
Failure: TypeAlias = Literal["convert_time", "convert_memory", "convert_depth", "convert_died", "convert_error"]


@dataclass(frozen=True, slots=True)
class Document:
    """What is to be converted: HTML or Markdown as text, DOCX as it is. `part`: the id or class its text stands in."""

    kind: Kind
    content: str | bytes
    part: str = ""


@dataclass(frozen=True, slots=True)
class Converted:
    """`pictures` were within the document: their names, which its text refers to, and their content.

    `lang` is what it says of itself, as it says it; `left_out` are addresses of players and frames.
    """

    title: str
    markdown: str
    lang: str = ""
    pictures: tuple[tuple[str, bytes], ...] = ()
    left_out: tuple[str, ...] = ()


class ConvertPool(Pool[Document, Converted]):
    """Converts many documents with every core, in their order."""

    def __init__(self, limits: Limits | None = None, workers: int | None = None) -> None:
        super().__init__("indexer.converting:converter", lambda document: len(document.content), limits, workers)


def converter() -> Callable[[Document], Converted]:
    """What the children do."""
    from indexer.converting.docx import from_docx
    from indexer.converting.html import from_html

    def convert(document: Document) -> Converted:
        content = document.content
        if document.kind == "markdown":
            return Converted("", content if isinstance(content, str) else "")
        return from_docx(content) if isinstance(content, bytes) else from_html(content, document.part)

    return convert
