"""Opening a file of rows, packed or not, and taking it line by line."""

from __future__ import annotations

import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import IO, cast

from indexer.readers.encodings import in_utf8, told_encoding
from indexer.readers.files import FileProblem
from indexer.readers.rows import Terms
from indexer.readers.tree import Tree
from indexer.readers.unreadable import Unreadable
from kb.reports import Place

# The longest body there may be, every character of it escaped, and room for the rest of the row.
MAX_LINE = 64 << 20
# Articles pack to a fifth or a tenth. What grows more than this was packed to fill memory or disks.
MAX_RATIO = 100

Read = Callable[[int], None]


def lines(tree: Tree, path: str, terms: Terms, read: Read | None = None) -> Iterator[tuple[int, bytes]]:
    """Numbered lines without their ends, in UTF-8 whatever the file is in, as far as that can be told.

    `read` is told how many bytes of the file have been taken so far.
    """
    number, taken, name = 0, 0, tree.shown(path)
    try:
        with tree.open(path) as raw, _unpacked(path, raw) as packed:
            most = MAX_LINE + MAX_RATIO * tree.size(path)
            file = in_utf8(packed, terms.encoding)
            if file.head.found:
                terms.remark(told_encoding(file.head.encoding), Place(name))
            while line := file.readline(MAX_LINE):
                number, taken = number + 1, taken + len(line)
                if taken > most:
                    raise Unreadable(Place(name, number), "packed_too_far", ratio=MAX_RATIO)
                if len(line) >= MAX_LINE and not line.endswith(b"\n"):
                    raise Unreadable(Place(name, number), "line_too_long", limit_mb=MAX_LINE >> 20)
                if read and number % 64 == 0:
                    read(raw.tell())
                yield number, line.rstrip(b"\r\n")
            if read:
                read(raw.tell())
    except FileProblem as problem:
        raise Unreadable(Place(name), problem.code, **problem.values(path)) from problem
    except (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError) as error:
        raise Unreadable(Place(name, number + 1), "packed_broken", detail=str(error)) from error
    except OSError as error:
        raise Unreadable(Place(name), "file_unreadable", detail=error.strerror or str(error)) from error


def _unpacked(path: str, raw: IO[bytes]) -> IO[bytes]:
    if path.endswith(".gz"):
        return cast(IO[bytes], gzip.GzipFile(fileobj=raw))
    if path.endswith(".xz"):
        return cast(IO[bytes], lzma.LZMAFile(raw))
    return raw
