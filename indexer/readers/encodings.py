"""The encoding of a text: UTF-8 first, what it declares next, found out by what it would say last; never guessed.

Found out means: of all encodings our authors' files come in, one makes common Chinese of the bytes and no other does.
"""

from __future__ import annotations

import codecs
import importlib.util
import io
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, NamedTuple

from indexer.folding import to_simplified
from kb.articles import Problem

# The longest mark first: that of UTF-32 begins with that of UTF-16.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Of two that read the same bytes as the same text the first is named.
CHINESE = ("cp950", "big5hkscs", "gb18030")
WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
NAMES = {
    "cp950": "Big5 (CP950)", "big5hkscs": "Big5-HKSCS", "gb18030": "GB18030", "utf-16-le": "UTF-16", "utf-16-be":
    "UTF-16", "utf-32-le": "UTF-32", "utf-32-be": "UTF-32", "utf-8": "UTF-8",
}  # fmt: skip
# What people call them where they are declared or named in an option.
CALLED = {
    "big5": "cp950", "big-5": "cp950", "cp950": "cp950", "ms950": "cp950", "x-x-big5": "cp950", "big5-eten": "cp950",
    "big5-hkscs": "big5hkscs", "big5hkscs": "big5hkscs", "gb2312": "gb18030", "gbk": "gb18030", "cp936": "gb18030",
    "gb18030": "gb18030", "utf-8": "utf-8", "utf8": "utf-8", "utf-16": "utf-16", "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be", "utf-32": "utf-32", "iso-8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252",
    "windows-1252": "cp1252", "cp1252": "cp1252", "shift_jis": "cp932", "euc-jp": "euc_jp", "euc-kr": "cp949",
}  # fmt: skip
SAMPLE = 1 << 18
# A Han character in UTF-8. As Western text it would be three signs that never stand together.
UTF8_CHARACTER = re.compile(rb"[\xe3-\xe9][\x80-\xbf]{2}")
PREVIEW = 24
# Mean log-likelihood of a character. Common Chinese has about -7, what the wrong encoding makes of it -11 and less.
PLAUSIBLE = -9.0
# How much likelier than the next the best must be, all of its characters together.
SURE = 12.0
UNLIKELY = -16.0
HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
PUNCTUATION = re.compile(r"[\u3000-\u303f\uff00-\uff5e\u2010-\u203b\u00b7\u2460-\u2473]")


class Candidate(NamedTuple):
    """What a text could be: `likely` is the mean log-likelihood of its characters beyond ASCII, `size` how many."""

    encoding: str
    text: str
    likely: float
    size: int


@dataclass(frozen=True, slots=True)
class Decoded:
    """`found`: the encoding was found out, neither UTF-8 nor declared."""

    text: str
    encoding: str
    found: bool = False


class Doubtful(Exception):
    """What encoding a text is in cannot be told: `candidates`, the likeliest first."""

    def __init__(self, candidates: tuple[Candidate, ...]) -> None:
        super().__init__("doubtful encoding")
        self.candidates = candidates

    @property
    def problem(self) -> Problem:
        return _problem(self.candidates, "")


def decoded(data: bytes, declared: str | None = None) -> Decoded:
    """The text of a whole file. `declared`: what it says, or the one who imports it. Doubtful: nobody can say."""
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return Decoded(data[len(mark) :].decode(encoding, "strict" if encoding == "utf-8" else "replace"), encoding)
    try:
        return Decoded(data.decode("utf-8"), "utf-8") if b"\x00" not in data else _wide(data)
    except UnicodeDecodeError:
        pass
    if codec := known(declared):
        try:
            return Decoded(data.decode(codec), codec)
        except UnicodeDecodeError:
            pass
    return found_out(data)


def known(name: str | None) -> str | None:
    """The codec of an encoding as people name it; None for a name that is none of those taken."""
    return CALLED.get(name.strip().strip("\"'").lower().replace("_", "-")) if name else None


def _wide(data: bytes) -> Decoded:
    """Text with NULs: UTF-16 or UTF-32 without a mark, or no text in UTF-8 that we spoil by reading it otherwise."""
    try:
        return found_out(data)
    except Doubtful:
        return Decoded(data.decode("utf-8"), "utf-8")


def found_out(data: bytes) -> Decoded:
    """By what each encoding makes of the bytes. Doubtful unless one is plausible and far likelier than the others."""
    candidates = tuple(_candidates(data))
    if candidates and candidates[0].likely >= PLAUSIBLE:
        best = candidates[0]
        others = [each for each in candidates[1:] if each.text != best.text]
        if not others or (best.likely - others[0].likely) * min(best.size, others[0].size) >= SURE:
            return Decoded(best.text, best.encoding, True)
    if not candidates or candidates[0].likely < PLAUSIBLE:
        if western := _western(data):
            return western
    raise Doubtful(candidates[:3])


