"""What an index is filled with: every article of the store, in the documents that its audiences see."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from indexer.documents import documents_of
from indexer.extracting import Files
from kb.search import Writer
from kb.store.articles import ChangeNote, IndexSource

CHUNK = 500

Progress = Callable[[int, int], None]


class Source(Files, Protocol):
    """What indexing asks of the store."""

    def articles_for_index(
        self, ids: Sequence[int] | None = None, after: int = 0, limit: int = CHUNK
    ) -> list[IndexSource]: ...

    def notes(self, limit: int) -> list[ChangeNote]: ...

    def waiting(self) -> int: ...

    def claimed(self, limit: int) -> AbstractContextManager[list[ChangeNote]]: ...

    def alone(self, patience: float = 0) -> AbstractContextManager[Callable[[], None]]: ...

    def done(self, note_ids: Sequence[int]) -> None: ...

    def take_notes(self, engine: str, missed: bool = False) -> bool: ...

    def expect(self, now: int, then: int) -> None: ...

    def expects(self, mark: int) -> bool: ...

    def caught_up(self, engine: str) -> None: ...

    def article_ids(self) -> list[int]: ...

    def forget_file_texts(self) -> None: ...


def put(store: Source, writer: Writer, ids: Sequence[int]) -> None:
    """Put these articles as they are now in the place of what the index has of them; those that are gone, go."""
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        found = {source.row.id: source for source in store.articles_for_index(chunk, limit=CHUNK)}
        for article in chunk:
            source = found.get(article)
            writer.replace(article, list(documents_of(source)) if source else [])


def sources(store: Source) -> Iterator[IndexSource]:
    """Every article by id, a chunk in memory at a time."""
    after = 0
    while chunk := store.articles_for_index(after=after, limit=CHUNK):
        yield from chunk
        after = chunk[-1].row.id
