"""Receivers of webhooks on this machine: one that does as it should, and some that do not."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

Behaviour = Callable[[socket.socket], None]


@dataclass
class Receiver:
    """What was sent to it: (headers, body) in the order in which it came, with every attempt."""

    url: str = ""
    behaviour: Behaviour | None = None
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.heard]


@contextmanager
def receiver(behaviour: Behaviour | None = None) -> Iterator[Receiver]:
    """A server on a port of its own; without a behaviour it reads and answers 204."""
    found, listening, over = Receiver(behaviour=behaviour), socket.create_server(("127.0.0.1", 0)), threading.Event()
    found.url = f"http://127.0.0.1:{listening.getsockname()[1]}/hook"
    listening.settimeout(0.1)
    threads: list[threading.Thread] = []

    def accept() -> None:
        while not over.is_set():
            with suppress(TimeoutError):
                line, _ = listening.accept()
                thread = threading.Thread(target=serve, args=(line,), daemon=True)
                threads.append(thread)
                thread.start()

    def serve(line: socket.socket) -> None:
        with line, suppress(OSError):
            line.settimeout(10)
            if found.behaviour is not None:
                found.behaviour(line)
                return
            found.heard.append(read(line))
            line.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    main = threading.Thread(target=accept, daemon=True)
    main.start()
    try:
        yield found
    finally:
        over.set()
        main.join()
        listening.close()
        for thread in threads:
            thread.join(10)


def read(line: socket.socket) -> tuple[dict[str, str], bytes]:
    """A request, whole."""
    given = b""
    while b"\r\n\r\n" not in given:
        given += line.recv(65_536) or _gone()
    head, _, body = given.partition(b"\r\n\r\n")
    headers = dict(each.split(": ", 1) for each in head.decode().split("\r\n")[1:])
    headers = {name.lower(): value for name, value in headers.items()}
    while len(body) < int(headers.get("content-length", 0)):
        body += line.recv(65_536) or _gone()
    return headers, body


def _gone() -> bytes:
    raise OSError("closed")


def hangs(line: socket.socket) -> None:
    """Takes everything and never answers."""
    while line.recv(65_536):
        pass


def drips(line: socket.socket) -> None:
    """Answers an octet at a time, for ever."""
    read(line)
    for octet in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 10_000:
        line.sendall(bytes([octet]))
        if _closed(line):
            return


def _closed(line: socket.socket) -> bool:
    line.settimeout(0.05)
    try:
        return line.recv(1) == b""
    except TimeoutError:
        return False


def answers(text: bytes) -> Behaviour:
    def answer(line: socket.socket) -> None:
        read(line)
        line.sendall(text)

    return answer


def floods(line: socket.socket) -> None:
    """Says yes, and then more than anybody wants to hear."""
    read(line)
    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
    while True:
        line.sendall(b"x" * 65_536)
