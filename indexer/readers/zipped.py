"""A ZIP as a tree: read where it is, never unpacked to disk; what is wrong with an entry refuses that alone."""

from __future__ import annotations

import contextlib
import io
import posixpath
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, cast

from indexer.readers.encodings import CHINESE, Doubtful, decoded
from indexer.readers.files import FileProblem
from indexer.readers.tree import Noted
from indexer.readers.unreadable import Unreadable
from kb.articles import Problem
from kb.reports import Place

END = struct.Struct("<4s4H2LH")
END_64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR_64 = struct.Struct("<4sLQL")
CENTRAL = struct.Struct("<4s4B4HL2L5H2L")
LOCAL_SIZE = 30
UTF8_FLAG, ENCRYPTED_FLAG = 0x800, 0x41
UNICODE_PATH = 0x7075
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
# What compresses more than the ratio allowed but is small does no harm.
SMALL = 1 << 20
ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".tgz", ".gz", ".bz2", ".xz")
DRIVE = re.compile(r"[A-Za-z]:")
RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\..*)?\Z", re.IGNORECASE)
FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"|?*]')
MAX_NAME = 255


@dataclass(frozen=True, slots=True)
class ZipLimits:
    """How much an archive may hold; settings, see docs/settings.md."""

    entries: int = 100_000
    total_mb: int = 4096
    entry_mb: int = 512
    ratio: int = 200
    depth: int = 20


