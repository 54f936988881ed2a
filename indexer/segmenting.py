"""Cutting runs of folded Han characters into words: jieba's dictionary, in its search mode, plus words of our own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

Cut = tuple[str, int, int]


@dataclass(frozen=True)
class Segmenter:
    """`words(text)` are the words in search mode (parts before the whole); `cuts(text)` the same with offsets.

    `knows(word)`: whether it is in the dictionary or of our own. What is not may be cut as a word all the same.
    """

    name: str
    words: Callable[[str], list[str]]
    cuts: Callable[[str], list[Cut]]
    knows: Callable[[str], bool]


def open_segmenter(own_words: Iterable[str] = (), prefer: str = "rjieba") -> Segmenter:
    """A segmenter that keeps `own_words` (folded) whole: `rjieba` where it is installed, else `jieba`.

    Both cut the same words. One is tens of megabytes: those of the same words are one.
    """
    return _opened(frozenset(own_words), prefer)


@lru_cache(2)
def _opened(own_words: frozenset[str], prefer: str) -> Segmenter:
    words = sorted(own_words)
    if prefer == "rjieba":
        try:
            return _rjieba(words)
        except ImportError:
            pass
    return _jieba(words)


OWN_WORD_FREQUENCY = 20_000


def _rjieba(own_words: list[str]) -> Segmenter:
    import rjieba

    cutter = rjieba.Jieba()
    for word in own_words:
        cutter.add_word(word, OWN_WORD_FREQUENCY, "n")
    return Segmenter("rjieba", cutter.cut_for_search, lambda text: cutter.tokenize(text, "search"), cutter.has_word)


def _jieba(own_words: list[str]) -> Segmenter:
    import logging

    import jieba

    jieba.setLogLevel(logging.WARNING)
    cutter = jieba.Tokenizer()
    cutter.tmp_dir = _private_cache()
    cutter.initialize()
    for word in own_words:
        cutter.add_word(word, OWN_WORD_FREQUENCY, "n")
    return Segmenter(
        "jieba",
        lambda text: list(cutter.cut_for_search(text)),
        lambda text: list(cutter.tokenize(text, mode="search")),
        lambda word: bool(cutter.FREQ.get(word)),
    )


def _private_cache() -> str:
    """A folder only we can write: jieba's own choice is a world-writable one, and it loads what it finds there."""
    import os
    from pathlib import Path

    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "support-kb"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return str(folder)
