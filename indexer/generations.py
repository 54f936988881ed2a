"""Generations of an embedded index: folders side by side, each stamped with the fingerprint of what it was written by,
and a pointer file that says which one serves."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kb.search import Busy

POINTER = "CURRENT"
LOCK = "writer.lock"
STAMP = "stamp.json"
# What the machine says where there is no place to write.
NO_PLACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM})


class Generations:
    """The generations under one private folder (0700: an index may hold pickles, as Whoosh's does)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def serving(self) -> Path | None:
        """The folder of the generation that serves, or None when none was ever built, or nobody can tell which."""
        try:
            name = (self.folder / POINTER).read_text(encoding="ascii").strip()
        except (FileNotFoundError, UnicodeDecodeError):
            return None
        path = self.folder / name
        return path if name and path.is_dir() else None

    def fresh(self, fingerprint: str) -> Path:
        """A new folder for a generation, with nothing but its stamp, beside the others. Call with the lock held."""
        numbers = [int(path.name[4:]) for path in self.folder.glob("gen-*") if path.name[4:].isdigit()]
        path = self.folder / f"gen-{max(numbers, default=0) + 1:06d}"
        path.mkdir(mode=0o700)
        (path / STAMP).write_text(json.dumps({"fingerprint": fingerprint}) + "\n", encoding="utf-8")
        return path

    def serve(self, path: Path) -> None:
        """Make this the serving generation: durable files first, then the pointer in one rename."""
        sync_folder(path)
        temporary = self.folder / (POINTER + ".new")
        with temporary.open("w", encoding="ascii") as file:
            file.write(path.name + "\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.folder / POINTER)
        _fsync(self.folder)

    def sweep(self) -> None:
        """Remove what no reader will open again: all but the serving generation. Call with the lock held."""
        for path in self.others():
            shutil.rmtree(path, ignore_errors=True)

    def others(self) -> list[Path]:
        """The generations that do not serve: one that is being filled, and what writers left that were killed."""
        serving = self.serving()
        return [path for path in self.folder.glob("gen-*") if path != serving]

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Held while writing; Busy when another process, or another thread, holds it."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / LOCK).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Busy(f"another process is writing the index in {self.folder}") from error
            yield


def fingerprint_of(path: Path) -> str:
    """What the generation in a folder is stamped with."""
    fingerprint: str = json.loads((path / STAMP).read_text(encoding="utf-8"))["fingerprint"]
    return fingerprint


def octets_of(path: Path) -> int:
    """How much the files of a folder are together; what a writer removes meanwhile is nothing."""
    octets = 0
    with suppress(FileNotFoundError):
        for file in path.iterdir():
            with suppress(FileNotFoundError):
                octets += file.stat().st_size
    return octets


def sync_folder(path: Path) -> None:
    """fsync every file of a folder and the folder, which not every engine does."""
    for file in path.iterdir():
        if file.is_file():
            _fsync(file)
    _fsync(path)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