class Zip:
    """The files of an archive. If all are in one folder, that is the root. Unreadable: it is no archive of ours."""

    def __init__(self, path: Path, limits: ZipLimits | None = None) -> None:
        self._name, self._limits = path.name, limits or ZipLimits()
        self._file = path.open("rb")
        try:
            _check_directory(self._file, self._name, self._limits.entries)
            self._zip = zipfile.ZipFile(self._file)
        except (
            zipfile.BadZipFile,
            UnicodeDecodeError,
            struct.error,
            ValueError,
            OSError,
            NotImplementedError,
        ) as error:
            self._file.close()
            raise Unreadable(Place(self._name), "zip_broken", detail=str(error)) from error
        except Unreadable:
            self._file.close()
            raise
        self._noted: list[Noted] = []
        self._entries = dict(self._taken(self._zip.infolist()))
        self._root = _root(self._entries)

    def __enter__(self) -> Zip:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()
        self._file.close()

    # As a tree

    @property
    def noted(self) -> Sequence[Noted]:
        return self._noted

    def paths(self) -> list[str]:
        paths = (path.removeprefix(self._root) for path in self._entries)
        return sorted((path for path in paths if not _hidden(path)), key=lambda path: path.split("/"))

    def has(self, path: str) -> bool:
        return self._root + path in self._entries

    def size(self, path: str) -> int:
        return self._entries[self._root + path].file_size

    def open(self, path: str) -> IO[bytes]:
        entry = self._entries.get(self._root + path)
        if entry is None:
            raise FileProblem("file_missing")
        with _told():
            return cast(IO[bytes], _Entry(self._zip.open(entry), entry.file_size))

    def shown(self, path: str) -> str:
        return f"{self._name}/{self._root}{path}"

    # Which entries are taken

    def _taken(self, infos: Sequence[zipfile.ZipInfo]) -> Iterator[tuple[str, zipfile.ZipInfo]]:
        names, overlapping = _names(infos), _overlapping(infos)
        there: dict[str, str] = {}
        total = 0
        for info, name in zip(infos, names, strict=True):
            if info.is_dir() or name.endswith("/"):
                continue
            problem = self._wrong(info, name) or _overlaps(info, overlapping)
            path = posixpath.normpath(name)
            key = unicodedata.normalize("NFC", path).casefold()
            if not problem and key in there:
                code = "zip_name_twice" if there[key] == path else "zip_names_collide"
                problem = Problem(code, "", {"value": path, "other": there[key]})
            if not problem and total + info.file_size > self._limits.total_mb << 20:
                problem = Problem("zip_total", "", {"limit": self._limits.total_mb})
            if problem:
                self._noted.append((Place(f"{self._name}/{printable(name)}"), problem))
                continue
            total += info.file_size
            there[key] = path
            if path.lower().endswith(ARCHIVES) and not _hidden(path):
                nested = Problem("zip_nested", "", refuses=False)
                self._noted.append((Place(f"{self._name}/{path}"), nested))
            yield path, info

    def _wrong(self, info: zipfile.ZipInfo, name: str) -> Problem | None:
        """What is wrong with an entry by itself."""
        kind = stat.S_IFMT(info.external_attr >> 16)
        size, most = info.file_size, self._limits
        if problem := _name_wrong(name, most.depth):
            return problem
        if kind not in (0, stat.S_IFREG):
            return Problem("zip_special", "", {"kind": "link" if kind == stat.S_IFLNK else "device"})
        if info.flag_bits & ENCRYPTED_FLAG:
            return Problem("zip_encrypted", "")
        if info.compress_type not in METHODS:
            return Problem("zip_method", "", {"method": info.compress_type})
        if size > most.entry_mb << 20:
            return Problem("zip_entry_size", "", {"size": size >> 20, "limit": most.entry_mb})
        if size > SMALL and size > most.ratio * max(info.compress_size, 1):
            return Problem("zip_ratio", "", {"ratio": size // max(info.compress_size, 1), "limit": most.ratio})
        return None


def _check_directory(file: IO[bytes], name: str, most: int) -> None:
    """Counts the entries before anything is made of them: a million would take a gigabyte."""
    end = file.seek(0, io.SEEK_END)
    file.seek(max(0, end - END.size - (1 << 16)))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < END.size:
        raise zipfile.BadZipFile("no end of a central directory")
    found = END.unpack_from(tail, at)
    size, begin = found[5], end - len(tail) + at
    if size == 0xFFFFFFFF or found[4] == 0xFFFF:
        size, begin = _directory_64(file, begin, size)
    if size > begin:
        raise zipfile.BadZipFile("the central directory is longer than the file")
    file.seek(begin - size)
    left, count = size, 0
    while left >= CENTRAL.size:
        record = CENTRAL.unpack(file.read(CENTRAL.size))
        if record[0] != b"PK\x01\x02":
            break
        count += 1
        if count > most:
            raise Unreadable(Place(name), "zip_entries", limit=most)
        more = sum(record[12:15])
        left -= CENTRAL.size + more
        file.seek(more, io.SEEK_CUR)


def _directory_64(file: IO[bytes], begin: int, size: int) -> tuple[int, int]:
    file.seek(max(0, begin - LOCATOR_64.size - END_64.size))
    data = file.read(END_64.size + LOCATOR_64.size)
    if len(data) < END_64.size + LOCATOR_64.size or not data.startswith(b"PK\x06\x06"):
        return size, begin
    return END_64.unpack_from(data)[8], begin - LOCATOR_64.size - END_64.size


def _names(infos: Sequence[zipfile.ZipInfo]) -> list[str]:
    """As they were meant: those marked as UTF-8, those with a Unicode field, the others by all of them together."""
    raws = [None if info.flag_bits & UTF8_FLAG else info.orig_filename.encode("cp437", "replace") for info in infos]
    fields = [_unicode_path(info, raw) if raw is not None else None for info, raw in zip(infos, raws, strict=True)]
    left = [raw for raw, field in zip(raws, fields, strict=True) if raw and field is None and not raw.isascii()]
    encoding = _encoding_of(left) if left else "ascii"
    return [
        field or (info.orig_filename if raw is None else _decoded_name(raw, encoding)).replace("\\", "/")
        for info, raw, field in zip(infos, raws, fields, strict=True)
    ]


def _encoding_of(names: Sequence[bytes]) -> str:
    try:
        return decoded(b"\n".join(dict.fromkeys(names))).encoding
    except Doubtful as doubt:
        # Names are short. The likeliest names them well enough, and a link to them that fails is told.
        return next((each.encoding for each in doubt.candidates if each.encoding in CHINESE), "cp437")


def _decoded_name(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return raw.decode("cp437")


def _unicode_path(info: zipfile.ZipInfo, raw: bytes | None) -> str | None:
    """The name in the extra field that Info-ZIP writes, if it is of this very entry."""
    extra = info.extra
    while raw is not None and len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        if kind == UNICODE_PATH and size > 5 and struct.unpack_from("<L", extra, 5)[0] == zlib.crc32(raw):
            with contextlib.suppress(UnicodeDecodeError):
                return extra[9 : 4 + size].decode("utf-8")
        extra = extra[4 + size :]
    return None


def _name_wrong(name: str, depth: int) -> Problem | None:
    parts = name.split("/")
    if name.startswith("/") or DRIVE.match(name) or name.startswith("//"):
        return Problem("zip_absolute", "")
    if ".." in parts:
        return Problem("zip_slip", "")
    if (
        FORBIDDEN.search(name)
        or not name.strip()
        or any(len(part.encode("utf-8", "replace")) > MAX_NAME for part in parts)
    ):
        return Problem("zip_name", "", {"value": printable(name)})
    for part in parts:
        if RESERVED.match(part) or (part != "." and part.rstrip(". ") != part):
            return Problem("zip_name_reserved", "", {"value": part})
    if len(parts) - 1 > depth:
        return Problem("zip_depth", "", {"limit": depth})
    return None


def _overlapping(infos: Sequence[zipfile.ZipInfo]) -> frozenset[int]:
    """The places of entries that share bytes with another: what is packed once would be unpacked many times."""
    found: set[int] = set()
    end, last = -1, -1
    for info in sorted(infos, key=lambda each: each.header_offset):
        if info.header_offset < end:
            # It is not taken, so what it reaches into is not read twice.
            found |= {info.header_offset, last}
            continue
        reach = info.header_offset + LOCAL_SIZE + len(info.orig_filename) + info.compress_size
        end, last = reach, info.header_offset
    return frozenset(found)


def _overlaps(info: zipfile.ZipInfo, overlapping: frozenset[int]) -> Problem | None:
    return Problem("zip_overlap", "") if info.header_offset in overlapping else None


def _root(entries: dict[str, zipfile.ZipInfo]) -> str:
    """The one folder that everything is in, with a slash; "" when there is none."""
    first = {path.partition("/")[0] if "/" in path else "" for path in entries if not _hidden(path)}
    return f"{first.pop()}/" if len(first) == 1 and "" not in first else ""


def _hidden(path: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in path.split("/"))


def printable(name: str) -> str:
    """A name as a report can show it."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in name)[:300]


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """What is wrong inside of an archive is told as what is wrong with a file."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, RuntimeError) as error:
        raise FileProblem("zip_entry_broken", detail=str(error)) from error


class _Entry(io.BufferedIOBase):
    """An open entry. Lengths and checksums that lie, and packing that breaks off, are told as faults of a file."""

    def __init__(self, inner: IO[bytes], size: int) -> None:
        self._inner, self._left = inner, size

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = -1 if size is None else size
        with _told():
            piece = self._inner.read(wanted)
            self._left -= len(piece)
            if self._left and (wanted < 0 or len(piece) < wanted):
                raise EOFError("it is shorter than it says")
        return piece

    def read1(self, size: int = -1, /) -> bytes:
        return self.read(size if size >= 0 else 1 << 16)

    def readinto(self, buffer: object, /) -> int:
        piece = self.read(len(buffer))  # type: ignore[arg-type]
        buffer[: len(piece)] = piece  # type: ignore[index]
        return len(piece)

    def tell(self) -> int:
        return self._inner.tell()

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        self._inner.close()
        super().close()
