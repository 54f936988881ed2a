"""What a dry run rendered, kept on disk for the import itself: nothing is rendered twice.

By the digest of what was rendered: whatever has changed in between is not found, and rendered anew.
"""

from __future__ import annotations

import json
import logging
import struct
import zlib
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from kb.rendering import Html, Outcome

log = logging.getLogger(__name__)

HEAD = struct.Struct("!32sI")
QUICKLY = 1


class Keeping:
    """Writes what is rendered. Whole at the end of the block, or not there; a disk that is full costs time alone."""

    def __init__(self, path: Path) -> None:
        self._path, self._part = path, path.with_suffix(".part")
        self._file: BinaryIO | None = None
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            self._file = self._part.open("wb")
        except OSError as problem:
            self._fail(problem)

    def __enter__(self) -> Keeping:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._file and kind is None:
                self._file.close()
                self._part.rename(self._path)
                return
        except OSError as problem:
            self._fail(problem)
        self._drop()

    def add(self, digest: str, outcome: Outcome) -> None:
        if self._file is None or outcome.failure:
            return
        sections = [(each.html, each.text, each.headings, each.toc) for each in outcome.sections]
        data = zlib.compress(json.dumps(sections, ensure_ascii=False).encode("utf-8", "surrogatepass"), QUICKLY)
        try:
            self._file.write(HEAD.pack(bytes.fromhex(digest), len(data)) + data)
        except OSError as problem:
            self._fail(problem)

    def _fail(self, problem: OSError) -> None:
        log.warning("what was rendered is not kept: %s", problem)
        self._drop()

    def _drop(self) -> None:
        with suppress(OSError):
            if self._file:
                self._file.close()
            self._part.unlink(missing_ok=True)
        self._file = None


class Kept:
    """Reads it. What is not there, or came to harm, was not kept."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._at: dict[str, tuple[int, int]] = {}
        while len(head := self._file.read(HEAD.size)) == HEAD.size:
            digest, size = HEAD.unpack(head)
            self._at[digest.hex()] = self._file.tell(), size
            self._file.seek(size, 1)

    def __enter__(self) -> Kept:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def get(self, digest: str) -> Outcome | None:
        if digest not in self._at:
            return None
        place, size = self._at[digest]
        self._file.seek(place)
        try:
            sections = json.loads(zlib.decompress(self._file.read(size)).decode("utf-8", "surrogatepass"))
        except (zlib.error, ValueError):
            return None
        return Outcome(
            tuple(
                Html(html, text, tuple(headings), tuple((level, said, anchor) for level, said, anchor in toc))
                for html, text, headings, toc in sections
            )
        )
