"""Files of articles as they come in: known by what their bytes say, pictures put together anew; and whose they are."""

from __future__ import annotations

import posixpath
from collections.abc import Container, Iterable, Mapping
from contextlib import suppress
from urllib.parse import unquote

from kb.articles import Attachment, Section
from kb.pictures import ENDINGS, PICTURES, NotAPicture, rewritten
from kb.rendering.addresses import addresses
from kb.rendering.cleaning import target

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


def meant(path: str, names: Container[str], links: Mapping[str, str]) -> str | None:
    """Which of an article's files a relative address means: the one it leads to, else the one of its name, whatever
    folder stands before it."""
    leads = unquote(links.get(path, "").partition("/attachments/")[2])
    return next((name for name in (leads, posixpath.basename(path)) if name in names), None)


def grants_by_name(
    sections: Iterable[Section], names: Container[str], links: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Whose the files are that a text refers to, whatever else names them: a file that restricted sections alone refer
    to is for their readers; one that open text refers to, too, is for whoever reads the article, and has no grants."""
    used: dict[str, set[tuple[str, ...]]] = {}
    for section in sections:
        for address in addresses(section.markdown):
            if name := meant(target(address), names, links):
                used.setdefault(name, set()).add(section.grants)
    return {
        name: () if () in sets else tuple(sorted({g for each in sets for g in each})) for name, sets in used.items()
    }


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
