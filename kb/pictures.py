"""Pictures taken apart and put together anew: what is no part of the picture does not come in, nor what is none.

Of PNG, JPEG, GIF and WebP the blocks that make the picture are kept, byte for byte: nothing is lost of it, and one that
was put together here comes out the same again. Metadata (places, names, thumbnails), comments, scripts and archives
hung on behind are left out; how a photo is turned stays. Whether what is left is a picture, `check` says.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from itertools import repeat

PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".webp")
MOST_DOTS = 50_000_000
MOST_BLOCKS = 100_000

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_CHUNKS = frozenset(b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP cICP sBIT pHYs acTL fcTL fdAT".split())
WEBP_CHUNKS = frozenset((b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"))
WEBP_METADATA = 0x0C
# APPn that say how colours are meant; all else of them is metadata.
JPEG_COLOURS: Mapping[int, bytes] = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
JPEG_ENTROPY_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
EXIF = b"Exif\0\0"
# How a photo is turned: an EXIF block of this one entry.
TURNED = EXIF + b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0%b\0\0\0\0\0\0\0"
GIF_LOOPS = (b"\x0bNETSCAPE2.0", b"\x0bANIMEXTS1.0")


class NotAPicture(Exception):
    """It is not what it says it is, or cannot be shown whole."""


def rewritten(content: bytes, media_type: str) -> bytes:
    """The picture and nothing else. NotAPicture when it is not made as such a picture is."""
    writers: dict[str, Callable[[bytes], Iterator[bytes]]] = {
        "image/png": _png, "image/jpeg": _jpeg, "image/gif": _gif, "image/webp": _webp,
    }  # fmt: skip
    try:
        return b"".join(writers[media_type](content))
    except (IndexError, struct.error) as error:
        raise NotAPicture(str(error)) from error


def check(content: bytes, media_type: str) -> None:
    """NotAPicture unless it is one that `rewritten` made, and every frame of it can be shown. For children alone."""
    from PIL import Image, ImageSequence

    if media_type not in PICTURES or rewritten(content, media_type) != content:
        raise NotAPicture(media_type)
    try:
        with Image.open(io.BytesIO(content), formats=[media_type.removeprefix("image/")]) as picture:
            dots = picture.width * picture.height
            for number, frame in enumerate(ImageSequence.Iterator(picture), 1):
                if dots * number > MOST_DOTS:
                    raise NotAPicture("too many dots")
                frame.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, struct.error) as error:
        raise NotAPicture(str(error)) from error


def _blocks() -> Iterator[None]:
    """A picture has so many at most."""
    yield from repeat(None, MOST_BLOCKS)
    raise NotAPicture("too many blocks")


def _png(content: bytes) -> Iterator[bytes]:
    yield PNG_SIGNATURE
    at, kind = len(PNG_SIGNATURE), b""
    for _ in _blocks():
        if kind == b"IEND":
            return
        (length,), kind = struct.unpack_from("!I", content, at), content[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(content):
            raise NotAPicture("cut")
        if kind in PNG_CHUNKS:
            yield content[at:end]
        at = end


def _jpeg(content: bytes) -> Iterator[bytes]:
    yield content[:2]
    at = 2
    for _ in _blocks():
        if (mark := content[at + 1]) == 0xD9:
            break
        if content[at] != 0xFF or mark == 0xD8:
            raise NotAPicture("no mark")
        if mark == 0xFF:
            at += 1
            continue
        (length,) = struct.unpack_from("!H", content, at + 2)
        end = at + 2 + length
        if mark == 0xDA:
            found = JPEG_ENTROPY_END.search(content, end)
            if not found:
                raise NotAPicture("cut")
            end = found.start()
        data = content[at + 4 : end]
        if mark == 0xE1 and data.startswith(EXIF):
            yield _turned(data)
        elif not (0xE0 <= mark <= 0xEF or mark == 0xFE) or data.startswith(JPEG_COLOURS.get(mark, b"\xff" * 9)):
            yield content[at:end]
        at = end
    yield b"\xff\xd9"


def _turned(exif: bytes) -> bytes:
    """A block that says how the photo is turned; b"" when it is upright."""
    from PIL import Image

    read = Image.Exif()
    try:
        read.load(exif)
        way = read.get(0x0112)
    except (OSError, SyntaxError, ValueError, struct.error):
        return b""
    if not isinstance(way, int) or not 2 <= way <= 8:
        return b""
    data = TURNED % bytes([way])
    return b"\xff\xe1" + struct.pack("!H", len(data) + 2) + data


def _gif(content: bytes) -> Iterator[bytes]:
    at = 13 + _colours(content[10])
    yield content[:at]
    for _ in _blocks():
        if (kind := content[at]) == 0x3B:
            break
        begin = at
        if kind == 0x2C:
            at += 10 + _colours(content[at + 9])
            at = _after_blocks(content, at + 1)
            yield content[begin:at]
        elif kind == 0x21:
            at = _after_blocks(content, at + 2)
            label, data = content[begin + 1], content[begin + 2 : at]
            if label == 0xF9 or (label == 0xFF and data.startswith(GIF_LOOPS)):
                yield content[begin:at]
        else:
            raise NotAPicture("no block")
    yield b"\x3b"


def _colours(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(content: bytes, at: int) -> int:
    while size := content[at]:
        at += 1 + size
    return at + 1


def _webp(content: bytes) -> Iterator[bytes]:
    (size,) = struct.unpack_from("<I", content, 4)
    kept, at, end = [], 12, 8 + size
    if end > len(content):
        raise NotAPicture("cut")
    while at < end:
        kind, (length,) = content[at : at + 4], struct.unpack_from("<I", content, at + 4)
        after = at + 8 + length + length % 2
        if after > end:
            raise NotAPicture("cut")
        chunk = content[at:after]
        if kind == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~WEBP_METADATA]) + chunk[9:]
        if kind in WEBP_CHUNKS:
            kept.append(chunk)
        at = after
    body = b"".join(kept)
    yield b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body
