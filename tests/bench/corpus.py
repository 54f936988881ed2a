"""What is measured on: articles of a file, evenly spread, each for the readers its id falls to; and what is asked."""

from __future__ import annotations

import gzip
import hashlib
import json
import lzma
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from indexer.folding import fold
from indexer.segmenting import open_segmenter

Row = Mapping[str, Any]

QUESTIONS = 100
# In a hundred: public, and the packages; whoever has a greater package reads what is for a lesser one.
PACKAGES = ("silver", "gold", "gold_plus")
SHARES = ((10, "public"), (50, "silver"), (80, "gold"), (100, "gold_plus"))
FIELDS = ("id", "title", "lang", "product", "updated", "body_markdown")
# The one who asks has Gold for so many of the greatest products.
HELD = 3
WORD = re.compile(r"\w")


def first(path: Path, most: int | None = None) -> Iterator[Row]:
    """Articles of JSON lines, plain, .gz or .xz."""
    openers: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".xz": lzma.open}
    with openers.get(path.suffix, open)(path, "rt", encoding="utf-8") as file:
        for at, line in enumerate(file):
            if at == most:
                return
            yield json.loads(line)


def spread(path: Path, size: int) -> Iterator[Row]:
    """`size` of the articles, from the first to the last of the file, each with the grants that may read it."""
    there_are = sum(1 for _ in first(path))
    size = min(size, there_are)
    for at, row in enumerate(first(path)):
        if at * size // there_are != (at + 1) * size // there_are:
            kept = {name: row[name] for name in FIELDS if name in row} | {"product": _product(str(row["product"]))}
            yield kept | {"grants": _grants(kept)}


def _product(name: str) -> str:
    """A name that may stand in a grant."""
    return re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._") or "other"


def _grants(row: Row) -> list[str]:
    """10/40/30/20 % by a hash of the id: public, Silver, Gold, Gold Plus."""
    place = int.from_bytes(hashlib.sha256(str(row["id"]).encode()).digest()[:4], "big") % 100
    package = next(name for limit, name in SHARES if place < limit)
    if package == "public":
        return ["public"]
    return [f"{row['product']}:{name}" for name in PACKAGES[PACKAGES.index(package) :]]


@dataclass(frozen=True)
class Prepared:
    """The articles of one size, on disk: as they are imported, and cut into words for peers that cannot cut."""

    folder: Path
    size: int

    @property
    def articles(self) -> Path:
        return self.folder / f"{self.size}.jsonl"

    @property
    def words(self) -> Path:
        return self.folder / f"{self.size}.words.jsonl"

    def rows(self) -> Iterator[Row]:
        return first(self.articles)

    def cut(self) -> Iterator[Row]:
        """Title and text as words of jieba with spaces between, `scope` (who reads it), product, lang and year."""
        return first(self.words)

    @cached_property
    def grants(self) -> frozenset[str]:
        """What the one who asks holds: Gold for the greatest products, and what is public."""
        counted = Counter(str(row["product"]) for row in self.rows())
        return frozenset({"public", *(f"{product}:gold" for product, _ in counted.most_common(HELD))})

    @cached_property
    def scopes(self) -> list[str]:
        """Of the sets of grants there are, in the words of `cut`, those that he reads."""
        there_are = {scope_of(row["grants"]) for row in self.rows()}
        return sorted(scope for scope in there_are if not self.grants.isdisjoint(scope.split("|")))

    @cached_property
    def text_octets(self) -> int:
        return sum(len(row["body_markdown"].encode()) for row in self.rows())


def scope_of(grants: Iterable[str]) -> str:
    return "|".join(sorted(grants))


def prepare(path: Path, size: int, folder: Path) -> Prepared:
    """Writes what is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    prepared = Prepared(folder, size)
    if not prepared.articles.exists():
        _write(prepared.articles, spread(path, size))
    if not prepared.words.exists():
        _write(prepared.words, (_cut(row) for row in prepared.rows()))
    return prepared


def _write(path: Path, rows: Iterable[Row]) -> None:
    new = path.with_suffix(".new")
    with new.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    new.replace(path)


def _cut(row: Row) -> Row:
    return {
        "id": row["id"],
        "title": " ".join(words(row["title"])),
        "text": " ".join(words(row["body_markdown"])),
        "scope": scope_of(row["grants"]),
        "product": row["product"],
        "lang": row["lang"],
        "year": str(row.get("updated", "2020"))[:4],
    }


_segmenter = open_segmenter()


def words(text: str) -> list[str]:
    return [word for word, _, _ in _segmenter.cuts(fold(text)) if WORD.search(word)]


def questions(path: Path | None, prepared: Prepared) -> list[str]:
    """Judged queries when there are any, else titles; evenly spread over what there is."""
    if path and path.is_file():
        texts = [str(row["text"]) for row in first(path)]
    else:
        texts = [str(row["title"]) for row in prepared.rows()]
    return texts[:: max(1, len(texts) // QUESTIONS)][:QUESTIONS]
