"""Text as databases take it."""

from __future__ import annotations


def stored(text: str) -> str:
    """No database takes NUL or halves of pairs; lines end in one way."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "").replace("\r\n", "\n")
