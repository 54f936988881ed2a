"""What keeps the rest of a file from being read."""

from __future__ import annotations

from typing import Any

from kb.articles import Problem
from kb.reports import Place


class Unreadable(Exception):
    """A file, or what is left of it, cannot be read: tells where and why."""

    def __init__(self, place: Place, code: str, **values: Any) -> None:
        super().__init__(f"{place}: {code}")
        self.place, self.problem = place, Problem(code, "", values)
