"""The files of articles: found beside them and nowhere else, and known by what their bytes say."""

from __future__ import annotations

from pathlib import Path

from kb.articles import Attachment

SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
)


class FileProblem(Exception):
    """A file cannot be taken: `code` says why."""

    def __init__(self, code: str, limit_mb: int = 0) -> None:
        super().__init__(code)
        self.code, self.limit_mb = code, limit_mb


def inside(folder: Path, base: Path, relative: str) -> Path:
    """The file `relative` to `base`, links resolved; FileProblem unless it is a file within `folder`."""
    try:
        path = (base / relative).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise FileProblem("file_outside")
        if not path.is_file():
            raise FileProblem("file_missing")
    except (OSError, ValueError, RuntimeError):
        raise FileProblem("file_missing") from None
    return path


def attachment(path: Path, name: str, limit: int) -> Attachment:
    """The file with its media type; FileProblem when it is larger than `limit` bytes or cannot be read."""
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError:
        raise FileProblem("file_unreadable") from None
    if len(content) > limit:
        raise FileProblem("file_too_large", limit >> 20)
    return Attachment(name, media_type(content), content)


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
