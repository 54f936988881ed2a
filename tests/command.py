"""The command line as processes of their own, for tests and measurements."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

KB = [sys.executable, "-W", "ignore", "-m", "indexer.cli"]


def surroundings(home: Path) -> dict[str, str]:
    """The environment with the data in `home` and no other setting of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KB_")}
    return kept | {"KB_HOME": str(home)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
