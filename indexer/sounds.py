"""How Chinese sounds, as people type it: pinyin without tones, its initials, and zhuyin turned into pinyin.

`pypinyin` reads its dictionaries when it is imported: only who asks for a sound waits for that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import chain

HAN = re.compile("[\u3400-\u9fff]")
_RUNS = re.compile("[\u3400-\u9fff]+|[^\u3400-\u9fff]+")
ZHUYIN = re.compile("[\u3105-\u312f]")
_TONES = re.compile("[ˉˊˇˋ˙\u02ca\u02c7\u02cb\u02d9]")
_CONSONANTS = dict(
    zip("ㄅㄆㄇㄈㄉㄊㄋㄌㄍㄎㄏㄐㄑㄒㄓㄔㄕㄖㄗㄘㄙ", "b p m f d t n l g k h j q x z c s r z c s".split(), strict=True)
)
_LONGEST_ZHUYIN = 3


def syllables(text: str) -> list[str]:
    """The pinyin of each Han character, v for ü; other characters one by one as they are, in lower case."""
    found: list[str] = []
    for run in _RUNS.findall(text):
        found += chain.from_iterable(map(_spoken, _cut(run))) if HAN.match(run) else map(str.lower, run)
    return found


def read_dictionaries() -> None:
    """Now, rather than when the first sound is asked for."""
    syllables("讀")


def _cut(run: str) -> list[str]:
    from pypinyin.seg.simpleseg import seg

    return seg(run)


@lru_cache(maxsize=20_000)
def _spoken(word: str) -> tuple[str, ...]:
    """The pinyin of a word by itself, which is what it is within a text."""
    from pypinyin import Style, lazy_pinyin

    return tuple(lazy_pinyin([word], style=Style.NORMAL, errors=list))  # type: ignore[arg-type]


GRAM = 3
FULL, INITIALS = "f", "i"


def grams(sounds: Sequence[str]) -> list[str]:
    """Three letters each of what a title sounds like: of its syllables in full, and of their initials."""
    spoken = [syllable for syllable in sounds if syllable.isalnum()]
    return sorted({*pieces(FULL, "".join(spoken)), *pieces(INITIALS, "".join(one[0] for one in spoken))})


def pieces(kind: str, text: str) -> list[str]:
    """The grams of a text, the last ones shorter: what begins so stands somewhere in it."""
    return [kind + text[at : at + GRAM] for at in range(len(text))]


def from_zhuyin(text: str) -> tuple[str, str] | None:
    """Zhuyin, with or without tones, as pinyin and as initials. The first is empty when it is not whole syllables.

    None when it is no zhuyin.
    """
    bare = _TONES.sub("", text).replace(" ", "")
    if not bare or not all(ZHUYIN.match(character) for character in bare):
        return None
    initials = "".join(_CONSONANTS.get(character, "") for character in bare)
    return _whole_syllables(bare), initials if len(initials) == len(bare) else ""


def _whole_syllables(bare: str) -> str:
    table = _zhuyin_table()
    found, at = "", 0
    while at < len(bare):
        for size in range(min(_LONGEST_ZHUYIN, len(bare) - at), 0, -1):
            if syllable := table.get(bare[at : at + size]):
                found += syllable
                at += size
                break
        else:
            return found + _CONSONANTS.get(bare[at], "") if at == len(bare) - 1 else ""
    return found


@cache
def _zhuyin_table() -> dict[str, str]:
    """Every syllable of Mandarin from zhuyin to pinyin, both without tones."""
    from pypinyin import Style, lazy_pinyin, pinyin_dict

    # One character for each reading: the rest would say the same, a second later.
    readings = {sound: chr(point) for point, sound in pinyin_dict.pinyin_dict.items() if 0x4E00 <= point < 0xA000}
    characters = list(readings.values())
    zhuyin = lazy_pinyin(characters, style=Style.BOPOMOFO)
    pinyin = lazy_pinyin(characters, style=Style.NORMAL)
    return {
        _TONES.sub("", bopomofo): plain
        for bopomofo, plain in zip(zhuyin, pinyin, strict=True)
        if ZHUYIN.match(bopomofo) and plain.isascii()
    }
