"""Files that cannot be taken, and those that can: known by what their bytes say."""

from __future__ import annotations

from typing import Any

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
    """A file cannot be taken: `code` says why, `detail` more of it."""

    def __init__(self, code: str, limit_mb: int = 0, detail: str = "") -> None:
        super().__init__(code)
        self.code, self.limit_mb, self.detail = code, limit_mb, detail

    def values(self, given: str) -> dict[str, Any]:
        """What a message about the file `given` needs."""
        return {"value": given, "limit_mb": self.limit_mb, "detail": self.detail}


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
