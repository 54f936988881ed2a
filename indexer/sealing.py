"""What the files of an index were when they were written, so that it is known when one is not what it was.

Files of a commit are written once. A writer notes of each how long it is, its checksum and when it was written, beside
them. Whoever reads looks at lengths and times, and where they differ at what is in the file: a copy has other times.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from kb.search import IndexDamaged

SEAL = "seal.json"
READ_AT_ONCE = 1 << 20


class Written(NamedTuple):
    """A file as it is, or was."""

    octets: int
    modified: int
    checksum: int


class Seal:
    """The files of one commit, as they were written."""

    def __init__(self, path: Path, files: dict[str, Written]) -> None:
        self._path, self._files = path, files
        self._seen = dict(files)
        self.doubted = False

    def check(self, *, closely: bool = False) -> None:
        """IndexDamaged when a file is not what it was, FileNotFoundError when it is gone. `closely` reads them all."""
        for name, written in self._files.items():
            file, seen = self._path / name, self._seen[name]
            found = file.stat()
            same = (found.st_size, found.st_mtime_ns) == (seen.octets, seen.modified)
            if closely or not same:
                seen = self._seen[name] = _written(file, found)
            if (seen.octets, seen.checksum) != (written.octets, written.checksum):
                if same and closely:
                    # Nothing tells the others to look at it, too, but another time.
                    os.utime(file)
                raise IndexDamaged(f"the index is damaged: run kb build ({file.name} is not what was written)")


def seal(path: Path, head: str, mark: int | None = None) -> None:
    """Note what the files of a folder are; `head`, which says what else belongs to the commit, among them; and the
    mark of the batch, if it has one. Call with the lock held."""
    before, files = _noted(path), {}
    for entry in os.scandir(path):
        if entry.is_file() and not entry.name.startswith((".", SEAL)):
            known = before.get(entry.name) if entry.name != head else None
            files[entry.name] = _noted_of(path / entry.name, entry.stat(), known)
    new = path / f"{SEAL}.new"
    told = {"mark": mark_of(path) if mark is None else mark, "files": files}
    new.write_text(json.dumps(told), encoding="utf-8")
    new.replace(path / SEAL)


def sealed(path: Path, head: str) -> Seal | None:
    """What is noted of the commit that `head` describes; None when its writer has not come to it, or never will."""
    files = _noted(path)
    at_head = files.pop(head, None)
    if at_head is None or at_head.checksum != _written(path / head, (path / head).stat()).checksum:
        return None
    return Seal(path, files)


def _noted_of(file: Path, found: os.stat_result, known: Written | None) -> Written:
    """What is to be noted of a file. One that was damaged since it was noted before is not taken for what it was."""
    if known and (found.st_size, found.st_mtime_ns) == (known.octets, known.modified):
        return known
    now = _written(file, found)
    return known if known and known.checksum != now.checksum else now


def mark_of(path: Path) -> int:
    """Of the last batch that had one, 0 when none had. A writer that was killed may not have come to noting it."""
    mark: int = _read(path)["mark"]
    return mark


def _noted(path: Path) -> dict[str, Written]:
    return {name: Written(*each) for name, each in _read(path)["files"].items()}


def _read(path: Path) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json.loads((path / SEAL).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"mark": 0, "files": {}}
    return found


def _written(file: Path, found: os.stat_result) -> Written:
    checksum = 0
    with file.open("rb") as read:
        while some := read.read(READ_AT_ONCE):
            checksum = zlib.crc32(some, checksum)
    return Written(found.st_size, found.st_mtime_ns, checksum)