def _western(data: bytes) -> Decoded | None:
    """Text of a western European language, where its words are unmistakable; never UTF-8 that has come to harm."""
    if UTF8_CHARACTER.search(data):
        return None
    from charset_normalizer import from_bytes

    best = from_bytes(data[:SAMPLE]).best()
    if best is None or best.encoding not in ("cp1252", "latin_1", "cp1250", "iso8859_15"):
        return None
    sure = best.percent_chaos < 2 and best.percent_coherence > 30
    return Decoded(data.decode("cp1252", "replace"), "cp1252", True) if sure else None


def _candidates(data: bytes) -> list[Candidate]:
    found: list[Candidate] = []
    for encoding in WIDE if b"\x00" in data else (*CHINESE, *WIDE[:2]):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        likely, count = _likely(text)
        if count and all(each.text != text for each in found):
            found.append(Candidate(encoding, text, likely, count))
    return sorted(found, key=lambda each: -each.likely)


def _likely(text: str) -> tuple[float, int]:
    """The mean log-likelihood of the characters beyond ASCII, NUL and other controls among them; how many these are."""
    counts = Counter(text)
    simplified, table, total, count = to_simplified("".join(counts)), _frequencies(), 0.0, 0
    for (character, n), plain in zip(counts.items(), simplified, strict=True):
        if " " <= character < "\x7f" or character in "\t\r\n":
            continue
        total += n * _character(character, table.get(plain))
        count += n
    return (total / count if count else 0.0), count


def _character(character: str, frequency: float | None) -> float:
    if frequency is not None:
        return frequency
    if PUNCTUATION.match(character):
        return -6.0
    return UNLIKELY if HAN.match(character) or unicodedata.category(character)[0] in "CS" else UNLIKELY / 1.3


@cache
def _frequencies() -> dict[str, float]:
    """The log-frequency of each Han character, simplified, from the dictionary that text is segmented by."""
    spec = importlib.util.find_spec("jieba")
    assert spec is not None and spec.origin is not None  # noqa: S101 (a requirement of ours)
    counts: Counter[str] = Counter()
    with Path(spec.origin).with_name("dict.txt").open(encoding="utf-8") as file:
        for line in file:
            word, frequency, *_ = line.split(" ")
            for character in word:
                counts[character] += int(frequency)
    folded: Counter[str] = Counter()
    for character, plain in zip(counts, to_simplified("".join(counts)), strict=True):
        folded[plain] += counts[character]
    total = sum(folded.values())
    return {each: max(math.log(n / total), UNLIKELY) for each, n in folded.items() if HAN.match(each)}


def told_encoding(encoding: str) -> Problem:
    """That a file's encoding was found out, for its author to see whether it is right."""
    return Problem("encoding_found", "", {"encoding": NAMES.get(encoding, encoding)}, refuses=False)


def not_utf8(data: bytes, field: str = "") -> Problem:
    """What is said of bytes that are not UTF-8: what they would be in other encodings, or that they are none."""
    return _problem(tuple(_candidates(data[:SAMPLE]))[:3], field)


def _problem(candidates: tuple[Candidate, ...], field: str) -> Problem:
    if not candidates:
        return Problem("not_utf8", field)
    return Problem("encoding_doubtful", field, {"candidates": "; ".join(map(_shown, candidates))})


def _shown(candidate: Candidate) -> str:
    first = next((at for at, each in enumerate(candidate.text) if each > "\x7f"), 0)
    piece = "".join(each if each.isprintable() else " " for each in candidate.text[first : first + PREVIEW])
    return f"{NAMES.get(candidate.encoding, candidate.encoding)} 「{piece}」"


class _Joined(io.RawIOBase):
    """What was read of a file to look at it, then the rest of it."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._head[: len(buffer)] or self._rest.read(len(buffer))
        self._head = self._head[len(piece) :]
        buffer[: len(piece)] = piece
        return len(piece)


def in_utf8(file: IO[bytes], declared: str | None = None) -> Lines:
    """A file of lines to read as UTF-8. What cannot be told stays as it is, for each line to be refused by itself."""
    head = file.read(SAMPLE)
    mark, encoding = next(((mark, name) for mark, name in MARKS if head.startswith(mark)), (b"", ""))
    found = Decoded("", encoding) if encoding else _decoded_head(head, declared)
    joined = io.BufferedReader(_Joined(head[len(mark) :], file), 1 << 20)
    if found.encoding == "utf-8":
        return Lines(joined.readline, found)
    errors = "surrogateescape" if found.encoding in CHINESE else "replace"
    text = io.TextIOWrapper(joined, found.encoding, errors, newline="\n")
    return Lines(lambda limit: text.readline(limit).encode("utf-8", "surrogateescape"), found)


def _decoded_head(head: bytes, declared: str | None) -> Decoded:
    cut = head if len(head) < SAMPLE else head[: head.rfind(b"\n") + 1] or head
    try:
        return decoded(cut, declared)
    except Doubtful:
        return Decoded("", "utf-8")


class Lines(NamedTuple):
    """Lines in UTF-8, as `readline` of a binary file gives them, and how the encoding they were in became known."""

    readline: Callable[[int], bytes]
    head: Decoded
