"""What counts how much in ranking."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from indexer.vocabulary import Origin
from kb.config import ConfigError


@dataclass(frozen=True)
class Weights:
    """What counts how much. Tuned on the tuning part of the judged queries; see docs/search.md."""

    word: float = 0.42
    pair: float = 0.35
    character: float = 0.1
    exact: float = 0.5
    stem: float = 0.7
    code: float = 1.0
    part: float = 0.3
    title_match: float = 2.5
    title_chooses: float = 0.5
    cover_chooses: float = 1.0
    cover: float = 0.15
    candidates: int = 200
    look: int = 50
    title_equals: float = 1.0
    title_contains: float = 0.7
    body_contains: float = 1.3
    pairs: float = 0.5
    codes: float = 3.0
    completeness: float = 0.5
    loose: float = 0.1
    number: float = 20.0
    prefer: float = 0.3
    helpful: float = 0.03
    confidence: float = 0.02
    age: float = 0.01
    foreign: float = 0.8
    script_apart: float = 0.85
    reader_apart: float = 0.95

    script: float = 1.0
    synonym: float = 0.6
    translation: float = 1.0

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
            is_number = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
            if not is_number or (kinds[name] is int and not isinstance(value, int)):
                raise ConfigError(f"KB_WEIGHTS: {path}: {name} is {value!r}; it must be a number from 0")
        return cls(**given)

    def trust(self, origin: Origin) -> float:
        """How far a term of the vocabulary stands for what was asked."""
        return {"asked": 1.0, "script": self.script, "synonym": self.synonym, "translation": self.translation}[origin]

    def of(self, kind: str) -> float:
        return {
            "w": self.word, "g": self.pair, "c": self.character, "e": self.exact, "s": self.stem, "k": self.code,
            "p": self.part,
        }[kind]  # fmt: skip
