"""Work that only one process may be at: writing an index, taking notes of changes."""

from __future__ import annotations


class Busy(Exception):
    """Another process is at work on the same."""
