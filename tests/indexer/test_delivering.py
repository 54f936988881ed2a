"""Webhooks to real receivers: down, slow or lying, they lose nothing and block nothing."""

from __future__ import annotations

import ipaddress
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text, update

from indexer.delivering import Lanes, follow
from indexer.posting import NotSent, Post, allowed, post
from kb import webhooks
from kb.accounts import Accounts, Viewer
from kb.cases import Cases, NewCase
from kb.config import Config
from kb.entitlements import matrices
from kb.store import Store
from kb.store.outbox_tables import delivery, webhook
from kb.webhooks import NewWebhook, Webhooks, signature
from tests import receivers
from tests.contracts.stores import OPENERS, add_people
from tests.receivers import Behaviour, receiver

OPERATOR = Viewer(role="operator")
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
SECONDS = 0.6


class Place:
    """A store with a customer and an engineer, whose cases are told of."""

    def __init__(self, store: Store, config: Config) -> None:
        self.store, self.config = store, config
        self.cases, self.webhooks = Cases(store, config, matrices()), Webhooks(store, config)
        accounts = Accounts(store, config, matrices())
        self.gold, self.engineer = (accounts.viewer_of(f"{name}@a.example", date.today()) for name in ("gold", "eng"))

    def opened(self, severity: int = 2) -> str:
        return self.cases.open(self.gold, NewCase("windchill", severity, "登入", "HTTP 401"), datetime.now(UTC))

    def add(self, name: str, url: str, content: str = "customer") -> str:
        return self.webhooks.add(OPERATOR, NewWebhook(name, url, content=content), datetime.now(UTC))

    def lanes(self) -> Lanes:
        def send(message: Post) -> int:
            return post(replace(message, seconds=SECONDS))

        return Lanes(self.store, self.config, send, random.Random(1))

    def count(self, state: str) -> int:
        return self.webhooks.counts(OPERATOR)[state]

    def hurry(self) -> None:
        """What would be tried later is tried now."""
        now = datetime.now(UTC) - timedelta(seconds=1)
        with self.store.writing() as connection:
            connection.execute(update(delivery).where(delivery.c.state == "waiting").values(next_at=now))
            connection.execute(update(webhook).values(rests_until=None))

    def run(self, lanes: Lanes, until: Callable[[], bool], seconds: float = 15.0) -> None:
        end = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < end, self.webhooks.counts(OPERATOR)
            lanes.open()
            time.sleep(0.02)


@pytest.fixture(params=sorted(OPENERS), scope="module")
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("place")
    config = Config(home=folder, webhook_networks=LOOPBACK)
    with OPENERS[request.param](folder) as store:
        add_people(store, config)
        yield Place(store, config)


@pytest.fixture
def place(filled: Place) -> Iterator[Place]:
    yield filled
    with filled.store.writing() as connection:
        for table in ("delivery", "outbox_event", "webhook", "clock_event", "case_event", "support_case"):
            connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608 (names of ours)


def test_what_happens_is_told_signed_and_in_order(place: Place) -> None:
    with receiver() as there:
        secret = place.add("crm", there.url)
        number = place.opened()
        place.cases.reply(place.engineer, number, "內部", datetime.now(UTC), internal=True)
        place.cases.reply(place.engineer, number, "請看文章", datetime.now(UTC))
        place.cases.change(place.gold, number, 1, {"status": "closed"}, datetime.now(UTC))
        place.run(lanes := place.lanes(), lambda: place.count("delivered") == 3)
        lanes.close()
    assert [event["type"] for event in there.events] == ["case.opened", "case.reply", "case.change"]
    assert [event["case"]["status"] for event in there.events] == ["in_progress", "in_progress", "closed"]
    assert there.events[1]["text"] == "請看文章" and there.events[2]["data"] == {"status": ["in_progress", "closed"]}
    for headers, body in there.heard:
        given = signature(secret, headers["webhook-id"], headers["webhook-timestamp"], body)
        assert headers["webhook-signature"] == given
        assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60


