"""A database server that goes away for a moment: who asks meanwhile waits for it, within bounds."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from kb.entitlements import EVERYONE
from kb.store import Store, StoreError, database
from tests.command import free_port
from tests.contracts.stores import apply, draft
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


def test_a_server_that_comes_back_answers_who_asked_meanwhile() -> None:
    with relayed() as (relay, url), Store.create(url) as store:
        apply(store, draft("open"))
        relay.stop()
        threading.Timer(1.5, relay.start).start()
        began = time.monotonic()
        assert [row.title for row in store.browse(EVERYONE, 9)] == ["Title of open"]
        assert time.monotonic() - began > 1


def test_a_server_that_stays_away_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "WAITING_SECONDS", 1.0)
    with relayed() as (relay, url), Store.create(url) as store:
        relay.stop()
        began = time.monotonic()
        with pytest.raises(StoreError):
            store.browse(EVERYONE, 9)
        assert 1 <= time.monotonic() - began < 10


def test_who_only_looks_whether_it_is_there_does_not_wait() -> None:
    with relayed() as (relay, url), Store.create(url) as store:
        store.check()
        relay.stop()
        began = time.monotonic()
        with pytest.raises(StoreError):
            store.check()
        relay.start()
        store.check()
        assert time.monotonic() - began < 3


def test_one_that_was_never_there_is_told_at_once() -> None:
    began = time.monotonic()
    with pytest.raises(StoreError):
        Store.open(f"postgresql+psycopg://kb@127.0.0.1:{free_port()}/kb")
    assert time.monotonic() - began < 5
