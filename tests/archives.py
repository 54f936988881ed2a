"""ZIP files byte by byte: what no well-behaved tool would write."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

UTF8, ENCRYPTED = 0x800, 0x1
STORED, DEFLATED = 0, 8
LINK, DEVICE = 0o120777 << 16, 0o020666 << 16


@dataclass(frozen=True)
class Member:
    """An entry of an archive. What is None is what it should be."""

    name: bytes | str
    content: bytes = b""
    method: int = DEFLATED
    flags: int | None = None
    attributes: int = 0
    extra: bytes = b""
    crc: int | None = None
    size: int | None = None
    packed_size: int | None = None
    packed: bytes | None = None
    offset: int | None = None

    @property
    def raw_name(self) -> bytes:
        return self.name.encode() if isinstance(self.name, str) else self.name

    def header(self) -> bytes:
        """What is the same in the local header and in the central directory, from the version needed on."""
        flags = self.flags if self.flags is not None else UTF8 if isinstance(self.name, str) else 0
        packed = self.data()
        return struct.pack(
            "<5H3L2H",
            20,
            flags,
            self.method,
            0,
            0x5C21,
            zlib.crc32(self.content) if self.crc is None else self.crc,
            len(packed) if self.packed_size is None else self.packed_size,
            len(self.content) if self.size is None else self.size,
            len(self.raw_name),
            len(self.extra),
        )

    def data(self) -> bytes:
        if self.packed is not None:
            return self.packed
        if self.method != DEFLATED:
            return self.content
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        return packer.compress(self.content) + packer.flush()


def archive(members: Sequence[Member], comment: bytes = b"") -> bytes:
    written, placed = bytearray(), []
    for member in members:
        if member.offset is None:
            member = replace(member, offset=len(written))
            written += b"PK\x03\x04" + member.header() + member.raw_name + member.extra + member.data()
        placed.append(member)
    begin = len(written)
    for member in placed:
        written += b"PK\x01\x02" + struct.pack("<H", 0x0314) + member.header()
        written += struct.pack("<3H2L", 0, 0, 0, member.attributes, member.offset or 0) + member.raw_name + member.extra
    count = min(len(placed), 0xFFFF)
    end = struct.pack("<4H2LH", 0, 0, count, count, len(written) - begin, begin, len(comment))
    return bytes(written) + b"PK\x05\x06" + end + comment


def unicode_path(raw: bytes, name: str) -> bytes:
    """The extra field by which Info-ZIP says what a name is in UTF-8."""
    data = b"\x01" + struct.pack("<L", zlib.crc32(raw)) + name.encode()
    return struct.pack("<HH", 0x7075, len(data)) + data
