"""Words that ask rather than tell: what about is in the others."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from indexer.folding import fold


def asks(folded: str) -> bool:
    """Whether a folded word is one of `dictionaries/asking.txt`."""
    return folded in _words()


@cache
def _words() -> frozenset[str]:
    text = files("indexer").joinpath("dictionaries/asking.txt").read_text(encoding="utf-8")
    return frozenset(fold(line.strip()) for line in text.splitlines() if line and not line.startswith("#"))
