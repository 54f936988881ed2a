"""Work on what others wrote, in child processes with limits of time and memory."""

from __future__ import annotations

from kb.limited.pool import Done, Limits, Pool

__all__ = ["Done", "Limits", "Pool"]
