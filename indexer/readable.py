"""What a scope reads of a source: all that suggestions and respelling are made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from indexer.sources import Source, Title
from indexer.tree import Node, all_of

MAX_LOOKED = 800


@dataclass(frozen=True, slots=True)
class Readable:
    """What a scope reads of a source."""

    source: Source
    rights: Node

    def titles(self, among: Node, limit: int = MAX_LOOKED) -> Sequence[Title]:
        """The newest titles of which it holds: so many that no reader tells the rest from none."""
        return self.source.titles(all_of([self.rights, among]), limit)

    def newest(self, among: Node) -> Sequence[Title]:
        """The newest title alone."""
        return self.titles(among, 1)

    def counts(self, nodes: Sequence[Node]) -> Sequence[int]:
        return self.source.frequencies(self.rights, nodes) if nodes else ()
