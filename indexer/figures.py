"""The files in which the workers of a site count, each its own: whichever of them is asked adds up what all have.

prometheus-client maps these files into memory, and a process that writes where a full disk has no room for it is killed
(SIGBUS). So they are in memory where the system has a place for that, and have their room before anything is counted.
"""

from __future__ import annotations

import logging
import os
import shutil
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kb.config import Config

log = logging.getLogger(__name__)

MEMORY = Path("/dev/shm")  # noqa: S108 (what is made there is ours alone, or it is not used)
SETTING = "PROMETHEUS_MULTIPROC_DIR"
KINDS = "counter", "histogram"
# Every part of the site with every status that it may answer takes less.
ROOM = 512 * 1024


def in_memory() -> Path | None:
    """A folder that no disk is behind, where there is one."""
    return MEMORY if os.access(MEMORY, os.W_OK | os.X_OK) else None


@contextmanager
def counted_together(config: Config) -> Iterator[None]:
    """Processes that are forked in this block count together, from nothing; nothing is left of it afterwards."""
    folder, owner = _fresh_folder(config), os.getpid()
    if folder:
        os.environ[SETTING] = str(folder)
    try:
        yield
    finally:
        # Workers leave the block, too.
        if folder and os.getpid() == owner:
            os.environ.pop(SETTING, None)
            shutil.rmtree(folder, ignore_errors=True)


def _fresh_folder(config: Config) -> Path | None:
    """Of this data folder and port alone, so that one whose owner was killed is found again, and emptied."""
    home, memory = config.prepare_home(), in_memory()
    found = home.stat()
    name = f"kb-{os.geteuid()}-{found.st_dev:x}-{found.st_ino:x}-{config.port}"
    for folder in (*([memory / name] if memory else []), home / f"metrics-{config.port}"):
        with suppress(OSError):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
            return folder
    log.warning("there is no room for figures: each worker tells its own")
    return None


def take_room() -> None:
    """In a new worker, before it counts. Where there is no room for its figures it counts for itself."""
    if SETTING not in os.environ:
        return
    for path in _files(os.getpid()):
        new = path.with_suffix(".new")
        try:
            # Of a process that is gone, and had the same number.
            counted = path.read_bytes() if path.exists() else b""
            new.write_bytes(counted.ljust(ROOM, b"\0"))
            new.rename(path)
        except OSError as error:
            with suppress(OSError):
                new.unlink()
            log.warning("no room for figures, a worker tells its own: %s", error)
            del os.environ[SETTING]
            return


def give_room_back(worker: int) -> None:
    """After a worker has ended: what it counted stays, and takes no more than it needs."""
    if SETTING not in os.environ:
        return
    for path in _files(worker):
        with suppress(OSError, struct.error):
            with path.open("rb") as file:
                (used,) = struct.unpack("i", file.read(4))
            os.truncate(path, max(used, 8))


def _files(process: int) -> list[Path]:
    """As prometheus-client names them."""
    return [Path(os.environ[SETTING], f"{kind}_{process}.db") for kind in KINDS]
