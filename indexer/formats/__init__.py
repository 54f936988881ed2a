"""Exports of other systems: what articles there are in one, and what its links mean. `converted` makes rows of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from indexer.converting import Document
from indexer.readers.rows import Row
from kb.articles import Problem
from kb.reports import Place


@dataclass(frozen=True, slots=True)
class Found:
    """An article of another system, yet to be converted. `path`: the file its relative links begin at.

    `values` are what it says of itself by our keys, without the text; `name` is its title when nothing else is.
    `files` are attachments, with the names they go by.
    """

    place: Place
    path: str
    values: Mapping[str, Any]
    document: Document
    name: str = ""
    files: tuple[tuple[str, str], ...] = ()
    problems: tuple[Problem, ...] = ()


class Format(Protocol):
    """One system's export, opened. `total` articles or so."""

    @property
    def total(self) -> int: ...

    def articles(self) -> Iterable[Found | Row]:
        """Every article; a row for what cannot be read as one."""

    def article(self, path: str, address: str) -> str | None:
        """The id of the article that an address in the file `path` leads to; None when it leads to none."""

    def file(self, path: str, address: str) -> tuple[str, str] | None:
        """The path of the file that it means, and the name it goes by."""
