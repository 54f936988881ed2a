"""Attachments of an import whose text search will not know, or not whole: who brings them hears which, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from indexer.extracting import KEPT_AT_ONCE, FileToRead, kind_of, readings
from indexer.spooling import Spool
from kb.articles import Problem
from kb.limited import Limits
from kb.reports import Place
from kb.store import Store
from kb.store.file_texts import FILE_PROBLEMS, has_text


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    media_type: str
    digest: str
    place: Place


@dataclass
class BroughtFiles:
    """The attachments of the articles that go in, as they wait in the spool."""

    spool: Spool
    places: list[tuple[Place, int]] = field(default_factory=list)

    def add(self, place: Place, files: int | None) -> None:
        if files is not None:
            self.places.append((place, files))

    def unread(self, store: Store, limits: Limits, keep: bool) -> Iterator[tuple[Problem, Place]]:
        """What is to be told. `keep`: what they say is kept for the index."""
        files = list(self._files())
        known = dict(store.file_text_problems([each.digest for each in files]))
        found = readings(self._to_read(known), limits)
        while some := list(islice(found, KEPT_AT_ONCE)):
            known.update((each.digest, each.problem) for each in some)
            if keep:
                store.keep_file_texts(some)
        for file in files:
            if why := known[file.digest]:
                code = f"file_unread_{why if why in FILE_PROBLEMS else 'error'}"
                yield Problem(code, "attachments", {"value": file.name}, refuses=False), file.place

    def _files(self) -> Iterator[_File]:
        for place, at in self.places:
            for each in self.spool.files(at):
                file = each.file
                if has_text(file.name, file.media_type):
                    yield _File(file.name, file.media_type, file.digest, place)

    def _to_read(self, known: Mapping[str, str]) -> Iterator[FileToRead]:
        """One of each content."""
        given: set[str] = set()
        for _, at in self.places:
            for each in self.spool.files(at):
                file = each.file
                if has_text(file.name, file.media_type) and file.digest not in known and file.digest not in given:
                    given.add(file.digest)
                    yield FileToRead(kind_of(file.name, file.media_type), file.content, file.digest)
