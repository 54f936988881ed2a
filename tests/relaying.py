"""A database server that can be taken away, and come back."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy.engine import make_url

from tests.command import free_port
from tests.servers import postgres_url


class Relay:
    """A server on a port of its own that leads to another's socket, and can be taken away."""

    def __init__(self, path: Path) -> None:
        self._path, self.port = path, free_port()
        self._open: list[socket.socket] = []

    def start(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", self.port))
        self._open = [self._listening]
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def stop(self) -> None:
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listening.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(str(self._path))
                self._open += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=_pass_on, args=(one, other), daemon=True).start()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
        other.shutdown(socket.SHUT_RDWR)


@contextmanager
def relayed() -> Iterator[tuple[Relay, str]]:
    """A server that can be taken away, and the URL of a database of its own."""
    with postgres_url() as direct:
        url = make_url(direct)
        relay = Relay(Path(str(url.query["host"])) / ".s.PGSQL.5432")
        relay.start()
        through = url.set(host="127.0.0.1", port=relay.port, query={})
        yield relay, through.render_as_string(hide_password=False)
        relay.stop()
