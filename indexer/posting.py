"""Sending a message to an address that somebody else has named, without being used against anyone.

The name is looked up once and every address it has is judged; the connection goes to an address that was judged. No
redirect is followed. However slow, long or false the answer: an attempt ends when its time is up, and of the answer
nothing but its status is looked at.
"""

from __future__ import annotations

import ipaddress
import select
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar
from urllib.parse import urlsplit

import h11

from kb.config import Network

SECONDS = 10.0
LONGEST_HEAD = 16 * 1024
RECEIVED = 4 * 1024
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
T = TypeVar("T")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class NotSent(Exception):
    """There was no answer. `reason`: unknown, forbidden, unreachable, certificate, timeout, garbled."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Post:
    """A message. `networks` are allowed though they are private; over them it may go without TLS."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    networks: Sequence[Network] = ()
    seconds: float = SECONDS


def post(message: Post) -> int:
    """The status of the answer. NotSent: there was none."""
    until = time.monotonic() + message.seconds
    parts = urlsplit(message.url)
    host = parts.hostname or ""
    addresses = _judged(host, parts.port or (443 if parts.scheme == "https" else 80), message.networks, parts.scheme)
    with _Line(addresses, until) as line:
        if parts.scheme == "https":
            line.secure(host)
        connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=LONGEST_HEAD)
        line.send(_request(connection, message))
        return _status(connection, line)


def _request(connection: h11.Connection, message: Post) -> bytes:
    parts = urlsplit(message.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {
        "Host": parts.netloc, "Content-Type": "application/json", "Content-Length": str(len(message.body)),
        "User-Agent": "support-kb", "Connection": "close", **message.headers,
    }  # fmt: skip
    asked = h11.Request(method="POST", target=target, headers=list(headers.items()))
    pieces = (connection.send(asked), connection.send(h11.Data(data=message.body)), connection.send(h11.EndOfMessage()))
    return b"".join(piece or b"" for piece in pieces)


def _status(connection: h11.Connection, line: _Line) -> int:
    try:
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                connection.receive_data(line.receive())
            elif isinstance(event, h11.Response):
                return event.status_code
            elif not isinstance(event, h11.InformationalResponse):
                raise NotSent("garbled")
    except h11.RemoteProtocolError:
        raise NotSent("garbled") from None


# Addresses


def _judged(host: str, port: int, networks: Sequence[Network], scheme: str) -> list[tuple[str, int]]:
    """Where a host is. One address that must not be reached, and none of them is."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotSent("unknown") from None
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    if not addresses or not all(allowed(each, networks, scheme) for each in addresses):
        raise NotSent("forbidden")
    return [(each, port) for each in addresses]


def allowed(text: str, networks: Sequence[Network] = (), scheme: str = "https") -> bool:
    """Whether a message may be sent to an address: a public one over TLS, or one of these networks."""
    address = _plain(ipaddress.ip_address(text.partition("%")[0]))
    if any(address.version == each.version and address in each for each in networks):
        return True
    return scheme == "https" and address.is_global and not address.is_multicast and not address.is_reserved


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


class _Line:
    """A connection that is over when its time is, whatever the other side does."""

    def __init__(self, addresses: Sequence[tuple[str, int]], until: float) -> None:
        self._until = until
        self._socket = self._opened(addresses)

    def __enter__(self) -> _Line:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _opened(self, addresses: Sequence[tuple[str, int]]) -> socket.socket:
        for at, address in enumerate(addresses):
            # Each address has its share of the time: one that does not answer leaves some for the next.
            share = self._left() / (len(addresses) - at)
            try:
                opened = socket.create_connection(address, timeout=share)
            except OSError:
                continue
            opened.setblocking(False)
            return opened
        raise NotSent("unreachable")

    def _left(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise NotSent("timeout")
        return left

    def secure(self, host: str) -> None:
        """TLS, and the certificate must be the host's."""
        context = ssl.create_default_context()
        try:
            self._socket = context.wrap_socket(self._socket, server_hostname=host, do_handshake_on_connect=False)
            self._patiently(self._socket.do_handshake)
        except ssl.SSLCertVerificationError:
            raise NotSent("certificate") from None

    def send(self, data: bytes) -> None:
        """All of it, unless the other side has heard enough: then it may have answered."""
        view = memoryview(data)
        while view:
            try:
                sent = self._patiently(lambda rest=view: self._socket.send(rest), select.POLLOUT)  # type: ignore[misc]
            except NotSent as error:
                if error.reason == "timeout":
                    raise
                return
            view = view[sent:]

    def receive(self) -> bytes:
        """What has come; nothing: the other side has closed."""
        return self._patiently(lambda: self._socket.recv(RECEIVED))

    def _patiently(self, act: Callable[[], T], plain: int = select.POLLIN) -> T:
        """Does it as soon as it can be done; `plain`: what it waits for where there is no TLS."""
        while True:
            try:
                return act()
            except ssl.SSLCertVerificationError:
                raise
            except ssl.SSLWantReadError:
                self._wait(select.POLLIN)
            except ssl.SSLWantWriteError:
                self._wait(select.POLLOUT)
            except BlockingIOError:
                self._wait(plain)
            except OSError:
                raise NotSent("unreachable") from None

    def _wait(self, what: int) -> None:
        poll = select.poll()
        poll.register(self._socket, what)
        poll.poll(self._left() * 1000)
