"""Folding: one spelling for what a searcher would call the same, character by character, so that offsets stay exact."""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from opencc import OpenCC

_CODE_POINTS = 0x110000
# Most Han characters and Korean syllables, halves of pairs, and what everybody may use as he likes.
_AS_THEY_ARE = ((0x3400, 0xA000), (0xAC00, 0xF900), (0x20000, 0x2F800))
_HAN = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00), (0x20000, 0x2FA20), (0x30000, 0x323B0))


def fold(text: str) -> str:
    """The text in lower case, half width, without accents, in Simplified characters; always of the same length.

    Lone surrogates become U+FFFD. Traditional becomes Simplified by OpenCC's character table, never by phrase.
    """
    if text.isascii():
        return text.lower()
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    return _table()[points].tobytes().decode("utf-32-le")


def squash(folded: str) -> str:
    """Letters, digits and Han characters only: how titles are compared."""
    return "".join(filter(str.isalnum, folded))


def to_simplified(text: str) -> str:
    """Only the Traditional → Simplified part of `fold`."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    return _converted("t2s")[points].tobytes().decode("utf-32-le", "replace")


def to_traditional(text: str) -> str:
    """Each Simplified character that no Traditional text has, as its likeliest Traditional one."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    return _converted("s2t")[points].tobytes().decode("utf-32-le", "replace")


@cache
def _table() -> NDArray[np.uint32]:
    table = np.arange(_CODE_POINTS, dtype=np.uint32)
    for first, last in pairwise((0, *(end for block in _AS_THEY_ARE for end in block), 0x30000)):
        if (first, last) not in _AS_THEY_ARE:
            table[first:last] = [_folded(point) for point in range(first, last)]
    table[0xD800:0xE000] = 0xFFFD
    return _converted("t2s")[table]


def _folded(point: int) -> int:
    """The one character a character folds to; itself where folding would need more than one."""
    character = chr(point)
    for form in (unicodedata.normalize("NFKC", character), character):
        if len(form) == 1 and len(form.lower()) == 1:
            lower = form.lower()
            base = unicodedata.normalize("NFD", lower)[0]
            return ord(base) if base.isascii() and base.isalpha() else ord(lower)
    return point


@cache
def _converted(conversion: str) -> NDArray[np.uint32]:
    """OpenCC's conversion of this name, asked one character at a time."""
    table = np.arange(_CODE_POINTS, dtype=np.uint32)
    characters = [chr(point) for first, last in _HAN for point in range(first, last)]
    converted = OpenCC(conversion).convert("\n".join(characters)).split("\n")
    for before, after in zip(characters, converted, strict=True):
        if len(after) == 1:
            table[ord(before)] = ord(after)
    return table
