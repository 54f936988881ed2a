"""What counts how much in ranking."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any

from indexer.vocabulary import Origin
from kb.config import ConfigError


@dataclass(frozen=True)
class Weights:
    """What counts how much. Tuned on the tuning part of the judged queries; see docs/search.md."""

    # A term of each kind; of pairs, those that are words where they were asked.
    word: float = 0.42
    pair: float = 0.35
    pair_word: float = 0.6
    character: float = 0.1
    exact: float = 0.5
    stem: float = 0.7
    code: float = 1.0
    part: float = 0.3
    # By how much a word that asks rather than tells counts.
    asking: float = 0.5

    # What matches, and which candidates are scored and looked at: sums, beside those of the terms.
    cover: float = 0.15
    loose: float = 0.1
    candidates: int = 140
    look: int = 40
    title_chooses: float = 1.25
    cover_chooses: float = 1.0
    codes_choose: float = 3.0
    prefer_chooses: float = 0.3
    reader_chooses: float = 3.0
    number: float = 50.0

    # Parts of the score, each for the whole of what the query asks.
    words: float = 1.95
    vocabulary: float = 3.0
    titled: float = 7.1
    covered: float = 4.6
    codes: float = 3.0
    prefer: float = 1.0
    foreign: float = 2.5
    script_apart: float = 2.0
    reader_apart: float = 0.2
    reader_foreign: float = 6.0
    # How much of what the best Chinese answer says the best one in English must say to have a place; to have the first.
    abroad: float = 0.6
    abroad_first: float = 1.15

    # What a closer look adds.
    title_equals: float = 3.0
    quoted: float = 1.7
    in_marks: float = 4.0
    nearly: float = 8.0
    pairs: float = 2.35
    opening: float = 0.95
    early: float = 1.2
    short: float = 1.25
    line: float = 1.7
    helpful: float = 0.15
    confidence: float = 0.1
    age: float = 0.05
    # How much of what a translation of it fits better.
    translated: float = 0.8

    script: float = 1.0
    synonym: float = 0.75
    translation: float = 1.0
    english: float = 0.75

    @classmethod
    def read(cls, path: Path | None) -> Weights:
        """Weights of a TOML file, `name = number`, others as shipped. ConfigError says what is wrong with it."""
        if path is None:
            return cls()
        kinds: dict[str, Any] = {each.name: type(each.default) for each in fields(cls)}
        try:
            given = tomllib.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigError(f"KB_WEIGHTS: {path} cannot be read: {error}") from None
        for name, value in given.items():
            if name not in kinds:
                raise ConfigError(f"KB_WEIGHTS: {path} has {name!r}; the weights are {', '.join(kinds)}")
            if kinds[name] is int and not (type(value) is int and value > 0):
                raise ConfigError(f"KB_WEIGHTS: {path}: {name} is {value!r}; it must be a whole number from 1")
            if type(value) not in (int, float) or not (isfinite(value) and value >= 0):
                raise ConfigError(f"KB_WEIGHTS: {path}: {name} is {value!r}; it must be a number from 0")
        return cls(**given)

    def trust(self, origin: Origin) -> float:
        """How far a term of the vocabulary stands for what was asked."""
        return 1.0 if origin == "asked" else float(getattr(self, origin))

    def of(self, kind: str, is_word: bool = False) -> float:
        return {
            "w": self.word,
            "g": self.pair_word if is_word else self.pair,
            "c": self.character,
            "e": self.exact,
            "s": self.stem,
            "k": self.code,
            "p": self.part,
        }[kind]


@cache
def weights_of(path: Path | None) -> Weights:
    """The weights of a file as it was when this process, or the one it was forked from, first asked: a mistake that is
    made in it later is told at the next start, not by pages that fail."""
    return Weights.read(path)
