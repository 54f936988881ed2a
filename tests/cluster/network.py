"""Hosts in network namespaces, each with a cable to one switch; cables are cut, and mended.

To be used in namespaces of mounts, processes and networks of one's own (`tests.cluster.__main__`): all of it is gone
with them.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

SWITCH = "switch"
# OpenSearch asks for limits of the machine that tests leave alone, unless its addresses are loopback: so they are.
SUBNET = "127.77.0."
LOOPBACK = (
    "ip link set lo up && ip address delete 127.0.0.1/8 dev lo && ip address add 127.0.0.1/32 dev lo "
    "&& echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet"
)
OURSELVES = f"{SUBNET}1"
FIRST_HOST = 10
NETNS = Path("/run/netns")
HOSTS_FILE = Path("/etc/hosts")
DISABLED, FORWARDING = "0", "3"

# cable: pulled out, which both ends notice. silent: nothing arrives any more, and nobody is told.
Cut = Literal["cable", "silent"]


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


class Network:
    """The hosts named, in one subnet, which know each other and us by name."""

    def __init__(self, names: Sequence[str], folder: Path) -> None:
        self._addresses = {name: f"{SUBNET}{FIRST_HOST + at}" for at, name in enumerate(names)}
        self._make_switch()
        for name in names:
            self._connect(name)
        for name in names:
            self._know_neighbours(name)
        self._name_hosts(folder / "hosts")

    def address(self, name: str) -> str:
        return self._addresses[name]

    def cut(self, name: str, how: Cut) -> None:
        if how == "cable":
            ip("link", "set", f"to-{name}", "down")
        else:
            self._pass_on(name, DISABLED)

    def mend(self, name: str, how: Cut) -> None:
        if how == "cable":
            ip("link", "set", f"to-{name}", "up")
        else:
            self._pass_on(name, FORWARDING)

    def _pass_on(self, name: str, state: str) -> None:
        subprocess.run(["bridge", "link", "set", "dev", f"to-{name}", "state", state], check=True)

    def _make_switch(self) -> None:
        NETNS.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", NETNS], check=True)
        subprocess.run(["sh", "-c", LOOPBACK], check=True)
        ip("link", "add", SWITCH, "type", "bridge")
        ip("address", "add", f"{OURSELVES}/24", "dev", SWITCH)
        ip("link", "set", SWITCH, "up")

    def _connect(self, name: str) -> None:
        ip("netns", "add", name)
        ip("link", "add", f"to-{name}", "type", "veth", "peer", "name", "eth0", "netns", name)
        ip("link", "set", f"to-{name}", "master", SWITCH, "up")
        ip("netns", "exec", name, "sh", "-c", LOOPBACK)
        ip("-n", name, "address", "add", f"{self._addresses[name]}/24", "dev", "eth0")
        ip("-n", name, "link", "set", "eth0", "up")

    def _know_neighbours(self, name: str) -> None:
        """For good: one that is silent would soon be known to be unreachable, as behind a router it is not."""
        physical = subprocess.run(
            ["ip", "netns", "exec", name, "cat", "/sys/class/net/eth0/address"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for other in self._addresses:
            if other != name:
                ip(
                    "-n",
                    other,
                    "neighbour",
                    "replace",
                    self._addresses[name],
                    "lladdr",
                    physical,
                    "dev",
                    "eth0",
                    "nud",
                    "permanent",
                )
        ip("neighbour", "replace", self._addresses[name], "lladdr", physical, "dev", SWITCH, "nud", "permanent")

    def _name_hosts(self, path: Path) -> None:
        named = [f"{address} {name}" for name, address in self._addresses.items()]
        path.write_text("\n".join(["127.0.0.1 localhost", *named]) + "\n")
        subprocess.run(["mount", "--bind", path, HOSTS_FILE], check=True)
