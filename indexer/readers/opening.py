"""Opening a file of rows, packed or not, and taking it line by line."""

from __future__ import annotations

import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from indexer.readers.unreadable import Unreadable
from kb.reports import Place

# The longest body there may be, every character of it escaped, and room for the rest of the row.
MAX_LINE = 64 << 20
# Articles pack to a fifth or a tenth. What grows more than this was packed to fill memory or disks.
MAX_RATIO = 100
BOM = b"\xef\xbb\xbf"
OTHER_ENCODINGS = ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))

Read = Callable[[int], None]


def lines(path: Path, read: Read | None = None) -> Iterator[tuple[int, bytes]]:
    """Numbered lines without their ends. `read` is told how many bytes of the file have been taken so far."""
    number, taken = 0, 0
    try:
        with path.open("rb") as raw, _unpacked(path, raw) as file:
            most = MAX_LINE + MAX_RATIO * path.stat().st_size
            while line := file.readline(MAX_LINE):
                number, taken = number + 1, taken + len(line)
                if taken > most:
                    raise Unreadable(Place(path.name, number), "packed_too_far", ratio=MAX_RATIO)
                if len(line) >= MAX_LINE and not line.endswith(b"\n"):
                    raise Unreadable(Place(path.name, number), "line_too_long", limit_mb=MAX_LINE >> 20)
                if number == 1:
                    line = _first(path, line)
                if read and number % 64 == 0:
                    read(raw.tell())
                yield number, line.rstrip(b"\r\n")
            if read:
                read(raw.tell())
    except (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError) as error:
        raise Unreadable(Place(path.name, number + 1), "packed_broken", detail=str(error)) from error
    except OSError as error:
        raise Unreadable(Place(path.name), "file_unreadable", detail=error.strerror or str(error)) from error


def _unpacked(path: Path, raw: BinaryIO) -> BinaryIO | gzip.GzipFile | lzma.LZMAFile:
    if path.suffix == ".gz":
        return gzip.GzipFile(fileobj=raw)
    if path.suffix == ".xz":
        return lzma.LZMAFile(raw)
    return raw


def _first(path: Path, line: bytes) -> bytes:
    for mark, name in OTHER_ENCODINGS:
        if line.startswith(mark):
            raise Unreadable(Place(path.name, 1), "not_utf8", guess=name)
    return line.removeprefix(BOM)


def guess(data: bytes) -> str:
    """What encoding bytes that are not UTF-8 may be in, for a message."""
    from charset_normalizer import from_bytes

    found = from_bytes(data[:20_000]).best()
    return found.encoding.replace("_", "-") if found and found.encoding != "ascii" else ""
