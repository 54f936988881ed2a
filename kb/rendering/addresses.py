"""The relative addresses in an article's Markdown, and those that stand in HTML until articles have their numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kb.rendering.fences import parted

# Addresses as Markdown and HTML write them. Too many do no harm: they are looked up, not replaced.
ADDRESS = re.compile(
    r"""\]\(\s*(?:<([^<>\n]+)>|([^\s()<>]+(?:\([^\s()]*\)[^\s()]*)*))|^\s{0,3}\[[^\]\n]+\]:\s*<?([^\s<>]+)|(?:src|href)=["']([^"'\n]+)["']""",
    re.MULTILINE,
)
PICTURE = re.compile(r"\.(png|jpe?g|gif|webp|bmp|svg|tiff?)\Z", re.IGNORECASE)
ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|/|#")


def article_address(external_id: str) -> str:
    """Where an article of the same source will be; the store puts its number in."""
    return "kb-article:" + external_id.encode("utf-8", "replace").hex()


def addresses(markdown: str) -> Iterator[str]:
    """The relative addresses that a text refers to, outside of code."""
    if not ADDRESS.search(markdown):
        return
    text = "".join(piece for piece, is_code in parted(markdown) if not is_code)
    for match in ADDRESS.finditer(text):
        address = next(group for group in match.groups() if group)
        if not ELSEWHERE.match(address):
            yield address
