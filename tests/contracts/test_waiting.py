"""A database server that goes away for a moment: who asks meanwhile waits for it, within bounds."""

from __future__ import annotations

import threading
import time

import pytest

from kb.entitlements import EVERYONE
from kb.store import Store, StoreError, database
from tests.command import free_port
from tests.contracts.stores import apply, draft
from tests.relaying import relayed


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