def test_a_signature_as_others_make_it() -> None:
    """The example of the Standard Webhooks specification."""
    secret, uid = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    told = signature(secret, uid, "1614265330", b'{"test": 2432232314}')
    assert told == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("behaviour", "problem"),
    [
        (receivers.hangs, "timeout"),
        (receivers.drips, "timeout"),
        (receivers.answers(b""), "garbled"),
        (receivers.answers(b"HTTP/1.1 2"), "garbled"),
        (receivers.answers(b"I am not a web server\r\n\r\n"), "garbled"),
        (receivers.answers(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000), "garbled"),
        (receivers.answers(b"HTTP/1.1 500 No\r\n\r\n"), "refused"),
        (receivers.answers(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n"), "redirect"),
    ],
)
def test_a_receiver_that_misbehaves_is_tried_again_and_holds_up_nobody(
    place: Place, behaviour: Behaviour, problem: str
) -> None:
    with receiver(behaviour) as bad, receiver() as good:
        place.add("bad", bad.url)
        place.add("good", good.url)
        number = place.opened()
        place.cases.reply(place.engineer, number, "hello", datetime.now(UTC))
        lanes, began = place.lanes(), time.monotonic()
        place.run(lanes, lambda: len(good.heard) == 2)
        assert time.monotonic() - began < 10
        failed = "SELECT problem FROM delivery WHERE problem IS NOT NULL"
        place.run(lanes, lambda: problem in place_problems(place, failed))
        lanes.close()
        assert place.count("waiting") == 2 and place.count("delivered") == 2
        bad.behaviour = None
        place.hurry()
        place.run(mended := place.lanes(), lambda: place.count("waiting") == 0)
        mended.close()
    assert [event["type"] for event in bad.events] == ["case.opened", "case.reply"], "in order all the same"


def place_problems(place: Place, statement: str) -> list[str]:
    with place.store.reading() as connection:
        return list(connection.scalars(text(statement)))


@pytest.mark.parametrize("behaviour", [receivers.floods, receivers.answers(b"HTTP/1.1 200 OK\r\n\r\n")])
def test_yes_is_yes_whatever_follows(place: Place, behaviour: Behaviour) -> None:
    with receiver(behaviour) as there:
        place.add("crm", there.url)
        place.opened()
        place.run(lanes := place.lanes(), lambda: place.count("delivered") == 1)
        lanes.close()


def test_a_receiver_that_is_down_loses_nothing(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    place.add("crm", f"http://127.0.0.1:{port}/")
    number = place.opened()
    [lane] = [each.id for each in place.webhooks.all(OPERATOR)]
    for attempt in range(webhooks.ATTEMPTS):
        assert place.count("waiting") == 1, attempt
        assert not place.lanes().step(lane), "it rests"
        assert attempt == webhooks.ATTEMPTS - 1 or not place.lanes().step(lane), "not before its time"
        place.hurry()
    assert (place.count("waiting"), place.count("dead")) == (0, 1)
    place.cases.reply(place.engineer, number, "later", datetime.now(UTC))
    with receiver() as there, place.store.writing() as connection:
        connection.execute(text("UPDATE webhook SET url = :url"), {"url": there.url})
        connection.commit()
        assert place.webhooks.replay(OPERATOR, datetime.now(UTC), name="crm") == 1
        place.hurry()
        place.run(lanes := place.lanes(), lambda: place.count("delivered") == 2)
        lanes.close()
        assert [event["type"] for event in there.events] == ["case.opened", "case.reply"]


def test_many_workers_send_each_event_once_and_each_case_in_order(place: Place) -> None:
    with receiver() as there, ExitStack() as stack:
        place.add("crm", there.url)
        numbers = [place.opened() for _ in range(4)]
        for at in range(5):
            for number in numbers:
                place.cases.reply(place.engineer, number, f"{at}", datetime.now(UTC))
        workers = [place.lanes() for _ in range(3)]
        end = time.monotonic() + 30
        while place.count("delivered") < 24 and time.monotonic() < end:
            for each in workers:
                each.open()
            time.sleep(0.02)
        for each in workers:
            stack.callback(each.close)
    told = [(event["case"]["number"], event["text"]) for event in there.events]
    assert len(told) == len(set(told)) == 24
    for number in numbers:
        assert [said for case, said in told if case == number] == ["HTTP 401", *"01234"]


def test_what_a_worker_that_was_killed_held_is_sent_by_another(place: Place) -> None:
    with receiver() as there:
        place.add("crm", there.url)
        place.opened()
        [lane] = [each.id for each in place.webhooks.all(OPERATOR)]

        def killed(_: Post) -> int:
            raise SystemExit

        with pytest.raises(SystemExit):
            Lanes(place.store, place.config, killed).step(lane)
        assert not place.lanes().step(lane), "held"
        with place.store.writing() as connection:
            connection.execute(text("UPDATE delivery SET held_until = next_at"))
        assert place.lanes().step(lane) and len(there.heard) == 1


def test_the_worker_follows_clocks_and_sends(place: Place) -> None:
    with receiver() as there:
        place.add("crm", there.url, "staff")
        long_ago = datetime.now(UTC) - timedelta(days=60)
        place.cases.open(place.gold, NewCase("windchill", 1, "登入", "HTTP 401"), long_ago)
        stop = threading.Event()
        worker = threading.Thread(target=follow, args=(place.store, place.config, matrices(), stop))
        worker.start()
        end = time.monotonic() + 20
        while len(there.heard) < 5 and time.monotonic() < end:
            time.sleep(0.05)
        stop.set()
        worker.join()
    told = [(event["type"], event["data"].get("clock")) for event in there.events]
    assert sorted(told[1:]) == sorted(
        (f"clock.{what}", clock) for what in ("warning", "breach") for clock in ("first_response", "next_update")
    )


# Whom a message may be sent to


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",  # noqa: S104
        "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a00:1", "fe80::1%eth0",
    ],
)  # fmt: skip
def test_nothing_private_is_reached(address: str) -> None:
    assert not allowed(address)


def test_public_addresses_are_reached_over_tls_and_named_networks_without() -> None:
    assert allowed("93.184.216.34") and allowed("2606:2800:220:1::1")
    assert not allowed("93.184.216.34", scheme="http")
    assert allowed("127.0.0.1", LOOPBACK, "http") and not allowed("::1", LOOPBACK, "http")
    assert allowed("::ffff:127.0.0.1", LOOPBACK)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "127.1"])
def test_however_this_machine_is_called(host: str) -> None:
    with receiver() as there:
        port = there.url.rpartition(":")[2].partition("/")[0]
        with pytest.raises(NotSent) as refused:
            post(Post(f"https://{host}:{port}/", {}, b"{}", seconds=SECONDS))
        assert refused.value.reason in ("forbidden", "unknown")
    assert there.heard == []


def test_the_name_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is public when it is judged and private when it is called does not get through."""
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])

    def looked_up(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in next(answers)]

    called: list[tuple[str, int]] = []

    def connected(address: tuple[str, int], timeout: float) -> socket.socket:
        called.append(address)
        raise OSError("not in a test")

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    monkeypatch.setattr(socket, "create_connection", connected)
    with pytest.raises(NotSent, match="unreachable"):
        post(Post("https://rebinding.example/", {}, b"{}"))
    assert called == [("93.184.216.34", 443)]


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(NotSent, match="forbidden"):
        post(Post("https://mixed.example/", {}, b"{}"))
