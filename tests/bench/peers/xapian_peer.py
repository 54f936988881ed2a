"""Xapian, asked through Debian's bindings by the system's Python, in a process of its own that times itself.

Only the time within Xapian counts: the pipe between is not its fault.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests import components
from tests.bench.corpus import Prepared, words
from tests.bench.peers import Found, Missing, octets_of

SERVER = Path(__file__).with_name("xapian_server.py")


@contextmanager
def opened(_: str, prepared: Prepared, folder: Path) -> Iterator[XapianPeer]:
    python = components.xapian()
    if python is None:
        raise Missing("Xapian: apt-get install python3-xapian")
    command = [str(python), str(SERVER), str(folder), str(prepared.words), json.dumps(prepared.scopes)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        process.stdout.readline()
        yield XapianPeer(process.stdin, process.stdout, folder)
        process.stdin.close()


class XapianPeer:
    """`seconds` of the last question, as measured beside Xapian."""

    def __init__(self, to: IO[str], back: IO[str], folder: Path) -> None:
        self._to, self._back, self._folder = to, back, folder
        self.seconds = 0.0

    def ask(self, text: str) -> Found:
        self._to.write(json.dumps(words(text)) + "\n")
        self._to.flush()
        total, best, values, self.seconds = json.loads(self._back.readline())
        return Found(total, best, values)

    def octets(self) -> int:
        return octets_of(self._folder)
