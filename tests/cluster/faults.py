"""Nodes killed and cut off, each in its turn, and how long it takes until all is as it was."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tests.cluster import services
from tests.cluster.deployment import Deployment, wait
from tests.cluster.network import Cut

STRUCK = (*services.SEARCH, *services.DATABASES, *services.WEB)
CUTS: tuple[Cut, ...] = ("silent", "cable")
AWAY_SECONDS = 12.0
CALM_SECONDS = 4.0
WHOLE_SECONDS = 240.0

Kind = Literal["kill", "partition", "upkeep"]


@dataclass(frozen=True)
class Plan:
    """How many faults, of which nodes."""

    kills: int
    partitions: int
    nodes: Sequence[str] = STRUCK


@dataclass
class Fault:
    """`began`, `back` and `whole` are moments: struck, switched on or mended again, everything redundant again."""

    kind: Kind
    host: str
    how: str
    role: str
    began: float
    back: float = 0.0
    whole: float = 0.0


def planned(plan: Plan) -> Iterator[tuple[Kind, str, Cut]]:
    """Kills and partitions by turns, each kind going from node to node."""
    nodes = plan.nodes
    for at in range(max(plan.kills, plan.partitions)):
        if at < plan.kills:
            yield "kill", nodes[at % len(nodes)], "silent"
        if at < plan.partitions:
            yield "partition", nodes[(at + len(nodes) // 2) % len(nodes)], CUTS[at % len(CUTS)]


def strike(deployment: Deployment, kind: Kind, host: str, cut: Cut) -> Fault:
    """Strikes a node of a deployment that is whole, and waits until it is whole again."""
    role = _role(deployment, host)
    fault = Fault(kind, host, "kill -9" if kind == "kill" else cut, role, time.monotonic())
    if kind == "kill":
        deployment.hosts[host].kill()
    else:
        deployment.network.cut(host, cut)
    time.sleep(AWAY_SECONDS)
    fault.back = time.monotonic()
    if kind == "kill":
        deployment.hosts[host].switch_on()
    else:
        deployment.network.mend(host, cut)
    wait(f"everything whole after {host}", deployment.is_whole, WHOLE_SECONDS)
    fault.whole = time.monotonic()
    return fault


def _role(deployment: Deployment, host: str) -> str:
    if host in services.DATABASES:
        return "primary" if deployment.primary() == host else "standby"
    if host in services.SEARCH:
        return "manager" if deployment.manager() == host else "data"
    return ""


def upkeep(deployment: Deployment) -> Iterator[Fault]:
    """What is done on purpose while people read: the update of each web host, a switchover, a rebuild of the index."""
    primary = deployment.primary()
    works: list[tuple[str, str, Callable[[], object]]] = [
        ("restart", services.WEB[0], lambda: deployment.restart(services.WEB[0])),
        ("restart", services.WEB[1], lambda: deployment.restart(services.WEB[1])),
        ("switchover", primary, lambda: deployment.switch_over(primary)),
        ("rebuild", services.WEB[0], lambda: deployment.kb("build")),
    ]
    for how, host, work in works:
        fault = Fault("upkeep", host, how, _role(deployment, host), time.monotonic())
        work()
        fault.back = time.monotonic()
        wait(f"everything whole after the {how}", deployment.is_whole, WHOLE_SECONDS)
        fault.whole = time.monotonic()
        yield fault


def run(deployment: Deployment, plan: Plan, say: Callable[[str], None], faults: list[Fault]) -> None:
    """Strikes by the plan, and notes each fault."""
    steps = [*planned(plan)]
    for n, (kind, host, cut) in enumerate(steps, 1):
        fault = strike(deployment, kind, host, cut)
        faults.append(fault)
        say(f"{n}/{len(steps)} {kind} {host} {fault.role}: whole again after {fault.whole - fault.began:.0f} s")
        time.sleep(CALM_SECONDS)
    for fault in upkeep(deployment):
        faults.append(fault)
        say(f"{fault.how} of {fault.host}: whole again after {fault.whole - fault.began:.0f} s")
        time.sleep(CALM_SECONDS)
