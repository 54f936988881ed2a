"""Files that cannot be taken."""

from __future__ import annotations

from typing import Any


class FileProblem(Exception):
    """A file cannot be taken: `code` says why, `detail` more of it."""

    def __init__(self, code: str, limit_mb: int = 0, detail: str = "") -> None:
        super().__init__(code)
        self.code, self.limit_mb, self.detail = code, limit_mb, detail

    def values(self, given: str) -> dict[str, Any]:
        """What a message about the file `given` needs."""
        return {"value": given, "limit_mb": self.limit_mb, "detail": self.detail}
