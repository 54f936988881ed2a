"""Where something stands in a file, and what is wrong there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kb.articles import Problem


@dataclass(frozen=True, slots=True)
class Place:
    """A file, and as far as known the line and the column in it, both counted from 1."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


class Unreadable(Exception):
    """A file, or what is left of it, cannot be read: tells where and why."""

    def __init__(self, place: Place, code: str, **values: Any) -> None:
        super().__init__(f"{place}: {code}")
        self.place, self.problem = place, Problem(code, "", values)
