"""Attachments of an import whose text search will not know, or not whole: who brings them hears which, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from indexer.extracting import KEPT_AT_ONCE, FileToRead, kind_of, readings
from indexer.spooling import Spool
from kb.articles import Attachment, Problem
from kb.limited import Limits
from kb.reports import Place
from kb.store import Store
from kb.store.file_texts import FILE_PROBLEMS, has_text


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file that may have text. `ordinal`: which of those of its article it is."""

    ordinal: int
    name: str
    media_type: str
    digest: str


def text_files(files: Sequence[Attachment]) -> tuple[TextFile, ...]:
    """Those of an article that may have text."""
    return tuple(
        TextFile(ordinal, file.name, file.media_type, file.digest)
        for ordinal, file in enumerate(files)
        if has_text(file.name, file.media_type)
    )


@dataclass
class BroughtFiles:
    """The attachments of the articles that go in; their content waits in the spool."""

    spool: Spool
    brought: list[tuple[Place, int, tuple[TextFile, ...]]] = field(default_factory=list)

    def add(self, place: Place, at: int, files: tuple[TextFile, ...]) -> None:
        """Those of an article, which the spool keeps `at`."""
        if files:
            self.brought.append((place, at, files))

    def unread(self, store: Store, limits: Limits, keep: bool) -> Iterator[tuple[Problem, Place]]:
        """What is to be told. `keep`: what they say is kept for the index."""
        digests = [file.digest for _, _, files in self.brought for file in files]
        known = dict(store.file_text_problems(digests))
        found = readings(self._to_read(known), limits)
        while some := list(islice(found, KEPT_AT_ONCE)):
            known.update((each.digest, each.problem) for each in some)
            if keep:
                store.keep_file_texts(some)
        for place, _, files in self.brought:
            for file in files:
                if why := known[file.digest]:
                    code = f"file_unread_{why if why in FILE_PROBLEMS else 'error'}"
                    yield Problem(code, "attachments", {"value": file.name}, refuses=False), place

    def _to_read(self, known: Mapping[str, str]) -> Iterator[FileToRead]:
        """One of each content."""
        given = set(known)
        for _, at, files in self.brought:
            new = {file.digest: file for file in files if file.digest not in given}
            given.update(new)
            contents = self.spool.files(at) if new else ()
            for file in new.values():
                content = contents[file.ordinal].file.content
                yield FileToRead(kind_of(file.name, file.media_type), content, file.digest)
