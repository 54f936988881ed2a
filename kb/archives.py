"""Files written as a folder or a ZIP archive: whole or not at all, the same files always to the same bytes."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from kb.exporting import File

# The first moment that a ZIP archive can name.
EPOCH = (1980, 1, 1, 0, 0, 0)
READABLE = 0o644 << 16
PIECE = 64 * 1024


class _Pieces:
    """What was written and not yet taken. Has no place to go back to, so the archive never does."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes) -> int:
        self._written += data
        return len(data)

    def flush(self) -> None:
        """There is nothing between it and its reader."""

    def __len__(self) -> int:
        return len(self._written)

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


def zipped(files: Iterable[File]) -> Iterator[bytes]:
    """A ZIP archive, piece by piece as it comes about."""
    pieces = _Pieces()
    with zipfile.ZipFile(pieces, "w") as archive:  # type: ignore[call-overload] # all it does with it is to write
        for path, content in files:
            info = zipfile.ZipInfo(path, EPOCH)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, READABLE
            # How long one of many rows will be is not known before; it may pass 4 GB.
            with archive.open(info, "w", force_zip64=path.endswith(".jsonl")) as entry:
                for part in content:
                    entry.write(part)
                    if len(pieces) >= PIECE:
                        yield pieces.take()
    yield pieces.take()


def write_zip(path: Path, files: Iterable[File]) -> None:
    """A ZIP archive at `path`, instead of what was there; nothing changes when it does not come to its end."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            for piece in zipped(files):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def write_folder(path: Path, files: Iterable[File]) -> None:
    """A folder at `path`, which is not there yet or empty; nothing is left when it does not come to its end."""
    made = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        for name, content in files:
            file = made / name
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("wb") as out:
                out.writelines(content)
        made.chmod(0o755)
        # On an empty folder this takes its place.
        made.rename(path)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
