"""Files of articles as they come in: known by what their bytes say, pictures put together anew."""

from __future__ import annotations

from contextlib import suppress

from kb.articles import Attachment
from kb.pictures import ENDINGS, PICTURES, NotAPicture, rewritten

SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
)


def attachment(name: str, content: bytes) -> Attachment:
    """A file as it is kept. Whether what calls itself a picture is one, is for the limited child to say."""
    kind = media_type(content)
    if kind in PICTURES:
        with suppress(NotAPicture):
            content = rewritten(content, kind)
    return Attachment(name, kind, content)


def is_picture(file: Attachment) -> bool:
    """Whether it is one by its bytes, or says so by its name."""
    return file.media_type in PICTURES or file.name.lower().endswith(ENDINGS)


def media_type(content: bytes) -> str:
    """By what the bytes are, not by what a name says."""
    for signature, name in SIGNATURES:
        if content.startswith(signature):
            return name
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return "application/octet-stream"
    if "\x00" in text:
        return "application/octet-stream"
    start = text.lstrip("\ufeff \t\r\n")[:1000].lower()
    if start.startswith("<svg") or (start.startswith("<?xml") and "<svg" in start):
        return "image/svg+xml"
    return "text/plain"
